/* SPDX-License-Identifier: Apache-2.0 */
/* GRU. */
#include "recurrent/recurrent_vec.h"

static const vg_op OP = VG_OP_gru;

/* The products with x and the biases stand where the gates will. */
VG_INLINE void cell_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole)
{
    const int64_t hidden = s->rec->l.hidden;
    vf bias_hn = vg_rec_load(vg_vector(s->task, VG_B_HH) + 2 * hidden + u, n, whole);
    for (int64_t r = 0; r < s->rows; r++, z += s->ldz) {
        int64_t row = s->row + r;
        float *gates = vg_row(s->task, VG_GATES, row) + u;
        vf reset = vf_sigmoid(vf_add(vg_rec_load(gates, n, whole), vf_load(z)));
        vf keep = vf_sigmoid(
            vf_add(vg_rec_load(gates + hidden, n, whole), vf_load(z + VG_LANES)));
        vf inner = vf_add(vf_load(z + 2 * VG_LANES), bias_hn);
        vf new = vf_tanh(vf_fma(reset, inner, vg_rec_load(gates + 2 * hidden, n, whole)));
        vf before = vf_zero();
        if (!s->first)
            before = vg_rec_load(vg_row(s->task, VG_HS, row - s->rec->l.batch) + u, n, whole);
        vf now = vf_fma(keep, before, vf_mul(vf_sub(vf_set1(1), keep), new));
        vg_rec_store(gates, n, whole, reset);
        vg_rec_store(gates + hidden, n, whole, keep);
        vg_rec_store(gates + 2 * hidden, n, whole, new);
        vg_rec_store(gates + 3 * hidden, n, whole, inner);
        vg_rec_store(vg_row(s->task, VG_HS, row) + u, n, whole, now);
    }
}

static void cell(const vg_step *s, int64_t u, int n, const float *z)
{
    if (n < VG_LANES)
        cell_rows(s, u, n, z, false);
    else
        cell_rows(s, u, n, z, true);
}

/* carry: dL/dh through the update gate */
VG_INLINE void cell_back_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole)
{
    const int64_t hidden = s->rec->l.hidden;
    vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t row = s->row + r;
        const float *gates = vg_row(s->task, VG_GATES, row) + u;
        vf reset = vg_rec_load(gates, n, whole), keep = vg_rec_load(gates + hidden, n, whole);
        vf new = vg_rec_load(gates + 2 * hidden, n, whole);
        vf inner = vg_rec_load(gates + 3 * hidden, n, whole), before = vf_zero();
        if (!s->first)
            before = vg_rec_load(vg_row(s->task, VG_HS, row - s->rec->l.batch) + u, n, whole);
        float *carry = vg_rec_carry(s, r) + u, *out = vg_rec_da(s, r) + u;
        vf later = vf_add(vg_rec_load(carry, n, whole), vf_load(z + r * s->ldz));
        vf dh = vf_add(vg_rec_load(vg_row(s->task, VG_DHS, row) + u, n, whole), later);
        vg_rec_store(vg_row(s->task, VG_DHT, row) + u, n, whole, dh);
        vg_rec_store(carry, n, whole, vf_mul(dh, keep));
        vf dn = vf_mul(vf_mul(dh, vf_sub(vf_set1(1), keep)), vg_rec_tanh_slope(new));
        vf da[4] = {vf_mul(vf_mul(dn, inner), vg_rec_sigmoid_slope(reset)),
                    vf_mul(vf_mul(dh, vf_sub(before, new)), vg_rec_sigmoid_slope(keep)), dn,
                    vf_mul(dn, reset)};
        VG_UNROLL(4)
        for (int k = 0; k < 4; k++) {
            vg_rec_store(out + k * hidden, n, whole, da[k]);
            sum[k] = vf_add(sum[k], da[k]);
        }
    }
    for (int k = 0; k < 4; k++)
        vg_rec_add_bias(s, k * hidden + u, n, whole, sum[k]);
}

static void cell_back(const vg_step *s, int64_t u, int n, const float *z)
{
    if (n < VG_LANES)
        cell_back_rows(s, u, n, z, false);
    else
        cell_back_rows(s, u, n, z, true);
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

const vg_kernel_impl VG_FN(vg_gru_fwd) = {.impl = "GEMM over time, cell on tiles",
                                          .phases = forward_phases,
                                          .scratch = forward_scratch,
                                          .workspace = forward_workspace,
                                          .prepare = VG_FN(vg_rec_prepare),
                                          .release = VG_FN(vg_rec_release)};
const vg_kernel_impl VG_FN(vg_gru_bwd) = {.impl = "cell on tiles, GEMMs over time",
                                          .phases = backward_phases,
                                          .scratch = backward_scratch,
                                          .workspace = backward_workspace,
                                          .prepare = VG_FN(vg_rec_prepare),
                                          .release = VG_FN(vg_rec_release)};
