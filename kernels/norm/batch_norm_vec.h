/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm over the vector layer. A panel is VG_PANEL vectors of neighbouring columns (or one, or
 * one with a tail), whose sums stay in registers while the rows go by. */
#ifndef VG_NORM_BATCH_NORM_VEC_H
#define VG_NORM_BATCH_NORM_VEC_H

#include "norm/batch_norm.h"
#include "norm/norm_vec.h"

enum { VG_PANEL = 4 };

/* --- forward ------------------------------------------------------------------------------- */

/* Statistics of at most VG_ROW_BLOCK rows of one panel; see batch_norm.h. @p x0: the first row. */
VG_INLINE void vg_panel_moments(int panel, int lanes, const float *x, int64_t ld, int64_t rows,
                                const float *x0, float *mean, float *sum2)
{
    vf s[VG_PANEL], q[VG_PANEL], k[VG_PANEL], count = vf_set1((float)rows);
    int64_t head = vg_min64(rows, VG_SHIFT_ROWS);
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++)
        s[v] = q[v] = k[v] = vf_zero();
    for (int64_t r = 0; r < head; r++) {
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++)
            k[v] = vf_add(k[v], vg_part(x + r * ld + v * VG_LANES, lanes));
    }
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++)
        k[v] = vf_div(k[v], vf_set1((float)head));
    for (int64_t r = 0; r < rows; r++) {
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf d = vf_sub(vg_part(x + r * ld + v * VG_LANES, lanes), k[v]);
            s[v] = vf_add(s[v], d);
            q[v] = vf_fma(d, d, q[v]);
        }
    }
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        vf shift = vf_div(s[v], count), origin = vg_part(x0 + v * VG_LANES, lanes);
        vg_put_part(mean + v * VG_LANES, lanes, vf_add(vf_sub(k[v], origin), shift));
        vg_put_part(sum2 + v * VG_LANES, lanes, vf_fnma(s[v], shift, q[v]));
    }
}

/* The same for the panels of a rectangle; mean and sum2 start at its first column. */
VG_INLINE void vg_rectangle_moments(const vg_task *task, vg_columns at, float *mean, float *sum2)
{
    int64_t ld = task->t[VG_X].ld, n = at.last - at.first, i = 0;
    const float *x = vg_row(task, VG_X, at.row) + at.first, *x0 = vg_row(task, VG_X, 0) + at.first;
    for (; i + VG_PANEL * VG_LANES <= n; i += VG_PANEL * VG_LANES)
        vg_panel_moments(VG_PANEL, VG_LANES, x + i, ld, at.rows, x0 + i, mean + i, sum2 + i);
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_panel_moments(1, VG_LANES, x + i, ld, at.rows, x0 + i, mean + i, sum2 + i);
    if (i < n)
        vg_panel_moments(1, (int)(n - i), x + i, ld, at.rows, x0 + i, mean + i, sum2 + i);
}

/* mean, sum2 of @p before rows += those of @p more rows, for n columns. */
VG_INLINE void vg_merge_moments(float *mean, float *sum2, int64_t before, const float *more_mean,
                                const float *more_sum2, int64_t more, int64_t n)
{
    float share = (float)more / (float)(before + more), weight = (float)before * share;
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf m = vg_part(mean + i, lanes), delta = vf_sub(vg_part(more_mean + i, lanes), m);
        vf q = vf_add(vg_part(sum2 + i, lanes), vg_part(more_sum2 + i, lanes));
        vg_put_part(mean + i, lanes, vf_fma(delta, vf_set1(share), m));
        vg_put_part(sum2 + i, lanes, vf_fma(vf_mul(delta, delta), vf_set1(weight), q));
    }
}

/* Saved and running statistics of the columns, from mean (less the column's first number) and sum2,
 * which start at @p first. */
