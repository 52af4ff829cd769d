/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm over the vector layer: segments of rows.
 *
 * What bounds them in L2 (128 x 256, AVX-512, one thread, us; oneDNN 3.12): rms fwd 3.1 to 3.2, a bare copy
 * 2.55, oneDNN 3.67, so no kernel gains more than 1.44 there. add_norm fwd with rms norm reads two
 * matrices and writes two: by vec.h's prices of lines 5.5, and it takes 5.7 to 5.8 (oneDNN 7.45). */
#ifndef VG_NORM_ROW_NORM_VEC_H
#define VG_NORM_ROW_NORM_VEC_H

#include <string.h>

#include "norm/act_rows.h"

enum {
    VG_NORM_GROUP = 4, /* rows at a time */
    VG_LONG_ROW = 512  /* numbers from which rows are written one by one */
};

/* vg_kernel_impl.too_small: the sums over lanes of a segment, its square root and division take as
 * long for one number as for a vector of them, and rows that are not four go one by one. */
static inline bool vg_row_norm_too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    int64_t length = vg_segment_length(shape), numbers = shape->n[0] * shape->n[1];
    vg_op norm = vg_op_has_norm(kernel->op) ? (vg_op)shape->norm : kernel->op;
    bool centred = norm != VG_OP_rms_norm, grouped = norm == VG_OP_group_norm;
    bool adds = kernel->op == VG_OP_add_norm;
    if (kernel->op == VG_OP_norm_act) /* whose activation is faster with vectors */
        return shape->act == VG_OP_relu ? length <= 2 || numbers <= 9 : numbers <= 1;
    if (kernel->dir == VG_DIR_fwd)
        return length <= (grouped ? 4 : centred ? 2 : 3) + adds || numbers <= 16;
    return length <= (grouped ? 5 : centred ? 3 : 4) + adds || numbers <= 9;
}

/* --- forward ------------------------------------------------------------------------------- */

/* The same segment of some rows. Several rows at a time hide the latency of the sums over lanes and
 * of the square root, and share the loads of gamma and beta. */
typedef struct vg_forward_rows {
    const float *x[VG_NORM_GROUP];
    float *y[VG_NORM_GROUP];
    float mean[VG_NORM_GROUP], rstd[VG_NORM_GROUP], slope; /* slope: of the activation */
} vg_forward_rows;

/* a->mean = the mean of the first VG_SHIFT_COUNT numbers, or of all if there are fewer */
VG_INLINE void vg_forward_shifts(int rows, vg_forward_rows *a, int64_t n)
{
    int64_t head = vg_min64(n, VG_SHIFT_COUNT);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf s = vf_zero();
        for (int64_t i = 0; i < head; i += VG_LANES)
            s = vf_add(s, vf_load_n(a->x[r] + i, vg_lanes_at(i, head)));
        a->mean[r] = vf_reduce_add(s) / (float)head;
    }
}

/* s += d, q += d^2 with d = x - mean; lanes past the end add nothing */
VG_INLINE void vg_square_step(bool centred, const float *x, int lanes, vf mean, vf *s, vf *q)
{
    vf d = vg_part(x, lanes);
    if (centred) {
        d = vf_sub(d, mean);
        if (lanes < VG_LANES)
            d = vf_select(vm_first(lanes), d, vf_zero());
        *s = vf_add(*s, d);
    }
    *q = vf_fma(d, d, *q);
}

/* mean and rstd; see norm.h. Asking for the lines of y while x is read cost 15 to 25 %, for those of
 * dx in a backward pass 15 %. */
