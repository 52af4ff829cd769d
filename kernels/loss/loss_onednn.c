/* SPDX-License-Identifier: Apache-2.0 */
/* Losses on oneDNN: softmax or a difference, then what the library has for the rest. Picking one
 * number per row by its label is no primitive; it is done in C, batch numbers per run. */
#include <math.h>

#include "onednn/onednn_steps.h"

/* Of one element: softmax_xent is a mean over the batch, mse over batch and outputs. */
static float gradient_scale(const vg_task *task)
{
    const vg_params *p = task->params ? task->params : &vg_params_default;
    double n = (double)task->shape.n[0];
    if (task->kernel->op == VG_OP_mse)
        n *= (double)task->shape.n[1] / 2;
    return (float)(p->loss_scale / n);
}

static const int32_t *labels_of(const vg_task *task)
{
    return task->t[VG_LABELS].p;
}

/* --- softmax cross-entropy -------------------------------------------------------------------- */

/* memory[0]: log-softmax, dense */
static void loss_of_logs(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    const float *logs = vg_dnn_data(way, memory[0]);
    const int32_t *labels = labels_of(task);
    double sum = 0;
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        sum -= (double)logs[r * task->shape.n[1] + labels[r]];
    *(float *)task->t[VG_LOSS].p = (float)(sum / (double)task->shape.n[0]);
}

static void xent_loss(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), logs = vg_dnn_buffer(way);
    vg_dnn_add_softmax(way, dnnl_softmax_log, x, logs, 0, NULL);
    vg_dnn_add_glue(way, loss_of_logs, (int[4]){logs.memory}, VG_DNN_RUN);
}

static vg_status prepare_xent_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"log-softmax", xent_loss, 0}};
    return vg_dnn_prepare(task, threads, choices, 1);
}

/* memory[0]: scaled probabilities, dense; subtracts the scale at each label */
static void subtract_labels(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    float *dx = vg_dnn_data(way, memory[0]), scale = gradient_scale(task);
    const int32_t *labels = labels_of(task);
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        dx[r * task->shape.n[1] + labels[r]] -= scale;
}

static void xent_gradient_fused(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), dx = vg_dnn_output(way, VG_DX);
    vg_dnn_post scale[] = {vg_dnn_then_linear(gradient_scale(task), 0)};
    vg_dnn_add_softmax(way, dnnl_softmax_accurate, x, dx, 1, scale);
    vg_dnn_add_glue(way, subtract_labels, (int[4]){dx.memory}, VG_DNN_RUN);
    vg_dnn_finish(way, VG_DX, dx);
}

static void xent_gradient_two(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), dx = vg_dnn_output(way, VG_DX);
    vg_dnn_add_softmax(way, dnnl_softmax_accurate, x, dx, 0, NULL);
    vg_dnn_add_eltwise(way, dnnl_eltwise_linear, gradient_scale(task), 0, dx, dx, 0, NULL);
    vg_dnn_add_glue(way, subtract_labels, (int[4]){dx.memory}, VG_DNN_RUN);
    vg_dnn_finish(way, VG_DX, dx);
}

static vg_status prepare_xent_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"softmax with linear post-op", xent_gradient_fused, 0},
                                            {"softmax, linear", xent_gradient_two, 0}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

/* Both from one log-softmax: dx = exp(log p) scale - scale onehot. */
static void xent_both_logs(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), dx = vg_dnn_output(way, VG_DX);
    vg_dnn_add_softmax(way, dnnl_softmax_log, x, dx, 0, NULL);
    vg_dnn_add_glue(way, loss_of_logs, (int[4]){dx.memory}, VG_DNN_RUN);
    vg_dnn_add_eltwise(way, dnnl_eltwise_exp, 0, 0, dx, dx, 0, NULL);
    vg_dnn_add_eltwise(way, dnnl_eltwise_linear, gradient_scale(task), 0, dx, dx, 0, NULL);
    vg_dnn_add_glue(way, subtract_labels, (int[4]){dx.memory}, VG_DNN_RUN);
    vg_dnn_finish(way, VG_DX, dx);
}

