#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No instruction wider than its ISA cluster outside that cluster's objects.
# usage: check_isa_leak.sh BUILD_DIR     (x86-64 only)
set -euo pipefail
build=$1
vex='\sv[a-z0-9]+\s.*%[xyz]mm'
evex='%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[0-7]'
failed=0 objects=0
while read -r object; do
    case $object in
    *vgkernels_auto_avx512.dir* | *vgkernels_avx512.dir*) continue ;;
    *vgkernels_auto_avx2.dir* | *vgkernels_avx2.dir*) forbidden=$evex ;;
    *) forbidden="$vex|$evex" ;;
    esac
    objects=$((objects + 1))
    if hits=$(objdump -d --no-show-raw-insn "$object" | grep -E -m 3 "$forbidden"); then
        echo "$object has instructions above its cluster:"
        echo "$hits"
        failed=1
    fi
done < <(find "$build/kernels" "$build/bench" "$build/reports" -name '*.o')
[ "$objects" -gt 0 ] || { echo "no objects below $build"; exit 1; }
[ "$failed" = 1 ] || echo "$objects objects, no instruction above its cluster"
exit $failed
