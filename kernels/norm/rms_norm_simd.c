/* SPDX-License-Identifier: Apache-2.0 */
/* RMS norm (Zhang & Sennrich 2019): rows are divided by their root mean square; no mean, no beta. */
#include "norm/row_norm_vec.h"

static const vg_norm_form form = {.centred = false, .act = VG_OP_linear};

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_forward(task, unit, form);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_backward(task, unit, form, scratch);
}

static void sum_blocks(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_sum_blocks(task, unit, false);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_forward_phases(shape, forward, 0.1, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_backward_phases(shape, backward, sum_blocks, 0.15, phase);
}

const vg_kernel_impl VG_FN(vg_rms_norm_fwd) = {.impl = "corrected two-pass",
                                             .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_rms_norm_bwd) = {.impl = "4 rows at a time",
                                             .phases = backward_phases,
                                             .workspace = vg_row_norm_workspace};
