/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM. */
#include "recurrent/recurrent_vec.h"

static const vg_op OP = VG_OP_lstm;

/* The products with x and the biases stand where the gates will. */
VG_INLINE void cell_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole)
{
    const int64_t hidden = s->rec->l.hidden;
    for (int64_t r = 0; r < s->rows; r++, z += s->ldz) {
        int64_t row = s->row + r;
        float *gates = vg_row(s->task, VG_GATES, row) + u;
        vf a[4];
        VG_UNROLL(4)
        for (int g = 0; g < 4; g++)
            a[g] = vf_add(vg_rec_load(gates + g * hidden, n, whole), vf_load(z + g * VG_LANES));
        vf i = vf_sigmoid(a[0]), f = vf_sigmoid(a[1]), c = vf_tanh(a[2]), o = vf_sigmoid(a[3]);
        vg_rec_store(gates, n, whole, i);
        vg_rec_store(gates + hidden, n, whole, f);
        vg_rec_store(gates + 2 * hidden, n, whole, c);
        vg_rec_store(gates + 3 * hidden, n, whole, o);
        vf before = vf_zero(); /* by which a NaN of f counts at the first step, too */
        if (!s->first)
            before = vg_rec_load(vg_row(s->task, VG_CS, row - s->rec->l.batch) + u, n, whole);
        c = vf_fma(f, before, vf_mul(i, c));
        vg_rec_store(vg_row(s->task, VG_CS, row) + u, n, whole, c);
        vg_rec_store(vg_row(s->task, VG_HS, row) + u, n, whole, vf_mul(o, vf_tanh(c)));
    }
}

/* carry: dL/dc through the forget gate */
VG_INLINE void cell_back_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole)
{
    const int64_t hidden = s->rec->l.hidden;
    vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t row = s->row + r;
        const float *gates = vg_row(s->task, VG_GATES, row) + u;
        vf i = vg_rec_load(gates, n, whole), f = vg_rec_load(gates + hidden, n, whole);
        vf g = vg_rec_load(gates + 2 * hidden, n, whole);
        vf o = vg_rec_load(gates + 3 * hidden, n, whole);
        vf c = vf_tanh(vg_rec_load(vg_row(s->task, VG_CS, row) + u, n, whole)), before = vf_zero();
        if (!s->first)
            before = vg_rec_load(vg_row(s->task, VG_CS, row - s->rec->l.batch) + u, n, whole);
        vf dh = vf_add(vg_rec_load(vg_row(s->task, VG_DHS, row) + u, n, whole),
                       vf_load(z + r * s->ldz));
        vg_rec_store(vg_row(s->task, VG_DHT, row) + u, n, whole, dh);
        float *carry = vg_rec_carry(s, r) + u;
        vf dc = vf_fma(vf_mul(dh, o), vg_rec_tanh_slope(c), vg_rec_load(carry, n, whole));
        vf da[4] = {vf_mul(vf_mul(dc, g), vg_rec_sigmoid_slope(i)),
                    vf_mul(vf_mul(dc, before), vg_rec_sigmoid_slope(f)),
                    vf_mul(vf_mul(dc, i), vg_rec_tanh_slope(g)),
                    vf_mul(vf_mul(dh, c), vg_rec_sigmoid_slope(o))};
        vg_rec_store(carry, n, whole, vf_mul(dc, f));
        vg_rec_put_da(s, r, u, n, whole, da, sum);
    }
    vg_rec_add_biases(s, u, n, whole, sum);
}

#include "recurrent/recurrent_rows.h"
VG_RECURRENT_ROWS(lstm)
