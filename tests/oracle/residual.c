/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "oracle/oracle.h"

static void forward(vg_op op, int64_t n, double alpha, const vg_oracle *t)
{
    const double *x = t->in[VG_X], *h = t->in[VG_H];
    for (int64_t i = 0; i < n; i++) {
        double a = x[i], b = op == VG_OP_add ? h[i] : alpha * h[i];
        if (op == VG_OP_highway) {
            a = (1 - t->in[VG_T][i]) * x[i];
            b = t->in[VG_T][i] * h[i];
        }
        t->out[VG_Y][i] = a + b;
        t->mag[VG_Y][i] = fabs(a) + fabs(b);
    }
}

/* dx += dy */
static void add_backward(int64_t n, const vg_oracle *t)
{
    for (int64_t i = 0; i < n; i++) {
        t->out[VG_DX][i] = t->in[VG_DX][i] + t->in[VG_DY][i];
        t->mag[VG_DX][i] = fabs(t->in[VG_DX][i]) + fabs(t->in[VG_DY][i]);
    }
}

/* dh = alpha dy, and for rezero dalpha = sum dy h */
static void scaled_backward(vg_op op, int64_t n, double alpha, const vg_oracle *t)
{
    double sum = 0, mag = 0;
    for (int64_t i = 0; i < n; i++) {
        double dy = t->in[VG_DY][i];
        t->out[VG_DH][i] = alpha * dy;
        t->mag[VG_DH][i] = fabs(alpha * dy);
        if (op == VG_OP_rezero) {
            sum += dy * t->in[VG_H][i];
            mag += fabs(dy * t->in[VG_H][i]);
        }
    }
    if (op == VG_OP_rezero) {
        t->out[VG_DALPHA][0] = sum;
        t->mag[VG_DALPHA][0] = mag;
    }
}

static void highway_backward(int64_t n, const vg_oracle *t)
{
    for (int64_t i = 0; i < n; i++) {
        double x = t->in[VG_X][i], h = t->in[VG_H][i], gate = t->in[VG_T][i];
        double dy = t->in[VG_DY][i];
        t->out[VG_DX][i] = dy * (1 - gate);
        t->mag[VG_DX][i] = fabs(dy) * (1 + fabs(gate));
        t->out[VG_DH][i] = dy * gate;
        t->mag[VG_DH][i] = fabs(dy * gate);
        t->out[VG_DT][i] = dy * (h - x);
        t->mag[VG_DT][i] = fabs(dy) * (fabs(h) + fabs(x));
    }
}

void vg_oracle_residual(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                        const vg_oracle *tensors)
{
    int64_t n = shape->n[0] * shape->n[1];
    double alpha = op == VG_OP_rezero ? tensors->in[VG_ALPHA][0] : (double)params->alpha;
    if (dir == VG_DIR_fwd)
        forward(op, n, alpha, tensors);
    else if (op == VG_OP_add)
        add_backward(n, tensors);
    else if (op == VG_OP_highway)
        highway_backward(n, tensors);
    else
        scaled_backward(op, n, alpha, tensors);
}
