/* SPDX-License-Identifier: Apache-2.0 */
/* What the residual forms share: element-wise units over [batch][width]. */
#ifndef VG_RESIDUAL_H
#define VG_RESIDUAL_H

#include "base/partition.h"
#include "base/rows.h"

/* The rows of one unit as one or more spans: where every tensor is contiguous, all its rows are a
 * single span, so that narrow widths have one tail and not one per row. */
typedef struct vg_spans {
    int64_t row, last; /* first row, and one past the last */
    int64_t length;    /* of a span */
    int64_t step;      /* rows a span covers */
} vg_spans;

static inline vg_spans vg_unit_spans(const vg_task *task, int64_t unit, const vg_slot *slots,
                                     int count)
{
    int64_t width = task->shape.n[1], rows = vg_elementwise_rows(width);
    vg_spans s = {.row = unit * rows, .length = width, .step = 1};
    s.last = vg_min64(s.row + rows, task->shape.n[0]);
    for (int i = 0; i < count; i++)
        if (task->t[slots[i]].ld != width)
            return s;
    s.step = s.last - s.row;
    s.length = s.step * width;
    return s;
}

/* vg_kernel_impl.too_small of vector rows: a masked load and store take 2 ns more than a scalar one. */
static inline bool vg_residual_too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { FEW = 10 };
    (void)kernel;
    return shape->n[0] * shape->n[1] <= FEW;
}

/* @p ns: nanoseconds per element */
static inline int vg_residual_phases(const vg_shape *shape, vg_unit_fn *run, double ns,
                                     vg_phase *phase)
{
    int64_t rows = vg_elementwise_rows(shape->n[1]);
    phase[0] = (vg_phase){.run = run,
                          .units = vg_ceil_div(shape->n[0], rows),
                          .row_block = rows,
                          .cost_ns = ns * (double)shape->n[0] * (double)shape->n[1]};
    return 1;
}

#endif