VG_INLINE void vg_forward_moments(bool centred, int rows, vg_forward_rows *a, int64_t n, float eps)
{
    vf s[VG_NORM_GROUP], q[VG_NORM_GROUP], p[VG_NORM_GROUP], mean[VG_NORM_GROUP];
    float count = (float)n;
    int64_t i = 0;
    if (centred)
        vg_forward_shifts(rows, a, n);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        s[r] = q[r] = p[r] = vf_zero();
        mean[r] = vf_set1(centred ? a->mean[r] : 0);
    }
    for (; i + 2 * VG_LANES <= n; i += 2 * VG_LANES) {
        VG_UNROLL(4)
        for (int r = 0; r < rows; r++) {
            vg_square_step(centred, a->x[r] + i, VG_LANES, mean[r], &s[r], &q[r]);
            vg_square_step(centred, a->x[r] + i + VG_LANES, VG_LANES, mean[r], &s[r], &p[r]);
        }
    }
    for (; i < n; i += VG_LANES) {
        int lanes = vg_lanes_at(i, n);
        VG_UNROLL(4)
        for (int r = 0; r < rows; r++)
            vg_square_step(centred, a->x[r] + i, lanes, mean[r], &s[r], &q[r]);
    }
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        float squares = vf_reduce_add(vf_add(q[r], p[r]));
        float sum = centred ? vf_reduce_add(s[r]) : 0, shift = sum / count;
        float var = centred ? (squares - sum * shift) / count : squares / count;
        var = var < 0 ? 0 : var; /* a constant row may round below; NaN stays */
        a->mean[r] = centred ? a->mean[r] + shift : 0;
        a->rstd[r] = 1 / sqrtf(var + eps);
    }
}

/* z from x or from x - mean */
VG_INLINE vf vg_affine(vg_norm_form form, vf d, vf rstd, vf gamma, vf beta)
{
    vf xhat = vf_mul(d, rstd);
    return form.centred ? vf_fma(xhat, gamma, beta) : vf_mul(xhat, gamma);
}

VG_INLINE vf vg_deviation(vg_norm_form form, vf x, float mean)
{
    return form.centred ? vf_sub(x, vf_set1(mean)) : x;
}

VG_INLINE vf vg_normalised(vg_norm_form form, const vg_forward_rows *a, int r, vf x, vf gamma,
                           vf beta)
{
    vf z = vg_affine(form, vg_deviation(form, x, a->mean[r]), vf_set1(a->rstd[r]), gamma, beta);
    return vg_act_forward(form.act, z, vf_set1(a->slope));
}

VG_INLINE void vg_forward_step(vg_norm_form form, int rows, bool stream, const vg_forward_rows *a,
                               const float *gamma, const float *beta, int64_t i, int lanes)
{
    vf w = vg_part(gamma + i, lanes), b = form.centred ? vg_part(beta + i, lanes) : vf_zero();
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++)
        vg_put_stream(stream, a->y[r] + i, lanes,
                      vg_normalised(form, a, r, vg_part(a->x[r] + i, lanes), w, b));
}

/* Row @p r alone, with stores that do not cross cache lines: where rows begin anywhere and are
 * long, that is worth more than sharing the loads of gamma and beta. Streamed, it asks for the row
 * that is read VG_NORM_GROUP rows later, so that memory is not idle while rows are written. */
VG_INLINE void vg_forward_long_row(vg_norm_form form, bool stream, const vg_forward_rows *a, int r,
                                   int64_t x_ld, const float *gamma, const float *beta, int64_t n)
{
    vg_forward_rows one = {{a->x[r]}, {a->y[r]}, {a->mean[r]}, {a->rstd[r]}, a->slope};
    int64_t i = vg_misaligned(one.y[0]);
    if (i)
        vg_forward_step(form, 1, false, &one, gamma, beta, 0, (int)i);
    for (; stream && i + VG_LANES <= n; i += VG_LANES) {
        __builtin_prefetch(one.x[0] + i + VG_NORM_GROUP * x_ld, 0, 2);
        vg_forward_step(form, 1, true, &one, gamma, beta, i, VG_LANES);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_forward_step(form, 1, false, &one, gamma, beta, i, VG_LANES);
    if (i < n)
        vg_forward_step(form, 1, false, &one, gamma, beta, i, (int)(n - i));
}

VG_INLINE void vg_prefetch_forward(int rows, const vg_forward_rows *a, int64_t offset)
{
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++)
        __builtin_prefetch(a->x[r] + offset, 0, 3);
}

/* Without a mean, a group of rows is read while the group before is written: the loads and the stores of
 * a group alone do not overlap. On Zen 5 rms fwd of 128 x 256 took 2.76 us without and takes 2.45; layer
 * norm, which reads the head of its rows first, took 2.95 and would take 3.33. */
