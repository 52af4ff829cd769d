/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizer steps in plain C, in place. */
#include "optimizer/optimizer.h"
#include "simd/vec.h"

static void sgd_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    float *p = vg_pass_array(task, VG_PARAM, r.first), lr = task->params->lr;
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    for (int64_t i = 0; i < r.count; i++)
        p[i] -= lr * g[i];
}

static void momentum_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    float *p = vg_pass_array(task, VG_PARAM, r.first), *m = vg_pass_array(task, VG_M1, r.first);
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    float lr = task->params->lr, momentum = task->params->momentum;
    for (int64_t i = 0; i < r.count; i++) {
        m[i] = momentum * m[i] + g[i];
        p[i] -= lr * m[i];
    }
}

static void adam_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    float *p = vg_pass_array(task, VG_PARAM, r.first), *m = vg_pass_array(task, VG_M1, r.first);
    float *v = vg_pass_array(task, VG_M2, r.first);
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    float beta1 = task->params->beta1, beta2 = task->params->beta2, eps = task->params->eps;
    const vg_adam a = *(const vg_adam *)task->workspace;
    for (int64_t i = 0; i < r.count; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        p[i] = a.decay * p[i] - a.step * (m[i] / (a.scale * sqrtf(v[i]) + eps));
    }
}

static int sgd_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = vg_pass_phase(shape, sgd_unit, 0.5);
    return 1;
}

static int momentum_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = vg_pass_phase(shape, momentum_unit, 0.8);
    return 1;
}

static int adam_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_adam_phases(shape, adam_unit, 3, phase);
}

const vg_kernel_impl VG_FN(vg_sgd_step) = {.impl = "plain C", .phases = sgd_phases};
const vg_kernel_impl VG_FN(vg_momentum_step) = {.impl = "plain C", .phases = momentum_phases};
const vg_kernel_impl VG_FN(vg_adam_step) = {
    .impl = "plain C", .phases = adam_phases, .workspace = vg_adam_workspace};
const vg_kernel_impl VG_FN(vg_adamw_step) = {
    .impl = "plain C", .phases = adam_phases, .workspace = vg_adam_workspace};
