/* SPDX-License-Identifier: Apache-2.0 */
/* s = x + h, y = N(s), s kept; backward: dx, the trunk's gradient at s, += dN/ds dy. Rows are added
 * just before their statistics are taken, so the norm finds s in the first cache. */
#include "norm/fused_vec.h"

static const vg_norm_form centred = {.centred = true, .act = VG_OP_linear, .add = true};
static const vg_norm_form uncentred = {.centred = false, .act = VG_OP_linear, .add = true};

static void forward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_ROWS_FORWARD, centred, task, unit, scratch);
}

static void forward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_ROWS_FORWARD, uncentred, task, unit, scratch);
}

static void backward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_ROWS_BACKWARD, centred, task, unit, scratch);
}

static void backward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_ROWS_BACKWARD, uncentred, task, unit, scratch);
}

static void forward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_STRIP_FORWARD, centred, task, unit, scratch);
}

static void forward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_REDUCE_FORWARD, centred, task, unit, scratch);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_APPLY_FORWARD, centred, task, unit, scratch);
}

static void backward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_STRIP_BACKWARD, centred, task, unit, scratch);
}

static void backward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_REDUCE_BACKWARD, centred, task, unit, scratch);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_run_part(VG_APPLY_BACKWARD, centred, task, unit, scratch);
}

static const vg_fused_units forward = {
    .batch = {forward_strip, forward_reduce, vg_batch_forward_merge, forward_apply},
    .centred = forward_rows,
    .rms = forward_rms,
    .ns = 0.15};

static const vg_fused_units backward = {
    .batch = {backward_strip, backward_reduce, vg_batch_backward_merge, backward_apply},
    .centred = backward_rows,
    .rms = backward_rms,
    .sum = vg_row_norm_sum_blocks,
    .ns = 0.2};

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_fused_phases(shape, &forward, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_fused_phases(shape, &backward, phase);
}

const vg_kernel_impl VG_FN(vg_add_norm_fwd) = VG_FUSED_IMPL(forward_phases);
const vg_kernel_impl VG_FN(vg_add_norm_bwd) = VG_FUSED_IMPL(backward_phases);