VG_INLINE void vg_forward_write(vg_norm_form form, int rows, bool stream, const vg_forward_rows *a,
                                int64_t x_ld, const float *gamma, const float *beta, int64_t n)
{
    int64_t i = 0;
    if (n >= VG_LONG_ROW) {
        for (int r = 0; r < rows; r++)
            vg_forward_long_row(form, stream, a, r, x_ld, gamma, beta, n);
        return;
    }
    for (; i + VG_LANES <= n; i += VG_LANES) {
        if (!form.centred)
            vg_prefetch_forward(rows, a, i + VG_NORM_GROUP * x_ld);
        vg_forward_step(form, rows, false, a, gamma, beta, i, VG_LANES);
    }
    if (i < n)
        vg_forward_step(form, rows, false, a, gamma, beta, i, (int)(n - i));
}

/* One segment, columns [c, c + n), of @p rows rows from row r on. */
VG_INLINE void vg_forward_segment(const vg_task *task, vg_norm_form form, int rows, int64_t r,
                                  int64_t c, int64_t n)
{
    vg_forward_rows a = {.slope = task->params->slope};
    vg_slot input = vg_norm_input(form);
    if (form.add)
        vg_norm_add(task, r, rows, c, c + n);
    VG_UNROLL(4)
    for (int k = 0; k < rows; k++) {
        a.x[k] = vg_row(task, input, r + k) + c;
        a.y[k] = vg_row(task, VG_Y, r + k) + c;
    }
    bool stream = !form.act_rows && vg_stream_outputs(task, 2);
    vg_forward_moments(form.centred, rows, &a, n, task->params->eps);
    vg_forward_write(form, rows, stream, &a, task->t[input].ld, vg_vector(task, VG_GAMMA) + c,
                     form.centred ? vg_vector(task, VG_BETA) + c : NULL, n);
    if (form.act_rows)
        vg_act_rows(task, r, rows, c, c + n);
    VG_UNROLL(4)
    for (int k = 0; k < rows; k++) {
        if (form.centred)
            *vg_statistic(task, VG_MEAN, r + k, c / n) = a.mean[k];
        *vg_statistic(task, VG_RSTD, r + k, c / n) = a.rstd[k];
    }
}

#include "norm/row_norm_short.h"

/* One unit of the forward pass. */
VG_INLINE void vg_row_norm_forward(const vg_task *task, int64_t unit, vg_norm_form form)
{
    int64_t width = task->shape.n[1], length = vg_segment_length(&task->shape);
    int64_t rows = vg_row_norm_rows(width);
    int64_t r = unit * rows, last = vg_min64(r + rows, task->shape.n[0]);
    if (length <= VG_SHORT_VECTORS * VG_LANES) {
        vg_forward_short(task, form, r, last);
        return;
    }
    for (; r + VG_NORM_GROUP <= last; r += VG_NORM_GROUP)
        for (int64_t c = 0; c < width; c += length)
            vg_forward_segment(task, form, VG_NORM_GROUP, r, c, length);
    for (; r < last; r++)
        for (int64_t c = 0; c < width; c += length)
            vg_forward_segment(task, form, 1, r, c, length);
}

/* --- backward ------------------------------------------------------------------------------ */

/* With dz = dL/dz (dy, without an activation), d = x - mean, xhat = d rstd, g = gamma dz, means over
 * the segment:
 *     dx = rstd g - rstd mean(g) - xhat rstd^2 mean(g d)
 * The products are taken in this order: xhat is at most sqrt(n), and g is of the size of what it is
 * made of, where dz rstd may have gone to zero before it meets a large d or gamma. A group of rows at a time, so that the partial sums of dgamma and dbeta are loaded and stored
 * once per group, and gamma once. With an activation, dz is made in scratch first. */
typedef struct vg_backward_rows {
    const float *x[VG_NORM_GROUP], *dz[VG_NORM_GROUP];
    float *dx[VG_NORM_GROUP];
    float mean[VG_NORM_GROUP], rstd[VG_NORM_GROUP];
    float c1[VG_NORM_GROUP], c2[VG_NORM_GROUP]; /* rstd mean(g) and rstd^2 mean(g d) */
    const float *gamma;
    float *dgamma, *dbeta;
} vg_backward_rows;

