/* SPDX-License-Identifier: Apache-2.0 */
/* Residual forms on oneDNN: binary primitives with post-ops, one pass where that can be said. */
#include "onednn/onednn_steps.h"

static const vg_params *params_of(const vg_task *task)
{
    return task->params ? task->params : &vg_params_default;
}

/* --- add -------------------------------------------------------------------------------------- */

static void add_forward(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), h = vg_dnn_input(way, VG_H),
                   y = vg_dnn_output(way, VG_Y);
    vg_dnn_add_binary(way, dnnl_binary_add, x, h, y, 0, NULL);
    vg_dnn_finish(way, VG_Y, y);
}

/* dx += dy */
static void add_backward(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), dx = vg_dnn_input(way, VG_DX);
    vg_dnn_add_binary(way, dnnl_binary_add, dx, dy, dx, 0, NULL);
    vg_dnn_finish(way, VG_DX, dx);
}

static void add_backward_reorder(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), dx = vg_dnn_input(way, VG_DX);
    dnnl_post_ops_t ops = vg_dnn_ops(way);
    if (!ops || !vg_dnn_ok(way, vg_dnn_post_sum(ops, 1), "post-op"))
        return;
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, ops);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK && vg_dnn_ok(way, vg_dnn_reorder(&pd, dy.md, dx.md, attr), "reorder"))
        vg_dnn_add(way, pd, 2,
                   (vg_dnn_arg[]){{DNNL_ARG_FROM, dy.memory}, {DNNL_ARG_TO, dx.memory}});
    vg_dnn_finish(way, VG_DX, dx);
}

static vg_status prepare_add_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"binary add", add_forward, 0}};
    return vg_dnn_prepare(task, threads, choices, 1);
}

static vg_status prepare_add_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"binary add", add_backward, 0},
                                            {"reorder with sum", add_backward_reorder, 0}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

/* --- scaled_add, rezero: y = x + alpha h ------------------------------------------------------ */

static vg_dnn_operand alpha_of(vg_dnn_way *way, const vg_task *task)
{
    if (task->kernel->op == VG_OP_rezero)
        return vg_dnn_scalar_slot(way, VG_ALPHA);
    return vg_dnn_scalar(way, params_of(task)->alpha);
}

static void scaled_forward(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), h = vg_dnn_input(way, VG_H),
                   y = vg_dnn_output(way, VG_Y);
    vg_dnn_post then[] = {vg_dnn_then(dnnl_binary_add, x)};
    vg_dnn_add_binary(way, dnnl_binary_mul, h, alpha_of(way, task), y, 1, then);
    vg_dnn_finish(way, VG_Y, y);
}

static void scaled_forward_eltwise(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), h = vg_dnn_input(way, VG_H),
                   y = vg_dnn_output(way, VG_Y);
    vg_dnn_post then[] = {vg_dnn_then(dnnl_binary_add, x)};
    vg_dnn_add_eltwise(way, dnnl_eltwise_linear, params_of(task)->alpha, 0, h, y, 1, then);
    vg_dnn_finish(way, VG_Y, y);
}

static vg_status prepare_scaled_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {
        {"binary mul, post-op add", scaled_forward, 0},
        {"linear, post-op add", scaled_forward_eltwise, 0}, /* alpha must be a constant */
    };
    return vg_dnn_prepare(task, threads, choices, task->kernel->op == VG_OP_rezero ? 1 : 2);
}

/* dh = alpha dy */
static void scaled_backward(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), dh = vg_dnn_output(way, VG_DH);
    vg_dnn_add_eltwise(way, dnnl_eltwise_linear, params_of(task)->alpha, 0, dy, dh, 0, NULL);
    vg_dnn_finish(way, VG_DH, dh);
}

static void scaled_backward_binary(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), dh = vg_dnn_output(way, VG_DH);
    vg_dnn_add_binary(way, dnnl_binary_mul, dy, alpha_of(way, task), dh, 0, NULL);
    vg_dnn_finish(way, VG_DH, dh);
}

static vg_status prepare_scaled_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"linear", scaled_backward, 0},
                                            {"binary mul", scaled_backward_binary, 0}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

