/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm on oneDNN. Where the library lacks or spoils a norm, layer
 * normalisation does its work: a group is a row of the view [batch * groups][width / groups]; rms
 * norm is layer norm whose mean is given as zero. */
#include <math.h>

#include "norm/norm_onednn.h"

/* The view in which a row is what is normalised together. */
typedef struct rows_view {
    int64_t rows, length;
    vg_dnn_md data, statistics, channels;
    float eps;
} rows_view;

static rows_view view_of(vg_dnn_way *way)
{
    const vg_task *task = way->task;
    rows_view v = {.rows = vg_dnn_statistics(task), .eps = vg_dnn_params(task)->eps};
    v.length = task->shape.n[0] * task->shape.n[1] / v.rows;
    v.data = vg_dnn_matrix(way, v.rows, v.length, v.length);
    v.statistics = vg_dnn_vector(way, v.rows);
    v.channels = vg_dnn_vector(way, task->shape.n[1]);
    return v;
}

/* Layer normalisation forward from x to y in the view, with optional scale and shift. */
static void add_lnorm(vg_dnn_way *way, const rows_view *v, unsigned flags, int x, int y, int mean,
                      int variance, int count, const vg_dnn_post *then)
{
    bool given = flags & VG_DNN_GLOBAL_STATS;
    dnnl_primitive_attr_t attr = vg_dnn_attr_with(way, count, then);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way,
                   vg_dnn_lnorm_fwd(&pd, given ? dnnl_forward_inference : dnnl_forward_training,
                                    v->data, v->eps, flags, attr),
                   "layer norm forward"))
        return;
    vg_dnn_arg args[6] = {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, {DNNL_ARG_VARIANCE, variance}};
    int n = 3;
    if (mean >= 0)
        args[n++] = (vg_dnn_arg){DNNL_ARG_MEAN, mean};
    if (flags & VG_DNN_SCALE)
        args[n++] = (vg_dnn_arg){DNNL_ARG_SCALE, vg_dnn_slot(way, VG_GAMMA, v->channels)};
    if (flags & VG_DNN_SHIFT)
        args[n++] = (vg_dnn_arg){DNNL_ARG_SHIFT, vg_dnn_slot(way, VG_BETA, v->channels)};
    vg_dnn_add(way, pd, n, args);
}

/* Its backward pass; without VG_DNN_SCALE in @p flags the gradient of x alone. */
static void add_lnorm_bwd(vg_dnn_way *way, const rows_view *v, unsigned flags, int x, int dy,
                          int dx, int mean, int variance)
{
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way,
                   vg_dnn_lnorm_fwd(&hint, dnnl_forward_training, v->data, v->eps, flags, attr),
                   "layer norm forward"))
        return;
    vg_dnn_keep_pd(way, hint);
    if (!vg_dnn_ok(way, vg_dnn_lnorm_bwd(&pd, v->data, v->data, v->eps, flags, hint, attr),
                   "layer norm backward"))
        return;
    vg_dnn_arg args[9] = {{DNNL_ARG_SRC, x},
                          {DNNL_ARG_DIFF_DST, dy},
                          {DNNL_ARG_DIFF_SRC, dx},
                          {DNNL_ARG_VARIANCE, variance}};
    int n = 4;
    if (mean >= 0)
        args[n++] = (vg_dnn_arg){DNNL_ARG_MEAN, mean};
    if (flags & VG_DNN_SCALE) {
        args[n++] = (vg_dnn_arg){DNNL_ARG_SCALE, vg_dnn_slot(way, VG_GAMMA, v->channels)};
        args[n++] = (vg_dnn_arg){DNNL_ARG_DIFF_SCALE, vg_dnn_slot(way, VG_DGAMMA, v->channels)};
    }
    if (flags & VG_DNN_SHIFT)
        args[n++] = (vg_dnn_arg){DNNL_ARG_DIFF_SHIFT, vg_dnn_slot(way, VG_DBETA, v->channels)};
    if (flags & VG_DNN_SHIFT && way->variant != VG_DNN_NO_SHIFT)
        args[n++] = (vg_dnn_arg){DNNL_ARG_SHIFT, vg_dnn_own(way, v->channels)};
    vg_dnn_add(way, pd, n, args);
}

