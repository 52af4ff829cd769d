/* SPDX-License-Identifier: Apache-2.0 */
/* Row norms forward, where segments are a few vectors: groups of columns, narrow rows. Taken one by
 * one, the sums over lanes, the square root and the division of a segment take 40 cycles, which is
 * more than its numbers do. Here VG_SHORT_SEGMENTS of them go together: sums over lanes, square
 * roots and divisions by fours, in registers.
 *
 * Statistics by the corrected two-pass method (norm.h with k the mean as rounded): segments stay in
 * registers or L1 between the passes. Included by row_norm_vec.h. */
#ifndef VG_NORM_ROW_NORM_SHORT_H
#define VG_NORM_ROW_NORM_SHORT_H

enum {
    VG_SHORT_VECTORS = 4, /* of the longest segment */
    VG_SHORT_SEGMENTS = 4
};

/* Segments of @p vectors vectors, the last one with @p tail lanes unless they are whole. vectors and
 * whole are constants. */
typedef struct vg_short_form {
    vg_norm_form norm;
    int vectors;
    bool whole;
    int tail;
} vg_short_form;

/* Some segments; those past @p count are the last one again. */
typedef struct vg_short_batch {
    const float *x[VG_SHORT_SEGMENTS];
    float *y[VG_SHORT_SEGMENTS];
    int64_t row[VG_SHORT_SEGMENTS], group[VG_SHORT_SEGMENTS];
    int count;
    float mean[VG_SHORT_SEGMENTS], rstd[VG_SHORT_SEGMENTS];
} vg_short_batch;

VG_INLINE int vg_short_lanes(vg_short_form f, int v)
{
    return f.whole || v < f.vectors - 1 ? VG_LANES : f.tail;
}

/* The segments from *row, *group on, by rows; both are left where the next ones begin. */
VG_INLINE void vg_short_bind(const vg_task *task, vg_slot input, int64_t *row, int64_t *group,
                             int64_t last, int64_t n, vg_short_batch *b)
{
    int64_t groups = task->shape.n[1] / n, r = *row, g = *group;
    const float *x = vg_row(task, input, r);
    float *y = vg_row(task, VG_Y, r);
    b->count = 0;
    for (int k = 0; k < VG_SHORT_SEGMENTS; k++) {
        int from = r < last ? k : k - 1;
        if (from == k) {
            b->x[k] = x + g * n;
            b->y[k] = y + g * n;
            b->row[k] = r;
            b->group[k] = g;
            b->count++;
            if (++g == groups) {
                g = 0;
                x = vg_row(task, input, ++r);
                y = vg_row(task, VG_Y, r);
            }
            continue;
        }
        b->x[k] = b->x[from];
        b->y[k] = b->y[from];
    }
    *row = r;
    *group = g;
}

/* Sums of the segments over their vectors. */
VG_INLINE vq vg_short_sums(vg_short_form f, const vg_short_batch *b)
{
    vf s[4];
    VG_UNROLL(4)
    for (int j = 0; j < 4; j++) {
        s[j] = vg_part(b->x[j], vg_short_lanes(f, 0));
        VG_UNROLL(4)
        for (int v = 1; v < f.vectors; v++)
            s[j] = vf_add(s[j], vg_part(b->x[j] + v * VG_LANES, vg_short_lanes(f, v)));
    }
    return vf_reduce_add4(s[0], s[1], s[2], s[3]);
}

/* The same of x - mean and of its squares. */
VG_INLINE void vg_short_deviations(vg_short_form f, const vg_short_batch *b, vq *sums, vq *squares)
{
    vf s[4], q[4];
    VG_UNROLL(4)
    for (int j = 0; j < 4; j++) {
        vf mean = f.norm.centred ? vf_set1(b->mean[j]) : vf_zero();
        s[j] = q[j] = vf_zero();
        VG_UNROLL(4)
        for (int v = 0; v < f.vectors; v++)
            vg_square_step(f.norm.centred, b->x[j] + v * VG_LANES, vg_short_lanes(f, v), mean,
                           &s[j], &q[j]);
    }
    if (f.norm.centred)
        *sums = vf_reduce_add4(s[0], s[1], s[2], s[3]);
    *squares = vf_reduce_add4(q[0], q[1], q[2], q[3]);
}

