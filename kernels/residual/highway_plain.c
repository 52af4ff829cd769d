/* SPDX-License-Identifier: Apache-2.0 */
/* y = t h + (1 - t) x; backward dx = dy (1 - t), dh = dy t, dt = dy (h - x). */
#include "residual/residual.h"
#include "simd/vec.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_X, VG_H, VG_T, VG_Y};
    vg_spans s = vg_unit_spans(task, unit, slots, 4);
    for (int64_t r = s.row; r < s.last; r += s.step) {
        const float *x = vg_row(task, VG_X, r), *h = vg_row(task, VG_H, r);
        const float *t = vg_row(task, VG_T, r);
        float *y = vg_row(task, VG_Y, r);
        for (int64_t i = 0; i < s.length; i++)
            y[i] = t[i] * h[i] + (1 - t[i]) * x[i];
    }
}

static void backward_row(const float *x, const float *h, const float *t, const float *dy, float *dx,
                         float *dh, float *dt, int64_t n)
{
    /* dx may be dy itself, element for element: nothing is carried between iterations */
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float g = dy[i];
        dx[i] = g * (1 - t[i]);
        dh[i] = g * t[i];
        dt[i] = g * (h[i] - x[i]);
    }
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_X, VG_H, VG_T, VG_DY, VG_DX, VG_DH, VG_DT};
    vg_spans s = vg_unit_spans(task, unit, slots, 7);
    for (int64_t r = s.row; r < s.last; r += s.step)
        backward_row(vg_row(task, VG_X, r), vg_row(task, VG_H, r), vg_row(task, VG_T, r),
                     vg_row(task, VG_DY, r), vg_row(task, VG_DX, r), vg_row(task, VG_DH, r),
                     vg_row(task, VG_DT, r), s.length);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, 0.5, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, backward, 0.8, phase);
}

const vg_kernel_impl VG_FN(vg_highway_fwd) = {.impl = "plain C", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_highway_bwd) = {.impl = "plain C", .phases = backward_phases};
