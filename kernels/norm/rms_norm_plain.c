/* SPDX-License-Identifier: Apache-2.0 */
/* RMS norm (Zhang & Sennrich 2019): rows are divided by their root mean square; no mean, no beta. */
#include "norm/row_norm_plain.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_forward(task, unit, false);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_backward(task, unit, false, false);
}

static void sum_blocks(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_sum_blocks(task, unit, false);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_forward_phases(shape, forward, 1.5, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_backward_phases(shape, backward, sum_blocks, 2, phase);
}

const vg_kernel_impl VG_FN(vg_rms_norm_fwd) = {.impl = "plain C", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_rms_norm_bwd) = {
    .impl = "plain C", .phases = backward_phases, .workspace = vg_row_norm_workspace};
