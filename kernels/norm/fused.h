/* SPDX-License-Identifier: Apache-2.0 */
/* Norms fused with what stands behind or before them: the norm is an attribute of the shape, so a
 * row picks phases, memory and limits by it. */
#ifndef VG_NORM_FUSED_H
#define VG_NORM_FUSED_H

#include "norm/batch_norm.h"

/* The unit functions of one direction, for each kind of norm. */
typedef struct vg_fused_units {
    vg_batch_norm_units batch;
    vg_unit_fn *centred, *rms; /* row norms: layer and group, rms */
    vg_unit_fn *sum;           /* backward of row norms: the sums over row blocks */
    double ns;                 /* per element on one thread */
} vg_fused_units;

static inline int vg_fused_phases(const vg_shape *shape, const vg_fused_units *run,
                                  vg_phase *phase)
{
    vg_unit_fn *rows = shape->norm == VG_OP_rms_norm ? run->rms : run->centred;
    if (shape->norm == VG_OP_batch_norm)
        return vg_batch_norm_phases(shape, &run->batch, run->ns, phase);
    if (!run->sum)
        return vg_row_norm_forward_phases(shape, rows, run->ns, phase);
    return vg_row_norm_backward_phases(shape, rows, run->sum, run->ns, phase);
}

static inline vg_status vg_fused_supports(const vg_shape *shape)
{
    return shape->norm == VG_OP_batch_norm ? vg_batch_norm_supports(shape) : VG_OK;
}

static inline size_t vg_fused_workspace(const vg_shape *shape)
{
    return shape->norm == VG_OP_batch_norm ? vg_batch_norm_workspace(shape)
                                           : vg_row_norm_workspace(shape);
}

/* Row norms: dL/dz of four rows. */
static inline size_t vg_fused_scratch(const vg_shape *shape)
{
    return shape->norm == VG_OP_batch_norm ? vg_batch_norm_scratch(shape)
                                           : (size_t)(4 * vg_norm_stride(shape)) * sizeof(float);
}

#endif
