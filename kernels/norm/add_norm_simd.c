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

static void forward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_merge(task, unit);
}

static void backward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_backward_merge(task, unit);
}

static void sum_rows(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_sum_blocks(task, unit, true);
}

static void sum_rms(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_sum_blocks(task, unit, false);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    static const vg_fused_units units = {
        .batch = {forward_strip, forward_reduce, forward_merge, forward_apply},
        .centred = forward_rows,
        .rms = forward_rms};
    return vg_fused_phases(shape, VG_DIR_fwd, &units, 0.15, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    static const vg_fused_units units = {
        .batch = {backward_strip, backward_reduce, backward_merge, backward_apply},
        .centred = backward_rows,
        .rms = backward_rms,
        .sum_centred = sum_rows,
        .sum_rms = sum_rms};
    return vg_fused_phases(shape, VG_DIR_bwd, &units, 0.2, phase);
}

const vg_kernel_impl VG_FN(vg_add_norm_fwd) = {.impl = "one pass with the norm",
                                           .phases = forward_phases,
                                           .scratch = vg_fused_scratch,
                                           .workspace = vg_fused_workspace,
                                           .supports = vg_fused_supports};
const vg_kernel_impl VG_FN(vg_add_norm_bwd) = {.impl = "one pass with the norm",
                                           .phases = backward_phases,
                                           .scratch = vg_fused_scratch,
                                           .workspace = vg_fused_workspace,
                                           .supports = vg_fused_supports};
