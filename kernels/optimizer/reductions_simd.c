/* SPDX-License-Identifier: Apache-2.0 */
/* Gradient clipping by the global norm, and statistics of a tensor, over the vector layer. Sums are
 * kept in double, in two halves of a vector. */
#include <float.h>

#include "optimizer/optimizer.h"
#include "simd/vec.h"

typedef struct wide {
    vd low, high;
} wide;

VG_INLINE wide add_squares(wide sum, vf x)
{
    vd low = vd_lo(x), high = vd_hi(x);
    return (wide){vd_fma(low, low, sum.low), vd_fma(high, high, sum.high)};
}

static void squares_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    const float *g = vg_pass_array(task, VG_GRAD, r.first);
    wide even = {vd_zero(), vd_zero()}, odd = even;
    int64_t i = 0;
    for (; i + 2 * VG_LANES <= r.count; i += 2 * VG_LANES) {
        even = add_squares(even, vf_load(g + i));
        odd = add_squares(odd, vf_load(g + i + VG_LANES));
    }
    for (; i < r.count; i += VG_LANES)
        even = add_squares(even, vf_load_n(g + i, (int)vg_min64(VG_LANES, r.count - i)));
    ((double *)task->workspace)[1 + unit] =
        vd_reduce_add(vd_add(vd_add(even.low, even.high), vd_add(odd.low, odd.high)));
}

static void scale_unit(const vg_task *task, int64_t unit, void *scratch)
{
    float factor = (float)*(const double *)task->workspace;
    if (factor == 1)
        return;
    vg_pass_range r = vg_pass_block(task, unit);
    float *g = vg_pass_array(task, VG_GRAD, r.first);
    const vf f = vf_set1(factor);
    int64_t i = 0;
    for (; i + VG_LANES <= r.count; i += VG_LANES)
        vf_store(g + i, vf_mul(vf_load(g + i), f));
    int tail = (int)(r.count - i);
    if (tail)
        vf_store_n(g + i, tail, vf_mul(vf_load_n(g + i, tail), f));
}

typedef struct sums {
    wide sum, squares;
    vf most;
    int64_t zeros, tiny;
} sums;

/* The first @p n lanes of x; the others are 0 and count for nothing. */
VG_INLINE void add_stats(sums *s, vf x, int n)
{
    vf a = vf_abs(x);
    s->sum.low = vd_add(s->sum.low, vd_lo(x));
    s->sum.high = vd_add(s->sum.high, vd_hi(x));
    s->squares = add_squares(s->squares, x);
    s->most = vf_max(a, s->most); /* a NaN is passed over */
    s->zeros += vm_count(vf_eq(x, vf_zero())) - (VG_LANES - n);
    s->tiny += vm_count(vf_lt(a, vf_set1(FLT_MIN))) - (VG_LANES - n);
}

static void stats_unit(const vg_task *task, int64_t unit, void *scratch)
{
    vg_pass_range r = vg_pass_block(task, unit);
    const float *x = vg_pass_array(task, VG_X, r.first);
    const wide zero = {vd_zero(), vd_zero()};
    sums s = {zero, zero, vf_zero(), 0, 0};
    int64_t i = 0;
    for (; i + VG_LANES <= r.count; i += VG_LANES)
        add_stats(&s, vf_load(x + i), VG_LANES);
    int tail = (int)(r.count - i);
    if (tail)
        add_stats(&s, vf_load_n(x + i, tail), tail);
    ((vg_stats_sums *)task->workspace)[unit] =
        (vg_stats_sums){vd_reduce_add(vd_add(s.sum.low, s.sum.high)),
                        vd_reduce_add(vd_add(s.squares.low, s.squares.high)),
                        vf_reduce_max(s.most), (double)s.zeros, (double)(s.tiny - s.zeros)};
}

/* Sums over lanes take as long for a few numbers as for all. */
static bool too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { CLIP_FEW = 24, STATS_FEW = 10 };
    return shape->n[0] <= (kernel->op == VG_OP_clip ? CLIP_FEW : STATS_FEW);
}

static int clip_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_clip_phases(shape, squares_unit, scale_unit, 0.1, phase);
}

static int stats_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_stats_phases(shape, stats_unit, 0.25, phase);
}

const vg_kernel_impl VG_FN(vg_clip_step) = {.impl = "vec layer",
                                            .phases = clip_phases,
                                            .workspace = vg_clip_workspace,
                                            .too_small = too_small};
const vg_kernel_impl VG_FN(vg_stats_step) = {.impl = "vec layer",
                                             .phases = stats_phases,
                                             .workspace = vg_stats_workspace,
                                             .too_small = too_small};
