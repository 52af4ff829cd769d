/* SPDX-License-Identifier: Apache-2.0 */
/* Element-wise activations over the vector layer: one template per direction. PReLU: prelu_simd.c. */
#include "activation/act_vec.h"
#include "activation/activation.h"

enum {
    UNROLL = 4,
    STEP = UNROLL * VG_LANES,
    AHEAD = 128 /* floats: asking early for the lines to be written gains 10 % in L2 (Golden Cove) */
};

/* y may be x. */
VG_INLINE void forward_row(vg_op act, int64_t n, const float *x, float *y, float slope)
{
    const vf s = vf_set1(slope);
    int64_t i = 0;
    for (; i + STEP <= n; i += STEP) {
        vf v[UNROLL];
        VG_UNROLL(4)
        for (int k = 0; k < UNROLL; k++)
            v[k] = vg_act_forward(act, vf_load(x + i + k * VG_LANES), s);
        VG_UNROLL(4)
        for (int k = 0; k < UNROLL; k++)
            vf_store(y + i + k * VG_LANES, v[k]);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(y + i, vg_act_forward(act, vf_load(x + i), s));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(y + i, tail, vg_act_forward(act, vf_load_n(x + i, tail), s));
}

/* dx may be dy. */
VG_INLINE void backward_row(vg_op act, int64_t n, const float *saved, const float *dy, float *dx,
                            float slope)
{
    const vf s = vf_set1(slope);
    int64_t i = 0;
    for (; i + STEP <= n; i += STEP) {
        vf v[UNROLL];
        VG_UNROLL(4)
        for (int k = 0; k < UNROLL; k++) {
            int64_t at = i + k * VG_LANES;
            __builtin_prefetch(dx + at + AHEAD, 1);
            v[k] = vg_act_backward(act, vf_load(saved + at), vf_load(dy + at), s);
        }
        VG_UNROLL(4)
        for (int k = 0; k < UNROLL; k++)
            vf_store(dx + i + k * VG_LANES, v[k]);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(dx + i, vg_act_backward(act, vf_load(saved + i), vf_load(dy + i), s));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(dx + i, tail,
                   vg_act_backward(act, vf_load_n(saved + i, tail), vf_load_n(dy + i, tail), s));
}

VG_INLINE void forward(vg_op act, const vg_task *task, int64_t unit)
{
    bool contiguous = vg_is_contiguous(task, VG_X) && vg_is_contiguous(task, VG_Y);
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), contiguous);
    for (int64_t r = b.first; r < b.first + b.rows; r++)
        forward_row(act, b.cols, vg_row(task, VG_X, r), vg_row(task, VG_Y, r),
                    task->params->slope);
}

VG_INLINE void backward(vg_op act, const vg_task *task, int64_t unit)
{
    vg_slot saved = vg_act_saves_output(act) ? VG_Y : VG_X;
    bool contiguous = vg_is_contiguous(task, saved) && vg_is_contiguous(task, VG_DY) &&
                      vg_is_contiguous(task, VG_DX);
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), contiguous);
    for (int64_t r = b.first; r < b.first + b.rows; r++)
        backward_row(act, b.cols, vg_row(task, saved, r), vg_row(task, VG_DY, r),
                     vg_row(task, VG_DX, r), task->params->slope);
}

/* One function per op and direction: from a common one with a switch the compiler hoists the constants
 * of all ten, to be set up before every unit. */
static void relu_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_relu, task, unit);
}

static void relu_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_relu, task, unit);
}

static void linear_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_linear, task, unit);
}

static void linear_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_linear, task, unit);
}

static void leaky_relu_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_leaky_relu, task, unit);
}

static void leaky_relu_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_leaky_relu, task, unit);
}

static void sigmoid_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_sigmoid, task, unit);
}

static void sigmoid_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_sigmoid, task, unit);
}

static void tanh_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_tanh, task, unit);
}

static void tanh_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_tanh, task, unit);
}

static void gelu_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_gelu, task, unit);
}

static void gelu_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_gelu, task, unit);
}

static void gelu_tanh_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_gelu_tanh, task, unit);
}

static void gelu_tanh_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_gelu_tanh, task, unit);
}

static void elu_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_elu, task, unit);
}

static void elu_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_elu, task, unit);
}

static void selu_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_selu, task, unit);
}

static void selu_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_selu, task, unit);
}

static void silu_forward(const vg_task *task, int64_t unit)
{
    forward(VG_OP_silu, task, unit);
}

static void silu_backward(const vg_task *task, int64_t unit)
{
    backward(VG_OP_silu, task, unit);
}

typedef void instance(const vg_task *task, int64_t unit);

#define FORWARD(op, cost) [VG_OP_##op] = op##_forward,
#define BACKWARD(op, cost) [VG_OP_##op] = op##_backward,
static instance *const forwards[VG_OP_COUNT] = {VG_ACTIVATIONS(FORWARD)};
static instance *const backwards[VG_OP_COUNT] = {VG_ACTIVATIONS(BACKWARD)};

static void forward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    forwards[task->kernel->op](task, unit);
}

static void backward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    backwards[task->kernel->op](task, unit);
}

static int forward_phases_select(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, 0.06, phase);
}

static int forward_phases_exp(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, 0.25, phase);
}

static int backward_phases_select(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, backward_unit, 0.1, phase);
}

static int backward_phases_exp(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, backward_unit, 0.25, phase);
}

#define ROWS(op, cost)                                                                             \
    const vg_kernel_impl VG_FN(vg_##op##_fwd) = {.impl = "vec layer",                              \
                                                 .phases = forward_phases_##cost};                 \
    const vg_kernel_impl VG_FN(vg_##op##_bwd) = {.impl = "vec layer",                              \
                                                 .phases = backward_phases_##cost};
VG_ACTIVATIONS(ROWS)
