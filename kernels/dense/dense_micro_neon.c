/* SPDX-License-Identifier: Apache-2.0 */
/* 8x12: 24 sums, 3 vectors of B and a few elements of A in 32 registers. */

/* Scheduling ahead of register allocation loads all of A at once, and then spills sums. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns")
#endif

#include "dense/gemm_micro.h"

enum { ROWS_1 = 8, ROWS_2 = 8, ROWS_3 = 8, ROWS_4 = 4 };

static void rows_1(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_1, 1, false);
}

static void rows_2(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_2, 2, false);
}

static void rows_3(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_3, 3, false);
}

static void rows_4(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_4, 4, false);
}

static void cols_1(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_1, 1, true);
}

static void cols_2(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_2, 2, true);
}

static void cols_3(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_3, 3, true);
}

static void cols_4(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_4, 4, true);
}

const vg_micro VG_FN(vg_gemm_micro) = {
    .prefer = 3,
    .rows = {0, ROWS_1, ROWS_2, ROWS_3, ROWS_4},
    .k_block = 384,
    .in_place = 32768,
    .cross = 128,
    .by_rows = {NULL, rows_1, rows_2, rows_3, rows_4},
    .by_cols = {NULL, cols_1, cols_2, cols_3, cols_4},
    .macs_per_ns = 16,
};
