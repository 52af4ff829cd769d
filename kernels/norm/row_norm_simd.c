/* SPDX-License-Identifier: Apache-2.0 */
/* Layer norm (Ba et al. 2016): every row is normalised. Group norm (Wu & He 2018): groups of
 * neighbouring columns of every row are. RMS norm (Zhang & Sennrich 2019): rows are divided by
 * their root mean square; no mean, no beta. */
#include "norm/row_norm_vec.h"

static const vg_norm_form centred = {.centred = true, .act = VG_OP_linear};
static const vg_norm_form uncentred = {.centred = false, .act = VG_OP_linear};

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_forward(task, unit, centred);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_backward(task, unit, centred, scratch);
}

static void forward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_forward(task, unit, uncentred);
}

static void backward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    vg_row_norm_backward(task, unit, uncentred, scratch);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_forward_phases(shape, forward, 0.1, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_backward_phases(shape, backward, vg_row_norm_sum_blocks, 0.15, phase);
}

static int forward_rms_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_forward_phases(shape, forward_rms, 0.1, phase);
}

static int backward_rms_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_backward_phases(shape, backward_rms, vg_row_norm_sum_blocks, 0.15, phase);
}

#define FORWARD(phases_)                                                                           \
    {                                                                                              \
        .impl = "corrected two-pass", .phases = (phases_)                                          \
    }
#define BACKWARD(phases_)                                                                          \
    {                                                                                              \
        .impl = "4 rows at a time", .phases = (phases_), .workspace = vg_row_norm_workspace        \
    }

const vg_kernel_impl VG_FN(vg_layer_norm_fwd) = FORWARD(forward_phases);
const vg_kernel_impl VG_FN(vg_layer_norm_bwd) = BACKWARD(backward_phases);
const vg_kernel_impl VG_FN(vg_group_norm_fwd) = FORWARD(forward_phases);
const vg_kernel_impl VG_FN(vg_group_norm_bwd) = BACKWARD(backward_phases);
const vg_kernel_impl VG_FN(vg_rms_norm_fwd) = FORWARD(forward_rms_phases);
const vg_kernel_impl VG_FN(vg_rms_norm_bwd) = BACKWARD(backward_rms_phases);
