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
scripts/build "$preset"
exec ctest --preset "$preset" "$@"