/* --- layer norm ------------------------------------------------------------------------------- */

static void layer_forward(vg_dnn_way *way, const vg_dnn_norm_io *io, int count,
                          const vg_dnn_post *then)
{
    rows_view v = view_of(way);
    vg_dnn_operand mean = vg_dnn_mean_out(way, v.statistics);
    vg_dnn_operand variance = {vg_dnn_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, VG_DNN_SCALE | VG_DNN_SHIFT, io->x.memory, io->y.memory, mean.memory,
              variance.memory, count, then);
    vg_dnn_save_rstd(way, variance);
}

static void layer_again(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    vg_dnn_operand mean = vg_dnn_mean_in(way, v.statistics);
    vg_dnn_operand variance = vg_dnn_load_variance(way, v.statistics);
    add_lnorm(way, &v, VG_DNN_SCALE | VG_DNN_SHIFT | VG_DNN_GLOBAL_STATS, io->x.memory,
              io->y.memory, mean.memory, variance.memory, 0, NULL);
}

static void layer_backward(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    vg_dnn_operand mean = vg_dnn_mean_in(way, v.statistics);
    vg_dnn_operand variance = vg_dnn_load_variance(way, v.statistics);
    add_lnorm_bwd(way, &v, VG_DNN_SCALE | VG_DNN_SHIFT, io->x.memory, io->dy.memory, io->dx.memory,
                  mean.memory, variance.memory);
}

/* --- group norm, native ----------------------------------------------------------------------- */

/* As 3-D tensors of one pixel: on 2-D ones the library reads past the end up to 3.12 at least. */
typedef struct group_case {
    vg_dnn_md data, statistics, channels;
    int64_t groups;
    float eps;
} group_case;

static group_case group_of(vg_dnn_way *way)
{
    const vg_task *task = way->task;
    int64_t n = task->shape.n[0], c = task->shape.n[1], groups = task->shape.n[2];
    return (group_case){
        .data = vg_dnn_tagged(way, 3, (dnnl_dims_t){n, c, 1},
                              way->variant == VG_DNN_NATIVE ? dnnl_ncw : dnnl_nwc),
        .statistics = vg_dnn_matrix(way, n, groups, groups),
        .channels = vg_dnn_vector(way, c),
        .groups = groups,
        .eps = vg_dnn_params(task)->eps,
    };
}

static void group_forward_native(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    group_case g = group_of(way);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(
            way, vg_dnn_gnorm_fwd(&pd, g.data, g.groups, g.eps, VG_DNN_SCALE | VG_DNN_SHIFT, attr),
            "group norm forward"))
        return;
    vg_dnn_operand mean = vg_dnn_mean_out(way, g.statistics);
    vg_dnn_operand variance = {vg_dnn_own(way, g.statistics), g.statistics};
    vg_dnn_add(way, pd, 6,
               (vg_dnn_arg[]){{DNNL_ARG_SRC, vg_dnn_alias(way, io->x.memory, g.data)},
                              {DNNL_ARG_DST, vg_dnn_alias(way, io->y.memory, g.data)},
                              {DNNL_ARG_MEAN, mean.memory},
                              {DNNL_ARG_VARIANCE, variance.memory},
                              {DNNL_ARG_SCALE, vg_dnn_slot(way, VG_GAMMA, g.channels)},
                              {DNNL_ARG_SHIFT, vg_dnn_slot(way, VG_BETA, g.channels)}});
    vg_dnn_save_rstd(way, variance);
    vg_dnn_dense_done(way, VG_MEAN, mean.memory);
}