/* b->mean and b->rstd */
VG_INLINE void vg_short_moments(vg_short_form f, vg_short_batch *b, int64_t n, float eps)
{
    const float share = 1 / (float)n;
    const vq zero = {0, 0, 0, 0};
    vq sums = zero, squares, mean = zero;
    if (f.norm.centred) {
        mean = vg_short_sums(f, b) * share;
        memcpy(b->mean, &mean, sizeof mean);
    }
    vg_short_deviations(f, b, &sums, &squares);
    vq shift = sums * share;
    vq var = vq_max(zero, (squares - sums * shift) * share); /* NaN stays */
    vq rstd = 1.0f / vq_sqrt(var + eps);
    mean += shift;
    memcpy(b->mean, &mean, sizeof mean);
    memcpy(b->rstd, &rstd, sizeof rstd);
}

VG_INLINE void vg_short_write(const vg_task *task, vg_short_form f, const vg_short_batch *b,
                              int64_t n)
{
    const vf slope = vf_set1(task->params->slope);
    const float *gammas = vg_vector(task, VG_GAMMA);
    const float *betas = f.norm.centred ? vg_vector(task, VG_BETA) : NULL;
    for (int k = 0; k < b->count; k++) {
        vf rstd = vf_set1(b->rstd[k]);
        int64_t column = b->group[k] * n;
        VG_UNROLL(4)
        for (int v = 0; v < f.vectors; v++) {
            int lanes = vg_short_lanes(f, v);
            vf d = vg_part(b->x[k] + v * VG_LANES, lanes), beta = vf_zero();
            vf gamma = vg_part(gammas + column + v * VG_LANES, lanes);
            if (f.norm.centred) {
                d = vf_sub(d, vf_set1(b->mean[k]));
                beta = vg_part(betas + column + v * VG_LANES, lanes);
            }
            vf z = vg_affine(f.norm, d, rstd, gamma, beta);
            vg_put_part(b->y[k] + v * VG_LANES, lanes, vg_act_forward(f.norm.act, z, slope));
        }
    }
}

/* @p mean_ld, rstd_ld: from row to row of the statistics. */
VG_INLINE void vg_short_save(const vg_task *task, vg_norm_form form, const vg_short_batch *b,
                             int64_t mean_ld, int64_t rstd_ld)
{
    float *mean = vg_vector(task, VG_MEAN), *rstd = vg_vector(task, VG_RSTD);
    for (int k = 0; k < b->count; k++) {
        if (form.centred)
            mean[b->row[k] * mean_ld + b->group[k]] = b->mean[k];
        rstd[b->row[k] * rstd_ld + b->group[k]] = b->rstd[k];
    }
}

/* Rows [row, last). */
VG_INLINE void vg_short_rows(const vg_task *task, vg_short_form f, int64_t row, int64_t last)
{
    int64_t n = vg_segment_length(&task->shape), group = 0;
    bool grouped = vg_norm_kind(task) == VG_OP_group_norm;
    int64_t mean_ld = grouped ? task->t[VG_MEAN].ld : 1, rstd_ld = grouped ? task->t[VG_RSTD].ld : 1;
    vg_short_batch b;
    while (row < last) {
        vg_short_bind(task, vg_norm_input(f.norm), &row, &group, last, n, &b);
        vg_short_moments(f, &b, n, task->params->eps);
        vg_short_write(task, f, &b, n);
        vg_short_save(task, f.norm, &b, mean_ld, rstd_ld);
    }
}

VG_INLINE void vg_forward_short(const vg_task *task, vg_norm_form form, int64_t row, int64_t last)
{
    int64_t n = vg_segment_length(&task->shape);
    int vectors = (int)vg_ceil_div(n, VG_LANES), tail = (int)(n - (vectors - 1) * VG_LANES);
    if (form.add)
        vg_norm_add(task, row, last - row, 0, task->shape.n[1]);
    if (vectors == 1)
        vg_short_rows(task, (vg_short_form){form, 1, false, tail}, row, last);
    else if (vectors == 2 && tail == VG_LANES)
        vg_short_rows(task, (vg_short_form){form, 2, true, tail}, row, last);
    else if (vectors == 2)
        vg_short_rows(task, (vg_short_form){form, 2, false, tail}, row, last);
    else if (vectors == 3)
        vg_short_rows(task, (vg_short_form){form, 3, false, tail}, row, last);
    else if (tail == VG_LANES)
        vg_short_rows(task, (vg_short_form){form, 4, true, tail}, row, last);
    else
        vg_short_rows(task, (vg_short_form){form, 4, false, tail}, row, last);
    if (form.act_rows)
        vg_act_rows(task, row, last - row, 0, task->shape.n[1]);
}

#endif