/* dz and gamma load as 0 past the end, so those lanes add nothing. */
VG_INLINE void vg_backward_means_step(vg_norm_form form, int rows, const vg_backward_rows *a,
                                      int64_t i, int lanes, vf *s, vf *q)
{
    vf w = vg_part(a->gamma + i, lanes);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf g = vf_mul(w, vg_part(a->dz[r] + i, lanes));
        if (form.centred)
            s[r] = vf_add(s[r], g);
        q[r] = vf_fma(g, vg_deviation(form, vg_part(a->x[r] + i, lanes), a->mean[r]), q[r]);
    }
}

VG_INLINE void vg_backward_means(vg_norm_form form, int rows, vg_backward_rows *a, int64_t n)
{
    vf s[VG_NORM_GROUP], q[VG_NORM_GROUP];
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++)
        s[r] = q[r] = vf_zero();
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_backward_means_step(form, rows, a, i, VG_LANES, s, q);
    if (i < n)
        vg_backward_means_step(form, rows, a, i, (int)(n - i), s, q);
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        float rstd = a->rstd[r];
        a->c1[r] = form.centred ? rstd * (vf_reduce_add(s[r]) / (float)n) : 0;
        a->c2[r] = rstd * (rstd * (vf_reduce_add(q[r]) / (float)n));
    }
}

VG_INLINE void vg_backward_step(vg_norm_form form, int rows, bool stream,
                                const vg_backward_rows *a, int64_t i, int lanes)
{
    vf w = vg_part(a->gamma + i, lanes), dw = vg_part(a->dgamma + i, lanes);
    vf db = form.centred ? vg_part(a->dbeta + i, lanes) : vf_zero();
    VG_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        vf d = vg_deviation(form, vg_part(a->x[r] + i, lanes), a->mean[r]);
        vf dz = vg_part(a->dz[r] + i, lanes);
        vf rstd = vf_set1(a->rstd[r]), xhat = vf_mul(d, rstd), c2 = vf_set1(a->c2[r]);
        vf rest = form.centred ? vf_fma(c2, xhat, vf_set1(a->c1[r])) : vf_mul(c2, xhat);
        dw = vf_fma(dz, xhat, dw);
        db = vf_add(db, dz);
        vf dx = vf_fms(vf_mul(w, dz), rstd, rest);
        if (form.add)
            dx = vf_add(vg_part(a->dx[r] + i, lanes), dx);
        vg_put_stream(stream, a->dx[r] + i, lanes, dx);
    }
    vg_put_part(a->dgamma + i, lanes, dw);
    if (form.centred)
        vg_put_part(a->dbeta + i, lanes, db);
}

/* dz of a segment of row @p r, where there is an activation. */
VG_INLINE void vg_backward_activation(const vg_task *task, vg_norm_form form, int64_t r, int64_t c,
                                      int64_t n, float *dz)
{
    bool y = vg_reads_y((vg_norm_form){.act = (vg_op)task->shape.act});
    vg_z_source a = {.x = vg_row(task, VG_X, r) + c,
                     .y = y ? vg_row(task, VG_Y, r) + c : NULL,
                     .dy = vg_row(task, VG_DY, r) + c,
                     .gamma = vg_vector(task, VG_GAMMA) + c,
                     .beta = form.centred ? vg_vector(task, VG_BETA) + c : NULL,
                     .mean = form.centred ? vg_statistic(task, VG_MEAN, r, c / n) : NULL,
                     .rstd = vg_statistic(task, VG_RSTD, r, c / n),
                     .slope = vf_set1(task->params->slope)};
    vg_gradient_row((vg_op)task->shape.act, form.centred, &a, dz, n);
}

