/* SPDX-License-Identifier: Apache-2.0 */
/* Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 2000). */
#include "recurrent/recurrent_plain.h"

static const vg_op OP = VG_OP_lstm;

static void cell(const vg_task *task, const vg_layer *l, int64_t row, const float *x_part,
                 const float *h_part, const float *zeros)
{
    float *h = vg_row(task, VG_HS, row), *c = vg_row(task, VG_CS, row);
    float *gates = vg_row(task, VG_GATES, row);
    const float *c_before = vg_plain_before(task, VG_CS, row, zeros);
    int64_t n = l->hidden;
    for (int64_t j = 0; j < n; j++) {
        float i = vg_plain_sigmoid(x_part[j] + h_part[j]);
        float f = vg_plain_sigmoid(x_part[n + j] + h_part[n + j]);
        float g = tanhf(x_part[2 * n + j] + h_part[2 * n + j]);
        float o = vg_plain_sigmoid(x_part[3 * n + j] + h_part[3 * n + j]);
        c[j] = f * c_before[j] + i * g;
        h[j] = o * tanhf(c[j]);
        gates[j] = i;
        gates[n + j] = f;
        gates[2 * n + j] = g;
        gates[3 * n + j] = o;
    }
}

static void cell_back(const vg_task *task, const vg_layer *l, int64_t row, const float *dh,
                      float *da, float *carry, float *dc, const float *zeros)
{
    const float *gates = vg_row(task, VG_GATES, row), *c = vg_row(task, VG_CS, row);
    const float *c_before = vg_plain_before(task, VG_CS, row, zeros);
    int64_t n = l->hidden;
    for (int64_t j = 0; j < n; j++) {
        float i = gates[j], f = gates[n + j], g = gates[2 * n + j], o = gates[3 * n + j];
        float tanh_c = tanhf(c[j]);
        float d = dc[j] + dh[j] * o * (1 - tanh_c * tanh_c);
        da[j] = d * g * (i * (1 - i));
        da[n + j] = d * c_before[j] * (f * (1 - f));
        da[2 * n + j] = d * i * (1 - g * g);
        da[3 * n + j] = dh[j] * tanh_c * (o * (1 - o));
        dc[j] = d * f;
        carry[j] = 0;
    }
}

#include "recurrent/recurrent_plain_rows.h"
VG_RECURRENT_PLAIN_ROWS(lstm)
