/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm over the vector layer: segments of rows. */
#ifndef VG_NORM_ROW_NORM_VEC_H
#define VG_NORM_ROW_NORM_VEC_H

#include <string.h>

#include "norm/norm.h"
#include "simd/vec.h"

/* --- forward ------------------------------------------------------------------------------- */

VG_INLINE float vg_sum4(const vf s[4])
{
    return vf_reduce_add(vf_add(vf_add(s[0], s[1]), vf_add(s[2], s[3])));
}

VG_INLINE float vg_segment_sum(const float *x, int64_t n)
{
    vf s[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    int64_t i = 0;
    for (; i + 4 * VG_LANES <= n; i += 4 * VG_LANES) {
        VG_UNROLL(4)
        for (int k = 0; k < 4; k++)
            s[k] = vf_add(s[k], vf_load(x + i + k * VG_LANES));
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        s[0] = vf_add(s[0], vf_load(x + i));
    if (i < n)
        s[1] = vf_add(s[1], vf_load_n(x + i, (int)(n - i)));
    return vg_sum4(s);
}

/* sum (x - m) and sum (x - m)^2; with @p centred false sum x^2 only */
VG_INLINE void vg_segment_squares(bool centred, const float *x, int64_t n, float m, float *sum,
                                  float *squares)
{
    vf s[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    vf q[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    vf mean = vf_set1(m);
    int64_t i = 0;
    for (; i + 4 * VG_LANES <= n; i += 4 * VG_LANES) {
        VG_UNROLL(4)
        for (int k = 0; k < 4; k++) {
            vf d = vf_load(x + i + k * VG_LANES);
            if (centred) {
                d = vf_sub(d, mean);
                s[k] = vf_add(s[k], d);
            }
            q[k] = vf_fma(d, d, q[k]);
        }
    }
    for (; i < n; i += VG_LANES) {
        int lanes = n - i < VG_LANES ? (int)(n - i) : VG_LANES;
        vf d = vf_load_n(x + i, lanes);
        if (centred) {
            d = vf_select(vm_first(lanes), vf_sub(d, mean), vf_zero());
            s[0] = vf_add(s[0], d);
        }
        q[0] = vf_fma(d, d, q[0]);
    }
    *sum = centred ? vg_sum4(s) : 0;
    *squares = vg_sum4(q);
}

typedef struct vg_moments {
    float mean, rstd;
} vg_moments;

VG_INLINE vg_moments vg_segment_moments(bool centred, const float *x, int64_t n, float eps)
{
    float count = (float)n, sum, squares;
    float m0 = centred ? vg_segment_sum(x, n) / count : 0;
    vg_segment_squares(centred, x, n, m0, &sum, &squares);
    float var = (squares - sum * (sum / count)) / count;
    var = var < 0 ? 0 : var; /* a constant row may round below; NaN stays */
    return (vg_moments){m0 + sum / count, 1 / sqrtf(var + eps)};
}

VG_INLINE vf vg_normalise(bool centred, vf x, vf mean, vf rstd, vf gamma, vf beta)
{
    return centred ? vf_fma(vf_mul(vf_sub(x, mean), rstd), gamma, beta)
                   : vf_mul(vf_mul(x, rstd), gamma);
}

VG_INLINE void vg_segment_normalise(bool centred, const float *x, const float *gamma,
                                    const float *beta, float *y, int64_t n, vg_moments moments)
{
    vf mean = vf_set1(moments.mean), rstd = vf_set1(moments.rstd);
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES) {
        vf b = centred ? vf_load(beta + i) : vf_zero();
        vf_store(y + i, vg_normalise(centred, vf_load(x + i), mean, rstd, vf_load(gamma + i), b));
    }
    int tail = (int)(n - i);
    if (tail) {
        vf b = centred ? vf_load_n(beta + i, tail) : vf_zero();
        vf v = vg_normalise(centred, vf_load_n(x + i, tail), mean, rstd, vf_load_n(gamma + i, tail),
                            b);
        vf_store_n(y + i, tail, v);
    }
}

/* One unit of the forward pass. */
VG_INLINE void vg_row_norm_forward(const vg_task *task, int64_t unit, bool centred)
{
    int64_t width = task->shape.n[1], length = vg_segment_length(&task->shape);
    int64_t rows = vg_elementwise_rows(width);
    int64_t last = vg_min64(unit * rows + rows, task->shape.n[0]);
    const float *gamma = vg_vector(task, VG_GAMMA), *beta = vg_vector(task, VG_BETA);
    for (int64_t r = unit * rows; r < last; r++) {
        const float *x = vg_row(task, VG_X, r);
        float *y = vg_row(task, VG_Y, r);
        for (int64_t c = 0, g = 0; c < width; c += length, g++) {
            vg_moments m = vg_segment_moments(centred, x + c, length, task->params->eps);
            vg_segment_normalise(centred, x + c, gamma + c, centred ? beta + c : NULL, y + c,
                                 length, m);
            if (centred)
                *vg_statistic(task, VG_MEAN, r, g) = m.mean;
            *vg_statistic(task, VG_RSTD, r, g) = m.rstd;
        }
    }
}

/* --- backward ------------------------------------------------------------------------------ */

/* With d = x - mean, g = gamma dy, means over the segment:
 *     dx = rstd g - rstd mean(g) - d rstd^3 mean(g d)
 * A group of rows at a time, so that the partial sums of dgamma and dbeta are loaded and stored
 * once per group, and gamma once. */
enum { VG_NORM_GROUP = 4 };

typedef struct vg_backward_rows {
    const float *x[VG_NORM_GROUP], *dy[VG_NORM_GROUP];
    float *dx[VG_NORM_GROUP];
    float mean[VG_NORM_GROUP], rstd[VG_NORM_GROUP];
    float c1[VG_NORM_GROUP], c2[VG_NORM_GROUP]; /* rstd mean(g) and rstd^3 mean(g d) */
} vg_backward_rows;

VG_INLINE vf vg_load_part(const float *p, int lanes)
{
    return lanes == VG_LANES ? vf_load(p) : vf_load_n(p, lanes);
}

VG_INLINE void vg_store_part(float *p, int lanes, vf v)
{
    if (lanes == VG_LANES)
        vf_store(p, v);
    else
        vf_store_n(p, lanes, v);
}

VG_INLINE vf vg_deviation(bool centred, vf x, float mean)
{
    return centred ? vf_sub(x, vf_set1(mean)) : x;
}

/* dy and gamma load as 0 past the end, so those lanes add nothing. */
VG_INLINE void vg_backward_means_step(bool centred, int rows, const vg_backward_rows *a,
                                      const float *gamma, int64_t i, int lanes, vf *s, vf *q)
{
    vf w = vg_load_part(gamma + i, lanes);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf g = vf_mul(w, vg_load_part(a->dy[r] + i, lanes));
        if (centred)
            s[r] = vf_add(s[r], g);
        q[r] = vf_fma(g, vg_deviation(centred, vg_load_part(a->x[r] + i, lanes), a->mean[r]), q[r]);
    }
}

VG_INLINE void vg_backward_means(bool centred, int rows, vg_backward_rows *a, const float *gamma,
                                 int64_t n)
{
    vf s[VG_NORM_GROUP], q[VG_NORM_GROUP];
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++)
        s[r] = q[r] = vf_zero();
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_backward_means_step(centred, rows, a, gamma, i, VG_LANES, s, q);
    if (i < n)
        vg_backward_means_step(centred, rows, a, gamma, i, (int)(n - i), s, q);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        float rstd = a->rstd[r];
        a->c1[r] = centred ? rstd * (vf_reduce_add(s[r]) / (float)n) : 0;
        a->c2[r] = rstd * (rstd * (rstd * (vf_reduce_add(q[r]) / (float)n)));
    }
}

