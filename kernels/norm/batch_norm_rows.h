/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm over the vector layer, along rows: tiles of matrices that are larger than the second
 * cache. The sums of a tile's columns stay in the first cache, VG_TILE_ROWS rows are added at a
 * time, in the order of the rows, so the bits are those of batch_norm_vec.h. */
#ifndef VG_NORM_BATCH_NORM_ROWS_H
#define VG_NORM_BATCH_NORM_ROWS_H

#include "norm/batch_norm_vec.h"

enum {
    VG_TILE_ROWS = 4,
    VG_AHEAD = 1024 /* floats from a load to the line it prefetches: two pages of 4 KiB */
};

/* --- forward ------------------------------------------------------------------------------- */

/* The rows after these, in time to come from memory: hardware prefetchers stop at each 4 KiB. */
VG_INLINE void vg_prefetch_rows(int rows, const float *x, int64_t ld)
{
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++)
        __builtin_prefetch(x + (rows + r) * ld);
}

/* k, the shifts of the tile's columns. */
VG_INLINE void vg_tile_shifts(const vg_task *task, vg_columns at, float *k)
{
    int64_t ld = task->t[VG_X].ld, head = vg_min64(at.rows, VG_SHIFT_ROWS);
    for (int64_t c = at.first; c < at.last; c += VG_LANES) {
        int lanes = at.last - c < VG_LANES ? (int)(at.last - c) : VG_LANES;
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
            int lanes = n - i < VG_LANES ? (int)(n - i) : VG_LANES;
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
        int lanes = n - i < VG_LANES ? (int)(n - i) : VG_LANES;
        vf s = vg_part(mean + i, lanes), shift = vf_div(s, count);
        vf origin = vf_sub(vg_part(k + i, lanes), vg_part(x0 + i, lanes));
        vg_put_part(mean + i, lanes, vf_add(origin, shift));
        vg_put_part(sum2 + i, lanes, vf_fnma(s, shift, vg_part(sum2 + i, lanes)));
    }
}

VG_INLINE void vg_put_stream(bool stream, float *p, vf v)
{
    if (stream)
        vf_stream(p, v);
    else
        vf_store(p, v);
}

VG_INLINE bool vg_stream_aligned(const float *p)
{
    return (uintptr_t)p % (VG_LANES * sizeof(float)) == 0;
}

VG_INLINE void vg_normalise_row(bool stream, const float *x, const float *mean, const float *scale,
                                const float *beta, float *y, int64_t n)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES) {
        __builtin_prefetch(x + i + VG_AHEAD);
        vf d = vf_sub(vf_load(x + i), vf_load(mean + i));
        vg_put_stream(stream, y + i, vf_fma(d, vf_load(scale + i), vf_load(beta + i)));
    }
    int tail = (int)(n - i);
    if (tail) {
        vf d = vf_sub(vf_load_n(x + i, tail), vf_load_n(mean + i, tail));
        vf_store_n(y + i, tail, vf_fma(d, vf_load_n(scale + i, tail), vf_load_n(beta + i, tail)));
    }
}

/* @p scratch holds the products gamma rstd of the tile's columns. */
VG_INLINE void vg_tile_normalise(const vg_task *task, vg_columns at, float *scratch)
{
    int64_t n = at.last - at.first;
    bool large = vg_stream_outputs(task->shape.n[0], task->shape.n[1], 2);
    const float *mean = vg_vector(task, VG_MEAN) + at.first;
    const float *beta = vg_vector(task, VG_BETA) + at.first;
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = n - i < VG_LANES ? (int)(n - i) : VG_LANES;
        vg_put_part(scratch + i, lanes,
                    vf_mul(vg_part(vg_vector(task, VG_RSTD) + at.first + i, lanes),
                           vg_part(vg_vector(task, VG_GAMMA) + at.first + i, lanes)));
    }
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, VG_X, r) + at.first;
        float *y = vg_row(task, VG_Y, r) + at.first;
        if (large && vg_stream_aligned(y))
            vg_normalise_row(true, x, mean, scratch, beta, y, n);
        else
            vg_normalise_row(false, x, mean, scratch, beta, y, n);
    }
    if (large)
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
        bool group = at.rows - r >= VG_TILE_ROWS;
        int64_t i = 0;
        for (; group && i + VG_LANES <= n; i += VG_LANES) {
            vg_prefetch_rows(VG_TILE_ROWS, x + i, x_ld);
            vg_prefetch_rows(VG_TILE_ROWS, dy + i, dy_ld);
            vg_tile_sums_rows(VG_TILE_ROWS, VG_LANES, x + i, x_ld, dy + i, dy_ld, mean + i, r == 0,
                              sum + i, product + i);
        }
        for (; i < n; i += VG_LANES) {
            int lanes = n - i < VG_LANES ? (int)(n - i) : VG_LANES;
            if (group)
                vg_tile_sums_rows(VG_TILE_ROWS, lanes, x + i, x_ld, dy + i, dy_ld, mean + i, r == 0,
                                  sum + i, product + i);
            else
                vg_tile_sums_rows(1, lanes, x + i, x_ld, dy + i, dy_ld, mean + i, r == 0, sum + i,
                                  product + i);
        }
        r += group ? VG_TILE_ROWS : 1;
    }
}

