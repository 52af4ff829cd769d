/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm over the vector layer, along rows: tiles of matrices that are larger than the second
 * cache. The sums of a tile's columns stay near, and VG_TILE_ROWS rows are added at a
 * time, in the order of the rows, so the bits are those of batch_norm_vec.h. */
#ifndef VG_NORM_BATCH_NORM_ROWS_H
#define VG_NORM_BATCH_NORM_ROWS_H

#include "norm/act_rows.h"
#include "norm/batch_norm_vec.h"

enum {
    VG_TILE_ROWS = 4,
    VG_BACK_ROWS = 2 /* x and dy: as many streams */
};

/* --- forward ------------------------------------------------------------------------------- */

/* k, the shifts of the tile's columns. */
VG_INLINE void vg_tile_shifts(const vg_task *task, vg_slot input, vg_columns at, float *k)
{
    int64_t ld = task->t[input].ld, head = vg_min64(at.rows, VG_SHIFT_ROWS);
    for (int64_t c = at.first; c < at.last; c += VG_LANES) {
        int lanes = vg_lanes_at(c, at.last);
        const float *x = vg_row(task, input, at.row) + c;
        vf sum = vf_zero();
        for (int64_t r = 0; r < head; r++)
            sum = vf_add(sum, vg_part(x + r * ld, lanes));
        vg_put_part(k + c - at.first, lanes, vf_div(sum, vf_set1((float)head)));
    }
}

VG_INLINE void vg_tile_moments_rows(int rows, int lanes, const float *x, int64_t ld,
                                    bool first, vg_moments sums)
{
    vf s = first ? vf_zero() : vg_part(sums.offset, lanes);
    vf q = first ? vf_zero() : vg_part(sums.sum2, lanes), shift = vg_part(sums.shift, lanes);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf d = vf_sub(vg_part(x + r * ld, lanes), shift);
        s = vf_add(s, d);
        q = vf_fma(d, d, q);
    }
    vg_put_part(sums.offset, lanes, s);
    vg_put_part(sums.sum2, lanes, q);
}

/* Statistics of a tile; @p to starts at its first column, and holds the sums on the way. */
VG_INLINE void vg_tile_moments(const vg_task *task, vg_slot input, vg_columns at, vg_moments to)
{
    int64_t ld = task->t[input].ld, n = at.last - at.first;
    vg_tile_shifts(task, input, at, to.shift);
    for (int64_t r = 0; r < at.rows;) {
        const float *x = vg_row(task, input, at.row + r) + at.first;
        bool group = at.rows - r >= VG_TILE_ROWS;
        int64_t i = 0;
        for (; group && i + VG_LANES <= n; i += VG_LANES) {
            vg_prefetch_rows(VG_TILE_ROWS, x + i, ld);
            vg_tile_moments_rows(VG_TILE_ROWS, VG_LANES, x + i, ld, r == 0, vg_moments_at(to, i));
        }
        for (; i < n; i += VG_LANES) {
            int lanes = vg_lanes_at(i, n);
            if (group)
                vg_tile_moments_rows(VG_TILE_ROWS, lanes, x + i, ld, r == 0, vg_moments_at(to, i));
            else
                vg_tile_moments_rows(1, lanes, x + i, ld, r == 0, vg_moments_at(to, i));
        }
        r += group ? VG_TILE_ROWS : 1;
    }
    vf count = vf_set1((float)at.rows);
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf s = vg_part(to.offset + i, lanes), offset = vf_div(s, count);
        vg_put_part(to.offset + i, lanes, offset);
        vg_put_part(to.sum2 + i, lanes, vf_fnma(s, offset, vg_part(to.sum2 + i, lanes)));
    }
}

VG_INLINE void vg_multiply(const float *a, const float *b, float *product, int64_t n)
{
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vg_put_part(product + i, lanes, vf_mul(vg_part(a + i, lanes), vg_part(b + i, lanes)));
    }
}

VG_INLINE void vg_normalise_rows(const vg_task *task, vg_norm_form form, int rows, bool stream,
                                 int64_t row, const float *mean, const float *scale)
{
    vg_slot input = vg_norm_input(form);
    const float *x = vg_row(task, input, row);
    const float *beta = vg_vector(task, VG_BETA);
    float *y = vg_row(task, VG_Y, row);
    int64_t n = task->shape.n[1], x_ld = task->t[input].ld, y_ld = task->t[VG_Y].ld;
    vf slope = vf_set1(task->params->slope);
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf m = vg_part(mean + i, lanes), s = vg_part(scale + i, lanes), b = vg_part(beta + i, lanes);
        vg_prefetch_rows(rows, x + i, x_ld);
        VG_UNROLL(4)
        for (int r = 0; r < rows; r++) {
            vf z = vf_fma(vf_sub(vg_part(x + r * x_ld + i, lanes), m), s, b);
            vg_put_stream(stream, y + r * y_ld + i, lanes, vg_act_forward(form.act, z, slope));
        }
    }
}

