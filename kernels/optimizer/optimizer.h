/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of the passes over parameters share. All arrays are flat; a unit is 16 KiB. */
#ifndef VG_OPTIMIZER_H
#define VG_OPTIMIZER_H

#include <math.h>

#include "base/partition.h"
#include "vgbench/kernel.h"

enum { VG_PASS_UNIT = 4096 /* floats */ };

/* Elements [first, first + count) of a unit. */
typedef struct vg_pass_range {
    int64_t first, count;
} vg_pass_range;

static inline vg_pass_range vg_pass_block(const vg_task *task, int64_t unit)
{
    int64_t first = unit * VG_PASS_UNIT;
    return (vg_pass_range){first, vg_min64(VG_PASS_UNIT, task->shape.n[0] - first)};
}

static inline int64_t vg_pass_units(const vg_shape *shape)
{
    return vg_ceil_div(shape->n[0], VG_PASS_UNIT);
}

static inline float *vg_pass_array(const vg_task *task, vg_slot slot, int64_t first)
{
    return (float *)task->t[slot].p + first;
}

static inline vg_phase vg_pass_phase(const vg_shape *shape, vg_unit_fn *run, double ns_per_element)
{
    return (vg_phase){.run = run,
                      .units = vg_pass_units(shape),
                      .row_block = VG_PASS_UNIT,
                      .cost_ns = ns_per_element * (double)shape->n[0]};
}

/* --- adam ---------------------------------------------------------------------------------- */

/* What a step of adam needs beside beta1 and beta2 (Kingma and Ba 2015, arXiv:1412.6980; decoupled
 * decay Loshchilov and Hutter 2019, arXiv:1711.05101):
 * p = decay p - step m / (scale sqrt(v) + eps). */
typedef struct vg_adam {
    float decay; /* 1 - lr weight_decay, adam: 1 */
    float step;  /* lr / (1 - beta1^t) */
    float scale; /* 1 / sqrt(1 - beta2^t) */
} vg_adam;

static inline size_t vg_adam_workspace(const vg_shape *shape)
{
    return sizeof(vg_adam);
}

/* Once per step, not per unit: two powers cost as much as a hundred parameters. */
static inline void vg_adam_prepare(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_params *p = task->params;
    double t = (double)p->step;
    bool decays = task->kernel->op == VG_OP_adamw;
    *(vg_adam *)task->workspace = (vg_adam){
        .decay = decays ? (float)(1 - (double)p->lr * p->weight_decay) : 1.0f,
        .step = (float)(p->lr / (1 - pow(p->beta1, t))),
        .scale = (float)(1 / sqrt(1 - pow(p->beta2, t))),
    };
}

static inline int vg_adam_phases(const vg_shape *shape, vg_unit_fn *run, double ns_per_element,
                                 vg_phase *phase)
{
    phase[0] = (vg_phase){.run = vg_adam_prepare, .units = 1, .cost_ns = 100};
    phase[1] = vg_pass_phase(shape, run, ns_per_element);
    return 2;
}

/* --- clip ---------------------------------------------------------------------------------- */

/* Workspace: the factor, then one sum of squares per unit. */
static inline size_t vg_clip_workspace(const vg_shape *shape)
{
    return (size_t)(1 + vg_pass_units(shape)) * sizeof(double);
}

/* Norm over all elements, and the factor min(1, clip_norm / (norm + 1e-6)), as PyTorch's
 * clip_grad_norm_. */
static inline void vg_clip_combine(const vg_task *task, int64_t unit, void *scratch)
{
    double *workspace = task->workspace, sum = 0;
    for (int64_t i = 0; i < vg_pass_units(&task->shape); i++)
        sum += workspace[1 + i];
    double norm = sqrt(sum), factor = task->params->clip_norm / (norm + 1e-6);
    workspace[0] = factor >= 1 ? 1 : factor;
    float *stats = task->t[VG_STATS].p;
    stats[0] = (float)norm;
    stats[1] = (float)workspace[0];
}

static inline int vg_clip_phases(const vg_shape *shape, vg_unit_fn *squares, vg_unit_fn *scale,
                                 double ns_per_element, vg_phase *phase)
{
    phase[0] = vg_pass_phase(shape, squares, ns_per_element);
    phase[1] = (vg_phase){.run = vg_clip_combine, .units = 1, .cost_ns = 50};
    phase[2] = vg_pass_phase(shape, scale, ns_per_element);
    return 3;
}

/* --- stats --------------------------------------------------------------------------------- */

/* What one unit, or all, add up to. */
typedef struct vg_stats_sums {
    double sum, squares, most; /* most: largest magnitude, NaN not counted */
    double zeros, subnormals;
} vg_stats_sums;

static inline size_t vg_stats_workspace(const vg_shape *shape)
{
    return (size_t)vg_pass_units(shape) * sizeof(vg_stats_sums);
}

/* VG_STATS: L2 norm, mean, standard deviation (of the population), largest magnitude, fraction of
 * zeros, fraction of subnormals. A NaN in x makes the first four NaN. */
static inline void vg_stats_combine(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_stats_sums *part = task->workspace;
    vg_stats_sums all = {0};
    for (int64_t i = 0; i < vg_pass_units(&task->shape); i++) {
        all.sum += part[i].sum;
        all.squares += part[i].squares;
        all.most = part[i].most > all.most ? part[i].most : all.most;
        all.zeros += part[i].zeros;
        all.subnormals += part[i].subnormals;
    }
    double n = (double)task->shape.n[0], mean = all.sum / n, variance = all.squares / n - mean * mean;
    float *stats = task->t[VG_STATS].p;
    stats[0] = (float)sqrt(all.squares);
    stats[1] = (float)mean;
    stats[2] = (float)sqrt(variance < 0 ? 0 : variance);
    stats[3] = isnan(all.squares) ? NAN : (float)all.most;
    stats[4] = (float)(all.zeros / n);
    stats[5] = (float)(all.subnormals / n);
}

static inline int vg_stats_phases(const vg_shape *shape, vg_unit_fn *run, double ns_per_element,
                                  vg_phase *phase)
{
    phase[0] = vg_pass_phase(shape, run, ns_per_element);
    phase[1] = (vg_phase){.run = vg_stats_combine, .units = 1, .cost_ns = 50};
    return 2;
}

#endif
