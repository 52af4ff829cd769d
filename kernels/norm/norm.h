/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of every norm share: how the work is cut, and where partial sums live.
 *
 * Row norms (layer, group, rms) normalise segments of rows: width / groups numbers at a time. Their
 * gamma and beta gradients sum over the batch: partials per VG_ROW_BLOCK rows in the workspace,
 * then one sum over blocks in order, cut by columns. Up to one block, the partials are the outputs.
 *
 * Statistics of a row, vector rows: one pass of sums shifted by k, the mean of the first
 * VG_SHIFT_COUNT numbers:
 *     s = sum (x - k), q = sum (x - k)^2;  mean = k + s / n, var = (q - s^2 / n) / n
 * Relative error of var: at most (1 + D^2) (n / l + 8) u, u = 2^-24, l the number of partial sums
 * (lanes times two) and D = |k - mean| / standard deviation. k is in the span of the row, and
 * D^2 <= n / VG_SHIFT_COUNT whatever the data; D is about 1/4 for random data, so a mean of 1e6
 * standard deviations costs nothing. Short segments (row_norm_short.h) and plain rows: the corrected
 * two-pass method (Chan, Golub & LeVeque 1983), which is this with k = sum x / n, D = 0 but for
 * rounding. */
#ifndef VG_NORM_H
#define VG_NORM_H

#include <math.h>

#include "base/partition.h"
#include "base/rows.h"

enum {
    VG_NORM_COLUMNS = 256, /* per unit of a sum over blocks */
    VG_SHIFT_COUNT = 16    /* numbers whose mean shifts the sums of a row */
};

/* Numbers that are normalised together, for row norms. */
static inline int64_t vg_segment_length(const vg_shape *shape)
{
    return shape->n[2] > 1 ? shape->n[1] / shape->n[2] : shape->n[1];
}

static inline int64_t vg_norm_blocks(const vg_shape *shape)
{
    return vg_ceil_div(shape->n[0], VG_ROW_BLOCK);
}

/* Floats from one partial vector to the next: whole cache lines. */
static inline int64_t vg_norm_stride(const vg_shape *shape)
{
    return vg_ceil_div(shape->n[1], 16) * 16;
}

/* Two partial vectors per block. */
static inline size_t vg_norm_partial_bytes(const vg_shape *shape)
{
    return (size_t)(vg_norm_blocks(shape) * 2 * vg_norm_stride(shape)) * sizeof(float);
}

static inline float *vg_norm_partial(const vg_task *task, int64_t block, int which)
{
    return (float *)task->workspace + (2 * block + which) * vg_norm_stride(&task->shape);
}

/* Where unit @p block of a row norm's backward pass sums its gamma (0) or beta (1) gradient. */
static inline float *vg_row_norm_partial(const vg_task *task, int64_t block, int which)
{
    if (vg_norm_blocks(&task->shape) > 1)
        return vg_norm_partial(task, block, which);
    return vg_vector(task, which ? VG_DBETA : VG_DGAMMA);
}

static inline size_t vg_row_norm_workspace(const vg_shape *shape)
{
    return vg_norm_blocks(shape) > 1 ? vg_norm_partial_bytes(shape) : 0;
}

/* Rows of a forward unit: as element-wise phases, but at least the four that go together. */
static inline int64_t vg_row_norm_rows(int64_t width)
{
    int64_t rows = vg_elementwise_rows(width);
    return rows < 4 ? 4 : rows;
}

/* @p ns: nanoseconds per element on one thread */
static inline int vg_row_norm_forward_phases(const vg_shape *shape, vg_unit_fn *run, double ns,
                                             vg_phase *phase)
{
    int64_t rows = vg_row_norm_rows(shape->n[1]);
    phase[0] = (vg_phase){.run = run,
                          .units = vg_ceil_div(shape->n[0], rows),
                          .row_block = rows,
                          .cost_ns = ns * (double)shape->n[0] * (double)shape->n[1]};
    return 1;
}

static inline int vg_row_norm_backward_phases(const vg_shape *shape, vg_unit_fn *run,
                                              vg_unit_fn *sum, double ns, vg_phase *phase)
{
    double elements = (double)shape->n[0] * (double)shape->n[1];
    int64_t blocks = vg_norm_blocks(shape);
    phase[0] = (vg_phase){
        .run = run, .units = blocks, .row_block = VG_ROW_BLOCK, .cost_ns = ns * elements};
    if (blocks == 1)
        return 1;
    phase[1] = (vg_phase){.run = sum,
                          .units = vg_ceil_div(shape->n[1], VG_NORM_COLUMNS),
                          .cost_ns = ns * (double)(2 * blocks * shape->n[1])};
    return 2;
}

/* The norm of a task, alone or as a part of a fused op. */
static inline vg_op vg_norm_kind(const vg_task *task)
{
    return task->shape.norm ? (vg_op)task->shape.norm : task->kernel->op;
}

/* A saved statistic of a row norm: [batch], or [batch][groups] with rows apart by ld. */
static inline float *vg_statistic(const vg_task *task, vg_slot slot, int64_t row, int64_t group)
{
    bool grouped = vg_norm_kind(task) == VG_OP_group_norm;
    return vg_vector(task, slot) + (grouped ? row * task->t[slot].ld + group : row);
}

static inline vg_status vg_batch_norm_supports(const vg_shape *shape)
{
    if (shape->n[0] < 2)
        return vg_fail(VG_EINVAL, "batch norm with batch=%lld: training needs at least 2 rows",
                       (long long)shape->n[0]);
    return VG_OK;
}

/* Running statistics as PyTorch's: r = (1 - momentum) r + momentum s, with the unbiased variance.
 * @p sum2 is the sum of squared deviations. */
static inline void vg_running_update(const vg_params *params, float mean, float sum2, float n,
                                     float *run_mean, float *run_var)
{
    float momentum = params->momentum;
    *run_mean = (1 - momentum) * *run_mean + momentum * mean;
    *run_var = (1 - momentum) * *run_var + momentum * (sum2 / (n - 1));
}

#endif