VG_INLINE void vg_backward_step(bool centred, int rows, const vg_backward_rows *a,
                                const float *gamma, float *dgamma, float *dbeta, int64_t i,
                                int lanes)
{
    vf w = vg_load_part(gamma + i, lanes), dw = vg_load_part(dgamma + i, lanes);
    vf db = centred ? vg_load_part(dbeta + i, lanes) : vf_zero();
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf d = vg_deviation(centred, vg_load_part(a->x[r] + i, lanes), a->mean[r]);
        vf dy = vg_load_part(a->dy[r] + i, lanes), scaled = vf_mul(dy, vf_set1(a->rstd[r]));
        dw = vf_fma(scaled, d, dw);
        vf rest = vf_mul(vf_set1(a->c2[r]), d);
        if (centred) {
            db = vf_add(db, dy);
            rest = vf_fma(vf_set1(a->c2[r]), d, vf_set1(a->c1[r]));
        }
        vg_store_part(a->dx[r] + i, lanes, vf_fms(scaled, w, rest));
    }
    vg_store_part(dgamma + i, lanes, dw);
    if (centred)
        vg_store_part(dbeta + i, lanes, db);
}

/* One segment of @p rows rows from row r on. */
VG_INLINE void vg_backward_segment(const vg_task *task, bool centred, int rows, int64_t r,
                                   int64_t c, int64_t n, float *dgamma, float *dbeta)
{
    vg_backward_rows a;
    const float *gamma = vg_vector(task, VG_GAMMA) + c;
    VG_UNROLL(4)
    for (int k = 0; k < rows; k++) {
        a.x[k] = vg_row(task, VG_X, r + k) + c;
        a.dy[k] = vg_row(task, VG_DY, r + k) + c;
        a.dx[k] = vg_row(task, VG_DX, r + k) + c;
        a.mean[k] = centred ? *vg_statistic(task, VG_MEAN, r + k, c / n) : 0;
        a.rstd[k] = *vg_statistic(task, VG_RSTD, r + k, c / n);
    }
    vg_backward_means(centred, rows, &a, gamma, n);
    dgamma += c;
    dbeta = centred ? dbeta + c : NULL;
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_backward_step(centred, rows, &a, gamma, dgamma, dbeta, i, VG_LANES);
    if (i < n)
        vg_backward_step(centred, rows, &a, gamma, dgamma, dbeta, i, (int)(n - i));
}

