/* SPDX-License-Identifier: Apache-2.0 */
/* The units of batch norm in plain C: row blocks, columns of the merged statistics, row blocks. */
#ifndef VG_NORM_BATCH_NORM_PLAIN_H
#define VG_NORM_BATCH_NORM_PLAIN_H

#include "norm/batch_norm.h"
#include "simd/vec.h"

VG_INLINE int64_t vg_rows_of(const vg_task *task, int64_t block)
{
    return vg_min64(VG_ROW_BLOCK, task->shape.n[0] - block * VG_ROW_BLOCK);
}

/* --- forward ------------------------------------------------------------------------------- */

/* Partials: mean and sum of squared deviations of the block's rows. @p sum: scratch, width floats */
VG_INLINE void vg_batch_forward_block(const vg_task *task, int64_t unit, float *sum)
{
    int64_t width = task->shape.n[1], rows = vg_rows_of(task, unit);
    float *mean = vg_norm_partial(task, unit, 0), *sum2 = vg_norm_partial(task, unit, 1);
    float n = (float)rows;
    for (int64_t c = 0; c < width; c++)
        mean[c] = sum2[c] = sum[c] = 0;
    for (int64_t r = 0; r < rows; r++) {
        const float *x = vg_row(task, VG_X, unit * VG_ROW_BLOCK + r);
        for (int64_t c = 0; c < width; c++)
            mean[c] += x[c];
    }
    for (int64_t c = 0; c < width; c++)
        mean[c] /= n;
    for (int64_t r = 0; r < rows; r++) {
        const float *x = vg_row(task, VG_X, unit * VG_ROW_BLOCK + r);
#pragma omp simd
        for (int64_t c = 0; c < width; c++) {
            float d = x[c] - mean[c];
            sum[c] += d;
            sum2[c] += d * d;
        }
    }
    for (int64_t c = 0; c < width; c++) {
        mean[c] += sum[c] / n;
        sum2[c] -= sum[c] * (sum[c] / n);
    }
}

static inline void vg_batch_forward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t first = unit * VG_STRIP, last = vg_min64(first + VG_STRIP, task->shape.n[1]);
    float *mean = vg_norm_partial(task, 0, 0), *sum2 = vg_norm_partial(task, 0, 1);
    for (int64_t b = 1; b < vg_norm_blocks(&task->shape); b++) {
        const float *more_mean = vg_norm_partial(task, b, 0);
        const float *more_sum2 = vg_norm_partial(task, b, 1);
        float before = (float)(b * VG_ROW_BLOCK), more = (float)vg_rows_of(task, b);
        float share = more / (before + more);
        for (int64_t c = first; c < last; c++) {
            float delta = more_mean[c] - mean[c];
            mean[c] += delta * share;
            sum2[c] += more_sum2[c] + delta * delta * (before * share);
        }
    }
    float n = (float)task->shape.n[0];
    for (int64_t c = first; c < last; c++) {
        sum2[c] = sum2[c] < 0 ? 0 : sum2[c]; /* rounding of a constant column; NaN stays */
        vg_vector(task, VG_MEAN)[c] = mean[c];
        vg_vector(task, VG_RSTD)[c] = 1 / sqrtf(sum2[c] / n + task->params->eps);
        vg_running_update(task->params, mean[c], sum2[c], n, vg_vector(task, VG_RUN_MEAN) + c,
                          vg_vector(task, VG_RUN_VAR) + c);
    }
}

VG_INLINE void vg_batch_forward_apply(const vg_task *task, int64_t unit)
{
    const float *mean = vg_vector(task, VG_MEAN), *rstd = vg_vector(task, VG_RSTD);
    const float *gamma = vg_vector(task, VG_GAMMA), *beta = vg_vector(task, VG_BETA);
    for (int64_t r = 0; r < vg_rows_of(task, unit); r++) {
        const float *x = vg_row(task, VG_X, unit * VG_ROW_BLOCK + r);
        float *y = vg_row(task, VG_Y, unit * VG_ROW_BLOCK + r);
        for (int64_t c = 0; c < task->shape.n[1]; c++)
            y[c] = (x[c] - mean[c]) * rstd[c] * gamma[c] + beta[c];
    }
}

