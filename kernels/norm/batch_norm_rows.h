/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm over the vector layer, along rows: tiles of matrices that are larger than the second
 * cache. The sums of a tile's columns stay near, and VG_TILE_ROWS rows are added at a
 * time, in the order of the rows, so the bits are those of batch_norm_vec.h. */
#ifndef VG_NORM_BATCH_NORM_ROWS_H
#define VG_NORM_BATCH_NORM_ROWS_H

#include "norm/batch_norm_vec.h"

enum {
    VG_TILE_ROWS = 4,
    VG_BACK_ROWS = 2 /* x and dy: as many streams */
};

/* --- forward ------------------------------------------------------------------------------- */

/* k, the shifts of the tile's columns. */
VG_INLINE void vg_tile_shifts(const vg_task *task, vg_columns at, float *k)
{
    int64_t ld = task->t[VG_X].ld, head = vg_min64(at.rows, VG_SHIFT_ROWS);
    for (int64_t c = at.first; c < at.last; c += VG_LANES) {
        int lanes = vg_lanes_at(c, at.last);
        const float *x = vg_row(task, VG_X, at.row) + c;
        vf sum = vf_zero();
        for (int64_t r = 0; r < head; r++)
            sum = vf_add(sum, vg_part(x + r * ld, lanes));
        vg_put_part(k + c - at.first, lanes, vf_div(sum, vf_set1((float)head)));
    }
}

VG_INLINE void vg_tile_moments_rows(int rows, int lanes, const float *x, int64_t ld,
                                    const float *k, bool first, float *sum, float *squares)
{
    vf s = first ? vf_zero() : vg_part(sum, lanes);
    vf q = first ? vf_zero() : vg_part(squares, lanes), shift = vg_part(k, lanes);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf d = vf_sub(vg_part(x + r * ld, lanes), shift);
        s = vf_add(s, d);
        q = vf_fma(d, d, q);
    }
    vg_put_part(sum, lanes, s);
    vg_put_part(squares, lanes, q);
}

/* Statistics of a tile; mean and sum2 start at its first column, and hold the sums on the way. */
VG_INLINE void vg_tile_moments(const vg_task *task, vg_columns at, float *k, float *mean,
                               float *sum2)
{
    int64_t ld = task->t[VG_X].ld, n = at.last - at.first;
    vg_tile_shifts(task, at, k);
    for (int64_t r = 0; r < at.rows;) {
        const float *x = vg_row(task, VG_X, at.row + r) + at.first;
        bool group = at.rows - r >= VG_TILE_ROWS;
        int64_t i = 0;
        for (; group && i + VG_LANES <= n; i += VG_LANES) {
            vg_prefetch_rows(VG_TILE_ROWS, x + i, ld);
            vg_tile_moments_rows(VG_TILE_ROWS, VG_LANES, x + i, ld, k + i, r == 0, mean + i,
                                 sum2 + i);
        }
        for (; i < n; i += VG_LANES) {
            int lanes = vg_lanes_at(i, n);
            if (group)
                vg_tile_moments_rows(VG_TILE_ROWS, lanes, x + i, ld, k + i, r == 0, mean + i,
                                     sum2 + i);
            else
                vg_tile_moments_rows(1, lanes, x + i, ld, k + i, r == 0, mean + i, sum2 + i);
        }
        r += group ? VG_TILE_ROWS : 1;
    }
    vf count = vf_set1((float)at.rows);
    const float *x0 = vg_row(task, VG_X, 0) + at.first;
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf s = vg_part(mean + i, lanes), shift = vf_div(s, count);
        vf origin = vf_sub(vg_part(k + i, lanes), vg_part(x0 + i, lanes));
        vg_put_part(mean + i, lanes, vf_add(origin, shift));
        vg_put_part(sum2 + i, lanes, vf_fnma(s, shift, vg_part(sum2 + i, lanes)));
    }
}

VG_INLINE void vg_multiply(const float *a, const float *b, float *product, int64_t n)
{
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vg_put_part(product + i, lanes, vf_mul(vg_part(a + i, lanes), vg_part(b + i, lanes)));
    }
}

