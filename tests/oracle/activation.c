/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "oracle/oracle.h"

/* Klambauer et al. 2017 (arXiv:1706.02515), eq. 14 */
static const double selu_alpha = 1.6732632423543772848170429916717;
static const double selu_scale = 1.0507009873554804934193349852946;
static const double inv_sqrt_2 = 0.70710678118654752440;
static const double inv_sqrt_2pi = 0.39894228040143267794;
static const double sqrt_2_over_pi = 0.79788456080286535588;

static double sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

/* gelu_tanh(x) = x/2 (1 + tanh u) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3) */
static double gelu_tanh_argument(double x)
{
    return 2 * sqrt_2_over_pi * (x + 0.044715 * x * x * x);
}

/* x * weight(x) where the weight falls to 0 faster than x grows */
static double weighted(double x, double weight, double *mag)
{
    if (isinf(x)) {
        *mag = x < 0 ? INFINITY : 0;
        return x < 0 ? 0 : x;
    }
    return x * weight;
}

double vg_oracle_act(vg_op act, double x, double slope, double *mag)
{
    *mag = 0;
    switch (act) {
    case VG_OP_relu:
        return x <= 0 ? 0 : x;
    case VG_OP_sigmoid:
        return sigmoid(x);
    case VG_OP_tanh:
        return tanh(x);
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return x > 0 ? x : slope * x;
    case VG_OP_gelu: {
        double y = weighted(x, 0.5 * erfc(-x * inv_sqrt_2), mag);
        if (x < -1 && !isinf(*mag))
            *mag = 1; /* the bound is absolute there: see the table of tolerances */
        return y;
    }
    case VG_OP_gelu_tanh: {
        double y = weighted(x, sigmoid(gelu_tanh_argument(x)), mag);
        if (x < -1 && !isinf(*mag))
            *mag = 1;
        return y;
    }
    case VG_OP_elu:
        return x > 0 ? x : expm1(x);
    case VG_OP_selu:
        return x > 0 ? selu_scale * x : selu_scale * selu_alpha * expm1(x);
    case VG_OP_silu:
        return weighted(x, sigmoid(x), mag);
    default: /* linear */
        return x;
    }
}

/* f' from x as a sum of two terms; at +-infinity the second one is 0 * infinity with limit 0. */
static double two_terms(double a, double b, double dy, bool at_infinity, double *mag)
{
    *mag = at_infinity ? INFINITY : fabs(dy) * (1 + fabs(b));
    return dy * (at_infinity ? a : a + b);
}

static double gelu_tanh_gradient(double x, double dy, double *mag)
{
    double s = sigmoid(gelu_tanh_argument(x));
    double inner = 2 * sqrt_2_over_pi * (1 + 3 * 0.044715 * x * x);
    double c = sigmoid(-gelu_tanh_argument(x));
    double second = s == 0 || c == 0 ? 0 : x * s * c * inner;
    return two_terms(s, second, dy, isinf(x), mag);
}

/* Kinks take the branch PyTorch takes: f'(0) is that of x < 0. */
static double kinked(double saved, double right, double left, double *mag)
{
    *mag = isnan(saved) ? INFINITY : 0;
    return saved > 0 ? right : left;
}

double vg_oracle_act_gradient(vg_op act, double saved, double dy, double slope, double *mag)
{
    double x = saved, y = saved;
    *mag = 0;
    switch (act) {
    case VG_OP_relu:
        return isnan(y) ? kinked(y, dy, dy, mag) : kinked(y, dy, 0, mag);
    case VG_OP_sigmoid:
        *mag = fabs(dy) * (fabs(y) + y * y);
        return dy * (y * (1 - y));
    case VG_OP_tanh:
        *mag = fabs(dy) * (1 + y * y);
        return dy * ((1 - y) * (1 + y));
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return kinked(x, dy, slope * dy, mag);
    case VG_OP_gelu:
        return two_terms(0.5 * erfc(-x * inv_sqrt_2), x * inv_sqrt_2pi * exp(-0.5 * x * x), dy,
                         isinf(x), mag);
    case VG_OP_gelu_tanh:
        return gelu_tanh_gradient(x, dy, mag);
    case VG_OP_elu:
        if (!(y > 0))
            *mag = fabs(dy) * (fabs(y) + 1);
        return y > 0 ? dy : dy * (y + 1);
    case VG_OP_selu:
        if (!(y > 0))
            *mag = fabs(dy) * (fabs(y) + selu_scale * selu_alpha);
        return y > 0 ? selu_scale * dy : dy * (y + selu_scale * selu_alpha);
    case VG_OP_silu:
        return two_terms(sigmoid(x), x * sigmoid(x) * sigmoid(-x), dy, isinf(x), mag);
    default:
        return dy;
    }
}

static void forward(vg_op op, const vg_shape *s, double slope, const vg_oracle *t)
{
    for (int64_t r = 0; r < s->n[0]; r++)
        for (int64_t i = 0; i < s->n[1]; i++) {
            int64_t at = r * s->n[1] + i;
            double a = op == VG_OP_prelu ? t->in[VG_SLOPE][s->n[2] == 1 ? 0 : i] : slope;
            t->out[VG_Y][at] = vg_oracle_act(op, t->in[VG_X][at], a, &t->mag[VG_Y][at]);
        }
}

static void backward(vg_op op, const vg_shape *s, double slope, const vg_oracle *t)
{
    const double *saved = t->in[vg_act_saves_output(op) ? VG_Y : VG_X];
    for (int64_t r = 0; r < s->n[0]; r++)
        for (int64_t i = 0; i < s->n[1]; i++) {
            int64_t at = r * s->n[1] + i;
            double a = op == VG_OP_prelu ? t->in[VG_SLOPE][s->n[2] == 1 ? 0 : i] : slope;
            t->out[VG_DX][at] =
                vg_oracle_act_gradient(op, saved[at], t->in[VG_DY][at], a, &t->mag[VG_DX][at]);
        }
}

/* dslope[c] = sum of x dy over the elements of c with x <= 0 */
static void slope_gradient(const vg_shape *s, const vg_oracle *t)
{
    double *sum = t->out[VG_DSLOPE], *mag = t->mag[VG_DSLOPE];
    for (int64_t c = 0; c < s->n[2]; c++)
        sum[c] = mag[c] = 0;
    for (int64_t r = 0; r < s->n[0]; r++)
        for (int64_t i = 0; i < s->n[1]; i++) {
            double x = t->in[VG_X][r * s->n[1] + i], dy = t->in[VG_DY][r * s->n[1] + i];
            int64_t c = s->n[2] == 1 ? 0 : i;
            double term = x > 0 ? 0 : x * dy;
            sum[c] += term;
            mag[c] += fabs(term);
        }
}

void vg_oracle_activation(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                          const vg_oracle *tensors)
{
    if (dir == VG_DIR_fwd) {
        forward(op, shape, (double)params->slope, tensors);
        return;
    }
    backward(op, shape, (double)params->slope, tensors);
    if (op == VG_OP_prelu)
        slope_gradient(shape, tensors);
}
