/* SPDX-License-Identifier: Apache-2.0 */
/* PReLU in plain C, with one slope or one per column. */
#include "activation/activation.h"
#include "simd/vec.h"

static void forward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t step = task->shape.n[2] > 1; /* from one column's slope to the next */
    const float *slope = task->t[VG_SLOPE].p;
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), false);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *x = vg_row(task, VG_X, r);
        float *y = vg_row(task, VG_Y, r);
        for (int64_t i = 0; i < b.cols; i++)
            y[i] = x[i] > 0 ? x[i] : x[i] * slope[i * step];
    }
}

static double backward_row_shared(int64_t n, const float *x, const float *dy, float slope,
                                  float *dx)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) {
        float d = dy[i];
        sum += x[i] > 0 ? 0 : (double)x[i] * d;
        dx[i] = x[i] > 0 ? d : d * slope;
    }
    return sum;
}

static void backward_row_columns(int64_t n, const float *x, const float *dy, const float *slope,
                                 float *dx, double *sums)
{
    for (int64_t i = 0; i < n; i++) {
        float d = dy[i];
        sums[i] += x[i] > 0 ? 0 : (double)x[i] * d;
        dx[i] = x[i] > 0 ? d : d * slope[i];
    }
}

static void backward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t slope_count = task->shape.n[2];
    const float *slope = task->t[VG_SLOPE].p;
    double *sums = (double *)task->workspace + unit * vg_prelu_stride(&task->shape);
    vg_block b = vg_activation_block(task, unit, VG_ROW_BLOCK, false);
    for (int64_t i = 0; i < slope_count; i++)
        sums[i] = 0;
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *x = vg_row(task, VG_X, r), *dy = vg_row(task, VG_DY, r);
        float *dx = vg_row(task, VG_DX, r);
        if (slope_count == 1)
            *sums += backward_row_shared(b.cols, x, dy, *slope, dx);
        else
            backward_row_columns(b.cols, x, dy, slope, dx, sums);
    }
}

static void combine_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t slope_count = task->shape.n[2], stride = vg_prelu_stride(&task->shape);
    int64_t blocks = vg_ceil_div(task->shape.n[0], VG_ROW_BLOCK);
    int64_t first = unit * VG_PRELU_COLUMNS;
    int64_t last = vg_min64(first + VG_PRELU_COLUMNS, slope_count);
    float *dslope = task->t[VG_DSLOPE].p;
    for (int64_t c = first; c < last; c++) {
        const double *sums = (const double *)task->workspace + c;
        double sum = 0;
        for (int64_t block = 0; block < blocks; block++)
            sum += sums[block * stride];
        dslope[c] = (float)sum;
    }
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, 0.5, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_prelu_backward_phases(shape, backward_unit, combine_unit, 0.9, phase);
}

const vg_kernel_impl VG_FN(vg_prelu_fwd) = {.impl = "plain C", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_prelu_bwd) = {.impl = "plain C, partials of 64 rows",
                                            .phases = backward_phases,
                                            .workspace = vg_prelu_workspace};
