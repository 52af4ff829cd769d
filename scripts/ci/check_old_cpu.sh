#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a CPU without AVX the program runs, chooses scalar, and says why the other rows are not there.
# usage: check_old_cpu.sh VGBENCH
set -euo pipefail
command -v qemu-x86_64 >/dev/null || { echo "needs qemu-x86_64 (scripts/setup --full)"; exit 77; }
old=(qemu-x86_64 -cpu Nehalem "$1")
rows=$("${old[@]}" list)
grep -q '^relu/fwd/scalar$' <<<"$rows" || { echo "the scalar row is not usable"; exit 1; }
grep '^relu/fwd/avx2 .*CPU lacks AVX2' <<<"$rows"
grep '^relu/fwd/avx512 .*CPU lacks AVX2' <<<"$rows"
"${old[@]}" verify --filter '^(relu|dense)/fwd/scalar'
