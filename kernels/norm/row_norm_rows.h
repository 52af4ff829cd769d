/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the norms of segments, the same for plain C and vectors: to be included after
 * forward_unit(), backward_unit(), FORWARD_IMPL, BACKWARD_IMPL, TOO_SMALL and the costs FORWARD_NS, BACKWARD_NS
 * (nanoseconds per element).
 *
 * Layer norm (Ba et al. 2016): every row is normalised. Group norm (Wu & He 2018): groups of
 * neighbouring columns of every row are. RMS norm (Zhang & Sennrich 2019): rows are divided by
 * their root mean square; no mean, no beta. */
#ifndef VG_NORM_ROW_NORM_ROWS_H
#define VG_NORM_ROW_NORM_ROWS_H

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    forward_unit(task, unit, true, scratch);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    backward_unit(task, unit, true, scratch);
}

static void forward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    forward_unit(task, unit, false, scratch);
}

static void backward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    backward_unit(task, unit, false, scratch);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_forward_phases(shape, forward, FORWARD_NS, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_backward_phases(shape, backward, vg_row_norm_sum_blocks, BACKWARD_NS, phase);
}

static int forward_rms_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_forward_phases(shape, forward_rms, FORWARD_NS, phase);
}

static int backward_rms_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_row_norm_backward_phases(shape, backward_rms, vg_row_norm_sum_blocks, BACKWARD_NS,
                                       phase);
}

#define FORWARD(phases_)                                                                           \
    {                                                                                              \
        .impl = FORWARD_IMPL, .phases = (phases_), .too_small = TOO_SMALL                          \
    }
#define BACKWARD(phases_)                                                                          \
    {                                                                                              \
        .impl = BACKWARD_IMPL, .phases = (phases_), .workspace = vg_row_norm_workspace,            \
        .too_small = TOO_SMALL                                                                     \
    }

const vg_kernel_impl VG_FN(vg_layer_norm_fwd) = FORWARD(forward_phases);
const vg_kernel_impl VG_FN(vg_layer_norm_bwd) = BACKWARD(backward_phases);
const vg_kernel_impl VG_FN(vg_group_norm_fwd) = FORWARD(forward_phases);
const vg_kernel_impl VG_FN(vg_group_norm_bwd) = BACKWARD(backward_phases);
const vg_kernel_impl VG_FN(vg_rms_norm_fwd) = FORWARD(forward_rms_phases);
const vg_kernel_impl VG_FN(vg_rms_norm_bwd) = BACKWARD(backward_rms_phases);

#endif
