/* SPDX-License-Identifier: Apache-2.0 */
/* y = x + alpha h; backward dh = alpha dy, dalpha = sum dy h, in one pass over dy and h. */
#include "residual/axpy_vec.h"
#include "residual/rezero.h"

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_axpy_unit(task, unit, false, *vg_vector(task, VG_ALPHA), VG_X, VG_H, VG_Y);
}

VG_INLINE void put(bool stream, float *p, vf v)
{
    if (stream)
        vf_stream(p, v);
    else
        vf_store(p, v);
}

/* dh = alpha dy on one span, and its sum of dy h. Streams only where dh is aligned. */
VG_INLINE float backward_row(bool stream, const float *dy, const float *h, vf alpha, float *dh,
                             int64_t n)
{
    vf sum[VG_GROUP] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    int64_t i = 0;
    for (; i + VG_GROUP * VG_LANES <= n; i += VG_GROUP * VG_LANES) {
        if (!stream)
            vg_ask_ahead(dh + i);
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++) {
            vf g = vf_load(dy + i + k * VG_LANES);
            sum[k] = vf_fma(g, vf_load(h + i + k * VG_LANES), sum[k]);
            put(stream, dh + i + k * VG_LANES, vf_mul(alpha, g));
        }
    }
    for (; i + VG_LANES <= n; i += VG_LANES) {
        vf g = vf_load(dy + i);
        sum[0] = vf_fma(g, vf_load(h + i), sum[0]);
        put(stream, dh + i, vf_mul(alpha, g));
    }
    int tail = (int)(n - i);
    if (tail) {
        vf g = vf_load_n(dy + i, tail);
        sum[1] = vf_fma(g, vf_load_n(h + i, tail), sum[1]);
        vf_store_n(dh + i, tail, vf_mul(alpha, g));
    }
    return vf_reduce_add(vf_add(vf_add(sum[0], sum[1]), vf_add(sum[2], sum[3])));
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_DY, VG_H, VG_DH};
    vg_spans s = vg_unit_spans(task, unit, slots, 3);
    bool large = task->t[VG_DY].p != task->t[VG_DH].p && vg_stream_outputs(task, 3);
    vf alpha = vf_set1(*vg_vector(task, VG_ALPHA));
    double sum = 0;
    for (int64_t r = s.row; r < s.last; r += s.step) {
        const float *dy = vg_row(task, VG_DY, r), *h = vg_row(task, VG_H, r);
        float *dh = vg_row(task, VG_DH, r);
        if (large && vg_stream_head(dh, s.length) == 0)
            sum += backward_row(true, dy, h, alpha, dh, s.length);
        else
            sum += backward_row(false, dy, h, alpha, dh, s.length);
    }
    ((double *)task->workspace)[unit] = sum;
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, vg_pass_ns(2, 1), phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_rezero_backward_phases(shape, backward, vg_pass_ns(2, 1), phase);
}

const vg_kernel_impl VG_FN(vg_rezero_fwd) = {
    .impl = "vec layer", .phases = forward_phases, .too_small = vg_residual_too_small};
const vg_kernel_impl VG_FN(vg_rezero_bwd) = {.impl = "vec layer, one pass",
                                             .phases = backward_phases,
                                             .too_small = vg_residual_too_small,
                                             .workspace = vg_rezero_workspace};
