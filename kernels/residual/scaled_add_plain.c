/* SPDX-License-Identifier: Apache-2.0 */
/* y = x + alpha h; backward dh = alpha dy (dx is dy itself). */
#include "residual/residual.h"
#include "simd/vec.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_X, VG_H, VG_Y};
    vg_spans s = vg_unit_spans(task, unit, slots, 3);
    float alpha = task->params->alpha;
    for (int64_t r = s.row; r < s.last; r += s.step) {
        const float *x = vg_row(task, VG_X, r), *h = vg_row(task, VG_H, r);
        float *y = vg_row(task, VG_Y, r);
        for (int64_t i = 0; i < s.length; i++)
            y[i] = x[i] + alpha * h[i];
    }
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_DY, VG_DH};
    vg_spans s = vg_unit_spans(task, unit, slots, 2);
    float alpha = task->params->alpha;
    for (int64_t r = s.row; r < s.last; r += s.step) {
        const float *dy = vg_row(task, VG_DY, r);
        float *dh = vg_row(task, VG_DH, r);
        for (int64_t i = 0; i < s.length; i++)
            dh[i] = alpha * dy[i];
    }
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, 0.3, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, backward, 0.25, phase);
}

const vg_kernel_impl VG_FN(vg_scaled_add_fwd) = {.impl = "plain C", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_scaled_add_bwd) = {.impl = "plain C", .phases = backward_phases};
