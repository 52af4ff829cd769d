/* SPDX-License-Identifier: Apache-2.0 */
/* 8x12: 24 sums, 3 vectors of B and a few elements of A in 32 registers. */

/* Scheduling ahead of register allocation loads all of A at once, and then spills sums. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns")
#endif

enum { ROWS_1 = 8, ROWS_2 = 8, ROWS_3 = 8, ROWS_4 = 4 };

#include "dense/gemm_tiles.h"

const vg_micro VG_FN(vg_gemm_micro) = {
    .prefer = 3,
    .rows = {0, ROWS_1, ROWS_2, ROWS_3, ROWS_4},
    .k_block = 384,
    .cross_k = 384,
    .panel_k = 384,
    .in_place = 32768,
    .cross = 128,
    .by_rows = {NULL, rows_1, rows_2, rows_3, rows_4},
    .by_cols = {NULL, cols_1, cols_2, cols_3},
    .macs_per_ns = 16,
};
