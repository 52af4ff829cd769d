/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "oracle/oracle.h"

static void set(const vg_oracle *t, vg_slot slot, int64_t i, double value, double magnitude)
{
    t->out[slot][i] = value;
    t->mag[slot][i] = magnitude;
}

/* p - lr g, with a momentum buffer m = momentum m + g in the place of g. */
static void descent(vg_op op, int64_t n, const vg_params *p, const vg_oracle *t)
{
    for (int64_t i = 0; i < n; i++) {
        double g = t->in[VG_GRAD][i], size = fabs(g);
        if (op == VG_OP_momentum) {
            double before = (double)p->momentum * t->in[VG_M1][i];
            size += fabs(before);
            g += before;
            set(t, VG_M1, i, g, size);
        }
        double w = t->in[VG_PARAM][i];
        set(t, VG_PARAM, i, w - (double)p->lr * g, fabs(w) + (double)p->lr * size);
    }
}

/* Kingma and Ba 2015, algorithm 1; adamw: Loshchilov and Hutter 2019, algorithm 2. */
static void adam(vg_op op, int64_t n, const vg_params *p, const vg_oracle *t)
{
    double b1 = p->beta1, b2 = p->beta2, lr = p->lr;
    double decay = op == VG_OP_adamw ? lr * p->weight_decay : 0;
    double correct1 = 1 - pow(b1, (double)p->step), correct2 = 1 - pow(b2, (double)p->step);
    for (int64_t i = 0; i < n; i++) {
        double g = t->in[VG_GRAD][i], m = b1 * t->in[VG_M1][i], w = t->in[VG_PARAM][i];
        double size = fabs(m) + (1 - b1) * fabs(g);
        m += (1 - b1) * g;
        double v = b2 * t->in[VG_M2][i] + (1 - b2) * g * g;
        set(t, VG_M1, i, m, size);
        set(t, VG_M2, i, v, v);
        double under = sqrt(v / correct2) + (double)p->eps;
        set(t, VG_PARAM, i, w * (1 - decay) - lr * (m / correct1) / under,
            fabs(w) + lr * (size / correct1) / under);
    }
}

static void clip(int64_t n, const vg_params *p, const vg_oracle *t)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += t->in[VG_GRAD][i] * t->in[VG_GRAD][i];
    double norm = sqrt(sum), factor = (double)p->clip_norm / (norm + 1e-6);
    factor = factor >= 1 ? 1 : factor;
    set(t, VG_STATS, 0, norm, norm);
    set(t, VG_STATS, 1, factor, factor);
    for (int64_t i = 0; i < n; i++)
        set(t, VG_GRAD, i, t->in[VG_GRAD][i] * factor, fabs(t->in[VG_GRAD][i] * factor));
}

/* Two passes: the deviation from the mean, not from what one pass can subtract. */
static void stats(int64_t n, const vg_oracle *t)
{
    const double *x = t->in[VG_X];
    double sum = 0, size = 0, squares = 0, most = 0, zeros = 0, subnormals = 0, around = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += x[i];
        size += fabs(x[i]);
        squares += x[i] * x[i];
        most = fmax(most, fabs(x[i]));
        zeros += x[i] == 0;
        subnormals += x[i] != 0 && fabs(x[i]) < FLT_MIN;
    }
    double mean = sum / (double)n, norm = sqrt(squares);
    for (int64_t i = 0; i < n; i++)
        around += (x[i] - mean) * (x[i] - mean);
    set(t, VG_STATS, 0, norm, norm);
    set(t, VG_STATS, 1, mean, size / (double)n);
    set(t, VG_STATS, 2, sqrt(around / (double)n), norm / sqrt((double)n));
    set(t, VG_STATS, 3, isnan(squares) ? NAN : most, most);
    set(t, VG_STATS, 4, zeros / (double)n, 1);
    set(t, VG_STATS, 5, subnormals / (double)n, 1);
}

void vg_oracle_optimizer(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                         const vg_oracle *tensors)
{
    switch (op) {
    case VG_OP_sgd:
    case VG_OP_momentum:
        descent(op, shape->n[0], params, tensors);
        break;
    case VG_OP_adam:
    case VG_OP_adamw:
        adam(op, shape->n[0], params, tensors);
        break;
    case VG_OP_clip:
        clip(shape->n[0], params, tensors);
        break;
    default:
        stats(shape->n[0], tensors);
    }
}
