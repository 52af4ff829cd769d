/* SPDX-License-Identifier: Apache-2.0 */
/* What all norms do with vectors: whole ones, parts at the end of a row, streamed ones. */
#ifndef VG_NORM_NORM_VEC_H
#define VG_NORM_NORM_VEC_H

#include "activation/act_vec.h"
#include "norm/norm.h"

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
    return vg_stream_outputs(task, tensors) &&
           task->t[in].p != task->t[out].p && vg_misaligned(vg_vector(task, out)) == 0 &&
           task->t[out].ld % VG_LANES == 0;
}

/* What a norm is fused with. Passed as a constant, so that nothing is left of what it is not. */
typedef struct vg_norm_form {
    bool centred; /* false: rms norm, no mean and no beta */
    vg_op act;    /* of y = act(N(x)), in the loops of the norm; VG_OP_linear: none */
    bool add;     /* s = x + h is normalised, and dx += dN/ds */
    bool act_rows; /* the same by a loop of its own over rows that are cached: act_rows.h */
} vg_norm_form;

/* What is normalised. */
VG_INLINE vg_slot vg_norm_input(vg_norm_form form)
{
    return form.add ? VG_SUM : VG_X;
}

/* Where batch norm finds dL/dz without its activation. */
VG_INLINE vg_slot vg_norm_gradient_slot(vg_norm_form form)
{
    return form.act_rows ? VG_DX : VG_DY;
}

/* Whether f' is taken from y; if not, from z = N(x), which is made again in the same way. */
VG_INLINE bool vg_reads_y(vg_norm_form form)
{
    return form.act == VG_OP_sigmoid || form.act == VG_OP_tanh || form.act == VG_OP_elu ||
           form.act == VG_OP_selu;
}

/* dL/dz from dy, given z, or y at @p y. */
VG_INLINE vf vg_norm_gradient(vg_norm_form form, vf z, const float *y, int lanes, vf dy, vf slope)
{
    if (form.act == VG_OP_linear)
        return dy;
    return vg_act_backward(form.act, vg_reads_y(form) ? vg_part(y, lanes) : z, dy, slope);
}

/* s = x + h on a rectangle of rows. */
VG_INLINE void vg_norm_add(const vg_task *task, int64_t row, int64_t rows, int64_t first,
                           int64_t last)
{
    for (int64_t r = row; r < row + rows; r++) {
        const float *x = vg_row(task, VG_X, r), *h = vg_row(task, VG_H, r);
        float *sum = vg_row(task, VG_SUM, r);
        for (int64_t i = first; i < last; i += VG_LANES) {
            int lanes = vg_lanes_at(i, last);
            vg_put_part(sum + i, lanes, vf_add(vg_part(x + i, lanes), vg_part(h + i, lanes)));
        }
    }
}

/* The rows after these, in time to come from memory: hardware prefetchers stop at each 4 KiB. */
VG_INLINE void vg_prefetch_rows(int rows, const float *x, int64_t ld)
{
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++)
        __builtin_prefetch(x + (rows + r) * ld, 0, 2);
}

#endif
