/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm on oneDNN. Where the library lacks or spoils a norm, layer
 * normalisation does its work: a group is a row of the view [batch * groups][width / groups]; rms
 * norm is layer norm whose mean is given as zero. */
#include <math.h>

#include "norm/norm_onednn.h"

/* The view in which a row is what is normalised together. */
typedef struct rows_view {
    int64_t rows, length;
    vgd_md data, statistics, channels;
    float eps;
} rows_view;

static rows_view view_of(vgd_way *way)
{
    const vg_task *task = way->task;
    rows_view v = {.rows = vgd_statistics(task), .eps = vgd_params(task)->eps};
    v.length = task->shape.n[0] * task->shape.n[1] / v.rows;
    v.data = vgd_matrix(way, v.rows, v.length, v.length);
    v.statistics = vgd_vector(way, v.rows);
    v.channels = vgd_vector(way, task->shape.n[1]);
    return v;
}

/* Layer normalisation forward from x to y in the view, with optional scale and shift. */
static void add_lnorm(vgd_way *way, const rows_view *v, unsigned flags, int x, int y, int mean,
                      int variance, int count, const vgd_post *then)
{
    bool given = flags & VGD_GLOBAL_STATS;
    dnnl_primitive_attr_t attr = vgd_attr_with(way, count, then);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_lnorm_fwd(&pd, given ? dnnl_forward_inference : dnnl_forward_training,
                                   v->data, v->eps, flags, attr),
                "layer norm forward"))
        return;
    vgd_arg args[6] = {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, {DNNL_ARG_VARIANCE, variance}};
    int n = 3;
    if (mean >= 0)
        args[n++] = (vgd_arg){DNNL_ARG_MEAN, mean};
    if (flags & VGD_SCALE)
        args[n++] = (vgd_arg){DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, v->channels)};
    if (flags & VGD_SHIFT)
        args[n++] = (vgd_arg){DNNL_ARG_SHIFT, vgd_slot(way, VG_BETA, v->channels)};
    vgd_add(way, pd, n, args);
}

/* Its backward pass; without VGD_SCALE in @p flags the gradient of x alone. */
static void add_lnorm_bwd(vgd_way *way, const rows_view *v, unsigned flags, int x, int dy, int dx,
                          int mean, int variance)
{
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_lnorm_fwd(&hint, dnnl_forward_training, v->data, v->eps, flags, attr),
                "layer norm forward"))
        return;
    vgd_keep_pd(way, hint);
    if (!vgd_ok(way, vgd_lnorm_bwd(&pd, v->data, v->data, v->eps, flags, hint, attr),
                "layer norm backward"))
        return;
    vgd_arg args[9] = {{DNNL_ARG_SRC, x},
                       {DNNL_ARG_DIFF_DST, dy},
                       {DNNL_ARG_DIFF_SRC, dx},
                       {DNNL_ARG_VARIANCE, variance}};
    int n = 4;
    if (mean >= 0)
        args[n++] = (vgd_arg){DNNL_ARG_MEAN, mean};
    if (flags & VGD_SCALE) {
        args[n++] = (vgd_arg){DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, v->channels)};
        args[n++] = (vgd_arg){DNNL_ARG_DIFF_SCALE, vgd_slot(way, VG_DGAMMA, v->channels)};
    }
    if (flags & VGD_SHIFT)
        args[n++] = (vgd_arg){DNNL_ARG_DIFF_SHIFT, vgd_slot(way, VG_DBETA, v->channels)};
    if (flags & VGD_SHIFT && way->variant != VGD_NO_SHIFT)
        args[n++] = (vgd_arg){DNNL_ARG_SHIFT, vgd_own(way, v->channels)};
    vgd_add(way, pd, n, args);
}

/* --- layer norm ------------------------------------------------------------------------------- */

static void layer_forward(vgd_way *way, const vgd_norm_io *io, int count, const vgd_post *then)
{
    rows_view v = view_of(way);
    vgd_operand mean = vgd_mean_out(way, v.statistics);
    vgd_operand variance = {vgd_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, VGD_SCALE | VGD_SHIFT, io->x.memory, io->y.memory, mean.memory,
              variance.memory, count, then);
    vgd_save_rstd(way, variance);
}

static void layer_again(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    vgd_operand mean = vgd_mean_in(way, v.statistics);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    add_lnorm(way, &v, VGD_SCALE | VGD_SHIFT | VGD_GLOBAL_STATS, io->x.memory, io->y.memory,
              mean.memory, variance.memory, 0, NULL);
}

