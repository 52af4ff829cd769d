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

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_plain_forward(task, OP, cell, unit, scratch);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_plain_backward(task, OP, cell_back, unit, scratch);
}

static void weights(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    vg_plain_weights(task, OP, unit);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_plain_forward_phases(OP, shape, forward, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_plain_backward_phases(OP, shape, backward, weights, phase);
}

static size_t forward_scratch(const vg_shape *shape)
{
    return vg_plain_forward_scratch(OP, shape);
}

static size_t workspace(const vg_shape *shape)
{
    return vg_plain_workspace(OP, shape);
}

const vg_kernel_impl VG_FN(vg_rnn_fwd) = {
    .impl = "plain C, dot products", .phases = forward_phases, .scratch = forward_scratch};
const vg_kernel_impl VG_FN(vg_rnn_bwd) = {.impl = "plain C, sums of rows",
                                          .phases = backward_phases,
                                          .scratch = vg_plain_backward_scratch,
                                          .workspace = workspace};
