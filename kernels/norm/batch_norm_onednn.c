/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm on oneDNN, described as nc, as nhwc with one pixel, and in channel blocks: the same
 * bytes where the block divides the width, else with the reorders that padding costs. */
#include "norm/norm.h"
#include "norm/norm_onednn.h"

typedef struct bnorm {
    vg_dnn_md data;     /* as the primitive sees it */
    vg_dnn_md outer;    /* how the task's dense matrices are described to a reorder into data */
    vg_dnn_md channels; /* [width] */
    bool reorders;
    float eps;
    unsigned flags;
} bnorm;

static bnorm describe(vg_dnn_way *way, unsigned flags)
{
    const vg_task *task = way->task;
    int64_t n = task->shape.n[0], c = task->shape.n[1];
    int64_t block = way->variant == VG_DNN_BLOCKED16 ? 16 : 8;
    dnnl_dims_t dims = {n, c, 1, 1};
    bnorm b = {.channels = vg_dnn_vector(way, c),
               .eps = vg_dnn_params(task)->eps,
               .flags = VG_DNN_SCALE | VG_DNN_SHIFT | flags};
    if (way->variant == VG_DNN_NC) {
        b.data = b.outer = vg_dnn_matrix(way, n, c, c);
        return b;
    }
    b.data = b.outer = vg_dnn_tagged(way, 4, dims, dnnl_nhwc);
    if (way->variant == VG_DNN_NHWC)
        return b;
    b.data =
        vg_dnn_tagged(way, 4, dims, way->variant == VG_DNN_BLOCKED16 ? dnnl_nChw16c : dnnl_nChw8c);
    b.reorders = c % block != 0;
    return b;
}

/* A dense matrix of the task in the layout of the primitive. */
static int enter(vg_dnn_way *way, const bnorm *b, vg_dnn_operand matrix)
{
    if (!b->reorders)
        return vg_dnn_alias(way, matrix.memory, b->data);
    return vg_dnn_to_layout(way, vg_dnn_alias(way, matrix.memory, b->outer), b->outer, b->data,
                            VG_DNN_RUN);
}

/* Where the primitive writes what shall be @p matrix, and the way there. */
static int result(vg_dnn_way *way, const bnorm *b, vg_dnn_operand matrix)
{
    return b->reorders ? vg_dnn_own(way, b->data) : vg_dnn_alias(way, matrix.memory, b->data);
}

static void leave(vg_dnn_way *way, const bnorm *b, int memory, vg_dnn_operand matrix)
{
    if (b->reorders && way->status == VG_OK)
        vg_dnn_from_layout(way, memory, b->data, vg_dnn_alias(way, matrix.memory, b->outer),
                           b->outer);
}

static void add_forward(vg_dnn_way *way, const bnorm *b, dnnl_prop_kind_t prop,
                        const vg_dnn_norm_io *io, int mean, int variance)
{
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_bnorm_fwd(&pd, prop, b->data, b->eps, b->flags, attr),
                   "batch norm forward"))
        return;
    vg_dnn_keep_pd(way, pd);
    vg_dnn_cmd kept = dnnl_primitive_desc_query_md(pd, dnnl_query_workspace_md, 0);
    bool has_workspace = kept && dnnl_memory_desc_get_size(kept) > 0;
    int x = enter(way, b, io->x), y = result(way, b, io->y);
    vg_dnn_arg args[7] = {{DNNL_ARG_SRC, x},
                          {DNNL_ARG_DST, y},
                          {DNNL_ARG_SCALE, vg_dnn_slot(way, VG_GAMMA, b->channels)},
                          {DNNL_ARG_SHIFT, vg_dnn_slot(way, VG_BETA, b->channels)},
                          {DNNL_ARG_MEAN, mean},
                          {DNNL_ARG_VARIANCE, variance}};
    if (has_workspace)
        args[6] = (vg_dnn_arg){DNNL_ARG_WORKSPACE, vg_dnn_own(way, kept)};
    vg_dnn_add(way, pd, has_workspace ? 7 : 6, args);
    leave(way, b, y, io->y);
}

