#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kernel rows under valgrind's memcheck: reads of memory that nothing wrote, accesses beyond a block.
# (Accesses beyond a tensor's rows are what `vgbench verify` has guard pages for.)
# usage: scripts/ci/memcheck.sh [VGBENCH] [FILTER]
#   FILTER   rows, as for vgbench verify; default: the scalar and AVX2 rows of one op of each family.
#            '/(scalar|avx2)$' are all of them, for hours. (valgrind knows no AVX-512.)
set -euo pipefail
cd "$(dirname "$0")/../.."
vgbench=${1:-build/dev/bench/vgbench}
filter=${2:-'^(relu|tanh|layer_norm|add|softmax_xent|adamw|stats)/.*/(scalar|avx2)$'}
command -v valgrind >/dev/null || { echo "valgrind is not installed (Debian package valgrind)"; exit 77; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! valgrind --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --log-file="$log" \
    "$vgbench" verify --filter="$filter" --threads=1 --quiet >"$log.out" 2>&1; then
    grep -v '^==[0-9]*== *$' "$log" | tail -n 40
    tail -n 3 "$log.out"
    rm -f "$log.out"
    exit 1
fi
rows=$(grep -cE ' ok *$' "$log.out" || true)
rm -f "$log.out"
echo "memcheck: $rows rows, $(sed -n 's/^.*ERROR SUMMARY: //p' "$log" | tail -1)"