VG_INLINE vg_backward_rows vg_backward_bind(const vg_task *task, vg_norm_form form, int rows,
                                            int64_t r, int64_t c, int64_t n, float *scratch)
{
    vg_backward_rows a = {.gamma = vg_vector(task, VG_GAMMA) + c};
    VG_UNROLL(4)
    for (int k = 0; k < rows; k++) {
        float *dz = scratch + k * vg_norm_stride(&task->shape);
        a.x[k] = vg_row(task, vg_norm_input(form), r + k) + c;
        a.dx[k] = vg_row(task, VG_DX, r + k) + c;
        a.mean[k] = form.centred ? *vg_statistic(task, VG_MEAN, r + k, c / n) : 0;
        a.rstd[k] = *vg_statistic(task, VG_RSTD, r + k, c / n);
        a.dz[k] = form.act_rows ? dz : vg_row(task, VG_DY, r + k) + c;
        if (form.act_rows)
            vg_backward_activation(task, form, r + k, c, n, dz);
    }
    return a;
}

/* One segment of @p rows rows from row r on. */
VG_INLINE void vg_backward_segment(const vg_task *task, vg_norm_form form, int rows, bool stream,
                                   vg_backward_rows *a, int64_t n)
{
    int64_t i = 0, x_ld = task->t[vg_norm_input(form)].ld;
    int64_t dz_ld = form.act_rows ? vg_norm_stride(&task->shape) : task->t[VG_DY].ld;
    vg_backward_means(form, rows, a, n);
    for (; stream && i + VG_LANES <= n; i += VG_LANES) {
        vg_prefetch_rows(rows, a->x[0] + i, x_ld);
        vg_prefetch_rows(rows, a->dz[0] + i, dz_ld);
        vg_backward_step(form, rows, true, a, i, VG_LANES);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        vg_backward_step(form, rows, false, a, i, VG_LANES);
    if (i < n)
        vg_backward_step(form, rows, false, a, i, (int)(n - i));
}

/* One unit of the backward pass: a row block, its dx and its partial sums. */
VG_INLINE void vg_row_norm_backward(const vg_task *task, int64_t unit, vg_norm_form form,
                                    float *scratch)
{
    int64_t width = task->shape.n[1], length = vg_segment_length(&task->shape);
    int64_t r = unit * VG_ROW_BLOCK, last = vg_min64(r + VG_ROW_BLOCK, task->shape.n[0]);
    float *dgamma = vg_row_norm_partial(task, unit, 0);
    float *dbeta = form.centred ? vg_row_norm_partial(task, unit, 1) : NULL;
    /* segments stay aligned where they are whole vectors */
    bool stream = !form.add && vg_streams(task, VG_DY, VG_DX, 3) && length % VG_LANES == 0;
    memset(dgamma, 0, (size_t)width * sizeof(float));
    if (form.centred)
        memset(dbeta, 0, (size_t)width * sizeof(float));
    while (r < last) {
        bool group = last - r >= VG_NORM_GROUP;
        for (int64_t c = 0; c < width; c += length) {
            vg_backward_rows a = vg_backward_bind(task, form, group ? VG_NORM_GROUP : 1, r, c,
                                                  length, scratch);
            a.dgamma = dgamma + c;
            a.dbeta = form.centred ? dbeta + c : NULL;
            if (group)
                vg_backward_segment(task, form, VG_NORM_GROUP, stream, &a, length);
            else
                vg_backward_segment(task, form, 1, false, &a, length);
        }
        r += group ? VG_NORM_GROUP : 1;
    }
}

/* One unit of the sum over blocks: dgamma and dbeta of VG_NORM_COLUMNS columns. */
static inline void vg_row_norm_sum_blocks(const vg_task *task, int64_t unit, void *scratch)
{
    bool centred = vg_norm_kind(task) != VG_OP_rms_norm;
    int64_t first = unit * VG_NORM_COLUMNS;
    int64_t last = vg_min64(first + VG_NORM_COLUMNS, task->shape.n[1]);
    int64_t blocks = vg_norm_blocks(&task->shape);
    for (int which = 0; which < (centred ? 2 : 1); which++) {
        float *out = vg_vector(task, which ? VG_DBETA : VG_DGAMMA);
        for (int64_t i = first; i < last; i += VG_LANES) {
            int lanes = vg_lanes_at(i, last);
            vf sum = vf_zero();
            for (int64_t b = 0; b < blocks; b++)
                sum = vf_add(sum, vg_part(vg_norm_partial(task, b, which) + i, lanes));
            vg_put_part(out + i, lanes, sum);
        }
    }
}

#endif