/* Rows of whole columns. VG_TILE_ROWS at a time, because the columns' vectors come from the second
 * cache: one row at a time took 14 ms, four 10.5 ms. */
VG_INLINE void vg_write_rows(const vg_task *task, vg_norm_form form, int64_t r, int64_t last,
                             const float *mean, const float *scale)
{
    bool stream = !form.act_rows && vg_streams(task, vg_norm_input(form), VG_Y, 2);
    for (; stream && r + VG_TILE_ROWS <= last; r += VG_TILE_ROWS)
        vg_normalise_rows(task, form, VG_TILE_ROWS, true, r, mean, scale);
    for (; r + VG_TILE_ROWS <= last; r += VG_TILE_ROWS)
        vg_normalise_rows(task, form, VG_TILE_ROWS, false, r, mean, scale);
    for (; r < last; r++)
        vg_normalise_rows(task, form, 1, false, r, mean, scale);
}

/* @p scratch takes the products gamma rstd. */
VG_INLINE void vg_tile_normalise(const vg_task *task, vg_norm_form form, vg_columns at,
                                 float *scratch)
{
    vg_multiply(vg_vector(task, VG_RSTD), vg_vector(task, VG_GAMMA), scratch, task->shape.n[1]);
    vg_write_rows(task, form, at.row, at.row + at.rows, vg_vector(task, VG_MEAN), scratch);
    if (form.act_rows)
        vg_act_rows(task, at.row, at.rows, at.first, at.last);
}

/* --- backward ------------------------------------------------------------------------------ */

/* The row blocks of a backward pass: rows from @p row on, columns from @p first on. */
typedef struct vg_gradient_rows {
    const float *x, *dy, *y;
    int64_t x_ld, dy_ld, y_ld;
} vg_gradient_rows;

VG_INLINE vg_gradient_rows vg_gradient_bind(const vg_task *task, vg_norm_form form, int64_t row,
                                            int64_t first)
{
    vg_slot input = vg_norm_input(form), dy = vg_norm_gradient_slot(form);
    vg_gradient_rows a = {.x = vg_row(task, input, row) + first,
                          .dy = vg_row(task, dy, row) + first,
                          .x_ld = task->t[input].ld,
                          .dy_ld = task->t[dy].ld};
    if (vg_reads_y(form)) {
        a.y = vg_row(task, VG_Y, row) + first;
        a.y_ld = task->t[VG_Y].ld;
    }
    return a;
}

/* The activation's part of the columns at @p c: gamma rstd and beta make z again. */
VG_INLINE void vg_affine_columns(const vg_task *task, vg_norm_form form, int64_t c, int lanes,
                                 vf *scale, vf *beta)
{
    *scale = *beta = vf_zero();
    if (form.act == VG_OP_linear || vg_reads_y(form))
        return;
    *scale = vf_mul(vg_part(vg_vector(task, VG_RSTD) + c, lanes),
                    vg_part(vg_vector(task, VG_GAMMA) + c, lanes));
    *beta = vg_part(vg_vector(task, VG_BETA) + c, lanes);
}

/* Adds @p rows rows of one vector of columns, @p i from the tile's first. */
VG_INLINE void vg_tile_sums_rows(const vg_task *task, vg_norm_form form, int rows, int lanes,
                                 const vg_gradient_rows *a, int64_t first, int64_t i, bool start,
                                 float *sum, float *product)
{
    vf s = start ? vf_zero() : vg_part(sum + i, lanes);
    vf q = start ? vf_zero() : vg_part(product + i, lanes);
    vf mean = vg_part(vg_vector(task, VG_MEAN) + first + i, lanes), scale, beta;
    vf slope = vf_set1(task->params->slope);
    vg_affine_columns(task, form, first + i, lanes, &scale, &beta);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf d = vf_sub(vg_part(a->x + r * a->x_ld + i, lanes), mean);
        vf g = vg_part(a->dy + r * a->dy_ld + i, lanes), z = vf_fma(d, scale, beta);
        g = vg_norm_gradient(form, z, a->y + r * a->y_ld + i, lanes, g, slope);
        s = vf_add(s, g);
        q = vf_fma(g, d, q);
    }
    vg_put_part(sum + i, lanes, s);
    vg_put_part(product + i, lanes, q);
}