/* One unit of the backward pass: a row block, its dx and its partial sums. */
VG_INLINE void vg_row_norm_backward(const vg_task *task, int64_t unit, bool centred)
{
    int64_t width = task->shape.n[1], length = vg_segment_length(&task->shape);
    int64_t last = vg_min64((unit + 1) * VG_ROW_BLOCK, task->shape.n[0]);
    float *dgamma = vg_row_norm_partial(task, unit, 0);
    float *dbeta = centred ? vg_row_norm_partial(task, unit, 1) : NULL;
    memset(dgamma, 0, (size_t)width * sizeof(float));
    if (centred)
        memset(dbeta, 0, (size_t)width * sizeof(float));
    for (int64_t r = unit * VG_ROW_BLOCK; r < last;) {
        bool group = last - r >= VG_NORM_GROUP;
        for (int64_t c = 0; c < width; c += length) {
            if (group)
                vg_backward_segment(task, centred, VG_NORM_GROUP, r, c, length, dgamma, dbeta);
            else
                vg_backward_segment(task, centred, 1, r, c, length, dgamma, dbeta);
        }
        r += group ? VG_NORM_GROUP : 1;
    }
}

/* One unit of the sum over blocks: dgamma and dbeta of VG_NORM_COLUMNS columns. */
VG_INLINE void vg_row_norm_sum_blocks(const vg_task *task, int64_t unit, bool centred)
{
    int64_t first = unit * VG_NORM_COLUMNS;
    int64_t last = vg_min64(first + VG_NORM_COLUMNS, task->shape.n[1]);
    int64_t blocks = vg_norm_blocks(&task->shape);
    for (int which = 0; which < (centred ? 2 : 1); which++) {
        float *out = vg_vector(task, which ? VG_DBETA : VG_DGAMMA);
        for (int64_t i = first; i < last; i += VG_LANES) {
            int lanes = last - i < VG_LANES ? (int)(last - i) : VG_LANES;
            vf sum = vf_zero();
            for (int64_t b = 0; b < blocks; b++)
                sum = vf_add(sum, vg_load_part(vg_norm_partial(task, b, which) + i, lanes));
            vg_store_part(out + i, lanes, sum);
        }
    }
}

#endif
