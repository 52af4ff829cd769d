/* SPDX-License-Identifier: Apache-2.0 */
/* What all norms do with vectors: whole ones, parts at the end of a row, streamed ones. */
#ifndef VG_NORM_NORM_VEC_H
#define VG_NORM_NORM_VEC_H

#include "norm/norm.h"
#include "simd/vec.h"

/* The first @p lanes floats at @p p; the others are 0. */
VG_INLINE vf vg_part(const float *p, int lanes)
{
    return lanes == VG_LANES ? vf_load(p) : vf_load_n(p, lanes);
}

VG_INLINE void vg_put_part(float *p, int lanes, vf v)
{
    if (lanes == VG_LANES)
        vf_store(p, v);
    else
        vf_store_n(p, lanes, v);
}

/* @p p is aligned where @p stream. */
VG_INLINE void vg_put_stream(bool stream, float *p, int lanes, vf v)
{
    if (stream && lanes == VG_LANES)
        vf_stream(p, v);
    else
        vg_put_part(p, lanes, v);
}

/* Lanes of the vector at @p i of @p n. */
VG_INLINE int vg_lanes_at(int64_t i, int64_t n)
{
    return n - i < VG_LANES ? (int)(n - i) : VG_LANES;
}

/* Floats until @p p is aligned to a vector. */
VG_INLINE int vg_misaligned(const float *p)
{
    int64_t vector = VG_LANES * (int64_t)sizeof(float);
    return (int)((vector - (intptr_t)p % vector) % vector / (int64_t)sizeof(float));
}

/* Whether rows of @p out are streamed past the caches: large, aligned, not just loaded as @p in. */
VG_INLINE bool vg_streams(const vg_task *task, vg_slot in, vg_slot out, int tensors)
{
    return vg_stream_outputs(task->shape.n[0], task->shape.n[1], tensors) &&
           task->t[in].p != task->t[out].p && vg_misaligned(vg_vector(task, out)) == 0 &&
           task->t[out].ld % VG_LANES == 0;
}

/* The rows after these, in time to come from memory: hardware prefetchers stop at each 4 KiB. */
VG_INLINE void vg_prefetch_rows(int rows, const float *x, int64_t ld)
{
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++)
        __builtin_prefetch(x + (rows + r) * ld, 0, 2);
}

#endif