static void layer_backward(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    vgd_operand mean = vgd_mean_in(way, v.statistics);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    add_lnorm_bwd(way, &v, VGD_SCALE | VGD_SHIFT, io->x.memory, io->dy.memory, io->dx.memory,
                  mean.memory, variance.memory);
}

/* --- group norm, native ----------------------------------------------------------------------- */

/* As 3-D tensors of one pixel: on 2-D ones the library reads past the end up to 3.12 at least. */
typedef struct group_case {
    vgd_md data, statistics, channels;
    int64_t groups;
    float eps;
} group_case;

static group_case group_of(vgd_way *way)
{
    const vg_task *task = way->task;
    int64_t n = task->shape.n[0], c = task->shape.n[1], groups = task->shape.n[2];
    return (group_case){
        .data = vgd_tagged(way, 3, (dnnl_dims_t){n, c, 1},
                           way->variant == VGD_NATIVE ? dnnl_ncw : dnnl_nwc),
        .statistics = vgd_matrix(way, n, groups, groups),
        .channels = vgd_vector(way, c),
        .groups = groups,
        .eps = vgd_params(task)->eps,
    };
}

static void group_forward_native(vgd_way *way, const vgd_norm_io *io)
{
    group_case g = group_of(way);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_gnorm_fwd(&pd, g.data, g.groups, g.eps, VGD_SCALE | VGD_SHIFT, attr),
                "group norm forward"))
        return;
    vgd_operand mean = vgd_mean_out(way, g.statistics);
    vgd_operand variance = {vgd_own(way, g.statistics), g.statistics};
    vgd_add(way, pd, 6,
            (vgd_arg[]){{DNNL_ARG_SRC, vgd_alias(way, io->x.memory, g.data)},
                        {DNNL_ARG_DST, vgd_alias(way, io->y.memory, g.data)},
                        {DNNL_ARG_MEAN, mean.memory},
                        {DNNL_ARG_VARIANCE, variance.memory},
                        {DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, g.channels)},
                        {DNNL_ARG_SHIFT, vgd_slot(way, VG_BETA, g.channels)}});
    vgd_save_rstd(way, variance);
    vgd_dense_done(way, VG_MEAN, mean.memory);
}

static void group_backward_native(vgd_way *way, const vgd_norm_io *io)
{
    const unsigned flags = VGD_SCALE | VGD_SHIFT;
    group_case g = group_of(way);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (!VGD_HAS(3, 10))
        vgd_skip(way, "group norm backward is wrong before 3.10");
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_gnorm_fwd(&hint, g.data, g.groups, g.eps, flags, attr),
                "group norm forward"))
        return;
    vgd_keep_pd(way, hint);
    if (!vgd_ok(way, vgd_gnorm_bwd(&pd, g.data, g.data, g.groups, g.eps, flags, hint, attr),
                "group norm backward"))
        return;
    vgd_keep_pd(way, pd);
    vgd_operand mean = vgd_mean_in(way, g.statistics);
    vgd_operand variance = vgd_load_variance(way, g.statistics);
    vgd_add(way, pd, 8,
            (vgd_arg[]){{DNNL_ARG_SRC, vgd_alias(way, io->x.memory, g.data)},
                        {DNNL_ARG_DIFF_DST, vgd_alias(way, io->dy.memory, g.data)},
                        {DNNL_ARG_DIFF_SRC, vgd_alias(way, io->dx.memory, g.data)},
                        {DNNL_ARG_MEAN, mean.memory},
                        {DNNL_ARG_VARIANCE, variance.memory},
                        {DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, g.channels)},
                        {DNNL_ARG_DIFF_SCALE, vgd_slot(way, VG_DGAMMA, g.channels)},
                        {DNNL_ARG_DIFF_SHIFT, vgd_slot(way, VG_DBETA, g.channels)}});
}

/* --- group norm by layer norm ----------------------------------------------------------------- */

static void add_affine(vgd_way *way, vgd_operand y)
{
    vgd_post shift = vgd_then(dnnl_binary_add, vgd_channel_slot(way, VG_BETA));
    vgd_add_binary(way, dnnl_binary_mul, y, vgd_channel_slot(way, VG_GAMMA), y, 1, &shift);
}

