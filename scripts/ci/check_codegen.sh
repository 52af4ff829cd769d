#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: check_codegen.sh BUILD_DIR
# Looks at the machine code of the GEMM micro-kernels: the innermost loop of every tile must hold its
# rows x vectors fused multiply-adds and must not touch the stack (a spilled accumulator).
set -eu
build=${1:?usage: check_codegen.sh BUILD_DIR}
status=0
checked=0
for isa in avx512 avx2 neon; do
    object=$(find "$build" -name "dense_micro_$isa.c.o" | head -n 1)
    [ -n "$object" ] || continue
    objdump=${OBJDUMP:-objdump}
    [ "$isa" != neon ] || [ "$(uname -m)" = aarch64 ] || objdump=aarch64-linux-gnu-objdump
    "$objdump" -d --no-show-raw-insn "$object" |
        awk -v isa="$isa" -f "$(dirname "$0")/check_codegen.awk" || status=1
    checked=$((checked + 1))
done
[ "$checked" -gt 0 ] || { echo "check_codegen.sh: no dense_micro_*.c.o under $build" >&2; exit 1; }
exit $status
