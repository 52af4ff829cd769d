/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm on oneDNN. Where the library lacks or spoils a norm, layer normalisation
 * does its work: a group is a row of the view [batch * groups][width / groups]; rms norm is layer
 * norm whose mean is given as zero. */
#include <math.h>

#include "norm/norm_onednn.h"

/* The view in which a row is what is normalised together. */
typedef struct rows_view {
    int64_t rows, length;
    vgd_md data, statistics, channels;
    float eps;
} rows_view;

static rows_view view_of(vgd_way *way, const vg_task *task)
{
    rows_view v = {.rows = vgd_statistics(task), .eps = vgd_params(task)->eps};
    v.length = task->shape.n[0] * task->shape.n[1] / v.rows;
    v.data = vgd_matrix(way, v.rows, v.length, v.length);
    v.statistics = vgd_vector(way, v.rows);
    v.channels = vgd_vector(way, task->shape.n[1]);
    return v;
}

/* Layer normalisation forward from x to y in the view, with optional scale and shift. */
static void add_lnorm(vgd_way *way, const rows_view *v, unsigned flags, int x, int y, int mean,
                      int variance)
{
    bool given = flags & VGD_GLOBAL_STATS;
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
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
    if (flags & VGD_SHIFT && VGD_BACKWARD_TAKES_SHIFT)
        args[n++] = (vgd_arg){DNNL_ARG_SHIFT, vgd_own(way, v->channels)};
    vgd_add(way, pd, n, args);
}

/* --- layer norm -------------------------------------------------------------------------------- */

static void layer_forward(vgd_way *way, const vg_task *task)
{
    rows_view v = view_of(way, task);
    int x = vgd_dense_in(way, VG_X, v.data), y = vgd_dense_out(way, VG_Y, v.data);
    vgd_operand mean = vgd_mean_out(way, v.statistics);
    vgd_operand variance = {vgd_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, VGD_SCALE | VGD_SHIFT, x, y, mean.memory, variance.memory);
    vgd_save_rstd(way, variance);
    vgd_dense_done(way, VG_Y, y);
}

static void layer_backward(vgd_way *way, const vg_task *task)
{
    rows_view v = view_of(way, task);
    int x = vgd_dense_in(way, VG_X, v.data), dy = vgd_dense_in(way, VG_DY, v.data);
    int dx = vgd_dense_out(way, VG_DX, v.data);
    vgd_operand mean = vgd_mean_in(way, v.statistics);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    add_lnorm_bwd(way, &v, VGD_SCALE | VGD_SHIFT, x, dy, dx, mean.memory, variance.memory);
    vgd_dense_done(way, VG_DX, dx);
}

static vg_status prepare_layer_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"layer norm", layer_forward}};
    return vgd_prepare(task, threads, choices, 1);
}

static vg_status prepare_layer_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"layer norm", layer_backward}};
    return vgd_prepare(task, threads, choices, 1);
}

/* --- group norm, native ------------------------------------------------------------------------ */

/* As 3-D tensors of one pixel: on 2-D ones the library reads past the end up to 3.12 at least. */
typedef struct group_case {
    vgd_md data, statistics, channels;
    int64_t groups;
    float eps;
} group_case;

static group_case group_of(vgd_way *way, const vg_task *task, dnnl_format_tag_t tag)
{
    int64_t n = task->shape.n[0], c = task->shape.n[1], groups = task->shape.n[2];
    return (group_case){
        .data = vgd_tagged(way, 3, (dnnl_dims_t){n, c, 1}, tag),
        .statistics = vgd_matrix(way, n, groups, groups),
        .channels = vgd_vector(way, c),
        .groups = groups,
        .eps = vgd_params(task)->eps,
    };
}

static void group_forward(vgd_way *way, const vg_task *task, dnnl_format_tag_t tag)
{
    group_case g = group_of(way, task, tag);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_gnorm_fwd(&pd, g.data, g.groups, g.eps, VGD_SCALE | VGD_SHIFT, attr),
                "group norm forward"))
        return;
    vgd_keep_pd(way, pd);
    int x = vgd_dense_in(way, VG_X, g.data), y = vgd_dense_out(way, VG_Y, g.data);
    vgd_operand mean = vgd_mean_out(way, g.statistics);
    vgd_operand variance = {vgd_own(way, g.statistics), g.statistics};
    vgd_add(way, pd, 6,
            (vgd_arg[]){{DNNL_ARG_SRC, x},
                        {DNNL_ARG_DST, y},
                        {DNNL_ARG_MEAN, mean.memory},
                        {DNNL_ARG_VARIANCE, variance.memory},
                        {DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, g.channels)},
                        {DNNL_ARG_SHIFT, vgd_slot(way, VG_BETA, g.channels)}});
    vgd_save_rstd(way, variance);
    vgd_dense_done(way, VG_MEAN, mean.memory);
    vgd_dense_done(way, VG_Y, y);
}

