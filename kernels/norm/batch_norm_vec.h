/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm over the vector layer. A panel is VG_PANEL vectors of neighbouring columns (or one, or
 * one with a tail), whose sums stay in registers while the rows go by. */
#ifndef VG_NORM_BATCH_NORM_VEC_H
#define VG_NORM_BATCH_NORM_VEC_H

#include "norm/batch_norm.h"
#include "norm/norm_vec.h"

enum { VG_PANEL = 4 };

/* vg_kernel_impl.too_small: a row of a few columns takes as long as a vector of them; ratios of the
 * scalar row's time with 300 rows of 1, 2, 3 columns: bwd 0.55, 0.79, 1; added to dx 0.36, 0.51, 0.69. */
static inline bool vg_batch_norm_too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    bool back = kernel->dir == VG_DIR_bwd, adds = kernel->op == VG_OP_add_norm;
    return shape->n[1] <= (back && adds ? 5 : back ? 3 : 2) || shape->n[0] * shape->n[1] <= 4;
}

/* --- forward ------------------------------------------------------------------------------- */

/* Statistics of a block: what batch_norm.h calls k, s / n_b and sum2_b, of some columns. */
typedef struct vg_moments {
    float *shift, *offset, *sum2;
} vg_moments;

VG_INLINE vg_moments vg_moments_at(vg_moments m, int64_t column)
{
    return (vg_moments){m.shift + column, m.offset + column, m.sum2 + column};
}

/* What is normalised, of some rows: x, or x + h, which is stored as it is read. */
typedef struct vg_source {
    const float *x, *h;
    float *sum;
    int64_t x_ld, h_ld, sum_ld;
} vg_source;

VG_INLINE vf vg_source_load(vg_norm_form form, const vg_source *a, int64_t r, int64_t i, int lanes)
{
    vf x = vg_part(a->x + r * a->x_ld + i, lanes);
    return form.add ? vf_add(x, vg_part(a->h + r * a->h_ld + i, lanes)) : x;
}

/* Statistics of at most VG_ROW_BLOCK rows of the panel at column @p c. */
VG_INLINE void vg_panel_moments(vg_norm_form form, int panel, int lanes, const vg_source *a,
                                int64_t c, int64_t rows, vg_moments to)
{
    vf s[VG_PANEL], q[VG_PANEL], k[VG_PANEL], count = vf_set1((float)rows);
    int64_t head = vg_min64(rows, VG_SHIFT_ROWS);
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++)
        s[v] = q[v] = k[v] = vf_zero();
    for (int64_t r = 0; r < head; r++) {
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++)
            k[v] = vf_add(k[v], vg_source_load(form, a, r, c + v * VG_LANES, lanes));
    }
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++)
        k[v] = vf_div(k[v], vf_set1((float)head));
    for (int64_t r = 0; r < rows; r++) {
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf x = vg_source_load(form, a, r, c + v * VG_LANES, lanes), d = vf_sub(x, k[v]);
            if (form.add)
                vg_put_part(a->sum + r * a->sum_ld + c + v * VG_LANES, lanes, x);
            s[v] = vf_add(s[v], d);
            q[v] = vf_fma(d, d, q[v]);
        }
    }
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        vf offset = vf_div(s[v], count);
        vg_put_part(to.shift + v * VG_LANES, lanes, k[v]);
        vg_put_part(to.offset + v * VG_LANES, lanes, offset);
        vg_put_part(to.sum2 + v * VG_LANES, lanes, vf_fnma(s[v], offset, q[v]));
    }
}

/* The same for the panels of a rectangle; @p to starts at its first column. */
VG_INLINE void vg_rectangle_moments(const vg_task *task, vg_norm_form form, vg_columns at,
                                    vg_moments to)
{
    int64_t n = at.last - at.first, i = 0;
    vg_source a = {.x = vg_row(task, VG_X, at.row) + at.first, .x_ld = task->t[VG_X].ld};
    if (form.add) {
        a.h = vg_row(task, VG_H, at.row) + at.first;
        a.h_ld = task->t[VG_H].ld;
        a.sum = vg_row(task, VG_SUM, at.row) + at.first;
        a.sum_ld = task->t[VG_SUM].ld;
    }
    for (; i + VG_PANEL * VG_LANES <= n; i += VG_PANEL * VG_LANES)
        vg_panel_moments(form, VG_PANEL, VG_LANES, &a, i, at.rows, vg_moments_at(to, i));
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_panel_moments(form, 1, VG_LANES, &a, i, at.rows, vg_moments_at(to, i));
    if (i < n)
        vg_panel_moments(form, 1, (int)(n - i), &a, i, at.rows, vg_moments_at(to, i));
}

/* Merges the statistics of @p more rows into those of the @p before rows before them; n columns.
 * offset is relative to the first block's shift. */
