/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm on oneDNN, described as nc, as nhwc with one pixel, and in channel blocks: the same
 * bytes where the block divides the width, else with the reorders that padding costs. */
#include "norm/norm.h"
#include "norm/norm_onednn.h"

typedef enum channel_layout { NC, NHWC, BLOCKED16, BLOCKED8 } channel_layout;

typedef struct bnorm {
    vgd_md data;     /* as the primitive sees it */
    vgd_md outer;    /* how the task's dense tensor is described to a reorder into data */
    vgd_md channels; /* [width] */
    bool reorders;
} bnorm;

static bnorm describe(vgd_way *way, const vg_task *task, channel_layout layout)
{
    int64_t n = task->shape.n[0], c = task->shape.n[1], block = layout == BLOCKED16 ? 16 : 8;
    bnorm b = {.channels = vgd_vector(way, c)};
    dnnl_dims_t dims = {n, c, 1, 1};
    if (layout == NC) {
        b.data = b.outer = vgd_matrix(way, n, c, c);
        return b;
    }
    b.outer = vgd_tagged(way, 4, dims, dnnl_nhwc);
    b.data = b.outer;
    if (layout == NHWC)
        return b;
    b.data = vgd_tagged(way, 4, dims, layout == BLOCKED16 ? dnnl_nChw16c : dnnl_nChw8c);
    b.reorders = c % block != 0;
    return b;
}

static int data_in(vgd_way *way, const bnorm *b, vg_slot slot)
{
    if (!b->reorders)
        return vgd_dense_in(way, slot, b->data);
    return vgd_to_layout(way, vgd_dense_in(way, slot, b->outer), b->outer, b->data, VGD_RUN);
}

/* Ends a step that wrote @p memory: data of @p slot. */
static void data_done(vgd_way *way, const bnorm *b, vg_slot slot, int memory)
{
    int outer = b->reorders ? vgd_dense_out(way, slot, b->outer) : memory;
    vgd_from_layout(way, memory, b->data, outer, b->outer);
    vgd_dense_done(way, slot, outer);
}

static int data_out(vgd_way *way, const bnorm *b, vg_slot slot)
{
    return b->reorders ? vgd_own(way, b->data) : vgd_dense_out(way, slot, b->data);
}

/* --- forward ----------------------------------------------------------------------------------- */

/* memory[0]: variances */
static void update_running(const vg_task *task, vgd_way *way, const int memory[4])
{
    const float *mean = task->t[VG_MEAN].p, *variance = vgd_data(way, memory[0]);
    float *run_mean = task->t[VG_RUN_MEAN].p, *run_var = task->t[VG_RUN_VAR].p;
    float n = (float)task->shape.n[0];
    for (int64_t c = 0; c < task->shape.n[1]; c++)
        vg_running_update(vgd_params(task), mean[c], variance[c] * n, n, &run_mean[c], &run_var[c]);
}

static void forward(vgd_way *way, const vg_task *task, channel_layout layout)
{
    bnorm b = describe(way, task, layout);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_bnorm_fwd(&pd, dnnl_forward_training, b.data, vgd_params(task)->eps,
                                   VGD_SCALE | VGD_SHIFT, attr),
                "batch norm forward"))
        return;
    vgd_keep_pd(way, pd);
    int x = data_in(way, &b, VG_X), y = data_out(way, &b, VG_Y);
    int variance = vgd_own(way, b.channels);
    vgd_add(way, pd, 6,
            (vgd_arg[]){{DNNL_ARG_SRC, x},
                        {DNNL_ARG_DST, y},
                        {DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, b.channels)},
                        {DNNL_ARG_SHIFT, vgd_slot(way, VG_BETA, b.channels)},
                        {DNNL_ARG_MEAN, vgd_slot(way, VG_MEAN, b.channels)},
                        {DNNL_ARG_VARIANCE, variance}});
    data_done(way, &b, VG_Y, y);
    vgd_save_rstd(way, (vgd_operand){variance, b.channels});
    vgd_add_glue(way, update_running, (int[4]){variance}, VGD_RUN);
}

static void forward_nc(vgd_way *way, const vg_task *task)
{
    forward(way, task, NC);
}

static void forward_nhwc(vgd_way *way, const vg_task *task)
{
    forward(way, task, NHWC);
}

static void forward_16c(vgd_way *way, const vg_task *task)
{
    forward(way, task, BLOCKED16);
}

static void forward_8c(vgd_way *way, const vg_task *task)
{
    forward(way, task, BLOCKED8);
}

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"nc", forward_nc},
                                         {"nhwc", forward_nhwc},
                                         {"nChw16c", forward_16c},
                                         {"nChw8c", forward_8c}};
    return vgd_prepare(task, threads, choices, 4);
}

const vg_kernel_impl vg_batch_norm_fwd_onednn = {.impl = "oneDNN batch norm, best layout",
                                                 .phases = vgd_phases,
                                                 .supports = vg_batch_norm_supports,
                                                 .prepare = prepare_fwd,
                                                 .release = vgd_release,
                                                 .describe = vgd_describe};

