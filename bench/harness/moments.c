/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/moments.h"

#include <math.h>

#include "vgbench/ops.h"

/* Klambauer et al. 2017 */
#define SELU_LAMBDA 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717
#define SQRT1_2 0.70710678118654752440
#define INV_SQRT_2PI 0.39894228040143267794
#define SQRT_2_PI 0.79788456080286535588
#define GELU_CUBIC 0.044715

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double gelu_tanh_inner(double x)
{
    return SQRT_2_PI * (x + GELU_CUBIC * x * x * x);
}

double vg_phi(int act, double slope, double x)
{
    switch (act) {
    case VG_OP_relu:
        return x > 0 ? x : 0;
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return x > 0 ? x : slope * x;
    case VG_OP_sigmoid:
        return sigmoid(x);
    case VG_OP_tanh:
        return tanh(x);
    case VG_OP_gelu:
        return 0.5 * x * erfc(-x * SQRT1_2);
    case VG_OP_gelu_tanh:
        return 0.5 * x * (1 + tanh(gelu_tanh_inner(x)));
    case VG_OP_elu:
        return x > 0 ? x : expm1(x);
    case VG_OP_selu:
        return SELU_LAMBDA * (x > 0 ? x : SELU_ALPHA * expm1(x));
    case VG_OP_silu:
        return x * sigmoid(x);
    default:
        return x;
    }
}

double vg_phi_slope(int act, double slope, double x)
{
    double s, t;
    switch (act) {
    case VG_OP_relu:
        return x > 0;
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return x > 0 ? 1 : slope;
    case VG_OP_sigmoid:
        s = sigmoid(x);
        return s * (1 - s);
    case VG_OP_tanh:
        t = tanh(x);
        return 1 - t * t;
    case VG_OP_gelu:
        return 0.5 * erfc(-x * SQRT1_2) + x * INV_SQRT_2PI * exp(-0.5 * x * x);
    case VG_OP_gelu_tanh:
        t = tanh(gelu_tanh_inner(x));
        return 0.5 * (1 + t) +
               0.5 * x * (1 - t * t) * SQRT_2_PI * (1 + 3 * GELU_CUBIC * x * x);
    case VG_OP_elu:
        return x > 0 ? 1 : exp(x);
    case VG_OP_selu:
        return SELU_LAMBDA * (x > 0 ? 1 : SELU_ALPHA * exp(x));
    case VG_OP_silu:
        s = sigmoid(x);
        return s * (1 + x * (1 - s));
    default:
        return 1;
    }
}

void vg_gauss_legendre(double node[VG_GAUSS_NODES], double weight[VG_GAUSS_NODES])
{
    enum { N = VG_GAUSS_NODES };
    for (int i = 0; i < N; i++) {
        double x = cos(3.14159265358979323846 * (i + 0.75) / (N + 0.5)), derivative = 1;
        for (int iteration = 0; iteration < 8; iteration++) { /* Newton on P_N */
            double p0 = 1, p1 = x;
            for (int k = 2; k <= N; k++) {
                double p2 = ((2 * k - 1) * x * p1 - (k - 1) * p0) / k;
                p0 = p1;
                p1 = p2;
            }
            derivative = N * (x * p1 - p0) / (x * x - 1);
            x -= p1 / derivative;
        }
        node[i] = x;
        weight[i] = 2 / ((1 - x * x) * derivative * derivative);
    }
}

/* Sums of w f over the nodes, for every f that is needed. */
typedef struct sums {
    double phi, phi2, phi3, phi4, slope2, slope4, cross1, cross, flow, flow2, z2_phi2, z2_slope2;
} sums;

static void add_node(sums *s, int act, double slope, double root_q, double z, double w)
{
    double p = vg_phi(act, slope, root_q * z), d = vg_phi_slope(act, slope, root_q * z);
    double p2 = p * p, d2 = d * d;
    w *= INV_SQRT_2PI * exp(-0.5 * z * z);
    s->phi += w * p;
    s->phi2 += w * p2;
    s->phi3 += w * p2 * p;
    s->phi4 += w * p2 * p2;
    s->slope2 += w * d2;
    s->slope4 += w * d2 * d2;
    s->cross1 += w * p * d2;
    s->cross += w * p2 * d2;
    s->flow += w * d * root_q * z;
    s->flow2 += w * d2 * root_q * root_q * z * z;
    s->z2_phi2 += w * p2 * (z * z - 1);
    s->z2_slope2 += w * d2 * (z * z - 1);
}

/* Moments about the mean, from those about 0. */
static void centre(const sums *s, vg_moments *m)
{
    double mu = s->phi, var = s->phi2 - mu * mu;
    double fourth = s->phi4 - 4 * mu * s->phi3 + 6 * mu * mu * s->phi2 - 3 * mu * mu * mu * mu;
    double product = s->cross - 2 * mu * s->cross1 + mu * mu * s->slope2;
    m->kurtosis = fourth / (var * var);
    m->gate = product / (s->slope2 * var) - 1;
}

vg_moments vg_moments_at(int act, double slope, double q)
{
    enum { PANELS = 48 };
    static const double EDGE = 12;
    double node[VG_GAUSS_NODES], weight[VG_GAUSS_NODES], root_q = sqrt(q);
    double half = EDGE / PANELS / 2;
    sums s = {0};
    vg_gauss_legendre(node, weight);
    for (int panel = 0; panel < PANELS; panel++)
        for (int i = 0; i < VG_GAUSS_NODES; i++) {
            double z = half * (2 * panel + 1 + node[i]);
            add_node(&s, act, slope, root_q, z, half * weight[i]);
            add_node(&s, act, slope, root_q, -z, half * weight[i]);
        }
    vg_moments m = {.mean = s.phi,
                    .V = s.phi2,
                    .D = s.slope2,
                    .kappa = s.slope2 > 0 ? s.slope4 / (s.slope2 * s.slope2) : 1,
                    .flow = s.flow,
                    .flow2 = s.flow2,
                    .dV = q > 0 ? s.z2_phi2 / (2 * q) : 0,
                    .dD = q > 0 ? s.z2_slope2 / (2 * q) : 0,
                    .var_phi2 = s.phi4 - s.phi2 * s.phi2,
                    .cov = s.cross - s.phi2 * s.slope2,
                    .z2_phi2 = s.z2_phi2,
                    .z2_slope2 = s.z2_slope2};
    centre(&s, &m);
    return m;
}