/* memory[0]: variances */
static void update_running(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    const float *mean = task->t[VG_MEAN].p, *variance = vg_dnn_data(way, memory[0]);
    float *run_mean = task->t[VG_RUN_MEAN].p, *run_var = task->t[VG_RUN_VAR].p;
    float n = (float)task->shape.n[0];
    for (int64_t c = 0; c < task->shape.n[1]; c++)
        vg_running_update(vg_dnn_params(task), mean[c], variance[c] * n, n, &run_mean[c],
                          &run_var[c]);
}

void vg_dnn_batch_norm_forward(vg_dnn_way *way, const vg_dnn_norm_io *io, bool relu)
{
    if (way->task->kernel->dir == VG_DIR_infer) {
        bnorm b = describe(way, VG_DNN_GLOBAL_STATS);
        int mean = vg_dnn_slot(way, VG_RUN_MEAN, b.channels);
        add_forward(way, &b, dnnl_forward_inference, io, mean,
                    vg_dnn_slot(way, VG_RUN_VAR, b.channels));
        return;
    }
    bnorm b = describe(way, relu ? VG_DNN_FUSE_RELU : 0);
    int mean = vg_dnn_slot(way, VG_MEAN, b.channels), variance = vg_dnn_own(way, b.channels);
    add_forward(way, &b, dnnl_forward_training, io, mean, variance);
    vg_dnn_save_rstd(way, (vg_dnn_operand){variance, b.channels});
    vg_dnn_add_glue(way, update_running, (int[4]){variance}, VG_DNN_RUN);
}

void vg_dnn_batch_norm_again(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    bnorm b = describe(way, VG_DNN_GLOBAL_STATS);
    int mean = vg_dnn_slot(way, VG_MEAN, b.channels);
    vg_dnn_operand variance = vg_dnn_load_variance(way, b.channels);
    add_forward(way, &b, dnnl_forward_inference, io, mean, variance.memory);
}

void vg_dnn_batch_norm_backward(vg_dnn_way *way, const vg_dnn_norm_io *io)
{
    bnorm b = describe(way, 0);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way,
                   vg_dnn_bnorm_fwd(&hint, dnnl_forward_training, b.data, b.eps, b.flags, attr),
                   "batch norm forward"))
        return;
    vg_dnn_keep_pd(way, hint);
    if (!vg_dnn_ok(way, vg_dnn_bnorm_bwd(&pd, b.data, b.data, b.eps, b.flags, hint, attr),
                   "batch norm backward"))
        return;
    vg_dnn_keep_pd(way, pd);
    int x = enter(way, &b, io->x), dy = enter(way, &b, io->dy), dx = result(way, &b, io->dx);
    vg_dnn_operand variance = vg_dnn_load_variance(way, b.channels);
    vg_dnn_add(way, pd, VG_DNN_BACKWARD_TAKES_SHIFT ? 9 : 8,
               (vg_dnn_arg[]){{DNNL_ARG_SRC, x},
                              {DNNL_ARG_DIFF_DST, dy},
                              {DNNL_ARG_DIFF_SRC, dx},
                              {DNNL_ARG_MEAN, vg_dnn_slot(way, VG_MEAN, b.channels)},
                              {DNNL_ARG_VARIANCE, variance.memory},
                              {DNNL_ARG_SCALE, vg_dnn_slot(way, VG_GAMMA, b.channels)},
                              {DNNL_ARG_DIFF_SCALE, vg_dnn_slot(way, VG_DGAMMA, b.channels)},
                              {DNNL_ARG_DIFF_SHIFT, vg_dnn_slot(way, VG_DBETA, b.channels)},
                              {DNNL_ARG_SHIFT, vg_dnn_own(way, b.channels)}});
    leave(way, &b, dx, io->dx);
}