static void group_forward_layer(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    vgd_operand mean = vgd_mean_out(way, v.statistics);
    vgd_operand variance = {vgd_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, 0, vgd_alias(way, io->x.memory, v.data),
              vgd_alias(way, io->y.memory, v.data), mean.memory, variance.memory, 0, NULL);
    vgd_save_rstd(way, variance);
    vgd_dense_done(way, VG_MEAN, mean.memory);
    add_affine(way, io->y);
}

static void group_again(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    vgd_operand mean = vgd_mean_in(way, v.statistics);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    add_lnorm(way, &v, VGD_GLOBAL_STATS, vgd_alias(way, io->x.memory, v.data),
              vgd_alias(way, io->y.memory, v.data), mean.memory, variance.memory, 0, NULL);
    add_affine(way, io->y);
}

/* xhat again, dgamma and dbeta as column sums, and dx from dy gamma; dx last, it may be dy. */
static void group_backward_layer(vgd_way *way, const vgd_norm_io *io)
{
    bool by_ones = way->variant == VGD_BY_LAYER;
    rows_view v = view_of(way);
    vgd_operand mean = vgd_mean_in(way, v.statistics);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    vgd_operand work = vgd_buffer(way);
    int x = vgd_alias(way, io->x.memory, v.data), rows = vgd_alias(way, work.memory, v.data);
    add_lnorm(way, &v, VGD_GLOBAL_STATS, x, rows, mean.memory, variance.memory, 0, NULL);
    vgd_add_binary(way, dnnl_binary_mul, work, io->dy, work, 0, NULL);
    vgd_add_column_sum(way, work, vgd_channel_slot(way, VG_DGAMMA), by_ones);
    vgd_add_column_sum(way, io->dy, vgd_channel_slot(way, VG_DBETA), by_ones);
    vgd_add_binary(way, dnnl_binary_mul, io->dy, vgd_channel_slot(way, VG_GAMMA), work, 0, NULL);
    add_lnorm_bwd(way, &v, 0, x, rows, vgd_alias(way, io->dx.memory, v.data), mean.memory,
                  variance.memory);
}

/* --- rms norm --------------------------------------------------------------------------------- */

static void rms_forward_native(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    if (!VGD_RMS)
        vgd_skip(way, "no rms norm before 3.9");
    vgd_operand variance = {vgd_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, VGD_SCALE | VGD_RMS, io->x.memory, io->y.memory, -1, variance.memory, 0,
              NULL);
    vgd_save_rstd(way, variance);
}

/* memory[0]: sums of squares, to mean squares */
static void mean_squares(const vg_task *task, vgd_way *way, const int memory[4])
{
    float *squares = vgd_data(way, memory[0]), share = 1 / (float)task->shape.n[1];
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        squares[r] *= share;
}

/* Sums of squares of rows as [batch] products of a row with itself. */
static void add_squares_matmul(vgd_way *way, int x, int squares)
{
    int64_t n = way->task->shape.n[0], c = way->task->shape.n[1];
    vgd_md row = vgd_tagged(way, 3, (dnnl_dims_t){n, 1, c}, dnnl_abc);
    vgd_md column = vgd_tagged(way, 3, (dnnl_dims_t){n, c, 1}, dnnl_abc);
    vgd_md one = vgd_tagged(way, 3, (dnnl_dims_t){n, 1, 1}, dnnl_abc);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vgd_ok(way, vgd_matmul(&pd, row, column, NULL, one, attr), "matmul"))
        vgd_add(way, pd, 3,
                (vgd_arg[]){{DNNL_ARG_SRC, vgd_alias(way, x, row)},
                            {DNNL_ARG_WEIGHTS, vgd_alias(way, x, column)},
                            {DNNL_ARG_DST, vgd_alias(way, squares, one)}});
}

static void rms_forward_layer(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    int zero = vgd_own(way, v.statistics), squares = vgd_own(way, v.statistics);
    vgd_md column = vgd_matrix(way, v.rows, 1, 1);
    if (way->variant == VGD_BY_LAYER)
        add_squares_matmul(way, io->x.memory, squares);
    else
        vgd_add_reduction(way, dnnl_reduction_norm_lp_power_p_sum, 2, io->x,
                          (vgd_operand){vgd_alias(way, squares, column), column});
    vgd_add_glue(way, mean_squares, (int[4]){squares}, VGD_RUN);
    add_lnorm(way, &v, VGD_SCALE | VGD_GLOBAL_STATS, io->x.memory, io->y.memory, zero, squares, 0,
              NULL);
    vgd_save_rstd(way, (vgd_operand){squares, v.statistics});
}

