/* SPDX-License-Identifier: Apache-2.0 */
/* Gradient clipping by the global norm, and statistics of a tensor, in plain C. */
#include <float.h>

#include "optimizer/optimizer.h"
#include "simd/vec.h"

static void squares_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < r.count; i++)
        sum += (double)g[i] * g[i];
    ((double *)task->workspace)[1 + unit] = sum;
}

static void scale_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    float *g = vg_pass_array(task, VG_GRAD, r.first);
    float factor = (float)*(const double *)task->workspace;
    for (int64_t i = 0; factor != 1 && i < r.count; i++)
        g[i] *= factor;
}

static void stats_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    const float *x = vg_pass_array(task, VG_X, r.first);
    double sum = 0, squares = 0;
    float most = 0;
    int zeros = 0, tiny = 0;
#pragma omp simd reduction(+ : sum, squares, zeros, tiny) reduction(max : most)
    for (int64_t i = 0; i < r.count; i++) {
        float a = fabsf(x[i]);
        sum += x[i];
        squares += (double)x[i] * x[i];
        most = a > most ? a : most;
        zeros += a == 0;
        tiny += a < FLT_MIN;
    }
    ((vg_stats_sums *)task->workspace)[unit] =
        (vg_stats_sums){sum, squares, most, zeros, tiny - zeros};
}

static int clip_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_clip_phases(shape, squares_unit, scale_unit, 0.8, phase);
}

static int stats_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_stats_phases(shape, stats_unit, 2, phase);
}

const vg_kernel_impl VG_FN(vg_clip_step) = {
    .impl = "plain C", .phases = clip_phases, .workspace = vg_clip_workspace};
const vg_kernel_impl VG_FN(vg_stats_step) = {
    .impl = "plain C", .phases = stats_phases, .workspace = vg_stats_workspace};
