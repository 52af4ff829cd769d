/* SPDX-License-Identifier: Apache-2.0 */
/* Fused norms in plain C: the phases of the norm itself, on a task whose tensors were renamed, with
 * an element-wise phase before or behind. Nothing is gained by it; it is what the vector rows are
 * compared with. */
#ifndef VG_NORM_FUSED_PLAIN_H
#define VG_NORM_FUSED_PLAIN_H

#include "norm/batch_norm_plain.h"
#include "norm/fused.h"
#include "norm/row_norm_plain.h"

/* The task with what is in slot @p from bound to slot @p to as well. */
VG_INLINE vg_task vg_renamed(const vg_task *task, vg_slot to, vg_slot from)
{
    vg_task view = *task;
    view.t[to] = task->t[from];
    return view;
}

VG_INLINE void vg_plain_norm_forward(const vg_task *task, int64_t unit)
{
    if (task->shape.norm == VG_OP_rms_norm)
        vg_row_norm_forward(task, unit, false);
    else
        vg_row_norm_forward(task, unit, true);
}

VG_INLINE void vg_plain_norm_backward(const vg_task *task, int64_t unit, bool add)
{
    if (task->shape.norm == VG_OP_rms_norm)
        vg_row_norm_backward(task, unit, false, add);
    else
        vg_row_norm_backward(task, unit, true, add);
}

/* Rows [*row, *last) of an element-wise unit of VG_ROW_BLOCK rows. */
VG_INLINE void vg_block_rows(const vg_task *task, int64_t unit, int64_t *row, int64_t *last)
{
    *row = unit * VG_ROW_BLOCK;
    *last = vg_min64(*row + VG_ROW_BLOCK, task->shape.n[0]);
}

static inline vg_phase vg_block_phase(const vg_shape *shape, vg_unit_fn *run, double ns)
{
    return (vg_phase){.run = run,
                      .units = vg_norm_blocks(shape),
                      .row_block = VG_ROW_BLOCK,
                      .cost_ns = ns * (double)shape->n[0] * (double)shape->n[1]};
}

/* The phases of the norm itself: rows for row norms, blocks and apply for batch norm. */
static inline int vg_plain_forward_phases(const vg_shape *shape, vg_unit_fn *rows,
                                          vg_unit_fn *block, vg_unit_fn *apply, vg_phase *phase)
{
    if (shape->norm == VG_OP_batch_norm)
        return vg_batch_plain_phases(shape, block, vg_batch_forward_merge, apply, 1.2, phase);
    return vg_row_norm_forward_phases(shape, rows, 1.5, phase);
}

static inline int vg_plain_backward_phases(const vg_shape *shape, vg_unit_fn *rows,
                                           vg_unit_fn *block, vg_unit_fn *apply, vg_phase *phase)
{
    if (shape->norm == VG_OP_batch_norm)
        return vg_batch_plain_phases(shape, block, vg_batch_backward_merge, apply, 1.6, phase);
    return vg_row_norm_backward_phases(shape, rows, vg_row_norm_sum_blocks, 2, phase);
}

static inline size_t vg_fused_plain_workspace(const vg_shape *shape)
{
    return shape->norm == VG_OP_batch_norm ? vg_norm_partial_bytes(shape)
                                           : vg_row_norm_workspace(shape);
}

/* A row of a fused op. */
#define VG_FUSED_PLAIN_IMPL(phases_, scratch_)                                                     \
    {                                                                                              \
        .impl = "plain C", .phases = (phases_), .scratch = (scratch_),                             \
        .workspace = vg_fused_plain_workspace, .supports = vg_fused_supports                       \
    }

#endif
