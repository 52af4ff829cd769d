/* SPDX-License-Identifier: Apache-2.0 */
/* prelu on oneDNN. Per channel it is the library's own; a shared slope is reference code there, so
 * it is also tried with the slope replicated over the channels and the slope's gradient summed. */
#include "onednn/onednn_way.h"

enum { AS_IS, SPREAD };

/* [batch][width], dense */
static vgd_md matrix_of(vgd_way *way, const vg_task *task)
{
    return vgd_matrix(way, task->shape.n[0], task->shape.n[1], task->shape.n[1]);
}

static bool is_shared(const vg_task *task)
{
    return task->shape.n[2] == 1 && task->shape.n[1] != 1;
}

/* memory[0]: [width] slopes */
static void replicate(const vg_task *task, vgd_way *way, const int memory[4])
{
    float *slopes = vgd_data(way, memory[0]), slope = *(const float *)task->t[VG_SLOPE].p;
    for (int64_t i = 0; i < task->shape.n[1]; i++)
        slopes[i] = slope;
}

/* memory[0]: [width] gradients of the replicated slopes */
static void sum_gradients(const vg_task *task, vgd_way *way, const int memory[4])
{
    const float *gradients = vgd_data(way, memory[0]);
    double sum = 0;
    for (int64_t i = 0; i < task->shape.n[1]; i++)
        sum += (double)gradients[i];
    *(float *)task->t[VG_DSLOPE].p = (float)sum;
}

/* The slopes as the primitive takes them: the tensor itself, or replicated each run. */
static int slopes_of(vgd_way *way, const vg_task *task, vgd_cmd md, bool spread)
{
    if (!spread)
        return vgd_slot(way, VG_SLOPE, md);
    int slopes = vgd_own(way, md);
    vgd_add_glue(way, replicate, (int[4]){slopes}, VGD_RUN);
    return slopes;
}

static void forward(vgd_way *way, const vg_task *task)
{
    bool spread = way->variant == SPREAD;
    int64_t n = spread ? task->shape.n[1] : task->shape.n[2];
    vgd_md md = matrix_of(way, task), w = vgd_matrix(way, 1, n, n);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK || !vgd_ok(way, vgd_prelu_fwd(&pd, md, w, attr), "prelu forward"))
        return;
    vgd_keep_pd(way, pd);
    int x = vgd_dense_in(way, VG_X, md), y = vgd_dense_out(way, VG_Y, md);
    vgd_add(way, pd, 3,
            (vgd_arg[]){{DNNL_ARG_SRC, x},
                        {DNNL_ARG_WEIGHTS, slopes_of(way, task, w, spread)},
                        {DNNL_ARG_DST, y}});
    vgd_dense_done(way, VG_Y, y);
}

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"prelu", forward, AS_IS},
                                         {"prelu with replicated slope", forward, SPREAD}};
    return vgd_prepare(task, threads, choices, is_shared(task) ? 2 : 1);
}

const vg_kernel_impl vg_prelu_fwd_onednn = {.impl = "oneDNN prelu",
                                            .phases = vgd_phases,
                                            .prepare = prepare_fwd,
                                            .release = vgd_release,
                                            .describe = vgd_describe};

static void backward(vgd_way *way, const vg_task *task)
{
    bool spread = way->variant == SPREAD;
    int64_t n = spread ? task->shape.n[1] : task->shape.n[2];
    vgd_md md = matrix_of(way, task), w = vgd_matrix(way, 1, n, n);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    if (way->status != VG_OK || !vgd_ok(way, vgd_prelu_fwd(&hint, md, w, attr), "prelu forward"))
        return;
    vgd_keep_pd(way, hint);
    if (!vgd_ok(way, vgd_prelu_bwd(&pd, md, w, md, w, hint, attr), "prelu backward"))
        return;
    vgd_keep_pd(way, pd);
    int x = vgd_dense_in(way, VG_X, md), dy = vgd_dense_in(way, VG_DY, md);
    int dx = vgd_dense_out(way, VG_DX, md);
    int slopes = slopes_of(way, task, w, spread);
    int dw = spread ? vgd_own(way, w) : vgd_slot(way, VG_DSLOPE, w);
    vgd_add(way, pd, 5,
            (vgd_arg[]){{DNNL_ARG_SRC, x},
                        {DNNL_ARG_WEIGHTS, slopes},
                        {DNNL_ARG_DIFF_DST, dy},
                        {DNNL_ARG_DIFF_SRC, dx},
                        {DNNL_ARG_DIFF_WEIGHTS, dw}});
    if (spread)
        vgd_add_glue(way, sum_gradients, (int[4]){dw}, VGD_RUN);
    vgd_dense_done(way, VG_DX, dx);
}

static vg_status prepare_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"prelu", backward, AS_IS},
                                         {"prelu with replicated slope", backward, SPREAD}};
    return vgd_prepare(task, threads, choices, is_shared(task) ? 2 : 1);
}

const vg_kernel_impl vg_prelu_bwd_onednn = {.impl = "oneDNN prelu",
                                            .phases = vgd_phases,
                                            .prepare = prepare_bwd,
                                            .release = vgd_release,
                                            .describe = vgd_describe};