VG_INLINE void vg_merge_moments(vg_moments m, int64_t before, vg_moments from, int64_t more,
                                int64_t n)
{
    float share = (float)more / (float)(before + more), weight = (float)before * share;
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf shift = vf_sub(vg_part(from.shift + i, lanes), vg_part(m.shift + i, lanes));
        vf mean = vf_add(shift, vg_part(from.offset + i, lanes));
        vf offset = vg_part(m.offset + i, lanes), delta = vf_sub(mean, offset);
        vf q = vf_add(vg_part(m.sum2 + i, lanes), vg_part(from.sum2 + i, lanes));
        vg_put_part(m.offset + i, lanes, vf_fma(delta, vf_set1(share), offset));
        vg_put_part(m.sum2 + i, lanes, vf_fma(vf_mul(delta, delta), vf_set1(weight), q));
    }
}

/* Saved and running statistics of the columns, from those of all rows, which start at @p first. */
VG_INLINE void vg_finish_moments(const vg_task *task, int64_t first, int64_t last, vg_moments from)
{
    float count = (float)task->shape.n[0], momentum = task->params->momentum;
    vf n = vf_set1(count), n1 = vf_set1(count - 1), eps = vf_set1(task->params->eps);
    vf keep = vf_set1(1 - momentum), part = vf_set1(momentum);
    float *run_mean = vg_vector(task, VG_RUN_MEAN), *run_var = vg_vector(task, VG_RUN_VAR);
    for (int64_t c = first; c < last; c += VG_LANES) {
        int lanes = vg_lanes_at(c, last);
        vg_moments at = vg_moments_at(from, c - first);
        vf m = vf_add(vg_part(at.shift, lanes), vg_part(at.offset, lanes));
        vf q = vg_part(at.sum2, lanes);
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

/* What is made of a panel's columns, in registers while the rows go by. */
typedef struct vg_panel {
    vf mean[VG_PANEL], scale[VG_PANEL], beta[VG_PANEL]; /* scale = gamma rstd */
} vg_panel;

VG_INLINE vg_panel vg_panel_load(const vg_task *task, int panel, int lanes, int64_t c)
{
    vg_panel p;
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        int64_t i = c + v * VG_LANES;
        p.mean[v] = vg_part(vg_vector(task, VG_MEAN) + i, lanes);
        p.scale[v] = vf_mul(vg_part(vg_vector(task, VG_RSTD) + i, lanes),
                            vg_part(vg_vector(task, VG_GAMMA) + i, lanes));
        p.beta[v] = vg_part(vg_vector(task, VG_BETA) + i, lanes);
    }
    return p;
}

VG_INLINE void vg_normalise_panel(const vg_task *task, vg_norm_form form, bool again, int panel,
                                  int lanes, int64_t c, vg_columns at)
{
    vg_panel p = vg_panel_load(task, panel, lanes, c);
    vf slope = vf_set1(task->params->slope);
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, again ? VG_X : vg_norm_input(form), r) + c;
        const float *h = again ? vg_row(task, VG_H, r) + c : NULL;
        float *y = vg_row(task, VG_Y, r) + c;
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf s = vg_part(x + v * VG_LANES, lanes);
            if (again)
                s = vf_add(s, vg_part(h + v * VG_LANES, lanes));
            vf d = vf_sub(s, p.mean[v]);
            vf z = vf_fma(d, p.scale[v], p.beta[v]);
            vg_put_part(y + v * VG_LANES, lanes, vg_act_forward(form.act, z, slope));
        }
    }
}

VG_INLINE void vg_normalise_columns(const vg_task *task, vg_norm_form form, bool again,
                                    vg_columns at)
{
    int64_t c = at.first;
    for (; c + VG_PANEL * VG_LANES <= at.last; c += VG_PANEL * VG_LANES)
        vg_normalise_panel(task, form, again, VG_PANEL, VG_LANES, c, at);
    for (; c + VG_LANES <= at.last; c += VG_LANES)
        vg_normalise_panel(task, form, again, 1, VG_LANES, c, at);
    if (c < at.last)
        vg_normalise_panel(task, form, again, 1, (int)(at.last - c), c, at);
}

/* x + h is added again where x is still there: lines of the sum that are read would be fetched ahead
 * beyond the strip, and so be taken from the thread that writes the strip beside it. With two threads
 * 128 x 256 then took 16 us instead of 5. */
VG_INLINE void vg_normalise_rectangle(const vg_task *task, vg_norm_form form, vg_columns at)
{
    if (form.add && task->t[VG_SUM].p != task->t[VG_X].p)
        vg_normalise_columns(task, form, true, at);
    else
        vg_normalise_columns(task, form, false, at);
}

/* --- backward ------------------------------------------------------------------------------ */

/* The same for a backward pass; beta is a tensor of it only where z is made again. */
VG_INLINE vg_panel vg_gradient_panel(const vg_task *task, vg_norm_form form, int panel, int lanes,
                                     int64_t c)
{
    vg_panel p;
    bool beta = form.act != VG_OP_linear;
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        int64_t i = c + v * VG_LANES;
        p.mean[v] = vg_part(vg_vector(task, VG_MEAN) + i, lanes);
        p.scale[v] = vf_mul(vg_part(vg_vector(task, VG_RSTD) + i, lanes),
                            vg_part(vg_vector(task, VG_GAMMA) + i, lanes));
        p.beta[v] = beta ? vg_part(vg_vector(task, VG_BETA) + i, lanes) : vf_zero();
    }
    return p;
}

