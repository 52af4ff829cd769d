#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a preset and runs its tests: the long suites of scripts/test --full are calls of this.
# usage: scripts/ci/preset.sh PRESET [ARGUMENTS OF ctest]
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1
shift
case $preset in
aarch64) need=(aarch64-linux-gnu-gcc qemu-aarch64) ;;
tsan) need=(clang) ;;
*) need=() ;;
esac
for program in "${need[@]}"; do
    command -v "$program" >/dev/null || { echo "preset $preset needs $program (scripts/setup --full)"; exit 77; }
done
[ "$preset" != aarch64 ] || scripts/ci/aarch64_sysroot.sh build/aarch64-sysroot
if [ "$preset" = tsan ]; then
    # archer tells ThreadSanitizer what synchronises in clang's OpenMP; without it every barrier is a race.
    archer=$(dirname "$(readlink -f "$(command -v clang)")")/../lib/libarcher.so
    [ -e "$archer" ] || { echo "preset tsan needs libarcher.so (Debian package libomp-dev)"; exit 77; }
    export OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS="ignore_noninstrumented_modules=1 ${TSAN_OPTIONS:-}"
fi
scripts/build "$preset"
exec ctest --preset "$preset" "$@"
