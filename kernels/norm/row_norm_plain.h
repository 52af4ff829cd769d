/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm in plain C: segments of rows. @p centred is false for rms norm, which
 * has no mean and no beta. */
#ifndef VG_NORM_ROW_NORM_PLAIN_H
#define VG_NORM_ROW_NORM_PLAIN_H

#include "norm/norm.h"
#include "simd/vec.h"

VG_INLINE float vg_mean(const float *x, int64_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (float)n;
}

VG_INLINE void vg_segment_forward(bool centred, const float *x, const float *gamma,
                                  const float *beta, float eps, float *y, int64_t n, float *mean,
                                  float *rstd)
{
    float m0 = centred ? vg_mean(x, n) : 0, sum = 0, squares = 0, count = (float)n;
#pragma omp simd reduction(+ : sum, squares)
    for (int64_t i = 0; i < n; i++) {
        float d = x[i] - m0;
        sum += d;
        squares += d * d;
    }
    float m = centred ? m0 + sum / count : 0;
    float var = (centred ? squares - sum * (sum / count) : squares) / count;
    float r = 1 / sqrtf((var < 0 ? 0 : var) + eps);
    for (int64_t i = 0; i < n; i++)
        y[i] = (x[i] - m) * r * gamma[i] + (centred ? beta[i] : 0);
    if (centred)
        *mean = m;
    *rstd = r;
}

VG_INLINE void vg_row_norm_forward(const vg_task *task, int64_t unit, bool centred)
{
    int64_t width = task->shape.n[1], length = vg_segment_length(&task->shape);
    int64_t rows = vg_row_norm_rows(width);
    int64_t last = vg_min64(unit * rows + rows, task->shape.n[0]);
    const float *gamma = vg_vector(task, VG_GAMMA), *beta = vg_vector(task, VG_BETA);
    for (int64_t r = unit * rows; r < last; r++)
        for (int64_t c = 0, g = 0; c < width; c += length, g++)
            vg_segment_forward(centred, vg_row(task, VG_X, r) + c, gamma + c,
                               centred ? beta + c : NULL, task->params->eps,
                               vg_row(task, VG_Y, r) + c, length,
                               centred ? vg_statistic(task, VG_MEAN, r, g) : NULL,
                               vg_statistic(task, VG_RSTD, r, g));
}

/* dx of one segment (added to dx with @p add), and its terms of dgamma and dbeta. */
VG_INLINE void vg_segment_backward(bool centred, bool add, const float *x, const float *dy,
                                   const float *gamma, float mean, float rstd, float *dx,
                                   float *dgamma, float *dbeta, int64_t n)
{
    float c1 = 0, c2 = 0;
#pragma omp simd reduction(+ : c1, c2)
    for (int64_t i = 0; i < n; i++) {
        float g = gamma[i] * dy[i];
        c1 += g;
        c2 += g * (x[i] - mean) * rstd;
    }
    c1 = centred ? c1 / (float)n : 0;
    c2 /= (float)n;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float g = dy[i], xhat = (x[i] - mean) * rstd;
        dgamma[i] += g * xhat;
        if (centred)
            dbeta[i] += g;
        float all = rstd * (gamma[i] * g - c1 - xhat * c2);
        dx[i] = add ? dx[i] + all : all;
    }
}

VG_INLINE void vg_row_norm_backward(const vg_task *task, int64_t unit, bool centred, bool add)
{
    int64_t width = task->shape.n[1], length = vg_segment_length(&task->shape);
    int64_t last = vg_min64((unit + 1) * VG_ROW_BLOCK, task->shape.n[0]);
    float *dgamma = vg_row_norm_partial(task, unit, 0);
    float *dbeta = centred ? vg_row_norm_partial(task, unit, 1) : NULL;
    for (int64_t i = 0; i < width; i++) {
        dgamma[i] = 0;
        if (centred)
            dbeta[i] = 0;
    }
    for (int64_t r = unit * VG_ROW_BLOCK; r < last; r++)
        for (int64_t c = 0, g = 0; c < width; c += length, g++)
            vg_segment_backward(centred, add, vg_row(task, VG_X, r) + c, vg_row(task, VG_DY, r) + c,
                                vg_vector(task, VG_GAMMA) + c,
                                centred ? *vg_statistic(task, VG_MEAN, r, g) : 0,
                                *vg_statistic(task, VG_RSTD, r, g), vg_row(task, VG_DX, r) + c,
                                dgamma + c, centred ? dbeta + c : NULL, length);
}

static inline void vg_row_norm_sum_blocks(const vg_task *task, int64_t unit, void *scratch)
{
    bool centred = vg_norm_kind(task) != VG_OP_rms_norm;
    int64_t first = unit * VG_NORM_COLUMNS;
    int64_t last = vg_min64(first + VG_NORM_COLUMNS, task->shape.n[1]);
    for (int which = 0; which < (centred ? 2 : 1); which++) {
        float *out = vg_vector(task, which ? VG_DBETA : VG_DGAMMA);
        for (int64_t i = first; i < last; i++)
            out[i] = 0;
        for (int64_t b = 0; b < vg_norm_blocks(&task->shape); b++) {
            const float *partial = vg_norm_partial(task, b, which);
            for (int64_t i = first; i < last; i++)
                out[i] += partial[i];
        }
    }
}

#endif
