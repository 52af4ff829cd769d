/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "oracle/oracle.h"

/* Mean over the batch of log sum exp x - x[label]; dx = (softmax x - onehot) scale / batch. */
static void softmax_xent(vg_dir dir, const vg_shape *s, double scale, const vg_oracle *t)
{
    int64_t batch = s->n[0], classes = s->n[1];
    double loss = 0, loss_mag = 0, g = scale / (double)batch;
    for (int64_t r = 0; r < batch; r++) {
        const double *x = t->in[VG_X] + r * classes;
        int64_t label = (int64_t)t->in[VG_LABELS][r];
        double top = x[0], largest = 0, sum = 0;
        for (int64_t i = 0; i < classes; i++) {
            top = x[i] > top || isnan(x[i]) ? x[i] : top;
            largest = fmax(largest, fabs(x[i]));
        }
        for (int64_t i = 0; i < classes; i++)
            sum += exp(x[i] - top);
        double row = log(sum) + (top - x[label]);
        loss += row / (double)batch;
        loss_mag += (1 + fabs(row) + largest) / (double)batch;
        for (int64_t i = 0; dir != VG_DIR_fwd && i < classes; i++) {
            double p = exp(x[i] - top) / sum, hit = i == label;
            double far = p > 0 ? p * (top - x[i]) : 0;
            t->out[VG_DX][r * classes + i] = (p - hit) * g;
            t->mag[VG_DX][r * classes + i] = (p + far + hit) * fabs(g);
        }
    }
    if (dir != VG_DIR_bwd) {
        t->out[VG_LOSS][0] = loss;
        t->mag[VG_LOSS][0] = loss_mag;
    }
}

/* Mean over batch and outputs of (x - target)^2. */
static void mse(vg_dir dir, const vg_shape *s, double scale, const vg_oracle *t)
{
    int64_t count = s->n[0] * s->n[1];
    double loss = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = t->in[VG_X][i] - t->in[VG_TARGET][i];
        loss += d * d / (double)count;
        if (dir != VG_DIR_fwd) {
            t->out[VG_DX][i] = 2 * d * scale / (double)count;
            t->mag[VG_DX][i] = fabs(t->out[VG_DX][i]);
        }
    }
    if (dir != VG_DIR_bwd) {
        t->out[VG_LOSS][0] = loss;
        t->mag[VG_LOSS][0] = loss;
    }
}

void vg_oracle_loss(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                    const vg_oracle *tensors)
{
    if (op == VG_OP_mse)
        mse(dir, shape, (double)params->loss_scale, tensors);
    else
        softmax_xent(dir, shape, (double)params->loss_scale, tensors);
}