VG_INLINE void vg_finish_moments(const vg_task *task, int64_t first, int64_t last,
                                 const float *mean, const float *sum2)
{
    float count = (float)task->shape.n[0], momentum = task->params->momentum;
    vf n = vf_set1(count), n1 = vf_set1(count - 1), eps = vf_set1(task->params->eps);
    vf keep = vf_set1(1 - momentum), part = vf_set1(momentum);
    float *run_mean = vg_vector(task, VG_RUN_MEAN), *run_var = vg_vector(task, VG_RUN_VAR);
    for (int64_t c = first; c < last; c += VG_LANES) {
        int lanes = vg_lanes_at(c, last);
        vf m = vf_add(vg_part(vg_row(task, VG_X, 0) + c, lanes), vg_part(mean + c - first, lanes));
        vf q = vg_part(sum2 + c - first, lanes);
        q = vf_max(vf_zero(), q); /* rounding of a constant column; NaN stays */
        vf rstd = vf_div(vf_set1(1), vf_sqrt(vf_add(vf_div(q, n), eps)));
        vg_put_part(vg_vector(task, VG_MEAN) + c, lanes, m);
        vg_put_part(vg_vector(task, VG_RSTD) + c, lanes, rstd);
        vf old = vf_mul(keep, vg_part(run_mean + c, lanes));
        vg_put_part(run_mean + c, lanes, vf_fma(part, m, old));
        old = vf_mul(keep, vg_part(run_var + c, lanes));
        vg_put_part(run_var + c, lanes, vf_fma(part, vf_div(q, n1), old));
    }
}

VG_INLINE void vg_normalise_panel(const vg_task *task, int panel, int lanes, int64_t c,
                                  vg_columns at)
{
    vf mean[VG_PANEL], scale[VG_PANEL], beta[VG_PANEL];
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        int64_t i = c + v * VG_LANES;
        mean[v] = vg_part(vg_vector(task, VG_MEAN) + i, lanes);
        scale[v] = vf_mul(vg_part(vg_vector(task, VG_RSTD) + i, lanes),
                          vg_part(vg_vector(task, VG_GAMMA) + i, lanes));
        beta[v] = vg_part(vg_vector(task, VG_BETA) + i, lanes);
    }
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, VG_X, r) + c;
        float *y = vg_row(task, VG_Y, r) + c;
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf d = vf_sub(vg_part(x + v * VG_LANES, lanes), mean[v]);
            vg_put_part(y + v * VG_LANES, lanes, vf_fma(d, scale[v], beta[v]));
        }
    }
}

VG_INLINE void vg_normalise_rectangle(const vg_task *task, vg_columns at)
{
    int64_t c = at.first;
    for (; c + VG_PANEL * VG_LANES <= at.last; c += VG_PANEL * VG_LANES)
        vg_normalise_panel(task, VG_PANEL, VG_LANES, c, at);
    for (; c + VG_LANES <= at.last; c += VG_LANES)
        vg_normalise_panel(task, 1, VG_LANES, c, at);
    if (c < at.last)
        vg_normalise_panel(task, 1, (int)(at.last - c), c, at);
}

/* --- backward ------------------------------------------------------------------------------ */

/* sum dy and sum dy (x - mean) of at most VG_ROW_BLOCK rows of one panel */
VG_INLINE void vg_block_sums(const vg_task *task, int panel, int lanes, int64_t c, vg_columns at,
                             float *sum, float *product)
{
    vf s[VG_PANEL], q[VG_PANEL], mean[VG_PANEL];
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        s[v] = q[v] = vf_zero();
        mean[v] = vg_part(vg_vector(task, VG_MEAN) + c + v * VG_LANES, lanes);
    }
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, VG_X, r) + c, *dy = vg_row(task, VG_DY, r) + c;
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf g = vg_part(dy + v * VG_LANES, lanes);
            s[v] = vf_add(s[v], g);
            q[v] = vf_fma(g, vf_sub(vg_part(x + v * VG_LANES, lanes), mean[v]), q[v]);
        }
    }
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        vg_put_part(sum + v * VG_LANES, lanes, s[v]);
        vg_put_part(product + v * VG_LANES, lanes, q[v]);
    }
}

