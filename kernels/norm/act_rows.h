/* SPDX-License-Identifier: Apache-2.0 */
/* Activations fused with norms where their code is long: one loop over rows that are still in the
 * first cache, instead of a copy of the function in every loop of every norm. */
#ifndef VG_NORM_ACT_ROWS_H
#define VG_NORM_ACT_ROWS_H

#include "norm/norm_vec.h"

#define VG_ACT_ROWS static __attribute__((noinline, unused))

VG_INLINE void vg_act_row(vg_op act, float *y, int64_t n, vf slope)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(y + i, vg_act_forward(act, vf_load(y + i), slope));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(y + i, tail, vg_act_forward(act, vf_load_n(y + i, tail), slope));
}

/* y = f(y) on columns [first, last) of some rows. */
VG_ACT_ROWS void vg_act_rows(const vg_task *task, int64_t row, int64_t rows, int64_t first,
                             int64_t last)
{
    vf slope = vf_set1(task->params->slope);
    for (int64_t r = row; r < row + rows; r++) {
        float *y = vg_row(task, VG_Y, r) + first;
        int64_t n = last - first;
        switch (task->shape.act) {
        case VG_OP_sigmoid:
            vg_act_row(VG_OP_sigmoid, y, n, slope);
            break;
        case VG_OP_tanh:
            vg_act_row(VG_OP_tanh, y, n, slope);
            break;
        case VG_OP_gelu:
            vg_act_row(VG_OP_gelu, y, n, slope);
            break;
        case VG_OP_gelu_tanh:
            vg_act_row(VG_OP_gelu_tanh, y, n, slope);
            break;
        case VG_OP_elu:
            vg_act_row(VG_OP_elu, y, n, slope);
            break;
        case VG_OP_selu:
            vg_act_row(VG_OP_selu, y, n, slope);
            break;
        case VG_OP_silu:
            vg_act_row(VG_OP_silu, y, n, slope);
            break;
        default:
            break;
        }
    }
}

/* What z is made of again: one row, or the columns of a batch norm. */
typedef struct vg_z_source {
    const float *x, *y, *dy, *gamma, *beta;
    const float *mean, *rstd; /* one number each, or vectors */
    vf slope;
} vg_z_source;

VG_INLINE vf vg_z_gradient(vg_op act, bool columns, bool centred, const vg_z_source *a, int64_t i,
                           int lanes)
{
    const vg_norm_form form = {.act = act};
    vf dy = vg_part(a->dy + i, lanes);
    if (vg_reads_y(form))
        return vg_norm_gradient(form, vf_zero(), a->y + i, lanes, dy, a->slope);
    vf x = vg_part(a->x + i, lanes), gamma = vg_part(a->gamma + i, lanes);
    vf beta = centred ? vg_part(a->beta + i, lanes) : vf_zero();
    if (columns) {
        vf scale = vf_mul(vg_part(a->rstd + i, lanes), gamma);
        vf z = vf_fma(vf_sub(x, vg_part(a->mean + i, lanes)), scale, beta);
        return vg_norm_gradient(form, z, NULL, lanes, dy, a->slope);
    }
    if (centred)
        x = vf_sub(x, vf_set1(*a->mean));
    vf xhat = vf_mul(x, vf_set1(*a->rstd));
    vf z = centred ? vf_fma(xhat, gamma, beta) : vf_mul(xhat, gamma);
    return vg_norm_gradient(form, z, NULL, lanes, dy, a->slope);
}

VG_INLINE void vg_z_gradients(vg_op act, bool columns, bool centred, const vg_z_source *a,
                              float *dz, int64_t n)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(dz + i, vg_z_gradient(act, columns, centred, a, i, VG_LANES));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(dz + i, tail, vg_z_gradient(act, columns, centred, a, i, tail));
}

/* dz = f'(z) dy, n numbers of one row of a row norm. */
VG_ACT_ROWS void vg_gradient_row(vg_op act, bool centred, const vg_z_source *a, float *dz,
                                 int64_t n)
{
    switch (act) {
    case VG_OP_relu:
        vg_z_gradients(VG_OP_relu, false, centred, a, dz, n);
        return;
    case VG_OP_leaky_relu:
        vg_z_gradients(VG_OP_leaky_relu, false, centred, a, dz, n);
        return;
    case VG_OP_sigmoid:
        vg_z_gradients(VG_OP_sigmoid, false, centred, a, dz, n);
        return;
    case VG_OP_tanh:
        vg_z_gradients(VG_OP_tanh, false, centred, a, dz, n);
        return;
    case VG_OP_gelu:
        vg_z_gradients(VG_OP_gelu, false, centred, a, dz, n);
        return;
    case VG_OP_gelu_tanh:
        vg_z_gradients(VG_OP_gelu_tanh, false, centred, a, dz, n);
        return;
    case VG_OP_elu:
        vg_z_gradients(VG_OP_elu, false, centred, a, dz, n);
        return;
    case VG_OP_selu:
        vg_z_gradients(VG_OP_selu, false, centred, a, dz, n);
        return;
    case VG_OP_silu:
        vg_z_gradients(VG_OP_silu, false, centred, a, dz, n);
        return;
    default:
        vg_z_gradients(VG_OP_linear, false, centred, a, dz, n);
        return;
    }
}

/* dx = f'(z) dy on a rectangle of a batch norm, for the activations whose f' is long. */
VG_ACT_ROWS void vg_gradient_columns(const vg_task *task, int64_t row, int64_t rows, int64_t first,
                                     int64_t last)
{
    vg_z_source a = {.gamma = vg_vector(task, VG_GAMMA) + first,
                     .beta = vg_vector(task, VG_BETA) + first,
                     .mean = vg_vector(task, VG_MEAN) + first,
                     .rstd = vg_vector(task, VG_RSTD) + first,
                     .slope = vf_zero()};
    for (int64_t r = row; r < row + rows; r++) {
        float *dz = vg_row(task, VG_DX, r) + first;
        a.x = vg_row(task, VG_X, r) + first;
        a.dy = vg_row(task, VG_DY, r) + first;
        if (task->shape.act == VG_OP_gelu)
            vg_z_gradients(VG_OP_gelu, true, true, &a, dz, last - first);
        else if (task->shape.act == VG_OP_gelu_tanh)
            vg_z_gradients(VG_OP_gelu_tanh, true, true, &a, dz, last - first);
        else
            vg_z_gradients(VG_OP_silu, true, true, &a, dz, last - first);
    }
}

#endif