static void group_backward_native(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    const unsigned flags = VG_DNN_SCALE | VG_DNN_SHIFT;
    group_case g = group_of(way);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (!VG_DNN_HAS(3, 10))
        vg_dnn_skip(way, "group norm backward is wrong before 3.10");
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_gnorm_fwd(&hint, g.data, g.groups, g.eps, flags, attr),
                   "group norm forward"))
        return;
    vg_dnn_keep_pd(way, hint);
    if (!vg_dnn_ok(way, vg_dnn_gnorm_bwd(&pd, g.data, g.data, g.groups, g.eps, flags, hint, attr),
                   "group norm backward"))
        return;
    vg_dnn_keep_pd(way, pd);
    vg_dnn_operand mean = vg_dnn_mean_in(way, g.statistics);
    vg_dnn_operand variance = vg_dnn_load_variance(way, g.statistics);
    vg_dnn_add(way, pd, 8,
               (vg_dnn_arg[]){{DNNL_ARG_SRC, vg_dnn_alias(way, io->x.memory, g.data)},
                              {DNNL_ARG_DIFF_DST, vg_dnn_alias(way, io->dy.memory, g.data)},
                              {DNNL_ARG_DIFF_SRC, vg_dnn_alias(way, io->dx.memory, g.data)},
                              {DNNL_ARG_MEAN, mean.memory},
                              {DNNL_ARG_VARIANCE, variance.memory},
                              {DNNL_ARG_SCALE, vg_dnn_slot(way, VG_GAMMA, g.channels)},
                              {DNNL_ARG_DIFF_SCALE, vg_dnn_slot(way, VG_DGAMMA, g.channels)},
                              {DNNL_ARG_DIFF_SHIFT, vg_dnn_slot(way, VG_DBETA, g.channels)}});
}

/* --- group norm by layer norm ----------------------------------------------------------------- */

static void add_affine(vg_dnn_way *way, vg_dnn_operand y)
{
    vg_dnn_post shift = vg_dnn_then(dnnl_binary_add, vg_dnn_channel_slot(way, VG_BETA));
    vg_dnn_add_binary(way, dnnl_binary_mul, y, vg_dnn_channel_slot(way, VG_GAMMA), y, 1, &shift);
}

static void group_forward_layer(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    vg_dnn_operand mean = vg_dnn_mean_out(way, v.statistics);
    vg_dnn_operand variance = {vg_dnn_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, 0, vg_dnn_alias(way, io->x.memory, v.data),
              vg_dnn_alias(way, io->y.memory, v.data), mean.memory, variance.memory, 0, NULL);
    vg_dnn_save_rstd(way, variance);
    vg_dnn_dense_done(way, VG_MEAN, mean.memory);
    add_affine(way, io->y);
}

static void group_again(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    vg_dnn_operand mean = vg_dnn_mean_in(way, v.statistics);
    vg_dnn_operand variance = vg_dnn_load_variance(way, v.statistics);
    add_lnorm(way, &v, VG_DNN_GLOBAL_STATS, vg_dnn_alias(way, io->x.memory, v.data),
              vg_dnn_alias(way, io->y.memory, v.data), mean.memory, variance.memory, 0, NULL);
    add_affine(way, io->y);
}

/* xhat again, dgamma and dbeta as column sums, and dx from dy gamma; dx last, it may be dy. */
static void group_backward_layer(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    bool by_ones = way->variant == VG_DNN_BY_LAYER;
    rows_view v = view_of(way);
    vg_dnn_operand mean = vg_dnn_mean_in(way, v.statistics);
    vg_dnn_operand variance = vg_dnn_load_variance(way, v.statistics);
    vg_dnn_operand work = vg_dnn_buffer(way);
    int x = vg_dnn_alias(way, io->x.memory, v.data), rows = vg_dnn_alias(way, work.memory, v.data);
    add_lnorm(way, &v, VG_DNN_GLOBAL_STATS, x, rows, mean.memory, variance.memory, 0, NULL);
    vg_dnn_add_binary(way, dnnl_binary_mul, work, io->dy, work, 0, NULL);
    vg_dnn_add_column_sum(way, work, vg_dnn_channel_slot(way, VG_DGAMMA), by_ones);
    vg_dnn_add_column_sum(way, io->dy, vg_dnn_channel_slot(way, VG_DBETA), by_ones);
    vg_dnn_add_binary(way, dnnl_binary_mul, io->dy, vg_dnn_channel_slot(way, VG_GAMMA), work, 0,
                      NULL);
    add_lnorm_bwd(way, &v, 0, x, rows, vg_dnn_alias(way, io->dx.memory, v.data), mean.memory,
                  variance.memory);
}