VG_INLINE void vg_normalise_rows(int rows, bool stream, const float *x, int64_t x_ld,
                                 const float *mean, const float *scale, const float *beta,
                                 float *y, int64_t y_ld, int64_t n)
{
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf m = vg_part(mean + i, lanes), s = vg_part(scale + i, lanes), b = vg_part(beta + i, lanes);
        vg_prefetch_rows(rows, x + i, x_ld);
        VG_UNROLL(4)
        for (int r = 0; r < rows; r++) {
            vf d = vf_sub(vg_part(x + r * x_ld + i, lanes), m);
            vg_put_stream(stream, y + r * y_ld + i, lanes, vf_fma(d, s, b));
        }
    }
}

/* Rows of whole columns; @p scratch takes the products gamma rstd. VG_TILE_ROWS at a time, because
 * the columns' vectors come from the second cache: one row at a time took 14 ms, four 10.5 ms. */
VG_INLINE void vg_tile_normalise(const vg_task *task, vg_columns at, float *scratch)
{
    int64_t n = at.last, x_ld = task->t[VG_X].ld, y_ld = task->t[VG_Y].ld, r = 0;
    bool stream = vg_streams(task, VG_X, VG_Y, 2);
    const float *mean = vg_vector(task, VG_MEAN), *beta = vg_vector(task, VG_BETA);
    vg_multiply(vg_vector(task, VG_RSTD), vg_vector(task, VG_GAMMA), scratch, n);
    for (; stream && r + VG_TILE_ROWS <= at.rows; r += VG_TILE_ROWS)
        vg_normalise_rows(VG_TILE_ROWS, true, vg_row(task, VG_X, at.row + r), x_ld, mean, scratch,
                          beta, vg_row(task, VG_Y, at.row + r), y_ld, n);
    for (; r + VG_TILE_ROWS <= at.rows; r += VG_TILE_ROWS)
        vg_normalise_rows(VG_TILE_ROWS, false, vg_row(task, VG_X, at.row + r), x_ld, mean, scratch,
                          beta, vg_row(task, VG_Y, at.row + r), y_ld, n);
    for (; r < at.rows; r++)
        vg_normalise_rows(1, false, vg_row(task, VG_X, at.row + r), x_ld, mean, scratch, beta,
                          vg_row(task, VG_Y, at.row + r), y_ld, n);
    if (stream)
        vf_stream_fence();
}

/* --- backward ------------------------------------------------------------------------------ */

VG_INLINE void vg_tile_sums_rows(int rows, int lanes, const float *x, int64_t x_ld,
                                 const float *dy, int64_t dy_ld, const float *mean, bool first,
                                 float *sum, float *product)
{
    vf s = first ? vf_zero() : vg_part(sum, lanes);
    vf q = first ? vf_zero() : vg_part(product, lanes), m = vg_part(mean, lanes);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf g = vg_part(dy + r * dy_ld, lanes);
        s = vf_add(s, g);
        q = vf_fma(g, vf_sub(vg_part(x + r * x_ld, lanes), m), q);
    }
    vg_put_part(sum, lanes, s);
    vg_put_part(product, lanes, q);
}

/* sum dy and sum dy (x - mean) of the tile's columns. */
VG_INLINE void vg_tile_sums(const vg_task *task, vg_columns at, float *sum, float *product)
{
    int64_t x_ld = task->t[VG_X].ld, dy_ld = task->t[VG_DY].ld, n = at.last - at.first;
    const float *mean = vg_vector(task, VG_MEAN) + at.first;
    for (int64_t r = 0; r < at.rows;) {
        const float *x = vg_row(task, VG_X, at.row + r) + at.first;
        const float *dy = vg_row(task, VG_DY, at.row + r) + at.first;
        bool group = at.rows - r >= VG_BACK_ROWS;
        int64_t i = 0;
        for (; group && i + VG_LANES <= n; i += VG_LANES) {
            vg_prefetch_rows(VG_BACK_ROWS, x + i, x_ld);
            vg_prefetch_rows(VG_BACK_ROWS, dy + i, dy_ld);
            vg_tile_sums_rows(VG_BACK_ROWS, VG_LANES, x + i, x_ld, dy + i, dy_ld, mean + i, r == 0,
                              sum + i, product + i);
        }
        for (; i < n; i += VG_LANES) {
            int lanes = vg_lanes_at(i, n);
            if (group)
                vg_tile_sums_rows(VG_BACK_ROWS, lanes, x + i, x_ld, dy + i, dy_ld, mean + i, r == 0,
                                  sum + i, product + i);
            else
                vg_tile_sums_rows(1, lanes, x + i, x_ld, dy + i, dy_ld, mean + i, r == 0, sum + i,
                                  product + i);
        }
        r += group ? VG_BACK_ROWS : 1;
    }
}

