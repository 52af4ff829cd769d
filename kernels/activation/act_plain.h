/* SPDX-License-Identifier: Apache-2.0 */
/* The activations on one float with libm, for plain C rows and those that fuse them. Call with a
 * constant @p act. */
#ifndef VG_ACT_PLAIN_H
#define VG_ACT_PLAIN_H

#include <math.h>

#include "simd/vec.h"
#include "vgbench/ops.h"

static const float VG_PLAIN_SELU_LAMBDA = 1.0507009873554805f;
static const float VG_PLAIN_SELU_LAMBDA_ALPHA = 1.7580993408473766f;
static const double VG_PLAIN_SQRT_HALF = 0.70710678118654752;      /* sqrt(1/2) */
static const float VG_PLAIN_INV_SQRT_2PI = 0.39894228040143268f;  /* 1 / sqrt(2 pi) */
static const double VG_PLAIN_SQRT_8_OVER_PI = 1.5957691216057308; /* 2 sqrt(2 / pi) */
static const double VG_PLAIN_CUBIC = 0.044715;

/* Forward functions go through double where the float functions of libm would not keep the result
 * within 2 ulp. */

/* x sigmoid(v), v growing with x. */
VG_INLINE float vg_plain_times_sigmoid(float x, double v)
{
    return x == -INFINITY ? -0.0f : (float)(x / (1.0 + exp(-v)));
}

/* tanh(u) = 2 sigmoid(2u) - 1 turns the definition into x sigmoid(2u). */
VG_INLINE float vg_plain_gelu_tanh(float x)
{
    double wide = x, cubed = VG_PLAIN_CUBIC * wide * wide * wide;
    return vg_plain_times_sigmoid(x, VG_PLAIN_SQRT_8_OVER_PI * (wide + cubed));
}

VG_INLINE float vg_plain_gelu(float x)
{
    return x == -INFINITY ? -0.0f : (float)(0.5 * x * erfc(-x * VG_PLAIN_SQRT_HALF));
}

/* By e^-|x|, so that nothing overflows and the lower tail keeps its relative accuracy. */
VG_INLINE float vg_plain_sigmoid(float x)
{
    float e = expf(-fabsf(x));
    return (x < 0 ? e : 1.0f) / (1.0f + e);
}

VG_INLINE float vg_plain_silu_slope(float x)
{
    float s = vg_plain_sigmoid(x);
    return isinf(x) ? s : s + x * s * vg_plain_sigmoid(-x);
}

VG_INLINE float vg_plain_gelu_slope(float x)
{
    float cdf = 0.5f * erfcf(-x * (float)VG_PLAIN_SQRT_HALF);
    return isinf(x) ? cdf : cdf + x * VG_PLAIN_INV_SQRT_2PI * expf(-0.5f * x * x);
}

VG_INLINE float vg_plain_gelu_tanh_slope(float x)
{
    float v = (float)(VG_PLAIN_SQRT_8_OVER_PI * (x + VG_PLAIN_CUBIC * x * x * x)), s = vg_plain_sigmoid(v);
    float dv = (float)(VG_PLAIN_SQRT_8_OVER_PI * (1 + 3 * VG_PLAIN_CUBIC * x * x)), t = s * vg_plain_sigmoid(-v);
    return t == 0 ? s : s + x * t * dv;
}

VG_INLINE float vg_act_forward_one(vg_op act, float x, float slope)
{
    switch (act) {
    case VG_OP_relu:
        return x < 0 ? 0 : x;
    case VG_OP_sigmoid:
        return (float)(1.0 / (1.0 + exp(-(double)x)));
    case VG_OP_tanh:
        return (float)tanh(x);
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return x > 0 ? x : x * slope;
    case VG_OP_gelu:
        return vg_plain_gelu(x);
    case VG_OP_gelu_tanh:
        return vg_plain_gelu_tanh(x);
    case VG_OP_elu:
        return x >= 0 ? x : expm1f(x);
    case VG_OP_selu:
        return x >= 0 ? VG_PLAIN_SELU_LAMBDA * x : VG_PLAIN_SELU_LAMBDA_ALPHA * expm1f(x);
    case VG_OP_silu:
        return vg_plain_times_sigmoid(x, x);
    default: /* linear */
        return x;
    }
}

/* saved is y where vg_act_saves_output(act), otherwise x. */
VG_INLINE float vg_act_backward_one(vg_op act, float saved, float dy, float slope)
{
    switch (act) {
    case VG_OP_relu:
        return saved <= 0 ? 0 : dy;
    case VG_OP_sigmoid:
        return dy * (saved * (1 - saved));
    case VG_OP_tanh:
        return dy * (1 - saved * saved);
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return saved > 0 ? dy : dy * slope;
    case VG_OP_gelu:
        return dy * vg_plain_gelu_slope(saved);
    case VG_OP_gelu_tanh:
        return dy * vg_plain_gelu_tanh_slope(saved);
    case VG_OP_elu:
        return saved > 0 ? dy : dy * (saved + 1);
    case VG_OP_selu:
        return dy * (saved > 0 ? VG_PLAIN_SELU_LAMBDA : saved + VG_PLAIN_SELU_LAMBDA_ALPHA);
    case VG_OP_silu:
        return dy * vg_plain_silu_slope(saved);
    default: /* linear */
        return dy;
    }
}

#endif
