/* SPDX-License-Identifier: Apache-2.0 */
/* What the plain and the SIMD rows of the activations share: how work is cut, and its cost. */
#ifndef VG_ACTIVATION_H
#define VG_ACTIVATION_H

#include "base/partition.h"
#include "vgbench/kernel.h"

/* Activations with one input and no parameter gradient, and what each costs: APPLY(name, cost). */
#define VG_ACTIVATIONS(APPLY)                                                                      \
    APPLY(relu, select)                                                                            \
    APPLY(linear, select)                                                                          \
    APPLY(leaky_relu, select)                                                                      \
    APPLY(sigmoid, exp)                                                                            \
    APPLY(tanh, exp)                                                                               \
    APPLY(gelu, exp)                                                                               \
    APPLY(gelu_tanh, exp)                                                                          \
    APPLY(elu, exp)                                                                                \
    APPLY(selu, exp)                                                                               \
    APPLY(silu, exp)

/* Whether outputs are stored past the caches: from 16 MiB a matrix on that gains 1.25 to 1.5. */
static inline bool vg_activation_streams(const vg_task *task)
{
    enum { BYTES = 16 << 20 };
    int64_t from = task->params->stream_bytes > 0 ? task->params->stream_bytes : BYTES;
    return task->shape.n[0] * task->shape.n[1] * (int64_t)sizeof(float) >= from;
}

/* Rows [first, last) of a unit. Contiguous tensors are one row of (last - first) * width. */
typedef struct vg_block {
    int64_t first, rows, cols;
} vg_block;

static inline vg_block vg_activation_block(const vg_task *task, int64_t unit, int64_t unit_rows,
                                           bool contiguous)
{
    int64_t width = task->shape.n[1], first = unit * unit_rows;
    int64_t rows = vg_min64(unit_rows, task->shape.n[0] - first);
    return contiguous ? (vg_block){first, 1, rows * width} : (vg_block){first, rows, width};
}

static inline bool vg_is_contiguous(const vg_task *task, vg_slot slot)
{
    return task->t[slot].ld == task->shape.n[1];
}

static inline float *vg_row(const vg_task *task, vg_slot slot, int64_t row)
{
    return (float *)task->t[slot].p + row * task->t[slot].ld;
}

/* One element-wise phase of about @p ns_per_element on one thread. */
static inline int vg_activation_phase(const vg_shape *shape, vg_unit_fn *run, double ns_per_element,
                                      vg_phase *phase)
{
    int64_t rows = vg_elementwise_rows(shape->n[1]);
    *phase = (vg_phase){.run = run,
                        .units = vg_ceil_div(shape->n[0], rows),
                        .row_block = rows,
                        .cost_ns = ns_per_element * (double)shape->n[0] * (double)shape->n[1]};
    return 1;
}

/* PReLU's slope gradient is a reduction: partial sums of each block of 64 rows into the workspace,
 * then an ordered sum over the blocks in units of columns. In double: a product of two floats can
 * be outside the range of float where the sum is not. */
enum { VG_PRELU_COLUMNS = 256 };

/* Doubles from one block's partial sums to the next: whole vectors. */
static inline int64_t vg_prelu_stride(const vg_shape *shape)
{
    return vg_ceil_div(shape->n[2], 16) * 16;
}

static inline size_t vg_prelu_workspace(const vg_shape *shape)
{
    return (size_t)(vg_ceil_div(shape->n[0], VG_ROW_BLOCK) * vg_prelu_stride(shape)) *
           sizeof(double);
}

static inline int vg_prelu_backward_phases(const vg_shape *shape, vg_unit_fn *partial,
                                           vg_unit_fn *combine, double ns_per_element,
                                           vg_phase *phase)
{
    int64_t blocks = vg_ceil_div(shape->n[0], VG_ROW_BLOCK);
    phase[0] = (vg_phase){.run = partial,
                          .units = blocks,
                          .row_block = VG_ROW_BLOCK,
                          .cost_ns = ns_per_element * (double)shape->n[0] * (double)shape->n[1]};
    phase[1] = (vg_phase){.run = combine,
                          .units = vg_ceil_div(shape->n[2], VG_PRELU_COLUMNS),
                          .cost_ns = ns_per_element * (double)blocks * (double)shape->n[2]};
    return 2;
}

#endif
