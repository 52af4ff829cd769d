/* SPDX-License-Identifier: Apache-2.0 */
/* Element-wise activations over the vector layer: one template per direction, instantiated by the
 * constant case labels of its switch. PReLU is in prelu_simd.c. */
#include "activation/act_vec.h"
#include "activation/activation.h"

enum { UNROLL = 4, STEP = UNROLL * VG_LANES };

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

VG_INLINE void backward(vg_op act, vg_slot saved, const vg_task *task, int64_t unit)
{
    bool contiguous = vg_is_contiguous(task, saved) && vg_is_contiguous(task, VG_DY) &&
                      vg_is_contiguous(task, VG_DX);
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), contiguous);
    for (int64_t r = b.first; r < b.first + b.rows; r++)
        backward_row(act, b.cols, vg_row(task, saved, r), vg_row(task, VG_DY, r),
                     vg_row(task, VG_DX, r), task->params->slope);
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
