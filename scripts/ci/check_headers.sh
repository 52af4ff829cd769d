#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every public header compiles alone, as C11 and as C++17, without a warning.
set -euo pipefail
cd "$(dirname "$0")/../../kernels/include"
count=0
for header in vgbench/*.h; do
    for compiler in "${CC:-cc} -std=c11 -x c" "${CXX:-c++} -std=c++17 -x c++"; do
        # shellcheck disable=SC2086
        echo "#include \"$header\"" | $compiler -Wall -Wextra -pedantic -Werror -I. -fsyntax-only -
        count=$((count + 1))
    done
done
echo "$count compilations of public headers"