/* sum dz and sum dz (x - mean) of at most VG_ROW_BLOCK rows of one panel; dz = dL/dz is dy where
 * there is no activation */
VG_INLINE void vg_block_sums(const vg_task *task, vg_norm_form form, int panel, int lanes,
                             int64_t c, vg_columns at, float *sum, float *product)
{
    vf s[VG_PANEL], q[VG_PANEL], slope = vf_set1(task->params->slope);
    vg_panel p = vg_gradient_panel(task, form, panel, lanes, c);
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++)
        s[v] = q[v] = vf_zero();
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, vg_norm_input(form), r) + c, *dy = vg_row(task, vg_norm_gradient_slot(form), r) + c;
        const float *y = vg_reads_y(form) ? vg_row(task, VG_Y, r) + c : NULL;
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf d = vf_sub(vg_part(x + v * VG_LANES, lanes), p.mean[v]);
            vf g = vg_part(dy + v * VG_LANES, lanes), z = vf_fma(d, p.scale[v], p.beta[v]);
            g = vg_norm_gradient(form, z, y + v * VG_LANES, lanes, g, slope);
            s[v] = vf_add(s[v], g);
            q[v] = vf_fma(g, d, q[v]);
        }
    }
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        vg_put_part(sum + v * VG_LANES, lanes, s[v]);
        vg_put_part(product + v * VG_LANES, lanes, q[v]);
    }
}

VG_INLINE void vg_rectangle_sums(const vg_task *task, vg_norm_form form, vg_columns at, float *sum,
                                 float *product)
{
    int64_t n = at.last - at.first, i = 0;
    for (; i + VG_PANEL * VG_LANES <= n; i += VG_PANEL * VG_LANES)
        vg_block_sums(task, form, VG_PANEL, VG_LANES, at.first + i, at, sum + i, product + i);
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_block_sums(task, form, 1, VG_LANES, at.first + i, at, sum + i, product + i);
    if (i < n)
        vg_block_sums(task, form, 1, (int)(n - i), at.first + i, at, sum + i, product + i);
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

/* dx = gamma rstd (dz - dbeta / n - (x - mean) rstd dgamma / n), added to dx with form.add */
VG_INLINE void vg_differentiate_panel(const vg_task *task, vg_norm_form form, int panel, int lanes,
                                      int64_t c, vg_columns at)
{
    vf fall[VG_PANEL], shift[VG_PANEL], slope = vf_set1(task->params->slope);
    vf n = vf_set1((float)task->shape.n[0]);
    vg_panel p = vg_gradient_panel(task, form, panel, lanes, c);
    VG_UNROLL(4)
    for (int v = 0; v < panel; v++) {
        int64_t i = c + v * VG_LANES;
        vf rstd = vg_part(vg_vector(task, VG_RSTD) + i, lanes);
        fall[v] = vf_mul(rstd, vf_div(vg_part(vg_vector(task, VG_DGAMMA) + i, lanes), n));
        shift[v] = vf_div(vg_part(vg_vector(task, VG_DBETA) + i, lanes), n);
    }
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, vg_norm_input(form), r) + c, *dy = vg_row(task, vg_norm_gradient_slot(form), r) + c;
        const float *y = vg_reads_y(form) ? vg_row(task, VG_Y, r) + c : NULL;
        float *dx = vg_row(task, VG_DX, r) + c;
        VG_UNROLL(4)
        for (int v = 0; v < panel; v++) {
            vf d = vf_sub(vg_part(x + v * VG_LANES, lanes), p.mean[v]);
            vf g = vg_part(dy + v * VG_LANES, lanes), z = vf_fma(d, p.scale[v], p.beta[v]);
            g = vg_norm_gradient(form, z, y + v * VG_LANES, lanes, g, slope);
            g = vf_mul(p.scale[v], vf_fnma(d, fall[v], vf_sub(g, shift[v])));
            if (form.add)
                g = vf_add(vg_part(dx + v * VG_LANES, lanes), g);
            vg_put_part(dx + v * VG_LANES, lanes, g);
        }
    }
}

VG_INLINE void vg_differentiate_rectangle(const vg_task *task, vg_norm_form form, vg_columns at)
{
    int64_t c = at.first;
    for (; c + VG_PANEL * VG_LANES <= at.last; c += VG_PANEL * VG_LANES)
        vg_differentiate_panel(task, form, VG_PANEL, VG_LANES, c, at);
    for (; c + VG_LANES <= at.last; c += VG_LANES)
        vg_differentiate_panel(task, form, 1, VG_LANES, c, at);
    if (c < at.last)
        vg_differentiate_panel(task, form, 1, (int)(at.last - c), c, at);
}

#endif