/* sum dz and sum dz (x - mean) of the tile's columns. */
VG_INLINE void vg_tile_sums(const vg_task *task, vg_norm_form form, vg_columns at, float *sum,
                            float *product)
{
    int64_t n = at.last - at.first;
    for (int64_t r = 0; r < at.rows;) {
        vg_gradient_rows a = vg_gradient_bind(task, form, at.row + r, at.first);
        bool group = at.rows - r >= VG_BACK_ROWS;
        int64_t i = 0;
        for (; group && i + VG_LANES <= n; i += VG_LANES) {
            vg_prefetch_rows(VG_BACK_ROWS, a.x + i, a.x_ld);
            vg_prefetch_rows(VG_BACK_ROWS, a.dy + i, a.dy_ld);
            vg_tile_sums_rows(task, form, VG_BACK_ROWS, VG_LANES, &a, at.first, i, r == 0, sum,
                              product);
        }
        for (; i < n; i += VG_LANES) {
            int lanes = vg_lanes_at(i, n);
            if (group)
                vg_tile_sums_rows(task, form, VG_BACK_ROWS, lanes, &a, at.first, i, r == 0, sum,
                                  product);
            else
                vg_tile_sums_rows(task, form, 1, lanes, &a, at.first, i, r == 0, sum, product);
        }
        r += group ? VG_BACK_ROWS : 1;
    }
}

/* What dx needs of each column; see vg_differentiate_panel. */
typedef struct vg_slopes {
    float *scale, *fall, *shift;
} vg_slopes;

VG_INLINE vg_slopes vg_make_slopes(const vg_task *task, float *scratch)
{
    int64_t n = task->shape.n[1], stride = vg_norm_stride(&task->shape);
    vg_slopes a = {scratch, scratch + stride, scratch + 2 * stride};
    vf count = vf_set1((float)task->shape.n[0]);
    vg_multiply(vg_vector(task, VG_RSTD), vg_vector(task, VG_GAMMA), a.scale, n);
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf rstd = vg_part(vg_vector(task, VG_RSTD) + i, lanes);
        vf dgamma = vg_part(vg_vector(task, VG_DGAMMA) + i, lanes);
        vf dbeta = vg_part(vg_vector(task, VG_DBETA) + i, lanes);
        vg_put_part(a.fall + i, lanes, vf_mul(rstd, vf_div(dgamma, count)));
        vg_put_part(a.shift + i, lanes, vf_div(dbeta, count));
    }
    return a;
}

VG_INLINE void vg_differentiate_rows(const vg_task *task, vg_norm_form form, int rows, bool stream,
                                     int64_t row, const vg_slopes *slopes)
{
    vg_gradient_rows a = vg_gradient_bind(task, form, row, 0);
    float *dx = vg_row(task, VG_DX, row);
    int64_t n = task->shape.n[1], dx_ld = task->t[VG_DX].ld;
    bool again = form.act != VG_OP_linear && !vg_reads_y(form);
    vf slope = vf_set1(task->params->slope);
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf mean = vg_part(vg_vector(task, VG_MEAN) + i, lanes);
        vf scale = vg_part(slopes->scale + i, lanes), fall = vg_part(slopes->fall + i, lanes);
        vf shift = vg_part(slopes->shift + i, lanes);
        vf beta = again ? vg_part(vg_vector(task, VG_BETA) + i, lanes) : vf_zero();
        vg_prefetch_rows(rows, a.x + i, a.x_ld);
        vg_prefetch_rows(rows, a.dy + i, a.dy_ld);
        VG_UNROLL(4)
        for (int r = 0; r < rows; r++) {
            vf d = vf_sub(vg_part(a.x + r * a.x_ld + i, lanes), mean), z = vf_fma(d, scale, beta);
            vf g = vg_part(a.dy + r * a.dy_ld + i, lanes);
            g = vg_norm_gradient(form, z, a.y + r * a.y_ld + i, lanes, g, slope);
            g = vf_mul(scale, vf_fnma(d, fall, vf_sub(g, shift)));
            if (form.add)
                g = vf_add(vg_part(dx + r * dx_ld + i, lanes), g);
            vg_put_stream(stream, dx + r * dx_ld + i, lanes, g);
        }
    }
}

VG_INLINE void vg_tile_differentiate(const vg_task *task, vg_norm_form form, vg_columns at,
                                     float *scratch)
{
    vg_slopes slopes = vg_make_slopes(task, scratch);
    bool stream = !form.add && !form.act_rows && vg_streams(task, VG_DY, VG_DX, 3);
    int64_t r = at.row, last = at.row + at.rows;
    for (; stream && r + VG_BACK_ROWS <= last; r += VG_BACK_ROWS)
        vg_differentiate_rows(task, form, VG_BACK_ROWS, true, r, &slopes);
    for (; r + VG_BACK_ROWS <= last; r += VG_BACK_ROWS)
        vg_differentiate_rows(task, form, VG_BACK_ROWS, false, r, &slopes);
    for (; r < last; r++)
        vg_differentiate_rows(task, form, 1, false, r, &slopes);
}

#endif
