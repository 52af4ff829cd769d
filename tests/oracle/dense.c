/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "oracle/oracle.h"

/* y[n][o] = b[o] + sum_i x[n][i] w[o][i] */
static void forward(const vg_shape *s, const vg_oracle *t)
{
    int64_t batch = s->n[0], in = s->n[1], out = s->n[2];
    for (int64_t n = 0; n < batch; n++)
        for (int64_t o = 0; o < out; o++) {
            double sum = t->in[VG_B][o], mag = fabs(sum);
            for (int64_t i = 0; i < in; i++) {
                double term = t->in[VG_X][n * in + i] * t->in[VG_W][o * in + i];
                sum += term;
                mag += fabs(term);
            }
            t->out[VG_Y][n * out + o] = sum;
            t->mag[VG_Y][n * out + o] = mag;
        }
}

/* dx[n][i] = sum_o dy[n][o] w[o][i] */
static void backward_data(const vg_shape *s, const vg_oracle *t)
{
    int64_t batch = s->n[0], in = s->n[1], out = s->n[2];
    for (int64_t n = 0; n < batch; n++) {
        double *dx = t->out[VG_DX] + n * in, *mag = t->mag[VG_DX] + n * in;
        for (int64_t i = 0; i < in; i++)
            dx[i] = mag[i] = 0;
        for (int64_t o = 0; o < out; o++)
            for (int64_t i = 0; i < in; i++) {
                double term = t->in[VG_DY][n * out + o] * t->in[VG_W][o * in + i];
                dx[i] += term;
                mag[i] += fabs(term);
            }
    }
}

/* dw[o][i] = sum_n dy[n][o] x[n][i], db[o] = sum_n dy[n][o] */
static void backward_weights(const vg_shape *s, const vg_oracle *t)
{
    int64_t batch = s->n[0], in = s->n[1], out = s->n[2];
    for (int64_t o = 0; o < out; o++) {
        double *dw = t->out[VG_DW] + o * in, *mag = t->mag[VG_DW] + o * in;
        double db = 0, db_mag = 0;
        for (int64_t i = 0; i < in; i++)
            dw[i] = mag[i] = 0;
        for (int64_t n = 0; n < batch; n++) {
            double dy = t->in[VG_DY][n * out + o];
            db += dy;
            db_mag += fabs(dy);
            for (int64_t i = 0; i < in; i++) {
                double term = dy * t->in[VG_X][n * in + i];
                dw[i] += term;
                mag[i] += fabs(term);
            }
        }
        t->out[VG_DB][o] = db;
        t->mag[VG_DB][o] = db_mag;
    }
}

void vg_oracle_dense(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                     const vg_oracle *tensors)
{
    (void)op;
    (void)params;
    if (dir == VG_DIR_fwd)
        forward(shape, tensors);
    else if (dir == VG_DIR_bwd_data)
        backward_data(shape, tensors);
    else
        backward_weights(shape, tensors);
}
