/* SPDX-License-Identifier: Apache-2.0 */
/* y = f(N(x)): the norm, then f in place; backward: dx = f'(z) dy with z made again from x, then the
 * norm in place. */
#include "activation/act_plain.h"
#include "norm/fused_plain.h"

VG_INLINE void activate_row(vg_op act, float *y, int64_t n, float slope)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = vg_act_forward_one(act, y[i], slope);
}

static void activate(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t row, last;
    vg_block_rows(task, unit, &row, &last);
    for (int64_t r = row; r < last; r++)
        activate_row((vg_op)task->shape.act, vg_row(task, VG_Y, r), task->shape.n[1],
                     task->params->slope);
}

static void forward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_plain_norm_forward(task, unit);
}

static void forward_block(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_block(task, unit, scratch);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_apply(task, unit);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    int count = vg_plain_forward_phases(shape, forward_rows, forward_block, forward_apply, phase);
    phase[count] = vg_block_phase(shape, activate, 10);
    return count + 1;
}

/* z of column @p c in row @p r */
VG_INLINE float remake(const vg_task *task, int64_t r, int64_t c)
{
    int64_t length = vg_segment_length(&task->shape);
    vg_op norm = vg_norm_kind(task);
    float x = vg_row(task, VG_X, r)[c], gamma = vg_vector(task, VG_GAMMA)[c];
    if (norm == VG_OP_rms_norm)
        return x * *vg_statistic(task, VG_RSTD, r, 0) * gamma;
    float mean = norm == VG_OP_batch_norm ? vg_vector(task, VG_MEAN)[c]
                                          : *vg_statistic(task, VG_MEAN, r, c / length);
    float rstd = norm == VG_OP_batch_norm ? vg_vector(task, VG_RSTD)[c]
                                          : *vg_statistic(task, VG_RSTD, r, c / length);
    return (x - mean) * rstd * gamma + vg_vector(task, VG_BETA)[c];
}

static void differentiate(const vg_task *task, int64_t unit, void *scratch)
{
    vg_op act = (vg_op)task->shape.act;
    bool reads_y = vg_act_saves_output(act) && act != VG_OP_relu && act != VG_OP_linear;
    int64_t row, last;
    vg_block_rows(task, unit, &row, &last);
    for (int64_t r = row; r < last; r++) {
        const float *dy = vg_row(task, VG_DY, r), *y = reads_y ? vg_row(task, VG_Y, r) : NULL;
        float *dx = vg_row(task, VG_DX, r);
        for (int64_t c = 0; c < task->shape.n[1]; c++)
            dx[c] = vg_act_backward_one(act, reads_y ? y[c] : remake(task, r, c), dy[c],
                                        task->params->slope);
    }
}

static void backward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_DY, VG_DX);
    vg_plain_norm_backward(&view, unit, false);
}

static void backward_block(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_DY, VG_DX);
    vg_batch_backward_block(&view, unit);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_task view = vg_renamed(task, VG_DY, VG_DX);
    vg_batch_backward_apply(&view, unit, false);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = vg_block_phase(shape, differentiate, 10);
    return 1 + vg_plain_backward_phases(shape, backward_rows, backward_block, backward_apply,
                                        phase + 1);
}

const vg_kernel_impl VG_FN(vg_norm_act_fwd) = VG_FUSED_PLAIN_IMPL(forward_phases, vg_one_row);
const vg_kernel_impl VG_FN(vg_norm_act_bwd) = VG_FUSED_PLAIN_IMPL(backward_phases, NULL);