static void rms_again(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    int zero = vgd_own(way, v.statistics);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    add_lnorm(way, &v, VGD_SCALE | VGD_GLOBAL_STATS, io->x.memory, io->y.memory, zero,
              variance.memory, 0, NULL);
}

/* memory[0]: [batch] sums of dy gamma, to their share in dx */
static void row_means(const vg_task *task, vgd_way *way, const int memory[4])
{
    float *sums = vgd_data(way, memory[0]);
    const float *rstd = task->t[VG_RSTD].p;
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        sums[r] *= rstd[r] / (float)task->shape.n[1];
}

/* to += column x row of ones */
static void add_outer(vgd_way *way, int column_memory, vgd_cmd column, vgd_operand to)
{
    int64_t c = way->task->shape.n[1];
    vgd_md row = vgd_matrix(way, 1, c, c);
    int ones = vgd_own(way, row);
    for (int64_t i = 0; ones >= 0 && i < c; i++)
        vgd_data(way, ones)[i] = 1;
    dnnl_post_ops_t ops = vgd_ops(way);
    if (!ops || !vgd_ok(way, vgd_post_sum(ops, 1), "post-op"))
        return;
    dnnl_primitive_attr_t attr = vgd_attr(way, ops);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vgd_ok(way, vgd_matmul(&pd, column, row, NULL, to.md, attr), "matmul"))
        vgd_add(way, pd, 3,
                (vgd_arg[]){{DNNL_ARG_SRC, column_memory},
                            {DNNL_ARG_WEIGHTS, ones},
                            {DNNL_ARG_DST, to.memory}});
}

/* The library's own rms flag gives a wrong dx (3.12.1 leaves out the term with the mean of
 * dy xhat). dx of layer norm with mean 0 lacks nothing but the mean of dy gamma that it takes off:
 * put back row by row. dx after the last use of dy, which it may be. */
static void rms_backward_layer(vgd_way *way, const vgd_norm_io *io)
{
    rows_view v = view_of(way);
    int64_t n = way->task->shape.n[0], c = way->task->shape.n[1];
    vgd_md column = vgd_matrix(way, n, 1, 1), gamma = vgd_matrix(way, c, 1, 1);
    int zero = vgd_own(way, v.statistics), sums = vgd_own(way, column);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_matmul(&pd, io->dy.md, gamma, NULL, column, attr), "matmul"))
        return;
    vgd_add(way, pd, 3,
            (vgd_arg[]){{DNNL_ARG_SRC, io->dy.memory},
                        {DNNL_ARG_WEIGHTS, vgd_slot(way, VG_GAMMA, gamma)},
                        {DNNL_ARG_DST, sums}});
    vgd_add_glue(way, row_means, (int[4]){sums}, VGD_RUN);
    add_lnorm_bwd(way, &v, VGD_SCALE, io->x.memory, io->dy.memory, io->dx.memory, zero,
                  variance.memory);
    if (way->variant == VGD_BY_LAYER)
        add_outer(way, sums, column, io->dx);
    else
        vgd_add_binary(way, dnnl_binary_add, io->dx, (vgd_operand){sums, column}, io->dx, 0, NULL);
}

/* --- by kind ---------------------------------------------------------------------------------- */

void vgd_row_norm_forward(vgd_way *way, vg_op norm, const vgd_norm_io *io, int count,
                          const vgd_post *then)
{
    bool native = way->variant == VGD_NATIVE || way->variant == VGD_NATIVE_NWC;
    if (norm == VG_OP_layer_norm)
        layer_forward(way, io, count, then);
    else if (norm == VG_OP_group_norm)
        (native ? group_forward_native : group_forward_layer)(way, io);
    else
        (native ? rms_forward_native : rms_forward_layer)(way, io);
}

void vgd_row_norm_again(vgd_way *way, vg_op norm, const vgd_norm_io *io)
{
    if (norm == VG_OP_layer_norm)
        layer_again(way, io);
    else if (norm == VG_OP_group_norm)
        group_again(way, io);
    else
        rms_again(way, io);
}

void vgd_row_norm_backward(vgd_way *way, vg_op norm, const vgd_norm_io *io)
{
    bool native = way->variant == VGD_NATIVE;
    if (norm == VG_OP_layer_norm)
        layer_backward(way, io);
    else if (norm == VG_OP_group_norm)
        (native ? group_backward_native : group_backward_layer)(way, io);
    else
        rms_backward_layer(way, io);
}
