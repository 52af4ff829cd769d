/* SPDX-License-Identifier: Apache-2.0 */
/* y = x + h; backward dx += dy. */
#include "residual/axpy_vec.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_axpy_unit(task, unit, true, 1, VG_X, VG_H, VG_Y);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_axpy_unit(task, unit, true, 1, VG_DX, VG_DY, VG_DX);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, vg_pass_ns(2, 1), phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, backward, vg_pass_ns(2, 1), phase);
}

const vg_kernel_impl VG_FN(vg_add_fwd) = {
    .impl = "vec layer", .phases = forward_phases, .too_small = vg_residual_too_small};
const vg_kernel_impl VG_FN(vg_add_bwd) = {
    .impl = "vec layer", .phases = backward_phases, .too_small = vg_residual_too_small};
