#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kernel rows under valgrind's memcheck: reads of memory that nothing wrote, accesses beyond a block.
# (Accesses beyond a tensor's rows are what `vgbench verify` has guard pages for.)
# usage: scripts/ci/memcheck.sh [VGBENCH] [FILTER] [TIER]
#   FILTER   rows, as for vgbench verify; default: all scalar and AVX2 rows. (valgrind knows no AVX-512.)
#   TIER     how many shapes of each, as for vgbench verify; default: sample. (ci takes hours.)
set -euo pipefail
cd "$(dirname "$0")/../.."
vgbench=${1:-build/dev/bench/vgbench}
filter=${2:-'/(scalar|avx2)$'}
tier=${3:-sample}
command -v valgrind >/dev/null || { echo "valgrind is not installed (Debian package valgrind)"; exit 77; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! valgrind --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --log-file="$log" \
    "$vgbench" verify --filter="$filter" --tier="$tier" --threads=1 >"$log.out" 2>&1; then
    grep -v '^==[0-9]*== *$' "$log" | tail -n 40
    tail -n 3 "$log.out"
    rm -f "$log.out"
    exit 1
fi
rows=$(sed -n 's/^\([0-9]* rows, [0-9]* cases\).*/\1/p' "$log.out" | tail -1)
rm -f "$log.out"
echo "memcheck: $rows, $(sed -n 's/^.*ERROR SUMMARY: //p' "$log" | tail -1)"