/* What dx needs of each column; see vg_differentiate_panel. */
typedef struct vg_slopes {
    const float *mean;
    float *scale, *slope, *shift;
} vg_slopes;

VG_INLINE vg_slopes vg_make_slopes(const vg_task *task, float *scratch)
{
    int64_t n = task->shape.n[1], stride = vg_norm_stride(&task->shape);
    vg_slopes a = {vg_vector(task, VG_MEAN), scratch, scratch + stride, scratch + 2 * stride};
    vf count = vf_set1((float)task->shape.n[0]);
    vg_multiply(vg_vector(task, VG_RSTD), vg_vector(task, VG_GAMMA), a.scale, n);
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf rstd = vg_part(vg_vector(task, VG_RSTD) + i, lanes);
        vf dgamma = vg_part(vg_vector(task, VG_DGAMMA) + i, lanes);
        vf dbeta = vg_part(vg_vector(task, VG_DBETA) + i, lanes);
        vg_put_part(a.slope + i, lanes, vf_mul(rstd, vf_div(dgamma, count)));
        vg_put_part(a.shift + i, lanes, vf_div(dbeta, count));
    }
    return a;
}

VG_INLINE void vg_differentiate_rows(const vg_task *task, int rows, bool stream, int64_t row,
                                     const vg_slopes *a)
{
    const float *x = vg_row(task, VG_X, row), *dy = vg_row(task, VG_DY, row);
    float *dx = vg_row(task, VG_DX, row);
    int64_t n = task->shape.n[1];
    int64_t x_ld = task->t[VG_X].ld, dy_ld = task->t[VG_DY].ld, dx_ld = task->t[VG_DX].ld;
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        vf mean = vg_part(a->mean + i, lanes), scale = vg_part(a->scale + i, lanes);
        vf slope = vg_part(a->slope + i, lanes), shift = vg_part(a->shift + i, lanes);
        vg_prefetch_rows(rows, x + i, x_ld);
        vg_prefetch_rows(rows, dy + i, dy_ld);
        VG_UNROLL(4)
        for (int r = 0; r < rows; r++) {
            vf d = vf_sub(vg_part(x + r * x_ld + i, lanes), mean);
            vf g = vf_sub(vg_part(dy + r * dy_ld + i, lanes), shift);
            vg_put_stream(stream, dx + r * dx_ld + i, lanes,
                          vf_mul(scale, vf_fnma(d, slope, g)));
        }
    }
}

VG_INLINE void vg_tile_differentiate(const vg_task *task, vg_columns at, float *scratch)
{
    vg_slopes a = vg_make_slopes(task, scratch);
    bool stream = vg_streams(task, VG_DY, VG_DX, 3);
    int64_t r = at.row, last = at.row + at.rows;
    for (; stream && r + VG_BACK_ROWS <= last; r += VG_BACK_ROWS)
        vg_differentiate_rows(task, VG_BACK_ROWS, true, r, &a);
    for (; r + VG_BACK_ROWS <= last; r += VG_BACK_ROWS)
        vg_differentiate_rows(task, VG_BACK_ROWS, false, r, &a);
    for (; r < last; r++)
        vg_differentiate_rows(task, 1, false, r, &a);
    if (stream)
        vf_stream_fence();
}

#endif
