/* SPDX-License-Identifier: Apache-2.0 */
/* Activations in plain C with libm: rows scalar and auto_<isa>. */
#include <math.h>

#include "activation/activation.h"
#include "simd/vec.h"

static const float SELU_LAMBDA = 1.0507009873554805f;
static const float SELU_LAMBDA_ALPHA = 1.7580993408473766f;
static const double SQRT_HALF = 0.70710678118654752;      /* sqrt(1/2) */
static const float INV_SQRT_2PI = 0.39894228040143268f;  /* 1 / sqrt(2 pi) */
static const double SQRT_8_OVER_PI = 1.5957691216057308; /* 2 sqrt(2 / pi) */
static const double CUBIC = 0.044715;

/* Forward functions go through double where the float functions of libm would not keep the result
 * within 2 ulp. */

/* x sigmoid(v), v growing with x. */
VG_INLINE float times_sigmoid(float x, double v)
{
    return x == -INFINITY ? -0.0f : (float)(x / (1.0 + exp(-v)));
}

/* tanh(u) = 2 sigmoid(2u) - 1 turns the definition into x sigmoid(2u). */
VG_INLINE float gelu_tanh(float x)
{
    double wide = x;
    return times_sigmoid(x, SQRT_8_OVER_PI * (wide + CUBIC * wide * wide * wide));
}

VG_INLINE float gelu(float x)
{
    return x == -INFINITY ? -0.0f : (float)(0.5 * x * erfc(-x * SQRT_HALF));
}

/* By e^-|x|, so that nothing overflows and the lower tail keeps its relative accuracy. */
VG_INLINE float sigmoid(float x)
{
    float e = expf(-fabsf(x));
    return (x < 0 ? e : 1.0f) / (1.0f + e);
}

VG_INLINE float silu_slope(float x)
{
    float s = sigmoid(x);
    return isinf(x) ? s : s + x * s * sigmoid(-x);
}

VG_INLINE float gelu_slope(float x)
{
    float cdf = 0.5f * erfcf(-x * (float)SQRT_HALF);
    return isinf(x) ? cdf : cdf + x * INV_SQRT_2PI * expf(-0.5f * x * x);
}

VG_INLINE float gelu_tanh_slope(float x)
{
    float v = (float)(SQRT_8_OVER_PI * (x + CUBIC * x * x * x)), s = sigmoid(v);
    float dv = (float)(SQRT_8_OVER_PI * (1 + 3 * CUBIC * x * x)), t = s * sigmoid(-v);
    return t == 0 ? s : s + x * t * dv;
}

VG_INLINE float forward_one(vg_op act, float x, float slope)
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
        return gelu(x);
    case VG_OP_gelu_tanh:
        return gelu_tanh(x);
    case VG_OP_elu:
        return x >= 0 ? x : expm1f(x);
    case VG_OP_selu:
        return x >= 0 ? SELU_LAMBDA * x : SELU_LAMBDA_ALPHA * expm1f(x);
    case VG_OP_silu:
        return times_sigmoid(x, x);
    default: /* linear */
        return x;
    }
}

/* saved is y where vg_act_saves_output(act), otherwise x. */
VG_INLINE float backward_one(vg_op act, float saved, float dy, float slope)
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
        return dy * gelu_slope(saved);
    case VG_OP_gelu_tanh:
        return dy * gelu_tanh_slope(saved);
    case VG_OP_elu:
        return saved > 0 ? dy : dy * (saved + 1);
    case VG_OP_selu:
        return dy * (saved > 0 ? SELU_LAMBDA : saved + SELU_LAMBDA_ALPHA);
    case VG_OP_silu:
        return dy * silu_slope(saved);
    default: /* linear */
        return dy;
    }
}

VG_INLINE void forward(vg_op act, const vg_task *task, int64_t unit)
{
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), false);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *x = vg_row(task, VG_X, r);
        float *y = vg_row(task, VG_Y, r), slope = task->params->slope;
        for (int64_t i = 0; i < b.cols; i++)
            y[i] = forward_one(act, x[i], slope);
    }
}

VG_INLINE void backward(vg_op act, vg_slot slot, const vg_task *task, int64_t unit)
{
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), false);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *saved = vg_row(task, slot, r), *dy = vg_row(task, VG_DY, r);
        float *dx = vg_row(task, VG_DX, r), slope = task->params->slope;
        for (int64_t i = 0; i < b.cols; i++)
            dx[i] = backward_one(act, saved[i], dy[i], slope);
    }
}

static void forward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    switch (task->kernel->op) {
#define FORWARD(op, cost)                                                                          \
    case VG_OP_##op:                                                                               \
        forward(VG_OP_##op, task, unit);                                                           \
        break;
        VG_ACTIVATIONS(FORWARD)
    default:
        break;
    }
}

static void backward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_slot saved = vg_act_saves_output(task->kernel->op) ? VG_Y : VG_X;
    switch (task->kernel->op) {
#define BACKWARD(op, cost)                                                                         \
    case VG_OP_##op:                                                                               \
        backward(VG_OP_##op, saved, task, unit);                                                   \
        break;
        VG_ACTIVATIONS(BACKWARD)
    default:
        break;
    }
}

static int forward_phases_select(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, 0.5, phase);
}

static int forward_phases_exp(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, 6, phase);
}

static int backward_phases_select(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, backward_unit, 0.6, phase);
}

static int backward_phases_exp(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, backward_unit, 1, phase);
}

#define ROWS(op, cost)                                                                             \
    const vg_kernel_impl VG_FN(vg_##op##_fwd) = {.impl = "plain C, libm",                          \
                                                 .phases = forward_phases_##cost};                 \
    const vg_kernel_impl VG_FN(vg_##op##_bwd) = {.impl = "plain C, libm",                          \
                                                 .phases = backward_phases_##cost};
VG_ACTIVATIONS(ROWS)
