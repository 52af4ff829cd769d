/* SPDX-License-Identifier: Apache-2.0 */
/* Vanilla recurrent layer (Elman 1990): h = f(W_ih x + b_ih + W_hh h + b_hh), f tanh or relu. */
#include "recurrent/recurrent_plain.h"

static const vg_op OP = VG_OP_rnn;

static void cell(const vg_task *task, const vg_layer *l, int64_t row, const float *x_part,
                 const float *h_part, const float *zeros)
{
    float *h = vg_row(task, VG_HS, row);
    (void)zeros;
    for (int64_t j = 0; j < l->hidden; j++)
        h[j] = vg_act_forward_one((vg_op)task->shape.act, x_part[j] + h_part[j], 0);
}

static void cell_back(const vg_task *task, const vg_layer *l, int64_t row, const float *dh,
                      float *da, float *carry, float *dc, const float *zeros)
{
    const float *h = vg_row(task, VG_HS, row);
    (void)dc;
    (void)zeros;
    for (int64_t j = 0; j < l->hidden; j++) {
        da[j] = vg_act_backward_one((vg_op)task->shape.act, h[j], dh[j], 0);
        carry[j] = 0;
    }
}

#include "recurrent/recurrent_plain_rows.h"
VG_RECURRENT_PLAIN_ROWS(rnn)