/* dalpha = sum dy h, dh = alpha dy; dh last, it may be dy */
static void rezero_backward_dot(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), h = vg_dnn_input(way, VG_H),
                   dh = vg_dnn_output(way, VG_DH);
    vg_dnn_add_dot(way, dy, h, vg_dnn_scalar_slot(way, VG_DALPHA));
    vg_dnn_add_binary(way, dnnl_binary_mul, dy, alpha_of(way, task), dh, 0, NULL);
    vg_dnn_finish(way, VG_DH, dh);
}

static void rezero_backward_reduction(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), h = vg_dnn_input(way, VG_H),
                   dh = vg_dnn_output(way, VG_DH);
    vg_dnn_operand products = vg_dnn_buffer(way);
    vg_dnn_add_binary(way, dnnl_binary_mul, dy, h, products, 0, NULL);
    vg_dnn_add_reduction(way, dnnl_reduction_sum, 0, products, vg_dnn_scalar_slot(way, VG_DALPHA));
    vg_dnn_add_binary(way, dnnl_binary_mul, dy, alpha_of(way, task), dh, 0, NULL);
    vg_dnn_finish(way, VG_DH, dh);
}

static vg_status prepare_rezero_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {
        {"dot by matmul, binary mul", rezero_backward_dot, 0},
        {"binary mul, reduction, binary mul", rezero_backward_reduction, 0}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

/* --- highway: y = t h + (1 - t) x = (h - x) t + x --------------------------------------------- */

static void highway_forward(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), h = vg_dnn_input(way, VG_H),
                   t = vg_dnn_input(way, VG_T);
    vg_dnn_operand y = vg_dnn_output(way, VG_Y);
    vg_dnn_post then[] = {vg_dnn_then(dnnl_binary_mul, t), vg_dnn_then(dnnl_binary_add, x)};
    vg_dnn_add_binary(way, dnnl_binary_sub, h, x, y, 2, then);
    vg_dnn_finish(way, VG_Y, y);
}

static vg_status prepare_highway_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"binary sub, post-ops mul, add", highway_forward, 0}};
    return vg_dnn_prepare(task, threads, choices, 1);
}

/* dt = (h - x) dy, dh = dy t, dx = dy - dh; dx last, it may be dy */
static void highway_backward(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), h = vg_dnn_input(way, VG_H),
                   t = vg_dnn_input(way, VG_T);
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), dt = vg_dnn_output(way, VG_DT);
    vg_dnn_operand dh = vg_dnn_output(way, VG_DH), dx = vg_dnn_output(way, VG_DX);
    vg_dnn_post times_dy[] = {vg_dnn_then(dnnl_binary_mul, dy)};
    vg_dnn_add_binary(way, dnnl_binary_sub, h, x, dt, 1, times_dy);
    vg_dnn_add_binary(way, dnnl_binary_mul, dy, t, dh, 0, NULL);
    vg_dnn_add_binary(way, dnnl_binary_sub, dy, dh, dx, 0, NULL);
    vg_dnn_finish(way, VG_DT, dt);
    vg_dnn_finish(way, VG_DH, dh);
    vg_dnn_finish(way, VG_DX, dx);
}

static vg_status prepare_highway_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"three binaries", highway_backward, 0}};
    return vg_dnn_prepare(task, threads, choices, 1);
}

/* --- rows ------------------------------------------------------------------------------------- */

#define ROW(prepare_fn)                                                                            \
    {                                                                                              \
        .impl = "oneDNN binary", .phases = vg_dnn_phases, .prepare = prepare_fn,                   \
        .release = vg_dnn_release, .describe = vg_dnn_describe                                     \
    }

const vg_kernel_impl vg_add_fwd_onednn = ROW(prepare_add_fwd);
const vg_kernel_impl vg_add_bwd_onednn = ROW(prepare_add_bwd);
const vg_kernel_impl vg_scaled_add_fwd_onednn = ROW(prepare_scaled_fwd);
const vg_kernel_impl vg_scaled_add_bwd_onednn = ROW(prepare_scaled_bwd);
const vg_kernel_impl vg_rezero_fwd_onednn = ROW(prepare_scaled_fwd);
const vg_kernel_impl vg_rezero_bwd_onednn = ROW(prepare_rezero_bwd);
const vg_kernel_impl vg_highway_fwd_onednn = ROW(prepare_highway_fwd);
const vg_kernel_impl vg_highway_bwd_onednn = ROW(prepare_highway_bwd);
