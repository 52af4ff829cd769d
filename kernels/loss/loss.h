/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of the losses share. A unit is a block of rows; with a loss, it leaves the sum of
 * its rows as a double in the workspace, and a second phase adds these in order. */
#ifndef VG_LOSS_H
#define VG_LOSS_H

#include "base/partition.h"
#include "vgbench/kernel.h"

static inline int64_t vg_loss_rows(const vg_shape *shape)
{
    return vg_min64(VG_ROW_BLOCK, vg_elementwise_rows(shape->n[1]));
}

static inline int64_t vg_loss_blocks(const vg_shape *shape)
{
    return vg_ceil_div(shape->n[0], vg_loss_rows(shape));
}

static inline size_t vg_loss_workspace(const vg_shape *shape)
{
    return (size_t)vg_loss_blocks(shape) * sizeof(double);
}

static inline float *vg_loss_row(const vg_task *task, vg_slot slot, int64_t row)
{
    return (float *)task->t[slot].p + row * task->t[slot].ld;
}

/* softmax_xent is a mean over the batch, mse over batch and outputs. */
static inline double vg_loss_count(const vg_task *task)
{
    double batch = (double)task->shape.n[0];
    return task->kernel->op == VG_OP_mse ? batch * (double)task->shape.n[1] : batch;
}

static inline void vg_loss_combine(const vg_task *task, int64_t unit, void *scratch)
{
    const double *sums = task->workspace;
    double sum = 0;
    for (int64_t block = 0; block < vg_loss_blocks(&task->shape); block++)
        sum += sums[block];
    *(float *)task->t[VG_LOSS].p = (float)(sum / vg_loss_count(task));
}

/* Rows [first, last) of a unit. */
typedef struct vg_loss_range {
    int64_t first, last;
} vg_loss_range;

static inline vg_loss_range vg_loss_block(const vg_task *task, int64_t unit)
{
    int64_t rows = vg_loss_rows(&task->shape), first = unit * rows;
    return (vg_loss_range){first, vg_min64(first + rows, task->shape.n[0])};
}

static inline int vg_loss_gradient_phases(const vg_shape *shape, vg_unit_fn *run,
                                          double ns_per_element, vg_phase *phase)
{
    phase[0] = (vg_phase){.run = run,
                          .units = vg_loss_blocks(shape),
                          .row_block = vg_loss_rows(shape),
                          .cost_ns = ns_per_element * (double)shape->n[0] * (double)shape->n[1]};
    return 1;
}

static inline int vg_loss_phases(const vg_shape *shape, vg_unit_fn *run, double ns_per_element,
                                 vg_phase *phase)
{
    int count = vg_loss_gradient_phases(shape, run, ns_per_element, phase);
    phase[count] = (vg_phase){.run = vg_loss_combine, .units = 1};
    return count + 1;
}

#endif
