/* SPDX-License-Identifier: Apache-2.0 */
/* y = x + h; backward dx += dy. */
#include "residual/residual.h"
#include "simd/vec.h"

static void add_unit(const vg_task *task, int64_t unit, vg_slot x, vg_slot h, vg_slot y)
{
    const vg_slot slots[] = {x, h, y};
    vg_spans s = vg_unit_spans(task, unit, slots, 3);
    for (int64_t r = s.row; r < s.last; r += s.step) {
        const float *xr = vg_row(task, x, r), *hr = vg_row(task, h, r);
        float *yr = vg_row(task, y, r);
        for (int64_t i = 0; i < s.length; i++)
            yr[i] = xr[i] + hr[i];
    }
}

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    add_unit(task, unit, VG_X, VG_H, VG_Y);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    add_unit(task, unit, VG_DX, VG_DY, VG_DX);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, 0.3, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, backward, 0.3, phase);
}

const vg_kernel_impl VG_FN(vg_add_fwd) = {.impl = "plain C", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_add_bwd) = {.impl = "plain C", .phases = backward_phases};
