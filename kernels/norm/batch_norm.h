/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm (Ioffe & Szegedy 2015): how its rows cut the work.
 *
 * Every column is reduced in the same way whatever the cut: corrected two-pass statistics (norm.h)
 * of blocks of VG_ROW_BLOCK rows, merged in order by Chan's formula,
 *     delta = mean_b - mean;  mean += delta n_b / n;  sum2 += sum2_b + delta^2 n_a n_b / n,
 * so var has a relative error of at most (VG_ROW_BLOCK + 4 blocks) u. Sums of the backward pass are
 * partial sums of blocks, added in order.
 *
 * Two cuts, chosen by the shape, with the same bits:
 *   strips  a unit owns VG_STRIP columns and does everything: one phase, no barrier, and the second
 *           pass over the strip finds it in a cache
 *   blocks  narrow and tall: row blocks, then columns of the merged statistics, then row blocks */
#ifndef VG_NORM_BATCH_NORM_H
#define VG_NORM_BATCH_NORM_H

#include "norm/norm.h"

enum { VG_STRIP = 64 };

static inline bool vg_batch_norm_by_strips(const vg_shape *shape)
{
    return shape->n[1] >= 4 * VG_STRIP || shape->n[0] <= 4 * VG_ROW_BLOCK;
}

static inline size_t vg_batch_norm_workspace(const vg_shape *shape)
{
    return vg_batch_norm_by_strips(shape) ? 0 : vg_norm_partial_bytes(shape);
}

/* The units of a row norm's three phases, or the strip form's one. */
typedef struct vg_batch_norm_units {
    vg_unit_fn *strip, *block, *merge, *apply;
} vg_batch_norm_units;

static inline int vg_batch_norm_phases(const vg_shape *shape, const vg_batch_norm_units *run,
                                       double ns, vg_phase *phase)
{
    double cost = ns * (double)shape->n[0] * (double)shape->n[1];
    if (vg_batch_norm_by_strips(shape)) {
        phase[0] = (vg_phase){
            .run = run->strip, .units = vg_ceil_div(shape->n[1], VG_STRIP), .cost_ns = cost};
        return 1;
    }
    int64_t blocks = vg_norm_blocks(shape);
    phase[0] = (vg_phase){
        .run = run->block, .units = blocks, .row_block = VG_ROW_BLOCK, .cost_ns = cost / 2};
    phase[1] = (vg_phase){.run = run->merge,
                          .units = vg_ceil_div(shape->n[1], VG_STRIP),
                          .cost_ns = cost / VG_ROW_BLOCK};
    phase[2] = (vg_phase){
        .run = run->apply, .units = blocks, .row_block = VG_ROW_BLOCK, .cost_ns = cost / 2};
    return 3;
}

#endif
