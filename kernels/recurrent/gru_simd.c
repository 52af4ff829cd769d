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
        float *carry = vg_rec_carry(s, r) + u;
        vf later = vf_add(vg_rec_load(carry, n, whole), vf_load(z + r * s->ldz));
        vf dh = vf_add(vg_rec_load(vg_row(s->task, VG_DHS, row) + u, n, whole), later);
        vg_rec_store(vg_row(s->task, VG_DHT, row) + u, n, whole, dh);
        vg_rec_store(carry, n, whole, vf_mul(dh, keep));
        vf dn = vf_mul(vf_mul(dh, vf_sub(vf_set1(1), keep)), vg_rec_tanh_slope(new));
        vf da[4] = {vf_mul(vf_mul(dn, inner), vg_rec_sigmoid_slope(reset)),
                    vf_mul(vf_mul(dh, vf_sub(before, new)), vg_rec_sigmoid_slope(keep)), dn,
                    vf_mul(dn, reset)};
        vg_rec_put_da(s, r, u, n, whole, da, sum);
    }
    vg_rec_add_biases(s, u, n, whole, sum);
}

#include "recurrent/recurrent_rows.h"
VG_RECURRENT_ROWS(gru)
