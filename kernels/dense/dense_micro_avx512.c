/* SPDX-License-Identifier: Apache-2.0 */
#include "dense/gemm_micro.h"

enum { ROWS_1 = 14, ROWS_2 = 14, ROWS_3 = 9 };

static void full_1(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_1, 1, false);
}

static void edge_1(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_1, 1, true);
}

static void full_2(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_2, 2, false);
}

static void edge_2(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_2, 2, true);
}

static void full_3(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_3, 3, false);
}

static void edge_3(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_3, 3, true);
}

const vg_micro VG_FN(vg_gemm_micro) = {
    .prefer = 2,
    .rows = {0, ROWS_1, ROWS_2, ROWS_3},
    .k_block = 256,
    .full = {NULL, full_1, full_2, full_3},
    .edge = {NULL, edge_1, edge_2, edge_3},
    .macs_per_ns = 80,
};
