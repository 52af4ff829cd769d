/* SPDX-License-Identifier: Apache-2.0 */
/* PReLU over the vector layer, with one slope or one per column. */
#include <math.h>
#include <string.h>

#include "activation/act_vec.h"
#include "activation/activation.h"

/* Slopes from @p slope + column, or the one at @p slope. */
VG_INLINE vf slopes(bool shared, const float *slope, int64_t column, int n)
{
    if (shared)
        return vf_set1(*slope);
    return n == VG_LANES ? vf_load(slope + column) : vf_load_n(slope + column, n);
}

VG_INLINE vf load(const float *p, int n)
{
    return n == VG_LANES ? vf_load(p) : vf_load_n(p, n);
}

/* @p p is aligned where @p stream. */
VG_INLINE void store(bool stream, float *p, int n, vf v)
{
    if (n < VG_LANES)
        vf_store_n(p, n, v);
    else if (stream)
        vf_stream(p, v);
    else
        vf_store(p, v);
}

/* Whether @p out is written past the caches: large, aligned in every row, not just loaded. */
static bool streams(const vg_task *task, vg_slot in, vg_slot out)
{
    return vg_activation_streams(task) && task->t[in].p != task->t[out].p &&
           task->t[out].ld % VG_LANES == 0 &&
           (uintptr_t)task->t[out].p % (VG_LANES * sizeof(float)) == 0;
}

/* --- forward -------------------------------------------------------------------------------- */

VG_INLINE void forward_row(bool shared, bool stream, int64_t n, const float *x, const float *slope,
                           float *y)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        store(stream, y + i, VG_LANES,
              vg_act_forward(VG_OP_prelu, vf_load(x + i), slopes(shared, slope, i, VG_LANES)));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(y + i, tail, vg_act_forward(VG_OP_prelu, vf_load_n(x + i, tail),
                                               slopes(shared, slope, i, tail)));
}

static void forward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    bool shared = task->shape.n[2] == 1, stream = streams(task, VG_X, VG_Y);
    bool flat = shared && vg_is_contiguous(task, VG_X) && vg_is_contiguous(task, VG_Y);
    const float *slope = task->t[VG_SLOPE].p;
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), flat);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *x = vg_row(task, VG_X, r);
        float *y = vg_row(task, VG_Y, r);
        if (shared)
            forward_row(true, stream, b.cols, x, slope, y);
        else
            forward_row(false, stream, b.cols, x, slope, y);
    }
}

/* --- backward ------------------------------------------------------------------------------- */

/* dslope sums x dy where x is not positive: in float over VG_GROUP vectors, of as many rows or side
 * by side, then in double. Where that is not finite, in double from the start: a product of two
 * floats can be outside their range where the sum is not. */
typedef struct group {
    const float *x, *dy;
    float *dx;
    int64_t x_ld, dy_ld, dx_ld; /* from vector to vector */
} group;

/* Lanes of a double sum of VG_LANES columns. */
typedef struct wide {
    vd low, high;
} wide;

VG_INLINE bool is_finite(vf v)
{
    return vm_count(vf_lt(vf_abs(v), vf_set1(INFINITY))) == VG_LANES;
}

VG_INLINE wide add_exactly(wide sum, vf x, vf dy)
{
    vm positive = vf_gt(x, vf_zero());
    x = vf_select(positive, vf_zero(), x);
    dy = vf_select(positive, vf_zero(), dy);
    return (wide){vd_fma(vd_lo(x), vd_lo(dy), sum.low), vd_fma(vd_hi(x), vd_hi(dy), sum.high)};
}

/* dx of @p vectors vectors of n lanes at column @p i; returns @p sum with their terms. All terms
 * first: dx may be dy. */
VG_INLINE wide backward_group(bool stream, int vectors, int n, const group *a, int64_t i, vf slope,
                              wide sum)
{
    vf part = vf_zero();
    VG_UNROLL(4)
    for (int k = 0; k < vectors; k++) {
        vf x = load(a->x + k * a->x_ld + i, n), dy = load(a->dy + k * a->dy_ld + i, n);
        part = vf_select(vf_gt(x, vf_zero()), part, vf_fma(x, dy, part));
    }
    if (__builtin_expect(is_finite(part), 1)) {
        sum = (wide){vd_add(sum.low, vd_lo(part)), vd_add(sum.high, vd_hi(part))};
    } else {
        for (int k = 0; k < vectors; k++)
            sum = add_exactly(sum, load(a->x + k * a->x_ld + i, n),
                              load(a->dy + k * a->dy_ld + i, n));
    }
    VG_UNROLL(4)
    for (int k = 0; k < vectors; k++) {
        vf x = load(a->x + k * a->x_ld + i, n), dy = load(a->dy + k * a->dy_ld + i, n);
        store(stream, a->dx + k * a->dx_ld + i, n, vg_act_backward(VG_OP_prelu, x, dy, slope));
    }
    return sum;
}

