/* SPDX-License-Identifier: Apache-2.0 */
/* y = x + alpha h; backward dh = alpha dy, dalpha = sum dy h. */
#include "residual/rezero.h"
#include "simd/vec.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_X, VG_H, VG_Y};
    vg_spans s = vg_unit_spans(task, unit, slots, 3);
    float alpha = *vg_vector(task, VG_ALPHA);
    for (int64_t r = s.row; r < s.last; r += s.step) {
        const float *x = vg_row(task, VG_X, r), *h = vg_row(task, VG_H, r);
        float *y = vg_row(task, VG_Y, r);
        for (int64_t i = 0; i < s.length; i++)
            y[i] = x[i] + alpha * h[i];
    }
}

static float backward_row(const float *dy, const float *h, float alpha, float *dh, int64_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) {
        float g = dy[i];
        sum += g * h[i];
        dh[i] = alpha * g;
    }
    return sum;
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t width = task->shape.n[1], rows = vg_elementwise_rows(width);
    int64_t last = vg_min64(unit * rows + rows, task->shape.n[0]);
    float alpha = *vg_vector(task, VG_ALPHA);
    double sum = 0;
    for (int64_t r = unit * rows; r < last; r++)
        sum += backward_row(vg_row(task, VG_DY, r), vg_row(task, VG_H, r), alpha,
                            vg_row(task, VG_DH, r), width);
    ((double *)task->workspace)[unit] = sum;
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, 0.3, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_rezero_backward_phases(shape, backward, 0.8, phase);
}

const vg_kernel_impl VG_FN(vg_rezero_fwd) = {.impl = "plain C", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_rezero_bwd) = {
    .impl = "plain C", .phases = backward_phases, .workspace = vg_rezero_workspace};
