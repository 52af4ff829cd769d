/* SPDX-License-Identifier: Apache-2.0 */
#include "base/partition.h"
#include "simd/vec.h"
#include "vgbench/kernel.h"

static void unit(const vg_task *task, int64_t unit_index, void *scratch)
{
    int64_t width = task->shape.n[1], rows = vg_elementwise_rows(width);
    int64_t first = unit_index * rows, last = vg_min64(first + rows, task->shape.n[0]);
    for (int64_t r = first; r < last; r++) {
        const float *x = (const float *)task->t[VG_X].p + r * task->t[VG_X].ld;
        float *y = (float *)task->t[VG_Y].p + r * task->t[VG_Y].ld;
        for (int64_t i = 0; i < width; i++)
            y[i] = x[i] > 0 ? x[i] : x[i] * 0;
    }
}

static int phases(const vg_shape *shape, vg_phase *phase)
{
    int64_t rows = vg_elementwise_rows(shape->n[1]);
    phase[0] = (vg_phase){.run = unit,
                          .units = vg_ceil_div(shape->n[0], rows),
                          .row_block = rows,
                          .cost_ns = 0.1 * (double)shape->n[0] * (double)shape->n[1]};
    return 1;
}

const vg_kernel_impl VG_FN(vg_relu_fwd) = {.impl = "plain C", .phases = phases};
