/* SPDX-License-Identifier: Apache-2.0 */
/* s = x + h, y = N(s), s kept; backward: dx += dN/ds dy. */
#include "norm/fused_plain.h"

static void add(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t row, last;
    vg_block_rows(task, unit, &row, &last);
    for (int64_t r = row; r < last; r++) {
        const float *x = vg_row(task, VG_X, r), *h = vg_row(task, VG_H, r);
        float *sum = vg_row(task, VG_SUM, r);
        for (int64_t i = 0; i < task->shape.n[1]; i++)
            sum[i] = x[i] + h[i];
    }
}

static void forward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_X, VG_SUM);
    vg_plain_norm_forward(&view, unit);
}

static void forward_block(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_X, VG_SUM);
    vg_batch_forward_block(&view, unit, scratch);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_X, VG_SUM);
    vg_batch_forward_apply(&view, unit);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = vg_block_phase(shape, add, 0.3);
    return 1 + vg_plain_forward_phases(shape, forward_rows, forward_block, forward_apply,
                                       phase + 1);
}

static void backward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_X, VG_SUM);
    vg_plain_norm_backward(&view, unit, true);
}

static void backward_block(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_X, VG_SUM);
    vg_batch_backward_block(&view, unit);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_X, VG_SUM);
    vg_batch_backward_apply(&view, unit, true);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_plain_backward_phases(shape, backward_rows, backward_block, backward_apply, phase);
}

const vg_kernel_impl VG_FN(vg_add_norm_fwd) = VG_FUSED_PLAIN_IMPL(forward_phases, vg_one_row);
const vg_kernel_impl VG_FN(vg_add_norm_bwd) = VG_FUSED_PLAIN_IMPL(backward_phases, NULL);