static void group_forward_ncw(vgd_way *way, const vg_task *task)
{
    group_forward(way, task, dnnl_ncw);
}

static void group_forward_nwc(vgd_way *way, const vg_task *task)
{
    group_forward(way, task, dnnl_nwc);
}

static void group_backward_native(vgd_way *way, const vg_task *task)
{
    const unsigned flags = VGD_SCALE | VGD_SHIFT;
    group_case g = group_of(way, task, dnnl_ncw);
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
    int x = vgd_dense_in(way, VG_X, g.data), dy = vgd_dense_in(way, VG_DY, g.data);
    int dx = vgd_dense_out(way, VG_DX, g.data);
    vgd_operand mean = vgd_mean_in(way, g.statistics);
    vgd_operand variance = vgd_load_variance(way, g.statistics);
    vgd_add(way, pd, 8,
            (vgd_arg[]){{DNNL_ARG_SRC, x},
                        {DNNL_ARG_DIFF_DST, dy},
                        {DNNL_ARG_DIFF_SRC, dx},
                        {DNNL_ARG_MEAN, mean.memory},
                        {DNNL_ARG_VARIANCE, variance.memory},
                        {DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, g.channels)},
                        {DNNL_ARG_DIFF_SCALE, vgd_slot(way, VG_DGAMMA, g.channels)},
                        {DNNL_ARG_DIFF_SHIFT, vgd_slot(way, VG_DBETA, g.channels)}});
    vgd_dense_done(way, VG_DX, dx);
}

/* --- group norm by layer norm ------------------------------------------------------------------ */

static void group_forward_layer(vgd_way *way, const vg_task *task)
{
    rows_view v = view_of(way, task);
    int x = vgd_dense_in(way, VG_X, v.data);
    vgd_operand y = vgd_output(way, VG_Y);
    vgd_operand mean = vgd_mean_out(way, v.statistics);
    vgd_operand variance = {vgd_own(way, v.statistics), v.statistics};
    if (way->status != VG_OK)
        return;
    add_lnorm(way, &v, 0, x, vgd_alias(way, y.memory, v.data), mean.memory, variance.memory);
    vgd_save_rstd(way, variance);
    vgd_post shift[] = {vgd_then(dnnl_binary_add, vgd_channel_slot(way, VG_BETA))};
    vgd_add_binary(way, dnnl_binary_mul, y, vgd_channel_slot(way, VG_GAMMA), y, 1, shift);
    vgd_dense_done(way, VG_MEAN, mean.memory);
    vgd_finish(way, VG_Y, y);
}

/* xhat again, dgamma and dbeta as column sums, and dx from dy gamma; dx last, it may be dy. */
static void group_backward_layer(vgd_way *way, const vg_task *task, bool by_ones)
{
    rows_view v = view_of(way, task);
    vgd_operand x = vgd_input(way, VG_X), dy = vgd_input(way, VG_DY), dx = vgd_output(way, VG_DX);
    vgd_operand mean = vgd_mean_in(way, v.statistics);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    vgd_operand work = vgd_buffer(way);
    if (way->status != VG_OK)
        return;
    int rows_x = vgd_alias(way, x.memory, v.data), rows_work = vgd_alias(way, work.memory, v.data);
    add_lnorm(way, &v, VGD_GLOBAL_STATS, rows_x, rows_work, mean.memory, variance.memory);
    vgd_add_binary(way, dnnl_binary_mul, work, dy, work, 0, NULL);
    vgd_add_column_sum(way, work, vgd_channel_slot(way, VG_DGAMMA), by_ones);
    vgd_add_column_sum(way, dy, vgd_channel_slot(way, VG_DBETA), by_ones);
    vgd_add_binary(way, dnnl_binary_mul, dy, vgd_channel_slot(way, VG_GAMMA), work, 0, NULL);
    int rows_dx = way->status == VG_OK ? vgd_alias(way, dx.memory, v.data) : -1;
    add_lnorm_bwd(way, &v, 0, rows_x, rows_work, rows_dx, mean.memory, variance.memory);
    vgd_finish(way, VG_DX, dx);
}

static void group_backward_ones(vgd_way *way, const vg_task *task)
{
    group_backward_layer(way, task, true);
}

static void group_backward_reduction(vgd_way *way, const vg_task *task)
{
    group_backward_layer(way, task, false);
}

