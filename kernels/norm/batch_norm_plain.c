/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm in plain C: training forward, backward, and inference with running statistics. */
#include "norm/batch_norm_plain.h"

static void forward_block(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_block(task, unit, scratch);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_apply(task, unit);
}

static void backward_block(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_backward_block(task, unit);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_backward_apply(task, unit, false);
}

/* --- inference ----------------------------------------------------------------------------- */

static void infer(const vg_task *task, int64_t unit, void *scratch)
{
    const float *mean = vg_vector(task, VG_RUN_MEAN), *var = vg_vector(task, VG_RUN_VAR);
    const float *gamma = vg_vector(task, VG_GAMMA), *beta = vg_vector(task, VG_BETA);
    float *scale = scratch;
    for (int64_t c = 0; c < task->shape.n[1]; c++)
        scale[c] = gamma[c] / sqrtf(var[c] + task->params->eps);
    for (int64_t r = 0; r < vg_rows_of(task, unit); r++) {
        const float *x = vg_row(task, VG_X, unit * VG_ROW_BLOCK + r);
        float *y = vg_row(task, VG_Y, unit * VG_ROW_BLOCK + r);
        for (int64_t c = 0; c < task->shape.n[1]; c++)
            y[c] = (x[c] - mean[c]) * scale[c] + beta[c];
    }
}

/* --- rows ---------------------------------------------------------------------------------- */

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_batch_plain_phases(shape, forward_block, vg_batch_forward_merge, forward_apply, 1.2,
                                 phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_batch_plain_phases(shape, backward_block, vg_batch_backward_merge, backward_apply,
                                 1.6, phase);
}

static int infer_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = (vg_phase){.run = infer,
                          .units = vg_norm_blocks(shape),
                          .row_block = VG_ROW_BLOCK,
                          .cost_ns = 0.5 * (double)shape->n[0] * (double)shape->n[1]};
    return 1;
}

const vg_kernel_impl VG_FN(vg_batch_norm_fwd) = {.impl = "plain C",
                                             .phases = forward_phases,
                                             .scratch = vg_one_row,
                                             .workspace = vg_norm_partial_bytes,
                                             .supports = vg_batch_norm_supports};
const vg_kernel_impl VG_FN(vg_batch_norm_bwd) = {.impl = "plain C",
                                             .phases = backward_phases,
                                             .workspace = vg_norm_partial_bytes,
                                             .supports = vg_batch_norm_supports};
const vg_kernel_impl VG_FN(vg_batch_norm_infer) = {
    .impl = "plain C", .phases = infer_phases, .scratch = vg_one_row};
