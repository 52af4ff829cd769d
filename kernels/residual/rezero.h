/* SPDX-License-Identifier: Apache-2.0 */
/* ReZero (Bachlechner et al. 2021): y = x + alpha h with learnt alpha. What its rows share: the
 * partial sums of dalpha = sum dy h, one double per element-wise unit, and their ordered sum. A
 * span (a row, or the rows of a unit where they lie one behind the other) is summed in f32 over
 * lanes, spans and units in double: |error| <= (span / (4 lanes) + 8) u S with vectors, (width + 2) u S plain. */
#ifndef VG_RESIDUAL_REZERO_H
#define VG_RESIDUAL_REZERO_H

#include "residual/residual.h"

static inline int64_t vg_rezero_units(const vg_shape *shape)
{
    return vg_ceil_div(shape->n[0], vg_elementwise_rows(shape->n[1]));
}

static inline size_t vg_rezero_workspace(const vg_shape *shape)
{
    return (size_t)vg_rezero_units(shape) * sizeof(double);
}

static inline void vg_rezero_sum_units(const vg_task *task, int64_t unit, void *scratch)
{
    const double *partial = task->workspace;
    double sum = 0;
    for (int64_t u = 0; u < vg_rezero_units(&task->shape); u++)
        sum += partial[u];
    *vg_vector(task, VG_DALPHA) = (float)sum;
}

static inline int vg_rezero_backward_phases(const vg_shape *shape, vg_unit_fn *run, double ns,
                                            vg_phase *phase)
{
    vg_residual_phases(shape, run, ns, phase);
    phase[1] = (vg_phase){
        .run = vg_rezero_sum_units, .units = 1, .cost_ns = (double)vg_rezero_units(shape)};
    return 2;
}

#endif
