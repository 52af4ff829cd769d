/* SPDX-License-Identifier: Apache-2.0 */
/* Activations in plain C with libm: rows scalar and auto_<isa>. */
#include "activation/act_plain.h"
#include "activation/activation.h"

VG_INLINE void forward(vg_op act, const vg_task *task, int64_t unit)
{
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), false);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *x = vg_row(task, VG_X, r);
        float *y = vg_row(task, VG_Y, r), slope = task->params->slope;
        for (int64_t i = 0; i < b.cols; i++)
            y[i] = vg_act_forward_one(act, x[i], slope);
    }
}

VG_INLINE void backward(vg_op act, vg_slot slot, const vg_task *task, int64_t unit)
{
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), false);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *saved = vg_row(task, slot, r), *dy = vg_row(task, VG_DY, r);
        float *dx = vg_row(task, VG_DX, r), slope = task->params->slope;
        for (int64_t i = 0; i < b.cols; i++)
            dx[i] = vg_act_backward_one(act, saved[i], dy[i], slope);
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