/* -log p of a row from its logits: where p is no normal number, its log says too little. */
static double row_loss(const float *x, int64_t n, int32_t label)
{
    double most = (double)x[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        most = (double)x[i] > most ? (double)x[i] : most;
    for (int64_t i = 0; i < n; i++)
        sum += exp((double)x[i] - most);
    return log(sum) + most - (double)x[label];
}

/* memory[0]: probabilities, dense; memory[1]: logits, dense */
static void loss_of_probabilities(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    const float *p = vg_dnn_data(way, memory[0]), *x = vg_dnn_data(way, memory[1]);
    const int32_t *labels = labels_of(task);
    int64_t n = task->shape.n[1];
    double sum = 0;
    for (int64_t r = 0; r < task->shape.n[0]; r++) {
        float at_label = p[r * n + labels[r]];
        sum += at_label >= 0x1p-126f ? -log((double)at_label) : row_loss(x + r * n, n, labels[r]);
    }
    *(float *)task->t[VG_LOSS].p = (float)(sum / (double)task->shape.n[0]);
}

/* Both from one softmax, into a buffer: dx may be x, and the loss still needs x. */
static void xent_both(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), p = vg_dnn_buffer(way),
                   dx = vg_dnn_output(way, VG_DX);
    vg_dnn_add_softmax(way, dnnl_softmax_accurate, x, p, 0, NULL);
    vg_dnn_add_glue(way, loss_of_probabilities, (int[4]){p.memory, x.memory}, VG_DNN_RUN);
    vg_dnn_add_eltwise(way, dnnl_eltwise_linear, gradient_scale(task), 0, p, dx, 0, NULL);
    vg_dnn_add_glue(way, subtract_labels, (int[4]){dx.memory}, VG_DNN_RUN);
    vg_dnn_finish(way, VG_DX, dx);
}

static vg_status prepare_xent_both(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"softmax, linear", xent_both, 0},
                                            {"log-softmax, exp, linear", xent_both_logs, 0}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

/* --- mean squared error ----------------------------------------------------------------------- */

/* memory[0]: sum of squares [1][1] */
static void mean_of_sum(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    double n = (double)task->shape.n[0] * (double)task->shape.n[1];
    *(float *)task->t[VG_LOSS].p = (float)((double)*vg_dnn_data(way, memory[0]) / n);
}

enum { BY_DOT, BY_REDUCTION };

/* loss, and with the gradient dx = scale (x - target) */
static void mse(vg_dnn_way *way, const vg_task *task)
{
    bool gradient = task->kernel->dir == VG_DIR_fwd_bwd;
    vg_dnn_operand x = vg_dnn_input(way, VG_X), target = vg_dnn_input(way, VG_TARGET);
    vg_dnn_operand difference = vg_dnn_buffer(way), sum = vg_dnn_scalar(way, 0);
    vg_dnn_add_binary(way, dnnl_binary_sub, x, target, difference, 0, NULL);
    if (way->variant == BY_DOT)
        vg_dnn_add_dot(way, difference, difference, sum);
    else
        vg_dnn_add_reduction(way, dnnl_reduction_norm_lp_power_p_sum, 2, difference, sum);
    vg_dnn_add_glue(way, mean_of_sum, (int[4]){sum.memory}, VG_DNN_RUN);
    if (!gradient)
        return;
    vg_dnn_operand dx = vg_dnn_output(way, VG_DX);
    vg_dnn_add_eltwise(way, dnnl_eltwise_linear, gradient_scale(task), 0, difference, dx, 0, NULL);
    vg_dnn_finish(way, VG_DX, dx);
}

static vg_status prepare_mse(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"binary sub, dot by matmul", mse, BY_DOT},
                                            {"binary sub, reduction", mse, BY_REDUCTION}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

static void mse_gradient(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), target = vg_dnn_input(way, VG_TARGET);
    vg_dnn_operand dx = vg_dnn_output(way, VG_DX);
    vg_dnn_post scale[] = {vg_dnn_then_linear(gradient_scale(task), 0)};
    vg_dnn_add_binary(way, dnnl_binary_sub, x, target, dx, 1, scale);
    vg_dnn_finish(way, VG_DX, dx);
}

static vg_status prepare_mse_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"binary sub, linear post-op", mse_gradient, 0}};
    return vg_dnn_prepare(task, threads, choices, 1);
}

/* --- rows ------------------------------------------------------------------------------------- */

#define ROW(prepare_fn)                                                                            \
    {                                                                                              \
        .impl = "oneDNN softmax, binary", .phases = vg_dnn_phases, .prepare = prepare_fn,          \
        .release = vg_dnn_release, .describe = vg_dnn_describe                                     \
    }

const vg_kernel_impl vg_softmax_xent_fwd_onednn = ROW(prepare_xent_fwd);
const vg_kernel_impl vg_softmax_xent_bwd_onednn = ROW(prepare_xent_bwd);
const vg_kernel_impl vg_softmax_xent_fwd_bwd_onednn = ROW(prepare_xent_both);
const vg_kernel_impl vg_mse_fwd_onednn = ROW(prepare_mse);
const vg_kernel_impl vg_mse_bwd_onednn = ROW(prepare_mse_bwd);
const vg_kernel_impl vg_mse_fwd_bwd_onednn = ROW(prepare_mse);