static vg_status prepare_group_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"group norm ncw", group_forward_ncw},
                                         {"group norm nwc", group_forward_nwc},
                                         {"layer norm over groups, binary", group_forward_layer}};
    return vgd_prepare(task, threads, choices, 3);
}

static vg_status prepare_group_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {
        {"group norm ncw", group_backward_native},
        {"layer norm over groups, sums by matmul", group_backward_ones},
        {"layer norm over groups, sums by reduction", group_backward_reduction}};
    return vgd_prepare(task, threads, choices, 3);
}

/* --- rms norm ---------------------------------------------------------------------------------- */

static void rms_forward_native(vgd_way *way, const vg_task *task)
{
    rows_view v = view_of(way, task);
    if (!VGD_RMS)
        vgd_skip(way, "no rms norm before 3.9");
    int x = vgd_dense_in(way, VG_X, v.data), y = vgd_dense_out(way, VG_Y, v.data);
    vgd_operand variance = {vgd_own(way, v.statistics), v.statistics};
    add_lnorm(way, &v, VGD_SCALE | VGD_RMS, x, y, -1, variance.memory);
    vgd_save_rstd(way, variance);
    vgd_dense_done(way, VG_Y, y);
}

/* memory[0]: sums of squares, to mean squares */
static void mean_squares(const vg_task *task, vgd_way *way, const int memory[4])
{
    float *squares = vgd_data(way, memory[0]), share = 1 / (float)task->shape.n[1];
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        squares[r] *= share;
}

/* Sums of squares of rows as [batch] products of a row with itself. */
static void add_squares_matmul(vgd_way *way, const vg_task *task, int x, int squares)
{
    int64_t n = task->shape.n[0], c = task->shape.n[1];
    vgd_md row = vgd_tagged(way, 3, (dnnl_dims_t){n, 1, c}, dnnl_abc);
    vgd_md column = vgd_tagged(way, 3, (dnnl_dims_t){n, c, 1}, dnnl_abc);
    vgd_md one = vgd_tagged(way, 3, (dnnl_dims_t){n, 1, 1}, dnnl_abc);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK && vgd_ok(way, vgd_matmul(&pd, row, column, NULL, one, attr), "matmul"))
        vgd_add(way, pd, 3,
                (vgd_arg[]){{DNNL_ARG_SRC, vgd_alias(way, x, row)},
                            {DNNL_ARG_WEIGHTS, vgd_alias(way, x, column)},
                            {DNNL_ARG_DST, vgd_alias(way, squares, one)}});
}

static void rms_forward_layer(vgd_way *way, const vg_task *task, bool by_matmul)
{
    rows_view v = view_of(way, task);
    int x = vgd_dense_in(way, VG_X, v.data), y = vgd_dense_out(way, VG_Y, v.data);
    int zero = vgd_own(way, v.statistics), squares = vgd_own(way, v.statistics);
    vgd_md column = vgd_matrix(way, v.rows, 1, 1);
    if (way->status != VG_OK)
        return;
    if (by_matmul)
        add_squares_matmul(way, task, x, squares);
    else
        vgd_add_reduction(way, dnnl_reduction_norm_lp_power_p_sum, 2, (vgd_operand){x, v.data},
                          (vgd_operand){vgd_alias(way, squares, column), column});
    vgd_add_glue(way, mean_squares, (int[4]){squares}, VGD_RUN);
    add_lnorm(way, &v, VGD_SCALE | VGD_GLOBAL_STATS, x, y, zero, squares);
    vgd_save_rstd(way, (vgd_operand){squares, v.statistics});
    vgd_dense_done(way, VG_Y, y);
}

static void rms_forward_matmul(vgd_way *way, const vg_task *task)
{
    rms_forward_layer(way, task, true);
}

static void rms_forward_reduction(vgd_way *way, const vg_task *task)
{
    rms_forward_layer(way, task, false);
}

static vg_status prepare_rms_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {
        {"layer norm with rms flag", rms_forward_native},
        {"squares by matmul, layer norm with given statistics", rms_forward_matmul},
        {"squares by reduction, layer norm with given statistics", rms_forward_reduction}};
    return vgd_prepare(task, threads, choices, 3);
}

static void rms_backward_native(vgd_way *way, const vg_task *task)
{
    rows_view v = view_of(way, task);
    if (!VGD_RMS)
        vgd_skip(way, "no rms norm before 3.9");
    int x = vgd_dense_in(way, VG_X, v.data), dy = vgd_dense_in(way, VG_DY, v.data);
    int dx = vgd_dense_out(way, VG_DX, v.data);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    add_lnorm_bwd(way, &v, VGD_SCALE | VGD_RMS, x, dy, dx, -1, variance.memory);
    vgd_dense_done(way, VG_DX, dx);
}

