/* SPDX-License-Identifier: Apache-2.0 */
/* Vanilla recurrent layer: h = f(a), f tanh or relu. */
#include "recurrent/recurrent_vec.h"

static const vg_op OP = VG_OP_rnn;

VG_INLINE vf activate(vf z, bool relu)
{
    return relu ? vf_max(vf_zero(), z) : vf_tanh(z); /* the maximum of a NaN is its second operand */
}

/* The product with x and the biases stand where h will. */
VG_INLINE void forward_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole,
                            bool relu)
{
    for (int64_t r = 0; r < s->rows; r++) {
        float *h = vg_row(s->task, VG_HS, s->row + r) + u;
        vf a = vf_add(vg_rec_load(h, n, whole), vf_load(z + r * s->ldz));
        vg_rec_store(h, n, whole, activate(a, relu));
    }
}

VG_INLINE void cell_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole)
{
    if (s->task->shape.act == VG_OP_relu)
        forward_rows(s, u, n, z, whole, true);
    else
        forward_rows(s, u, n, z, whole, false);
}

VG_INLINE void backward_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole,
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

VG_INLINE void cell_back_rows(const vg_step *s, int64_t u, int n, const float *z, bool whole)
{
    if (s->task->shape.act == VG_OP_relu)
        backward_rows(s, u, n, z, whole, true);
    else
        backward_rows(s, u, n, z, whole, false);
}

#include "recurrent/recurrent_rows.h"
VG_RECURRENT_ROWS(rnn)
