/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm_tiles.h
 * The tiles of an ISA, for dense_micro_<isa>.c alone.
 *
 * The file that includes this header defines ROWS_1 .. ROWS_4 first, the most rows of a tile of so
 * many vectors: what fits the registers. Tiles that its table leaves out are not compiled.
 *
 * Tables need tiles of all widths by rows, because in a recurrent cell the gates are the vectors of a
 * panel (recurrent_simd.c). By columns `prefer` is the widest: A is read so by GEMMs alone, and
 * panel_vectors() in gemm_simd.c gives no more.
 */
#ifndef VG_DENSE_GEMM_TILES_H
#define VG_DENSE_GEMM_TILES_H

#include "dense/gemm_micro.h"

static inline void rows_1(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_1, 1, false);
}

static inline void rows_2(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_2, 2, false);
}

static inline void rows_3(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_3, 3, false);
}

static inline void rows_4(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_4, 4, false);
}

static inline void cols_1(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_1, 1, true);
}

static inline void cols_2(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_2, 2, true);
}

static inline void cols_3(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_3, 3, true);
}

static inline void cols_4(const vg_tile *t, int rows)
{
    vg_tile_pick(t, rows, ROWS_4, 4, true);
}

#endif
