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

/* dslope's terms: x dy where x is not positive. */
VG_INLINE vf slope_term(vf x, vf dy)
{
    return vf_select(vf_gt(x, vf_zero()), vf_zero(), vf_mul(x, dy));
}

/* Shared slope: dx of one row, and its sum of terms in doubles. */
static double backward_row_shared(int64_t n, const float *x, const float *dy, float slope,
                                  float *dx)
{
    vd low = vd_zero(), high = vd_zero();
    const vf s = vf_set1(slope);
    int64_t i = 0;
    for (; i < n; i += VG_LANES) {
        int count = (int)vg_min64(VG_LANES, n - i);
        vf xv = count == VG_LANES ? vf_load(x + i) : vf_load_n(x + i, count);
        vf dyv = count == VG_LANES ? vf_load(dy + i) : vf_load_n(dy + i, count);
        vf out = vg_act_backward(VG_OP_prelu, xv, dyv, s);
        if (count == VG_LANES)
            vf_store(dx + i, out);
        else
            vf_store_n(dx + i, count, out);
        vf term = slope_term(xv, dyv);
        low = vd_add(low, vd_lo(term));
        high = vd_add(high, vd_hi(term));
    }
    return vd_reduce_add(vd_add(low, high));
}

/* A slope per column: dx of up to 64 rows of VG_LANES columns (the last @p n), and their sums. */
VG_INLINE void backward_columns(const vg_task *task, vg_block b, int64_t column, int n, float *sums)
{
    bool full = n == VG_LANES;
    const float *slope = (const float *)task->t[VG_SLOPE].p + column;
    const vf s = full ? vf_load(slope) : vf_load_n(slope, n);
    vf sum = vf_zero();
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *x = vg_row(task, VG_X, r) + column, *dy = vg_row(task, VG_DY, r) + column;
        float *dx = vg_row(task, VG_DX, r) + column;
        vf xv = full ? vf_load(x) : vf_load_n(x, n), dyv = full ? vf_load(dy) : vf_load_n(dy, n);
        sum = vf_add(sum, slope_term(xv, dyv));
        vf out = vg_act_backward(VG_OP_prelu, xv, dyv, s);
        if (full)
            vf_store(dx, out);
        else
            vf_store_n(dx, n, out);
    }
    if (full)
        vf_store(sums + column, sum);
    else
        vf_store_n(sums + column, n, sum);
}

static void backward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t width = task->shape.n[1], slope_count = task->shape.n[2];
    float *sums = (float *)task->workspace + unit * slope_count;
    vg_block b = vg_activation_block(task, unit, VG_ROW_BLOCK, false);
    if (slope_count == 1) {
        double sum = 0;
        float slope = *(const float *)task->t[VG_SLOPE].p;
        for (int64_t r = b.first; r < b.first + b.rows; r++)
            sum += backward_row_shared(width, vg_row(task, VG_X, r), vg_row(task, VG_DY, r), slope,
                                       vg_row(task, VG_DX, r));
        *sums = (float)sum;
        return;
    }
    int64_t column = 0;
    for (; column + VG_LANES <= width; column += VG_LANES)
        backward_columns(task, b, column, VG_LANES, sums);
    if (column < width)
        backward_columns(task, b, column, (int)(width - column), sums);
}

static void combine_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t slope_count = task->shape.n[2];
    int64_t blocks = vg_ceil_div(task->shape.n[0], VG_ROW_BLOCK);
    int64_t last = vg_min64((unit + 1) * VG_PRELU_COLUMNS, slope_count);
    const float *sums = task->workspace;
    for (int64_t c = unit * VG_PRELU_COLUMNS; c < last; c += VG_LANES) {
        int n = (int)vg_min64(VG_LANES, last - c);
        vf sum = vf_zero();
        for (int64_t block = 0; block < blocks; block++)
            sum = vf_add(sum, vf_load_n(sums + block * slope_count + c, n));
        vf_store_n((float *)task->t[VG_DSLOPE].p + c, n, sum);
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