/* What dx needs of each column of a tile; see vg_differentiate_panel. */
typedef struct vg_tile_slopes {
    const float *mean;
    float *scale, *slope, *shift;
} vg_tile_slopes;

VG_INLINE vg_tile_slopes vg_make_slopes(const vg_task *task, vg_columns at, float *scratch)
{
    vg_tile_slopes a = {vg_vector(task, VG_MEAN) + at.first, scratch,
                        scratch + vg_norm_stride(&task->shape),
                        scratch + 2 * vg_norm_stride(&task->shape)};
    vf count = vf_set1((float)task->shape.n[0]);
    for (int64_t i = 0; i < at.last - at.first; i += VG_LANES) {
        int64_t c = at.first + i;
        int lanes = at.last - c < VG_LANES ? (int)(at.last - c) : VG_LANES;
        vf rstd = vg_part(vg_vector(task, VG_RSTD) + c, lanes);
        vf dgamma = vg_part(vg_vector(task, VG_DGAMMA) + c, lanes);
        vf dbeta = vg_part(vg_vector(task, VG_DBETA) + c, lanes);
        vg_put_part(a.scale + i, lanes, vf_mul(rstd, vg_part(vg_vector(task, VG_GAMMA) + c, lanes)));
        vg_put_part(a.slope + i, lanes, vf_mul(rstd, vf_div(dgamma, count)));
        vg_put_part(a.shift + i, lanes, vf_div(dbeta, count));
    }
    return a;
}

VG_INLINE vf vg_differentiate(vf x, vf dy, vf mean, vf scale, vf slope, vf shift)
{
    return vf_mul(scale, vf_fnma(vf_sub(x, mean), slope, vf_sub(dy, shift)));
}

VG_INLINE void vg_differentiate_row(bool stream, const float *x, const float *dy,
                                    const vg_tile_slopes *a, float *dx, int64_t n)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES) {
        __builtin_prefetch(x + i + VG_AHEAD);
        __builtin_prefetch(dy + i + VG_AHEAD);
        vg_put_stream(stream, dx + i,
                      vg_differentiate(vf_load(x + i), vf_load(dy + i), vf_load(a->mean + i),
                                       vf_load(a->scale + i), vf_load(a->slope + i),
                                       vf_load(a->shift + i)));
    }
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(dx + i, tail,
                   vg_differentiate(vf_load_n(x + i, tail), vf_load_n(dy + i, tail),
                                    vf_load_n(a->mean + i, tail), vf_load_n(a->scale + i, tail),
                                    vf_load_n(a->slope + i, tail), vf_load_n(a->shift + i, tail)));
}

VG_INLINE void vg_tile_differentiate(const vg_task *task, vg_columns at, float *scratch)
{
    vg_tile_slopes a = vg_make_slopes(task, at, scratch);
    bool large = task->t[VG_DX].p != task->t[VG_DY].p &&
                 vg_stream_outputs(task->shape.n[0], task->shape.n[1], 3);
    for (int64_t r = at.row; r < at.row + at.rows; r++) {
        const float *x = vg_row(task, VG_X, r) + at.first;
        const float *dy = vg_row(task, VG_DY, r) + at.first;
        float *dx = vg_row(task, VG_DX, r) + at.first;
        if (large && vg_stream_aligned(dx))
            vg_differentiate_row(true, x, dy, &a, dx, at.last - at.first);
        else
            vg_differentiate_row(false, x, dy, &a, dx, at.last - at.first);
    }
    if (large)
        vf_stream_fence();
}

#endif