VG_INLINE void vg_rectangle_sums(const vg_task *task, vg_columns at, float *sum, float *product)
{
    int64_t n = at.last - at.first, i = 0;
    for (; i + VG_PANEL * VG_LANES <= n; i += VG_PANEL * VG_LANES)
        vg_block_sums(task, VG_PANEL, VG_LANES, at.first + i, at, sum + i, product + i);
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_block_sums(task, 1, VG_LANES, at.first + i, at, sum + i, product + i);
    if (i < n)
        vg_block_sums(task, 1, (int)(n - i), at.first + i, at, sum + i, product + i);
}

VG_INLINE void vg_add_to(float *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vg_put_part(to + i, lanes, vf_add(vg_part(to + i, lanes), vg_part(from + i, lanes)));
    }
}

/* dbeta = sum dy, dgamma = rstd sum dy (x - mean); the sums start at column @p first */
VG_INLINE void vg_finish_sums(const vg_task *task, int64_t first, int64_t last, const float *sum,
                              const float *product)
{
    for (int64_t c = first; c < last; c += VG_LANES) {
        int lanes = vg_lanes_at(c, last);
        vf rstd = vg_part(vg_vector(task, VG_RSTD) + c, lanes);
        vg_put_part(vg_vector(task, VG_DBETA) + c, lanes, vg_part(sum + c - first, lanes));
        vg_put_part(vg_vector(task, VG_DGAMMA) + c, lanes,
                    vf_mul(rstd, vg_part(product + c - first, lanes)));
    }
}

/* dx = gamma rstd (dy - dbeta / n - (x - mean) rstd dgamma / n) */
VG_INLINE void vg_differentiate_panel(const vg_task *task, int panel, int lanes, int64_t c,
                                      vg_columns at)
{
    vf mean[VG_PANEL], scale[VG_PANEL], slope[VG_PANEL], shift[VG_PANEL];
    vf n = vf_set1((float)task->shape.n[0]);
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        int64_t i = c + v * VG_LANES;
        vf rstd = vg_part(vg_vector(task, VG_RSTD) + i, lanes);
        mean[v] = vg_part(vg_vector(task, VG_MEAN) + i, lanes);
        scale[v] = vf_mul(rstd, vg_part(vg_vector(task, VG_GAMMA) + i, lanes));
        slope[v] = vf_mul(rstd, vf_div(vg_part(vg_vector(task, VG_DGAMMA) + i, lanes), n));
        shift[v] = vf_div(vg_part(vg_vector(task, VG_DBETA) + i, lanes), n);
    }
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, VG_X, r) + c, *dy = vg_row(task, VG_DY, r) + c;
        float *dx = vg_row(task, VG_DX, r) + c;
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf d = vf_sub(vg_part(x + v * VG_LANES, lanes), mean[v]);
            vf g = vf_sub(vg_part(dy + v * VG_LANES, lanes), shift[v]);
            vg_put_part(dx + v * VG_LANES, lanes, vf_mul(scale[v], vf_fnma(d, slope[v], g)));
        }
    }
}

VG_INLINE void vg_differentiate_rectangle(const vg_task *task, vg_columns at)
{
    int64_t c = at.first;
    for (; c + VG_PANEL * VG_LANES <= at.last; c += VG_PANEL * VG_LANES)
        vg_differentiate_panel(task, VG_PANEL, VG_LANES, c, at);
    for (; c + VG_LANES <= at.last; c += VG_LANES)
        vg_differentiate_panel(task, 1, VG_LANES, c, at);
    if (c < at.last)
        vg_differentiate_panel(task, 1, (int)(at.last - c), c, at);
}

#endif