/* --- rms norm --------------------------------------------------------------------------------- */

static void rms_forward_native(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    if (!VG_DNN_RMS)
        vg_dnn_skip(way, "no rms norm before 3.9");
    vg_dnn_operand variance = {vg_dnn_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, VG_DNN_SCALE | VG_DNN_RMS, io->x.memory, io->y.memory, -1, variance.memory,
              0, NULL);
    vg_dnn_save_rstd(way, variance);
}

/* memory[0]: sums of squares, to mean squares */
static void mean_squares(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    float *squares = vg_dnn_data(way, memory[0]), share = 1 / (float)task->shape.n[1];
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        squares[r] *= share;
}

/* Sums of squares of rows as [batch] products of a row with itself. */
static void add_squares_matmul(vg_dnn_way *way, int x, int squares)
{
    int64_t n = way->task->shape.n[0], c = way->task->shape.n[1];
    vg_dnn_md row = vg_dnn_tagged(way, 3, (dnnl_dims_t){n, 1, c}, dnnl_abc);
    vg_dnn_md column = vg_dnn_tagged(way, 3, (dnnl_dims_t){n, c, 1}, dnnl_abc);
    vg_dnn_md one = vg_dnn_tagged(way, 3, (dnnl_dims_t){n, 1, 1}, dnnl_abc);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vg_dnn_ok(way, vg_dnn_matmul(&pd, row, column, NULL, one, attr), "matmul"))
        vg_dnn_add(way, pd, 3,
                   (vg_dnn_arg[]){{DNNL_ARG_SRC, vg_dnn_alias(way, x, row)},
                                  {DNNL_ARG_WEIGHTS, vg_dnn_alias(way, x, column)},
                                  {DNNL_ARG_DST, vg_dnn_alias(way, squares, one)}});
}

static void rms_forward_layer(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    int zero = vg_dnn_own(way, v.statistics), squares = vg_dnn_own(way, v.statistics);
    vg_dnn_md column = vg_dnn_matrix(way, v.rows, 1, 1);
    if (way->variant == VG_DNN_BY_LAYER)
        add_squares_matmul(way, io->x.memory, squares);
    else
        vg_dnn_add_reduction(way, dnnl_reduction_norm_lp_power_p_sum, 2, io->x,
                             (vg_dnn_operand){vg_dnn_alias(way, squares, column), column});
    vg_dnn_add_glue(way, mean_squares, (int[4]){squares}, VG_DNN_RUN);
    add_lnorm(way, &v, VG_DNN_SCALE | VG_DNN_GLOBAL_STATS, io->x.memory, io->y.memory, zero,
              squares, 0, NULL);
    vg_dnn_save_rstd(way, (vg_dnn_operand){squares, v.statistics});
}

static void rms_again(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    int zero = vg_dnn_own(way, v.statistics);
    vg_dnn_operand variance = vg_dnn_load_variance(way, v.statistics);
    add_lnorm(way, &v, VG_DNN_SCALE | VG_DNN_GLOBAL_STATS, io->x.memory, io->y.memory, zero,
              variance.memory, 0, NULL);
}

/* memory[0]: [batch] sums of dy gamma, to their share in dx */
static void row_means(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    float *sums = vg_dnn_data(way, memory[0]);
    const float *rstd = task->t[VG_RSTD].p;
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        sums[r] *= rstd[r] / (float)task->shape.n[1];
}

