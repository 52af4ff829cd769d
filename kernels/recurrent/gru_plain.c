/* SPDX-License-Identifier: Apache-2.0 */
/* Gated recurrent unit (Cho et al. 2014), the reset gate after the multiplication. */
#include "recurrent/recurrent_plain.h"

static const vg_op OP = VG_OP_gru;

static void cell(const vg_task *task, const vg_layer *l, int64_t row, const float *x_part,
                 const float *h_part, const float *zeros)
{
    float *h = vg_row(task, VG_HS, row), *gates = vg_row(task, VG_GATES, row);
    const float *h_before = vg_plain_before(task, VG_HS, row, zeros);
    int64_t n = l->hidden;
    for (int64_t j = 0; j < n; j++) {
        float r = vg_plain_sigmoid(x_part[j] + h_part[j]);
        float z = vg_plain_sigmoid(x_part[n + j] + h_part[n + j]);
        float candidate = tanhf(x_part[2 * n + j] + r * h_part[2 * n + j]);
        h[j] = (1 - z) * candidate + z * h_before[j];
        gates[j] = r;
        gates[n + j] = z;
        gates[2 * n + j] = candidate;
        gates[3 * n + j] = h_part[2 * n + j];
    }
}

static void cell_back(const vg_task *task, const vg_layer *l, int64_t row, const float *dh,
                      float *da, float *carry, float *dc, const float *zeros)
{
    const float *gates = vg_row(task, VG_GATES, row);
    const float *h_before = vg_plain_before(task, VG_HS, row, zeros);
    int64_t n = l->hidden;
    (void)dc;
    for (int64_t j = 0; j < n; j++) {
        float r = gates[j], z = gates[n + j], candidate = gates[2 * n + j];
        float dn = dh[j] * (1 - z) * (1 - candidate * candidate);
        da[j] = dn * gates[3 * n + j] * (r * (1 - r));
        da[n + j] = dh[j] * (h_before[j] - candidate) * (z * (1 - z));
        da[2 * n + j] = dn;
        da[3 * n + j] = dn * r;
        carry[j] = dh[j] * z;
    }
}

#include "recurrent/recurrent_plain_rows.h"
VG_RECURRENT_PLAIN_ROWS(gru)
