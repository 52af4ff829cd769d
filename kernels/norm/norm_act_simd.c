/* SPDX-License-Identifier: Apache-2.0 */
/* y = f(N(x)). relu and leaky_relu, and f' from y where that is a few operations (sigmoid, tanh, elu,
 * selu), are applied in the registers of the norm; the others by a loop over rows that are still in
 * the first cache. Where backward needs z it makes z again from x, two operations, instead of a
 * further stream. */
#include "norm/fused_vec.h"

static const vg_norm_form by_rows = {.centred = true, .act = VG_OP_linear, .act_rows = true};
static const vg_norm_form rms_by_rows = {.centred = false, .act = VG_OP_linear, .act_rows = true};

/* @p part and @p centred are constants. */
VG_INLINE void run(vg_norm_part part, bool centred, const vg_task *task, int64_t unit,
                   void *scratch)
{
    if (task->shape.act == VG_OP_relu)
        vg_run_part(part, (vg_norm_form){centred, VG_OP_relu, false, false}, task, unit, scratch);
    else if (task->shape.act == VG_OP_leaky_relu)
        vg_run_part(part, (vg_norm_form){centred, VG_OP_leaky_relu, false, false}, task, unit,
                    scratch);
    else if (task->shape.act == VG_OP_linear)
        vg_run_part(part, (vg_norm_form){centred, VG_OP_linear, false, false}, task, unit,
                    scratch);
    else
        vg_run_part(part, (vg_norm_form){centred, VG_OP_linear, false, true}, task, unit, scratch);
}

/* The same for the parts of batch norm's backward pass. */
VG_INLINE void run_backward(vg_norm_part part, const vg_task *task, int64_t unit, void *scratch)
{
    switch (task->shape.act) {
    case VG_OP_sigmoid:
        vg_run_part(part, (vg_norm_form){true, VG_OP_sigmoid, false, false}, task, unit, scratch);
        return;
    case VG_OP_tanh:
        vg_run_part(part, (vg_norm_form){true, VG_OP_tanh, false, false}, task, unit, scratch);
        return;
    case VG_OP_elu:
        vg_run_part(part, (vg_norm_form){true, VG_OP_elu, false, false}, task, unit, scratch);
        return;
    case VG_OP_selu:
        vg_run_part(part, (vg_norm_form){true, VG_OP_selu, false, false}, task, unit, scratch);
        return;
    default:
        run(part, true, task, unit, scratch);
    }
}

static void forward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_ROWS_FORWARD, true, task, unit, scratch);
}

static void forward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_ROWS_FORWARD, false, task, unit, scratch);
}

static void backward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_backward(task, unit, by_rows, scratch);
}

static void backward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_backward(task, unit, rms_by_rows, scratch);
}

static void forward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_STRIP_FORWARD, true, task, unit, scratch);
}

static void forward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_reduce(task, unit, by_rows);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_APPLY_FORWARD, true, task, unit, scratch);
}

static void backward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    run_backward(VG_STRIP_BACKWARD, task, unit, scratch);
}

static void backward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    run_backward(VG_REDUCE_BACKWARD, task, unit, scratch);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    run_backward(VG_APPLY_BACKWARD, task, unit, scratch);
}

static const vg_fused_units forward = {
    .batch = {forward_strip, forward_reduce, vg_batch_forward_merge, forward_apply},
    .centred = forward_rows,
    .rms = forward_rms,
    .ns = 0.3};

static const vg_fused_units backward = {
    .batch = {backward_strip, backward_reduce, vg_batch_backward_merge, backward_apply},
    .centred = backward_rows,
    .rms = backward_rms,
    .sum = vg_row_norm_sum_blocks,
    .ns = 0.4};

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_fused_phases(shape, &forward, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_fused_phases(shape, &backward, phase);
}

const vg_kernel_impl VG_FN(vg_norm_act_fwd) = VG_FUSED_IMPL(forward_phases);
const vg_kernel_impl VG_FN(vg_norm_act_bwd) = VG_FUSED_IMPL(backward_phases);
