/* SPDX-License-Identifier: Apache-2.0 */
/* Group norm (Wu & He 2018): groups of neighbouring columns of every row are normalised. */
#include "norm/row_norm_plain.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_forward(task, unit, true);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_backward(task, unit, true, false);
}

static void sum_blocks(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_sum_blocks(task, unit, true);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_forward_phases(shape, forward, 1.5, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_backward_phases(shape, backward, sum_blocks, 2, phase);
}

const vg_kernel_impl VG_FN(vg_group_norm_fwd) = {.impl = "plain C", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_group_norm_bwd) = {
    .impl = "plain C", .phases = backward_phases, .workspace = vg_row_norm_workspace};
