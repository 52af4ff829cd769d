/* SPDX-License-Identifier: Apache-2.0 */
/* Vanilla recurrent layer: h = f(a), f tanh or relu. */
#include "recurrent/recurrent_vec.h"

static const vg_op OP = VG_OP_rnn;

VG_INLINE vf activate(vf z, bool relu)
{
    return relu ? vf_max(vf_zero(), z) : vf_tanh(z); /* the maximum of a NaN is its second operand */
}

/* The product with x and the biases stand where h will. */
VG_INLINE void cell_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole, bool relu)
{
    for (int64_t r = 0; r < s->rows; r++) {
        float *h = vg_row(s->task, VG_HS, s->row + r) + u;
        vf a = vf_add(vg_rec_load(h, n, whole), vf_load(z + r * s->ldz));
        vg_rec_store(h, n, whole, activate(a, relu));
    }
}

static void cell(const vg_step *s, int64_t u, int n, const float *z)
{
    bool relu = s->task->shape.act == VG_OP_relu;
    if (n < VG_LANES)
        cell_rows(s, u, n, z, false, relu);
    else if (relu)
        cell_rows(s, u, n, z, true, true);
    else
        cell_rows(s, u, n, z, true, false);
}

VG_INLINE void cell_back_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole,
                              bool relu)
{
    vf sum = vf_zero();
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t row = s->row + r;
        vf h = vg_rec_load(vg_row(s->task, VG_HS, row) + u, n, whole);
        vf dh = vf_add(vg_rec_load(vg_row(s->task, VG_DHS, row) + u, n, whole),
                       vf_load(z + r * s->ldz));
        vf da = relu ? vf_select(vf_le(h, vf_zero()), vf_zero(), dh)
                     : vf_mul(dh, vg_rec_tanh_slope(h));
        vg_rec_store(vg_row(s->task, VG_DHT, row) + u, n, whole, dh);
        vg_rec_store(vg_rec_da(s, r) + u, n, whole, da);
        sum = vf_add(sum, da);
    }
    vg_rec_add_bias(s, u, n, whole, sum);
}

static void cell_back(const vg_step *s, int64_t u, int n, const float *z)
{
    bool relu = s->task->shape.act == VG_OP_relu;
    if (n < VG_LANES)
        cell_back_rows(s, u, n, z, false, relu);
    else
        cell_back_rows(s, u, n, z, true, relu);
}

/* --- row -------------------------------------------------------------------------------------- */

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    VG_FN(vg_rec_forward)(task, cell, unit, scratch);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    VG_FN(vg_rec_backward)(task, cell_back, unit, scratch);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return VG_FN(vg_rec_forward_phases)(OP, shape, forward, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return VG_FN(vg_rec_backward_phases)(OP, shape, backward, phase);
}

static size_t forward_scratch(const vg_shape *shape)
{
    vg_rec rec = VG_FN(vg_rec_cut_forward)(OP, shape);
    return VG_FN(vg_rec_scratch)(&rec);
}

static size_t backward_scratch(const vg_shape *shape)
{
    vg_rec rec = VG_FN(vg_rec_cut_backward)(OP, shape);
    return VG_FN(vg_rec_scratch)(&rec);
}

static size_t forward_workspace(const vg_shape *shape)
{
    return sizeof(float) * (size_t)VG_FN(vg_rec_cut_forward)(OP, shape).floats;
}

static size_t backward_workspace(const vg_shape *shape)
{
    return sizeof(float) * (size_t)VG_FN(vg_rec_cut_backward)(OP, shape).floats;
}

const vg_kernel_impl VG_FN(vg_rnn_fwd) = {.impl = "GEMM over time, cell on tiles",
                                          .phases = forward_phases,
                                          .scratch = forward_scratch,
                                          .workspace = forward_workspace,
                                          .prepare = VG_FN(vg_rec_prepare),
                                          .release = VG_FN(vg_rec_release)};
const vg_kernel_impl VG_FN(vg_rnn_bwd) = {.impl = "cell on tiles, GEMMs over time",
                                          .phases = backward_phases,
                                          .scratch = backward_scratch,
                                          .workspace = backward_workspace,
                                          .prepare = VG_FN(vg_rec_prepare),
                                          .release = VG_FN(vg_rec_release)};
