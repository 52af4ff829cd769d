/* SPDX-License-Identifier: Apache-2.0 */
/* prelu on oneDNN. Per channel it is the library's own; a shared slope is reference code there, so
 * it is also tried with the slope replicated over the channels and the slope's gradient summed. */
#include "onednn/onednn_way.h"

enum { AS_IS, SPREAD };

/* [batch][width], dense */
static vg_dnn_md matrix_of(vg_dnn_way *way, const vg_task *task)
{
    return vg_dnn_matrix(way, task->shape.n[0], task->shape.n[1], task->shape.n[1]);
}

static bool is_shared(const vg_task *task)
{
    return task->shape.n[2] == 1 && task->shape.n[1] != 1;
}

/* memory[0]: [width] slopes */
static void replicate(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    float *slopes = vg_dnn_data(way, memory[0]), slope = *(const float *)task->t[VG_SLOPE].p;
    for (int64_t i = 0; i < task->shape.n[1]; i++)
        slopes[i] = slope;
}

/* memory[0]: [width] gradients of the replicated slopes */
static void sum_gradients(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    const float *gradients = vg_dnn_data(way, memory[0]);
    double sum = 0;
    for (int64_t i = 0; i < task->shape.n[1]; i++)
        sum += (double)gradients[i];
    *(float *)task->t[VG_DSLOPE].p = (float)sum;
}

/* The slopes as the primitive takes them: the tensor itself, or replicated each run. */
static int slopes_of(vg_dnn_way *way, const vg_task *task, vg_dnn_cmd md, bool spread)
{
    if (!spread)
        return vg_dnn_slot(way, VG_SLOPE, md);
    int slopes = vg_dnn_own(way, md);
    vg_dnn_add_glue(way, replicate, (int[4]){slopes}, VG_DNN_RUN);
    return slopes;
}

static void forward(vg_dnn_way *way, const vg_task *task)
{
    bool spread = way->variant == SPREAD;
    int64_t n = spread ? task->shape.n[1] : task->shape.n[2];
    vg_dnn_md md = matrix_of(way, task), w = vg_dnn_matrix(way, 1, n, n);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_prelu_fwd(&pd, md, w, attr), "prelu forward"))
        return;
    vg_dnn_keep_pd(way, pd);
    int x = vg_dnn_dense_in(way, VG_X, md), y = vg_dnn_dense_out(way, VG_Y, md);
    vg_dnn_add(way, pd, 3,
               (vg_dnn_arg[]){{DNNL_ARG_SRC, x},
                              {DNNL_ARG_WEIGHTS, slopes_of(way, task, w, spread)},
                              {DNNL_ARG_DST, y}});
    vg_dnn_dense_done(way, VG_Y, y);
}

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"prelu", forward, AS_IS},
                                            {"prelu with replicated slope", forward, SPREAD}};
    return vg_dnn_prepare(task, threads, choices, is_shared(task) ? 2 : 1);
}

const vg_kernel_impl vg_prelu_fwd_onednn = {.impl = "oneDNN prelu",
                                            .phases = vg_dnn_phases,
                                            .prepare = prepare_fwd,
                                            .release = vg_dnn_release,
                                            .describe = vg_dnn_describe};

static void backward(vg_dnn_way *way, const vg_task *task)
{
    bool spread = way->variant == SPREAD;
    int64_t n = spread ? task->shape.n[1] : task->shape.n[2];
    vg_dnn_md md = matrix_of(way, task), w = vg_dnn_matrix(way, 1, n, n);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_prelu_fwd(&hint, md, w, attr), "prelu forward"))
        return;
    vg_dnn_keep_pd(way, hint);
    if (!vg_dnn_ok(way, vg_dnn_prelu_bwd(&pd, md, w, md, w, hint, attr), "prelu backward"))
        return;
    vg_dnn_keep_pd(way, pd);
    int x = vg_dnn_dense_in(way, VG_X, md), dy = vg_dnn_dense_in(way, VG_DY, md);
    int dx = vg_dnn_dense_out(way, VG_DX, md);
    int slopes = slopes_of(way, task, w, spread);
    int dw = spread ? vg_dnn_own(way, w) : vg_dnn_slot(way, VG_DSLOPE, w);
    vg_dnn_add(way, pd, 5,
               (vg_dnn_arg[]){{DNNL_ARG_SRC, x},
                              {DNNL_ARG_WEIGHTS, slopes},
                              {DNNL_ARG_DIFF_DST, dy},
                              {DNNL_ARG_DIFF_SRC, dx},
                              {DNNL_ARG_DIFF_WEIGHTS, dw}});
    if (spread)
        vg_dnn_add_glue(way, sum_gradients, (int[4]){dw}, VG_DNN_RUN);
    vg_dnn_dense_done(way, VG_DX, dx);
}

static vg_status prepare_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"prelu", backward, AS_IS},
                                            {"prelu with replicated slope", backward, SPREAD}};
    return vg_dnn_prepare(task, threads, choices, is_shared(task) ? 2 : 1);
}

const vg_kernel_impl vg_prelu_bwd_onednn = {.impl = "oneDNN prelu",
                                            .phases = vg_dnn_phases,
                                            .prepare = prepare_bwd,
                                            .release = vg_dnn_release,
                                            .describe = vg_dnn_describe};