/* to += column x row of ones */
static void add_outer(vg_dnn_way *way, int column_memory, vg_dnn_cmd column, vg_dnn_operand to)
{
    int64_t c = way->task->shape.n[1];
    vg_dnn_md row = vg_dnn_matrix(way, 1, c, c);
    int ones = vg_dnn_own(way, row);
    for (int64_t i = 0; ones >= 0 && i < c; i++)
        vg_dnn_data(way, ones)[i] = 1;
    dnnl_post_ops_t ops = vg_dnn_ops(way);
    if (!ops || !vg_dnn_ok(way, vg_dnn_post_sum(ops, 1), "post-op"))
        return;
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, ops);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vg_dnn_ok(way, vg_dnn_matmul(&pd, column, row, NULL, to.md, attr), "matmul"))
        vg_dnn_add(way, pd, 3,
                   (vg_dnn_arg[]){{DNNL_ARG_SRC, column_memory},
                                  {DNNL_ARG_WEIGHTS, ones},
                                  {DNNL_ARG_DST, to.memory}});
}

/* The library's own rms flag gives a wrong dx (3.12.1 leaves out the term with the mean of
 * dy xhat). dx of layer norm with mean 0 lacks nothing but the mean of dy gamma that it takes off:
 * put back row by row. dx after the last use of dy, which it may be. */
static void rms_backward_layer(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    rows_view v = view_of(way);
    int64_t n = way->task->shape.n[0], c = way->task->shape.n[1];
    vg_dnn_md column = vg_dnn_matrix(way, n, 1, 1), gamma = vg_dnn_matrix(way, c, 1, 1);
    int zero = vg_dnn_own(way, v.statistics), sums = vg_dnn_own(way, column);
    vg_dnn_operand variance = vg_dnn_load_variance(way, v.statistics);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_matmul(&pd, io->dy.md, gamma, NULL, column, attr), "matmul"))
        return;
    vg_dnn_add(way, pd, 3,
               (vg_dnn_arg[]){{DNNL_ARG_SRC, io->dy.memory},
                              {DNNL_ARG_WEIGHTS, vg_dnn_slot(way, VG_GAMMA, gamma)},
                              {DNNL_ARG_DST, sums}});
    vg_dnn_add_glue(way, row_means, (int[4]){sums}, VG_DNN_RUN);
    add_lnorm_bwd(way, &v, VG_DNN_SCALE, io->x.memory, io->dy.memory, io->dx.memory, zero,
                  variance.memory);
    if (way->variant == VG_DNN_BY_LAYER)
        add_outer(way, sums, column, io->dx);
    else
        vg_dnn_add_binary(way, dnnl_binary_add, io->dx, (vg_dnn_operand){sums, column}, io->dx, 0,
                          NULL);
}

/* --- by kind ---------------------------------------------------------------------------------- */

void vg_dnn_row_norm_forward(vg_dnn_way *way, vg_op norm, const vg_dnn_norm_io *io, int count,
                             const vg_dnn_post *then)
{
    bool native = way->variant == VG_DNN_NATIVE || way->variant == VG_DNN_NATIVE_NWC;
    if (norm == VG_OP_layer_norm)
        layer_forward(way, io, count, then);
    else if (norm == VG_OP_group_norm)
        (native ? group_forward_native : group_forward_layer)(way, io);
    else
        (native ? rms_forward_native : rms_forward_layer)(way, io);
}

void vg_dnn_row_norm_again(vg_dnn_way *way, vg_op norm, const vg_dnn_norm_io *io)
{
    if (norm == VG_OP_layer_norm)
        layer_again(way, io);
    else if (norm == VG_OP_group_norm)
        group_again(way, io);
    else
        rms_again(way, io);
}

void vg_dnn_row_norm_backward(vg_dnn_way *way, vg_op norm, const vg_dnn_norm_io *io)
{
    bool native = way->variant == VG_DNN_NATIVE;
    if (norm == VG_OP_layer_norm)
        layer_backward(way, io);
    else if (norm == VG_OP_group_norm)
        (native ? group_backward_native : group_backward_layer)(way, io);
    else
        rms_backward_layer(way, io);
}