/* --- backward ------------------------------------------------------------------------------ */

/* Partials: sums of dy xhat and of dy over the block's rows. */
VG_INLINE void vg_batch_backward_block(const vg_task *task, int64_t unit)
{
    int64_t width = task->shape.n[1];
    const float *mean = vg_vector(task, VG_MEAN), *rstd = vg_vector(task, VG_RSTD);
    float *dgamma = vg_norm_partial(task, unit, 0), *dbeta = vg_norm_partial(task, unit, 1);
    for (int64_t c = 0; c < width; c++)
        dgamma[c] = dbeta[c] = 0;
    for (int64_t r = 0; r < vg_rows_of(task, unit); r++) {
        const float *x = vg_row(task, VG_X, unit * VG_ROW_BLOCK + r);
        const float *dy = vg_row(task, VG_DY, unit * VG_ROW_BLOCK + r);
#pragma omp simd
        for (int64_t c = 0; c < width; c++) {
            dgamma[c] += dy[c] * ((x[c] - mean[c]) * rstd[c]);
            dbeta[c] += dy[c];
        }
    }
}

static inline void vg_batch_backward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t first = unit * VG_STRIP, last = vg_min64(first + VG_STRIP, task->shape.n[1]);
    for (int which = 0; which < 2; which++) {
        float *out = vg_vector(task, which ? VG_DBETA : VG_DGAMMA);
        for (int64_t c = first; c < last; c++)
            out[c] = 0;
        for (int64_t b = 0; b < vg_norm_blocks(&task->shape); b++)
            for (int64_t c = first; c < last; c++)
                out[c] += vg_norm_partial(task, b, which)[c];
    }
}

/* @p add: dx += */
VG_INLINE void vg_batch_backward_apply(const vg_task *task, int64_t unit, bool add)
{
    const float *mean = vg_vector(task, VG_MEAN), *rstd = vg_vector(task, VG_RSTD);
    const float *gamma = vg_vector(task, VG_GAMMA), *dgamma = vg_vector(task, VG_DGAMMA);
    const float *dbeta = vg_vector(task, VG_DBETA);
    float n = (float)task->shape.n[0];
    for (int64_t r = 0; r < vg_rows_of(task, unit); r++) {
        const float *x = vg_row(task, VG_X, unit * VG_ROW_BLOCK + r);
        const float *dy = vg_row(task, VG_DY, unit * VG_ROW_BLOCK + r);
        float *dx = vg_row(task, VG_DX, unit * VG_ROW_BLOCK + r);
#pragma omp simd
        for (int64_t c = 0; c < task->shape.n[1]; c++) {
            float xhat = (x[c] - mean[c]) * rstd[c];
            float all = gamma[c] * rstd[c] * (dy[c] - dbeta[c] / n - xhat * (dgamma[c] / n));
            dx[c] = add ? dx[c] + all : all;
        }
    }
}

/* --- phases -------------------------------------------------------------------------------- */

static inline int vg_batch_plain_phases(const vg_shape *shape, vg_unit_fn *block, vg_unit_fn *merge,
                        vg_unit_fn *apply, double ns, vg_phase *phase)
{
    double cost = ns * (double)shape->n[0] * (double)shape->n[1];
    int64_t blocks = vg_norm_blocks(shape), strips = vg_ceil_div(shape->n[1], VG_STRIP);
    phase[0] = (vg_phase){.run = block, .units = blocks, .row_block = VG_ROW_BLOCK,
                          .cost_ns = cost / 2};
    phase[1] = (vg_phase){.run = merge, .units = strips, .cost_ns = cost / VG_ROW_BLOCK};
    phase[2] = (vg_phase){.run = apply, .units = blocks, .row_block = VG_ROW_BLOCK,
                          .cost_ns = cost / 2};
    return 3;
}

static inline size_t vg_one_row(const vg_shape *shape)
{
    return (size_t)vg_norm_stride(shape) * sizeof(float);
}

#endif
