/* SPDX-License-Identifier: Apache-2.0 */
/* Where the tile sizes come from (Granite Rapids class, two 512-bit FMA ports, 213 GFLOP/s of FMAs
 * from registers): with operands in L1 the loop runs at 195 to 199 GFLOP/s with 6x64 and 9x48 and at
 * 185 with 14x32 and 12x32. The fewer broadcasts for each FMA the better: 0.25 and 0.33 against 0.5.
 * FMAs with an embedded broadcast are worse still (166 to 175). 6x64 leaves no narrow panel behind
 * where extents are multiples of 64. With prologue, stores and operands in L2 180 to 185 remain,
 * which is where oneDNN 3.12 is too: what is lost to it at 128 to 512 (2 to 6 %) is packing or, for
 * B in place, panels that stream from L2. Above 512 the bound is L3, 30 GB/s from one core, where
 * reading ahead hides most. With k = 32 (batch 32, 1024 to 4096, backward of weights) it is the
 * read-for-ownership of dW. */

/* The addresses of a step are those of the one before plus a constant, which an x86 address holds;
 * GCC 12 keeps them all in registers instead, and spills. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-ivopts")
#endif

enum { ROWS_1 = 14, ROWS_2 = 14, ROWS_3 = 9, ROWS_4 = 6 };

#include "dense/gemm_tiles.h"

const vg_micro VG_FN(vg_gemm_micro) = {
    .prefer = 4,
    .rows = {0, ROWS_1, ROWS_2, ROWS_3, ROWS_4},
    .k_block = 192,
    .in_place = 65536,
    .cross = 512,
    .by_rows = {NULL, rows_1, rows_2, rows_3, rows_4},
    .by_cols = {NULL, cols_1, cols_2, cols_3, cols_4},
    .macs_per_ns = 85,
};
