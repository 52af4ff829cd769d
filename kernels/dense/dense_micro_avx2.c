/* SPDX-License-Identifier: Apache-2.0 */
/* 6x16: 12 sums, 2 vectors of B and a broadcast in 16 registers. In L2 it runs at the speed of the two
 * 256-bit FMA ports (106 GFLOP/s); beyond, a tile of 16 columns comes back to C and A four times as
 * often as 6x64 does, and 4 to 11 % are lost to oneDNN capped at AVX2. */

/* The addresses of a step are those of the one before plus a constant, which an x86 address holds;
 * GCC 12 keeps them all in registers instead, and spills. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-ivopts")
#endif

enum { ROWS_1 = 12, ROWS_2 = 6, ROWS_3 = 4, ROWS_4 = 3 };

#include "dense/gemm_tiles.h"

const vg_micro VG_FN(vg_gemm_micro) = {
    .prefer = 2,
    .rows = {0, ROWS_1, ROWS_2, ROWS_3, ROWS_4},
    .k_block = 384,
    .cross_k = 384,
    .panel_k = 384,
    .in_place = 32768,
    .cross = 128,
    .by_rows = {NULL, rows_1, rows_2, rows_3, rows_4},
    .by_cols = {NULL, cols_1, cols_2},
    .macs_per_ns = 45,
};
