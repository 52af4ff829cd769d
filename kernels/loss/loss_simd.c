/* SPDX-License-Identifier: Apache-2.0 */
/* Losses over the vector layer. */
#include <math.h>

#include "loss/loss.h"
#include "simd/vec_math.h"

/* Lanes at p, the others @p fill. */
VG_INLINE vf load_filled(const float *p, int n, float fill)
{
    return n == VG_LANES ? vf_load(p) : vf_select(vm_first(n), vf_load_n(p, n), vf_set1(fill));
}

VG_INLINE void store_lanes(float *p, int n, vf v)
{
    if (n == VG_LANES)
        vf_store(p, v);
    else
        vf_store_n(p, n, v);
}

VG_INLINE float row_max(int64_t n, const float *x)
{
    vf most = vf_set1(-INFINITY);
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        most = vf_max(vf_load(x + i), most);
    if (i < n)
        most = vf_max(load_filled(x + i, (int)(n - i), -INFINITY), most);
    return vf_reduce_max(most);
}

/* Sum of e^(x - most); with a gradient wanted the terms go to dx. A NaN in x makes it NaN. */
VG_INLINE float sum_exp(vg_dir dir, int64_t n, const float *x, float most, float *dx)
{
    const vf m = vf_set1(most);
    vf sum = vf_zero();
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES) {
        vf e = vf_exp(vf_sub(vf_load(x + i), m));
        if (dir != VG_DIR_fwd)
            vf_store(dx + i, e);
        sum = vf_add(sum, e);
    }
    int tail = (int)(n - i);
    if (tail) {
        vf e = vf_exp(vf_sub(vf_load_n(x + i, tail), m));
        if (dir != VG_DIR_fwd)
            vf_store_n(dx + i, tail, e);
        sum = vf_add(sum, vf_select(vm_first(tail), e, vf_zero()));
    }
    return vf_reduce_add(sum);
}

/* Loss of one row, log sum e^x - x[label], stable by subtracting the maximum; dx = softmax(x) -
 * onehot(label), times gradient. dx may be x. */
VG_INLINE double softmax_row(vg_dir dir, int64_t n, const float *x, int32_t label, float gradient,
                             float *dx)
{
    float most = row_max(n, x), at_label = x[label];
    float sum = sum_exp(dir, n, x, most, dx);
    if (dir != VG_DIR_fwd) {
        float e = dx[label], share = 1 / sum;
        const vf s = vf_set1(share), g = vf_set1(gradient);
        for (int64_t i = 0; i < n; i += VG_LANES) {
            int lanes = (int)vg_min64(VG_LANES, n - i);
            store_lanes(dx + i, lanes, vf_mul(vf_mul(load_filled(dx + i, lanes, 0), s), g));
        }
        dx[label] = (e * share - 1) * gradient;
    }
    return dir == VG_DIR_bwd ? 0 : log(sum) - ((double)at_label - most);
}

/* Sum of squared differences of one row; dx = (x - target), times gradient. dx may be x. */
VG_INLINE double mse_row(vg_dir dir, int64_t n, const float *x, const float *target, float gradient,
                         float *dx)
{
    const vf g = vf_set1(gradient);
    vd low = vd_zero(), high = vd_zero();
    for (int64_t i = 0; i < n; i += VG_LANES) {
        int lanes = (int)vg_min64(VG_LANES, n - i);
        vf d = vf_sub(load_filled(x + i, lanes, 0), load_filled(target + i, lanes, 0));
        if (dir != VG_DIR_fwd)
            store_lanes(dx + i, lanes, vf_mul(d, g));
        if (dir != VG_DIR_bwd) {
            low = vd_fma(vd_lo(d), vd_lo(d), low);
            high = vd_fma(vd_hi(d), vd_hi(d), high);
        }
    }
    return vd_reduce_add(vd_add(low, high));
}

/* Rows of few classes fill a part of their vectors, and sums over lanes take as long for all. */
static bool softmax_too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { NARROW = 5, FEW = 6 };
    (void)kernel;
    return shape->n[1] <= NARROW || shape->n[0] * shape->n[1] <= FEW;
}

static bool mse_too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { FEW = 10 };
    (void)kernel;
    return shape->n[0] * shape->n[1] <= FEW;
}

#define IMPL "vec layer"
#define SOFTMAX_TOO_SMALL softmax_too_small
#define MSE_TOO_SMALL mse_too_small
static const double SOFTMAX_NS = 0.5, MSE_NS = 0.1;
#include "loss/loss_rows.h"