VG_INLINE group bind(const vg_task *task, int64_t r)
{
    return (group){vg_row(task, VG_X, r), vg_row(task, VG_DY, r), vg_row(task, VG_DX, r),
                   task->t[VG_X].ld,      task->t[VG_DY].ld,      task->t[VG_DX].ld};
}

/* One slope, n numbers from row @p r on: the vectors of a group stand side by side. */
VG_INLINE double backward_row_shared(const vg_task *task, bool stream, int64_t r, int64_t n,
                                     float slope)
{
    const vf s = vf_set1(slope);
    wide sum = {vd_zero(), vd_zero()};
    group a = bind(task, r);
    int64_t i = 0;
    a.x_ld = a.dy_ld = a.dx_ld = VG_LANES;
    for (; i + VG_GROUP * VG_LANES <= n; i += VG_GROUP * VG_LANES) {
        if (!stream)
            vg_ask_ahead(a.dx + i);
        sum = backward_group(stream, VG_GROUP, VG_LANES, &a, i, s, sum);
    }
    for (; i < n; i += VG_LANES)
        sum = backward_group(stream, 1, (int)vg_min64(VG_LANES, n - i), &a, i, s, sum);
    return vd_reduce_add(vd_add(sum.low, sum.high));
}

/* A slope a column: @p rows rows, and their terms into @p sums. */
VG_INLINE void backward_columns(const vg_task *task, bool stream, int rows, int64_t r,
                                double *sums)
{
    const group a = bind(task, r);
    for (int64_t i = 0; i < task->shape.n[1]; i += VG_LANES) {
        int n = (int)vg_min64(VG_LANES, task->shape.n[1] - i);
        double *at = sums + i;
        wide sum = {vd_load(at), vd_load(at + VG_LANES / 2)};
        vf slope = slopes(false, task->t[VG_SLOPE].p, i, n);
        if (n == VG_LANES)
            sum = backward_group(stream, rows, VG_LANES, &a, i, slope, sum);
        else
            sum = backward_group(false, rows, n, &a, i, slope, sum);
        vd_store(at, sum.low);
        vd_store(at + VG_LANES / 2, sum.high);
    }
}

VG_INLINE void backward_block(const vg_task *task, bool stream, vg_block b, double *sums)
{
    if (task->shape.n[2] == 1) {
        for (int64_t r = b.first; r < b.first + b.rows; r++)
            *sums += backward_row_shared(task, stream, r, b.cols,
                                         *(const float *)task->t[VG_SLOPE].p);
        return;
    }
    int64_t r = b.first, last = b.first + b.rows;
    for (; r + VG_GROUP <= last; r += VG_GROUP)
        backward_columns(task, stream, VG_GROUP, r, sums);
    for (; r < last; r++)
        backward_columns(task, stream, 1, r, sums);
}

static void backward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t stride = vg_prelu_stride(&task->shape);
    double *sums = (double *)task->workspace + unit * stride;
    bool flat = task->shape.n[2] == 1 && vg_is_contiguous(task, VG_X) &&
                vg_is_contiguous(task, VG_DY) && vg_is_contiguous(task, VG_DX);
    vg_block b = vg_activation_block(task, unit, VG_ROW_BLOCK, flat);
    memset(sums, 0, (size_t)stride * sizeof *sums);
    if (streams(task, VG_DY, VG_DX))
        backward_block(task, true, b, sums);
    else
        backward_block(task, false, b, sums);
}

static void combine_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t slope_count = task->shape.n[2], stride = vg_prelu_stride(&task->shape);
    int64_t blocks = vg_ceil_div(task->shape.n[0], VG_ROW_BLOCK);
    int64_t last = vg_min64((unit + 1) * VG_PRELU_COLUMNS, slope_count);
    for (int64_t c = unit * VG_PRELU_COLUMNS; c < last; c += VG_LANES) {
        const double *sums = (const double *)task->workspace + c;
        vd low = vd_zero(), high = vd_zero();
        for (int64_t block = 0; block < blocks; block++) {
            low = vd_add(low, vd_load(sums + block * stride));
            high = vd_add(high, vd_load(sums + block * stride + VG_LANES / 2));
        }
        vf_store_n((float *)task->t[VG_DSLOPE].p + c, (int)vg_min64(VG_LANES, last - c),
                   vf_from_vd(low, high));
    }
}

/* As other activations; narrow rows with a slope a column fill a part of their vectors. */
static bool too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { FEW = 9, NARROW = 3 };
    (void)kernel;
    bool narrow = shape->n[2] > 1 && shape->n[1] <= NARROW;
    return narrow || shape->n[0] * shape->n[1] <= FEW;
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, vg_pass_ns(1, 1), phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_prelu_backward_phases(shape, backward_unit, combine_unit, 0.15, phase);
}

const vg_kernel_impl VG_FN(vg_prelu_fwd) = {
    .impl = "vec layer", .phases = forward_phases, .too_small = too_small};
const vg_kernel_impl VG_FN(vg_prelu_bwd) = {.impl = "vec layer, 4 rows at a time",
                                            .phases = backward_phases,
                                            .too_small = too_small,
                                            .workspace = vg_prelu_workspace};