/* memory[0]: [batch] sums of dy gamma, to their share in dx */
static void row_means(const vg_task *task, vgd_way *way, const int memory[4])
{
    float *sums = vgd_data(way, memory[0]);
    const float *rstd = task->t[VG_RSTD].p;
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        sums[r] *= rstd[r] / (float)task->shape.n[1];
}

/* dx of layer norm with mean 0 lacks nothing but the mean of dy gamma that it takes off: put back
 * row by row. dx after the last use of dy, which it may be. */
static void rms_backward_layer(vgd_way *way, const vg_task *task, bool by_matmul)
{
    rows_view v = view_of(way, task);
    vgd_operand x = vgd_input(way, VG_X), dy = vgd_input(way, VG_DY), dx = vgd_output(way, VG_DX);
    int64_t n = task->shape.n[0], c = task->shape.n[1];
    vgd_md column = vgd_matrix(way, n, 1, 1), gamma = vgd_matrix(way, c, 1, 1);
    vgd_md row = vgd_matrix(way, 1, c, c);
    int zero = vgd_own(way, v.statistics), sums = vgd_own(way, column), ones = vgd_own(way, row);
    vgd_operand variance = vgd_load_variance(way, v.statistics);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_matmul(&pd, dy.md, gamma, NULL, column, attr), "matmul"))
        return;
    vgd_add(way, pd, 3,
            (vgd_arg[]){{DNNL_ARG_SRC, dy.memory},
                        {DNNL_ARG_WEIGHTS, vgd_slot(way, VG_GAMMA, gamma)},
                        {DNNL_ARG_DST, sums}});
    vgd_add_glue(way, row_means, (int[4]){sums}, VGD_RUN);
    add_lnorm_bwd(way, &v, VGD_SCALE, x.memory, dy.memory, dx.memory, zero, variance.memory);
    if (!by_matmul) {
        vgd_add_binary(way, dnnl_binary_add, dx, (vgd_operand){sums, column}, dx, 0, NULL);
    } else {
        for (int64_t i = 0; i < c && way->status == VG_OK; i++)
            vgd_data(way, ones)[i] = 1;
        dnnl_post_ops_t ops = vgd_ops(way);
        if (!ops || !vgd_ok(way, vgd_post_sum(ops, 1), "post-op"))
            return;
        attr = vgd_attr(way, ops);
        if (way->status == VG_OK &&
            vgd_ok(way, vgd_matmul(&pd, column, row, NULL, dx.md, attr), "matmul"))
            vgd_add(way, pd, 3,
                    (vgd_arg[]){{DNNL_ARG_SRC, sums},
                                {DNNL_ARG_WEIGHTS, ones},
                                {DNNL_ARG_DST, dx.memory}});
    }
    vgd_finish(way, VG_DX, dx);
}

static void rms_backward_binary(vgd_way *way, const vg_task *task)
{
    rms_backward_layer(way, task, false);
}

static void rms_backward_matmul(vgd_way *way, const vg_task *task)
{
    rms_backward_layer(way, task, true);
}

static vg_status prepare_rms_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {
        {"layer norm with rms flag", rms_backward_native},
        {"layer norm of mean 0, binary", rms_backward_binary},
        {"layer norm of mean 0, matmul", rms_backward_matmul}};
    return vgd_prepare(task, threads, choices, 3);
}

/* --- rows -------------------------------------------------------------------------------------- */

#define ROW(text, prepare_fn)                                                                      \
    {.impl = text, .phases = vgd_phases, .prepare = prepare_fn, .release = vgd_release,            \
     .describe = vgd_describe}

const vg_kernel_impl vg_layer_norm_fwd_onednn = ROW("oneDNN layer norm", prepare_layer_fwd);
const vg_kernel_impl vg_layer_norm_bwd_onednn = ROW("oneDNN layer norm", prepare_layer_bwd);
const vg_kernel_impl vg_group_norm_fwd_onednn = ROW("oneDNN group or layer norm", prepare_group_fwd);
const vg_kernel_impl vg_group_norm_bwd_onednn = ROW("oneDNN group or layer norm", prepare_group_bwd);
const vg_kernel_impl vg_rms_norm_fwd_onednn = ROW("oneDNN layer norm", prepare_rms_fwd);
const vg_kernel_impl vg_rms_norm_bwd_onednn = ROW("oneDNN layer norm", prepare_rms_bwd);
