#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a CPU without AVX the program runs, chooses scalar, and says why the other rows are not there.
# usage: check_old_cpu.sh VGBENCH
set -euo pipefail
command -v qemu-x86_64 >/dev/null || { echo "needs qemu-x86_64 (scripts/setup --full)"; exit 77; }
# The program starts itself again to set these; under qemu it would leave the emulator by that.
export OMP_WAIT_POLICY=active OMP_PROC_BIND=false
old=(qemu-x86_64 -cpu Nehalem "$1")
rows=$("${old[@]}" list --format=csv)
grep -q '^relu/fwd/scalar,.*,$' <<<"$rows" || { echo "the scalar row is not usable"; exit 1; }
for backend in avx2 avx512; do
    grep "^relu/fwd/$backend,.*CPU lacks AVX2" <<<"$rows" || { echo "$backend: no reason given"; exit 1; }
done
"${old[@]}" verify --filter '^(relu|dense)/fwd/scalar'
