#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every public header compiles alone, as C11 and as C++17, without a warning; and includes point downward.
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

# FOLDER and the folders whose headers it may not include.
cd ../..
forbid() {
    local folder=$1 found
    shift
    for other in "$@"; do
        if found=$(grep -rn "#include \"\(bench/\)\?$other/" "$folder"); then
            echo "$folder must not include $other/:"
            echo "$found"
            exit 1
        fi
    done
}
forbid kernels measure harness micro cli results reports
forbid bench/measure harness micro cli reports
forbid bench/harness micro cli reports
forbid reports harness micro cli results
