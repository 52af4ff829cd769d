/* SPDX-License-Identifier: Apache-2.0 */
/* y = x + alpha h over the vector layer: add, scaled_add and rezero.
 *
 * Bound by loads and stores at any size: two loads and a store per vector against one FMA; in L2 by
 * what vec.h says of 2:1. */
#ifndef VG_RESIDUAL_AXPY_VEC_H
#define VG_RESIDUAL_AXPY_VEC_H

#include "residual/residual.h"
#include "simd/vec.h"

/* plain: y = x + h, alpha not used */
VG_INLINE vf vg_axpy(bool plain, vf x, vf h, vf alpha)
{
    return plain ? vf_add(x, h) : vf_fma(alpha, h, x);
}

VG_INLINE void vg_axpy_cached(bool plain, const float *x, const float *h, vf alpha, float *y,
                              int64_t n)
{
    int64_t i = 0;
    for (; i + VG_GROUP * VG_LANES <= n; i += VG_GROUP * VG_LANES) {
        vf v[VG_GROUP];
        vg_ask_ahead(y + i);
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++)
            v[k] = vg_axpy(plain, vf_load(x + i + k * VG_LANES), vf_load(h + i + k * VG_LANES),
                           alpha);
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++)
            vf_store(y + i + k * VG_LANES, v[k]);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(y + i, vg_axpy(plain, vf_load(x + i), vf_load(h + i), alpha));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(y + i, tail,
                   vg_axpy(plain, vf_load_n(x + i, tail), vf_load_n(h + i, tail), alpha));
}

/* Floats until @p y is aligned for vf_stream, at most n. */
VG_INLINE int64_t vg_stream_head(const float *y, int64_t n)
{
    int64_t off = (int64_t)((uintptr_t)y / sizeof(float) % VG_LANES);
    int64_t head = off ? VG_LANES - off : 0;
    return head < n ? head : n;
}

VG_INLINE void vg_axpy_streamed(bool plain, const float *x, const float *h, vf alpha, float *y,
                                int64_t n)
{
    int64_t i = vg_stream_head(y, n);
    vg_axpy_cached(plain, x, h, alpha, y, i);
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_stream(y + i, vg_axpy(plain, vf_load(x + i), vf_load(h + i), alpha));
    vg_axpy_cached(plain, x + i, h + i, alpha, y + i, n - i);
}

/* One unit of y = x + alpha h; y may be x. */
VG_INLINE void vg_axpy_unit(const vg_task *task, int64_t unit, bool plain, float alpha, vg_slot x,
                            vg_slot h, vg_slot y)
{
    const vg_slot slots[] = {x, h, y};
    vg_spans s = vg_unit_spans(task, unit, slots, 3);
    bool stream = task->t[x].p != task->t[y].p &&
                  vg_stream_outputs(task, 3);
    for (int64_t r = s.row; r < s.last; r += s.step) {
        const float *xr = vg_row(task, x, r), *hr = vg_row(task, h, r);
        float *yr = vg_row(task, y, r);
        if (stream)
            vg_axpy_streamed(plain, xr, hr, vf_set1(alpha), yr, s.length);
        else
            vg_axpy_cached(plain, xr, hr, vf_set1(alpha), yr, s.length);
    }
}

#endif
