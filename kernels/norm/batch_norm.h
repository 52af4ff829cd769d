/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm (Ioffe & Szegedy 2015): how its rows cut the work.
 *
 * Every column is reduced in the same way whatever the cut, reading memory once. A block of
 * VG_ROW_BLOCK rows is summed shifted by k, the mean of its first VG_SHIFT_ROWS rows:
 *     s = sum (x - k), q = sum (x - k)^2;  mean_b = (k - k_0) + s / n_b, sum2_b = q - s^2 / n_b
 * k_0, the shift of the first block, keeps means small against the spread, so that merging the
 * blocks in order by Chan's formula loses nothing where |mean| >> standard deviation:
 *     delta = mean_b - mean;  mean += delta n_b / n;  sum2 += sum2_b + delta^2 n_a n_b / n
 * k lies in the span of the block, and |k - mean_b|^2 <= n_b / VG_SHIFT_ROWS variance_b: sum2 of a
 * block loses at most a factor 1 + n_b / VG_SHIFT_ROWS = 9 of accuracy, for one outlier among the
 * first rows; without, k is as good as the mean. Relative error of var: at most 9 (n_b + 4) u + 4 u
 * per block, u = 2^-24; about 4 u is seen. Sums of the backward pass are partial sums of blocks,
 * added in order.
 *
 * Two cuts, chosen by the shape, with the same bits:
 *   strips  a unit owns VG_STRIP columns and does everything: one phase, no barrier. Its second
 *           pass finds the strip in a cache as long as the whole matrix fits the second level.
 *   tiles   a unit is VG_ROW_BLOCK rows of VG_TILE columns: statistics of all tiles, then the
 *           merge by columns, then all tiles again. Memory is read along rows, as prefetchers
 *           like it: at 8192x4096 strips took three times as long. */
#ifndef VG_NORM_BATCH_NORM_H
#define VG_NORM_BATCH_NORM_H

#include "norm/norm.h"

enum {
    VG_STRIP = 64,
    VG_SHIFT_ROWS = 8,
    VG_TILE = 4096,
    VG_APPLY_ROWS = 16,
    VG_STRIP_ELEMENTS = 1 << 19 /* 2 MiB */
};

/* Narrow and tall matrices would have too few strips. */
static inline bool vg_batch_norm_by_strips(const vg_shape *shape)
{
    int64_t batch = shape->n[0], width = shape->n[1];
    return batch * width <= VG_STRIP_ELEMENTS &&
           (width >= 4 * VG_STRIP || batch <= 4 * VG_ROW_BLOCK);
}

static inline int64_t vg_tiles(const vg_shape *shape)
{
    return vg_ceil_div(shape->n[1], VG_TILE);
}

/* A rectangle of the matrix. */
typedef struct vg_columns {
    int64_t first, last; /* columns */
    int64_t row, rows;
} vg_columns;

/* Block @p block of rows, columns [first, last). */
static inline vg_columns vg_block_of(const vg_task *task, int64_t block, int64_t first,
                                     int64_t last)
{
    int64_t row = block * VG_ROW_BLOCK;
    return (vg_columns){first, last, row, vg_min64(VG_ROW_BLOCK, task->shape.n[0] - row)};
}

static inline vg_columns vg_strip_of(const vg_task *task, int64_t unit)
{
    int64_t first = unit * VG_STRIP, last = vg_min64(first + VG_STRIP, task->shape.n[1]);
    return (vg_columns){first, last, 0, task->shape.n[0]};
}

/* Rows of the last phase: whole rows, so that one stream is read and one written in order. */
static inline vg_columns vg_apply_of(const vg_task *task, int64_t unit)
{
    int64_t row = unit * VG_APPLY_ROWS;
    return (vg_columns){0, task->shape.n[1], row,
                        vg_min64(VG_APPLY_ROWS, task->shape.n[0] - row)};
}

static inline vg_columns vg_tile_of(const vg_task *task, int64_t unit)
{
    int64_t tiles = vg_tiles(&task->shape), first = unit % tiles * VG_TILE;
    return vg_block_of(task, unit / tiles, first, vg_min64(first + VG_TILE, task->shape.n[1]));
}

/* Partial vectors of a block: its shift k, s / n_b and sum2_b; or the two sums of a backward pass. */
enum { VG_SHIFT, VG_OFFSET, VG_SUM2, VG_BATCH_PARTIALS };

static inline float *vg_batch_partial(const vg_task *task, int64_t block, int which)
{
    return (float *)task->workspace +
           (VG_BATCH_PARTIALS * block + which) * vg_norm_stride(&task->shape);
}

static inline size_t vg_batch_norm_workspace(const vg_shape *shape)
{
    if (vg_batch_norm_by_strips(shape))
        return 0;
    return (size_t)(vg_norm_blocks(shape) * VG_BATCH_PARTIALS * vg_norm_stride(shape)) *
           sizeof(float);
}

/* Three vectors of the columns. */
static inline size_t vg_batch_norm_scratch(const vg_shape *shape)
{
    return vg_batch_norm_by_strips(shape) ? 0
                                          : (size_t)(3 * vg_norm_stride(shape)) * sizeof(float);
}

/* The one phase of strips, and the three of tiles. */
typedef struct vg_batch_norm_units {
    vg_unit_fn *strip, *reduce, *merge, *apply;
} vg_batch_norm_units;

static inline int vg_batch_norm_phases(const vg_shape *shape, const vg_batch_norm_units *run,
                                       double ns, vg_phase *phase)
{
    double cost = ns * (double)shape->n[0] * (double)shape->n[1];
    int64_t strips = vg_ceil_div(shape->n[1], VG_STRIP);
    if (vg_batch_norm_by_strips(shape)) {
        phase[0] = (vg_phase){.run = run->strip, .units = strips, .cost_ns = cost};
        return 1;
    }
    phase[0] = (vg_phase){.run = run->reduce,
                          .units = vg_norm_blocks(shape) * vg_tiles(shape),
                          .row_block = vg_tiles(shape) == 1 ? VG_ROW_BLOCK : 0,
                          .cost_ns = cost / 2};
    phase[1] = (vg_phase){.run = run->merge, .units = strips, .cost_ns = cost / VG_ROW_BLOCK};
    phase[2] = (vg_phase){.run = run->apply,
                          .units = vg_ceil_div(shape->n[0], VG_APPLY_ROWS),
                          .row_block = VG_APPLY_ROWS,
                          .cost_ns = cost / 2};
    return 3;
}

#endif
