/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizer steps over the vector layer, in place, one pass. In cache adam is bound by the square
 * root (VSQRTPS holds the divider 12.6 cycles per 16 parameters on Golden Cove); a division beside it
 * would double that, so the quotient is a product with a reciprocal by Newton's step. */
#include "optimizer/optimizer.h"
#include "simd/vec.h"

/* Vectors of a unit, in whole or the last one in part: both cases inline to their own code. */
VG_INLINE vf load(const float *p, int n)
{
    return n == VG_LANES ? vf_load(p) : vf_load_n(p, n);
}

VG_INLINE void store(float *p, int n, vf v)
{
    if (n == VG_LANES)
        vf_store(p, v);
    else
        vf_store_n(p, n, v);
}

VG_INLINE void sgd(float *p, const float *g, int n, vf lr)
{
    store(p, n, vf_fnma(lr, load(g, n), load(p, n)));
}

static void sgd_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    float *p = vg_pass_array(task, VG_PARAM, r.first);
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    const vf lr = vf_set1(task->params->lr);
    int64_t i = 0;
    for (; i + VG_LANES <= r.count; i += VG_LANES)
        sgd(p + i, g + i, VG_LANES, lr);
    if (i < r.count)
        sgd(p + i, g + i, (int)(r.count - i), lr);
}

VG_INLINE void momentum(float *p, float *m, const float *g, int n, vf lr, vf factor)
{
    vf mv = vf_fma(factor, load(m, n), load(g, n));
    store(m, n, mv);
    store(p, n, vf_fnma(lr, mv, load(p, n)));
}

static void momentum_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    float *p = vg_pass_array(task, VG_PARAM, r.first), *m = vg_pass_array(task, VG_M1, r.first);
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    const vf lr = vf_set1(task->params->lr), factor = vf_set1(task->params->momentum);
    int64_t i = 0;
    for (; i + VG_LANES <= r.count; i += VG_LANES)
        momentum(p + i, m + i, g + i, VG_LANES, lr, factor);
    if (i < r.count)
        momentum(p + i, m + i, g + i, (int)(r.count - i), lr, factor);
}

typedef struct adam_vectors {
    vf beta1, beta2, rest1, rest2, eps, decay, step, scale; /* rest = 1 - beta */
} adam_vectors;

VG_INLINE void adam(float *p, float *m, float *v, const float *g, int n, const adam_vectors *a)
{
    vf gv = load(g, n);
    vf mv = vf_fma(a->beta1, load(m, n), vf_mul(a->rest1, gv));
    vf vv = vf_fma(a->beta2, load(v, n), vf_mul(vf_mul(a->rest2, gv), gv));
    store(m, n, mv);
    store(v, n, vv);
    vf quotient = vf_mul(mv, vf_recip(vf_fma(a->scale, vf_sqrt(vv), a->eps)));
    store(p, n, vf_fnma(a->step, quotient, vf_mul(a->decay, load(p, n))));
}

static void adam_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    float *p = vg_pass_array(task, VG_PARAM, r.first), *m = vg_pass_array(task, VG_M1, r.first);
    float *v = vg_pass_array(task, VG_M2, r.first);
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    const vg_params *params = task->params;
    const vg_adam *c = task->workspace;
    const adam_vectors a = {vf_set1(params->beta1), vf_set1(params->beta2),
                            vf_set1(1 - params->beta1), vf_set1(1 - params->beta2),
                            vf_set1(params->eps), vf_set1(c->decay), vf_set1(c->step),
                            vf_set1(c->scale)};
    int64_t i = 0;
    for (; i + VG_LANES <= r.count; i += VG_LANES)
        adam(p + i, m + i, v + i, g + i, VG_LANES, &a);
    if (i < r.count)
        adam(p + i, m + i, v + i, g + i, (int)(r.count - i), &a);
}

/* What a masked store has left, a load must wait for until it is in the cache: the moments of up to 16
 * parameters, which the next step loads, cost adam 40 ns with AVX-512. */
static bool adam_too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { FEW = VG_LANES == 16 ? 16 : 2 };
    (void)kernel;
    return shape->n[0] <= FEW;
}

static bool sgd_too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { FEW = 8 };
    (void)kernel;
    return shape->n[0] <= FEW;
}

static int sgd_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = vg_pass_phase(shape, sgd_unit, 0.1);
    return 1;
}

static int momentum_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = vg_pass_phase(shape, momentum_unit, 0.15);
    return 1;
}

static int adam_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_adam_phases(shape, adam_unit, 0.35, phase);
}

const vg_kernel_impl VG_FN(vg_sgd_step) = {
    .impl = "vec layer", .phases = sgd_phases, .too_small = sgd_too_small};
const vg_kernel_impl VG_FN(vg_momentum_step) = {
    .impl = "vec layer", .phases = momentum_phases, .too_small = sgd_too_small};
const vg_kernel_impl VG_FN(vg_adam_step) = {.impl = "vec layer",
                                            .phases = adam_phases,
                                            .workspace = vg_adam_workspace,
                                            .too_small = adam_too_small};
const vg_kernel_impl VG_FN(vg_adamw_step) = {.impl = "vec layer",
                                             .phases = adam_phases,
                                             .workspace = vg_adam_workspace,
                                             .too_small = adam_too_small};
