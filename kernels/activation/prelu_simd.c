/* SPDX-License-Identifier: Apache-2.0 */
/* PReLU over the vector layer, with one slope or one per column. */
#include "activation/act_vec.h"
#include "activation/activation.h"

/* Slopes from @p slope + column, or the one at @p slope. */
VG_INLINE vf slopes(bool shared, const float *slope, int64_t column, int n)
{
    if (shared)
        return vf_set1(*slope);
    return n == VG_LANES ? vf_load(slope + column) : vf_load_n(slope + column, n);
}

VG_INLINE void forward_row(bool shared, int64_t n, const float *x, const float *slope, float *y)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(y + i, vg_act_forward(VG_OP_prelu, vf_load(x + i),
                                       slopes(shared, slope, i, VG_LANES)));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(y + i, tail, vg_act_forward(VG_OP_prelu, vf_load_n(x + i, tail),
                                               slopes(shared, slope, i, tail)));
}

static void forward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    bool shared = task->shape.n[2] == 1;
    bool flat = shared && vg_is_contiguous(task, VG_X) && vg_is_contiguous(task, VG_Y);
    const float *slope = task->t[VG_SLOPE].p;
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(task->shape.n[1]), flat);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        if (shared)
            forward_row(true, b.cols, vg_row(task, VG_X, r), slope, vg_row(task, VG_Y, r));
        else
            forward_row(false, b.cols, vg_row(task, VG_X, r), slope, vg_row(task, VG_Y, r));
    }
}

/* Lanes of a double sum of VG_LANES columns. */
typedef struct wide {
    vd low, high;
} wide;

/* dslope's terms: x dy where x is not positive. */
VG_INLINE wide add_slope_terms(wide sum, vf x, vf dy)
{
    vm positive = vf_gt(x, vf_zero());
    x = vf_select(positive, vf_zero(), x);
    dy = vf_select(positive, vf_zero(), dy);
    return (wide){vd_fma(vd_lo(x), vd_lo(dy), sum.low), vd_fma(vd_hi(x), vd_hi(dy), sum.high)};
}

/* dx of the first n lanes at x, dy; n is VG_LANES but in a tail. Returns the sum grown. */
VG_INLINE wide backward_lanes(wide sum, int n, const float *x, const float *dy, vf slope, float *dx)
{
    bool full = n == VG_LANES;
    vf xv = full ? vf_load(x) : vf_load_n(x, n), dyv = full ? vf_load(dy) : vf_load_n(dy, n);
    vf out = vg_act_backward(VG_OP_prelu, xv, dyv, slope);
    sum = add_slope_terms(sum, xv, dyv);
    if (full)
        vf_store(dx, out);
    else
        vf_store_n(dx, n, out);
    return sum;
}

static double backward_row_shared(int64_t n, const float *x, const float *dy, float slope,
                                  float *dx)
{
    wide sum = {vd_zero(), vd_zero()};
    const vf s = vf_set1(slope);
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        sum = backward_lanes(sum, VG_LANES, x + i, dy + i, s, dx + i);
    if (i < n)
        sum = backward_lanes(sum, (int)(n - i), x + i, dy + i, s, dx + i);
    return vd_reduce_add(vd_add(sum.low, sum.high));
}

/* Rows of @p b, the n <= VG_LANES columns from @p column. */
VG_INLINE void backward_columns(const vg_task *task, vg_block b, int64_t column, int n,
                                double *sums)
{
    const vf slope = slopes(false, task->t[VG_SLOPE].p, column, n);
    wide sum = {vd_zero(), vd_zero()};
    for (int64_t r = b.first; r < b.first + b.rows; r++)
        sum = backward_lanes(sum, n, vg_row(task, VG_X, r) + column,
                             vg_row(task, VG_DY, r) + column, slope,
                             vg_row(task, VG_DX, r) + column);
    vd_store(sums + column, sum.low);
    vd_store(sums + column + VG_LANES / 2, sum.high);
}

static void backward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t width = task->shape.n[1], column = 0;
    double *sums = (double *)task->workspace + unit * vg_prelu_stride(&task->shape);
    vg_block b = vg_activation_block(task, unit, VG_ROW_BLOCK, false);
    if (task->shape.n[2] == 1) {
        float slope = *(const float *)task->t[VG_SLOPE].p;
        *sums = 0;
        for (int64_t r = b.first; r < b.first + b.rows; r++)
            *sums += backward_row_shared(width, vg_row(task, VG_X, r), vg_row(task, VG_DY, r),
                                         slope, vg_row(task, VG_DX, r));
        return;
    }
    for (; column + VG_LANES <= width; column += VG_LANES)
        backward_columns(task, b, column, VG_LANES, sums);
    if (column < width)
        backward_columns(task, b, column, (int)(width - column), sums);
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

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, 0.06, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_prelu_backward_phases(shape, backward_unit, combine_unit, 0.15, phase);
}

const vg_kernel_impl VG_FN(vg_prelu_fwd) = {.impl = "vec layer", .phases = forward_phases};
const vg_kernel_impl VG_FN(vg_prelu_bwd) = {.impl = "vec layer, partials of 64 rows",
                                            .phases = backward_phases,
                                            .workspace = vg_prelu_workspace};