/* --- inference --------------------------------------------------------------------------------- */

static void infer(vgd_way *way, const vg_task *task, channel_layout layout)
{
    bnorm b = describe(way, task, layout);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_bnorm_fwd(&pd, dnnl_forward_inference, b.data, vgd_params(task)->eps,
                                   VGD_SCALE | VGD_SHIFT | VGD_GLOBAL_STATS, attr),
                "batch norm inference"))
        return;
    vgd_keep_pd(way, pd);
    int x = data_in(way, &b, VG_X), y = data_out(way, &b, VG_Y);
    vgd_add(way, pd, 6,
            (vgd_arg[]){{DNNL_ARG_SRC, x},
                        {DNNL_ARG_DST, y},
                        {DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, b.channels)},
                        {DNNL_ARG_SHIFT, vgd_slot(way, VG_BETA, b.channels)},
                        {DNNL_ARG_MEAN, vgd_slot(way, VG_RUN_MEAN, b.channels)},
                        {DNNL_ARG_VARIANCE, vgd_slot(way, VG_RUN_VAR, b.channels)}});
    data_done(way, &b, VG_Y, y);
}

static void infer_nc(vgd_way *way, const vg_task *task)
{
    infer(way, task, NC);
}

static void infer_nhwc(vgd_way *way, const vg_task *task)
{
    infer(way, task, NHWC);
}

static void infer_16c(vgd_way *way, const vg_task *task)
{
    infer(way, task, BLOCKED16);
}

static void infer_8c(vgd_way *way, const vg_task *task)
{
    infer(way, task, BLOCKED8);
}

static vg_status prepare_infer(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"nc", infer_nc},
                                         {"nhwc", infer_nhwc},
                                         {"nChw16c", infer_16c},
                                         {"nChw8c", infer_8c}};
    return vgd_prepare(task, threads, choices, 4);
}

const vg_kernel_impl vg_batch_norm_infer_onednn = {.impl = "oneDNN batch norm, best layout",
                                                   .phases = vgd_phases,
                                                   .prepare = prepare_infer,
                                                   .release = vgd_release,
                                                   .describe = vgd_describe};

/* --- backward ---------------------------------------------------------------------------------- */

static void backward(vgd_way *way, const vg_task *task, channel_layout layout)
{
    const unsigned flags = VGD_SCALE | VGD_SHIFT;
    float eps = vgd_params(task)->eps;
    bnorm b = describe(way, task, layout);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_bnorm_fwd(&hint, dnnl_forward_training, b.data, eps, flags, attr),
                "batch norm forward"))
        return;
    vgd_keep_pd(way, hint);
    if (!vgd_ok(way, vgd_bnorm_bwd(&pd, b.data, b.data, eps, flags, hint, attr),
                "batch norm backward"))
        return;
    vgd_keep_pd(way, pd);
    int x = data_in(way, &b, VG_X), dy = data_in(way, &b, VG_DY), dx = data_out(way, &b, VG_DX);
    vgd_operand variance = vgd_load_variance(way, b.channels);
    vgd_add(way, pd, VGD_BACKWARD_TAKES_SHIFT ? 9 : 8,
            (vgd_arg[]){{DNNL_ARG_SRC, x},
                        {DNNL_ARG_DIFF_DST, dy},
                        {DNNL_ARG_DIFF_SRC, dx},
                        {DNNL_ARG_MEAN, vgd_slot(way, VG_MEAN, b.channels)},
                        {DNNL_ARG_VARIANCE, variance.memory},
                        {DNNL_ARG_SCALE, vgd_slot(way, VG_GAMMA, b.channels)},
                        {DNNL_ARG_DIFF_SCALE, vgd_slot(way, VG_DGAMMA, b.channels)},
                        {DNNL_ARG_DIFF_SHIFT, vgd_slot(way, VG_DBETA, b.channels)},
                        {DNNL_ARG_SHIFT, vgd_own(way, b.channels)}});
    data_done(way, &b, VG_DX, dx);
}

static void backward_nc(vgd_way *way, const vg_task *task)
{
    backward(way, task, NC);
}

static void backward_nhwc(vgd_way *way, const vg_task *task)
{
    backward(way, task, NHWC);
}

static void backward_16c(vgd_way *way, const vg_task *task)
{
    backward(way, task, BLOCKED16);
}

static void backward_8c(vgd_way *way, const vg_task *task)
{
    backward(way, task, BLOCKED8);
}

static vg_status prepare_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"nc", backward_nc},
                                         {"nhwc", backward_nhwc},
                                         {"nChw16c", backward_16c},
                                         {"nChw8c", backward_8c}};
    return vgd_prepare(task, threads, choices, 4);
}

const vg_kernel_impl vg_batch_norm_bwd_onednn = {.impl = "oneDNN batch norm, best layout",
                                                 .phases = vgd_phases,
                                                 .supports = vg_batch_norm_supports,
                                                 .prepare = prepare_bwd,
                                                 .release = vgd_release,
                                                 .describe = vgd_describe};
