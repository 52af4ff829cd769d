/* SPDX-License-Identifier: Apache-2.0 */
/* y = x + alpha h; backward dh = alpha dy (dx is dy itself). */
#include "residual/axpy_vec.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_axpy_unit(task, unit, false, task->params->alpha, VG_X, VG_H, VG_Y);
}

/* Inline, with @p alpha in a register: a function that takes a vector as an argument leaves its
 * callers' upper halves dirty, which cost every call 150 ns. */
VG_INLINE void scale_cached(const float *x, vf alpha, float *y, int64_t n)
{
    int64_t i = 0;
    for (; i + VG_GROUP * VG_LANES <= n; i += VG_GROUP * VG_LANES) {
        vf v[VG_GROUP];
        vg_ask_ahead(y + i);
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++)
            v[k] = vf_mul(alpha, vf_load(x + i + k * VG_LANES));
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++)
            vf_store(y + i + k * VG_LANES, v[k]);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(y + i, vf_mul(alpha, vf_load(x + i)));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(y + i, tail, vf_mul(alpha, vf_load_n(x + i, tail)));
}

VG_INLINE void scale_streamed(const float *x, vf alpha, float *y, int64_t n)
{
    int64_t i = vg_stream_head(y, n);
    scale_cached(x, alpha, y, i);
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_stream(y + i, vf_mul(alpha, vf_load(x + i)));
    scale_cached(x + i, alpha, y + i, n - i);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_DY, VG_DH};
    vg_spans s = vg_unit_spans(task, unit, slots, 2);
    bool stream = task->t[VG_DY].p != task->t[VG_DH].p &&
                  vg_stream_outputs(task, 2);
    vf alpha = vf_set1(task->params->alpha);
    for (int64_t r = s.row; r < s.last; r += s.step) {
        if (stream)
            scale_streamed(vg_row(task, VG_DY, r), alpha, vg_row(task, VG_DH, r), s.length);
        else
            scale_cached(vg_row(task, VG_DY, r), alpha, vg_row(task, VG_DH, r), s.length);
    }
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, vg_pass_ns(2, 1), phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, backward, vg_pass_ns(1, 1), phase);
}

const vg_kernel_impl VG_FN(vg_scaled_add_fwd) = {
    .impl = "vec layer", .phases = forward_phases, .too_small = vg_residual_too_small};
const vg_kernel_impl VG_FN(vg_scaled_add_bwd) = {
    .impl = "vec layer", .phases = backward_phases, .too_small = vg_residual_too_small};
