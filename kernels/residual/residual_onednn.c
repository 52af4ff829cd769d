/* SPDX-License-Identifier: Apache-2.0 */
/* Residual forms on oneDNN: binary primitives with post-ops, one pass where that can be said. */
#include "onednn/onednn_steps.h"

static const vg_params *params_of(const vg_task *task)
{
    return task->params ? task->params : &vg_params_default;
}

/* --- add -------------------------------------------------------------------------------------- */

static void add_forward(vgd_way *way, const vg_task *task)
{
    vgd_operand x = vgd_input(way, VG_X), h = vgd_input(way, VG_H), y = vgd_output(way, VG_Y);
    vgd_add_binary(way, dnnl_binary_add, x, h, y, 0, NULL);
    vgd_finish(way, VG_Y, y);
}

/* dx += dy */
static void add_backward(vgd_way *way, const vg_task *task)
{
    vgd_operand dy = vgd_input(way, VG_DY), dx = vgd_input(way, VG_DX);
    vgd_add_binary(way, dnnl_binary_add, dx, dy, dx, 0, NULL);
    vgd_finish(way, VG_DX, dx);
}

static void add_backward_reorder(vgd_way *way, const vg_task *task)
{
    vgd_operand dy = vgd_input(way, VG_DY), dx = vgd_input(way, VG_DX);
    dnnl_post_ops_t ops = vgd_ops(way);
    if (!ops || !vgd_ok(way, vgd_post_sum(ops, 1), "post-op"))
        return;
    dnnl_primitive_attr_t attr = vgd_attr(way, ops);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK && vgd_ok(way, vgd_reorder(&pd, dy.md, dx.md, attr), "reorder"))
        vgd_add(way, pd, 2, (vgd_arg[]){{DNNL_ARG_FROM, dy.memory}, {DNNL_ARG_TO, dx.memory}});
    vgd_finish(way, VG_DX, dx);
}

static vg_status prepare_add_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"binary add", add_forward, 0}};
    return vgd_prepare(task, threads, choices, 1);
}

static vg_status prepare_add_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"binary add", add_backward, 0},
                                         {"reorder with sum", add_backward_reorder, 0}};
    return vgd_prepare(task, threads, choices, 2);
}

/* --- scaled_add, rezero: y = x + alpha h ------------------------------------------------------ */

static vgd_operand alpha_of(vgd_way *way, const vg_task *task)
{
    if (task->kernel->op == VG_OP_rezero)
        return vgd_scalar_slot(way, VG_ALPHA);
    return vgd_scalar(way, params_of(task)->alpha);
}

static void scaled_forward(vgd_way *way, const vg_task *task)
{
    vgd_operand x = vgd_input(way, VG_X), h = vgd_input(way, VG_H), y = vgd_output(way, VG_Y);
    vgd_post then[] = {vgd_then(dnnl_binary_add, x)};
    vgd_add_binary(way, dnnl_binary_mul, h, alpha_of(way, task), y, 1, then);
    vgd_finish(way, VG_Y, y);
}

static void scaled_forward_eltwise(vgd_way *way, const vg_task *task)
{
    vgd_operand x = vgd_input(way, VG_X), h = vgd_input(way, VG_H), y = vgd_output(way, VG_Y);
    vgd_post then[] = {vgd_then(dnnl_binary_add, x)};
    vgd_add_eltwise(way, dnnl_eltwise_linear, params_of(task)->alpha, 0, h, y, 1, then);
    vgd_finish(way, VG_Y, y);
}

static vg_status prepare_scaled_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {
        {"binary mul, post-op add", scaled_forward, 0},
        {"linear, post-op add", scaled_forward_eltwise, 0}, /* alpha must be a constant */
    };
    return vgd_prepare(task, threads, choices, task->kernel->op == VG_OP_rezero ? 1 : 2);
}

/* dh = alpha dy */
static void scaled_backward(vgd_way *way, const vg_task *task)
{
    vgd_operand dy = vgd_input(way, VG_DY), dh = vgd_output(way, VG_DH);
    vgd_add_eltwise(way, dnnl_eltwise_linear, params_of(task)->alpha, 0, dy, dh, 0, NULL);
    vgd_finish(way, VG_DH, dh);
}

static void scaled_backward_binary(vgd_way *way, const vg_task *task)
{
    vgd_operand dy = vgd_input(way, VG_DY), dh = vgd_output(way, VG_DH);
    vgd_add_binary(way, dnnl_binary_mul, dy, alpha_of(way, task), dh, 0, NULL);
    vgd_finish(way, VG_DH, dh);
}

static vg_status prepare_scaled_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"linear", scaled_backward, 0},
                                         {"binary mul", scaled_backward_binary, 0}};
    return vgd_prepare(task, threads, choices, 2);
}

/* dalpha = sum dy h, dh = alpha dy; dh last, it may be dy */
static void rezero_backward_dot(vgd_way *way, const vg_task *task)
{
    vgd_operand dy = vgd_input(way, VG_DY), h = vgd_input(way, VG_H), dh = vgd_output(way, VG_DH);
    vgd_add_dot(way, dy, h, vgd_scalar_slot(way, VG_DALPHA));
    vgd_add_binary(way, dnnl_binary_mul, dy, alpha_of(way, task), dh, 0, NULL);
    vgd_finish(way, VG_DH, dh);
}

static void rezero_backward_reduction(vgd_way *way, const vg_task *task)
{
    vgd_operand dy = vgd_input(way, VG_DY), h = vgd_input(way, VG_H), dh = vgd_output(way, VG_DH);
    vgd_operand products = vgd_buffer(way);
    vgd_add_binary(way, dnnl_binary_mul, dy, h, products, 0, NULL);
    vgd_add_reduction(way, dnnl_reduction_sum, 0, products, vgd_scalar_slot(way, VG_DALPHA));
    vgd_add_binary(way, dnnl_binary_mul, dy, alpha_of(way, task), dh, 0, NULL);
    vgd_finish(way, VG_DH, dh);
}

static vg_status prepare_rezero_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {
        {"dot by matmul, binary mul", rezero_backward_dot, 0},
        {"binary mul, reduction, binary mul", rezero_backward_reduction, 0}};
    return vgd_prepare(task, threads, choices, 2);
}

/* --- highway: y = t h + (1 - t) x = (h - x) t + x --------------------------------------------- */

static void highway_forward(vgd_way *way, const vg_task *task)
{
    vgd_operand x = vgd_input(way, VG_X), h = vgd_input(way, VG_H), t = vgd_input(way, VG_T);
    vgd_operand y = vgd_output(way, VG_Y);
    vgd_post then[] = {vgd_then(dnnl_binary_mul, t), vgd_then(dnnl_binary_add, x)};
    vgd_add_binary(way, dnnl_binary_sub, h, x, y, 2, then);
    vgd_finish(way, VG_Y, y);
}

static vg_status prepare_highway_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"binary sub, post-ops mul, add", highway_forward, 0}};
    return vgd_prepare(task, threads, choices, 1);
}

/* dt = (h - x) dy, dh = dy t, dx = dy - dh; dx last, it may be dy */
static void highway_backward(vgd_way *way, const vg_task *task)
{
    vgd_operand x = vgd_input(way, VG_X), h = vgd_input(way, VG_H), t = vgd_input(way, VG_T);
    vgd_operand dy = vgd_input(way, VG_DY), dt = vgd_output(way, VG_DT);
    vgd_operand dh = vgd_output(way, VG_DH), dx = vgd_output(way, VG_DX);
    vgd_post times_dy[] = {vgd_then(dnnl_binary_mul, dy)};
    vgd_add_binary(way, dnnl_binary_sub, h, x, dt, 1, times_dy);
    vgd_add_binary(way, dnnl_binary_mul, dy, t, dh, 0, NULL);
    vgd_add_binary(way, dnnl_binary_sub, dy, dh, dx, 0, NULL);
    vgd_finish(way, VG_DT, dt);
    vgd_finish(way, VG_DH, dh);
    vgd_finish(way, VG_DX, dx);
}

static vg_status prepare_highway_bwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"three binaries", highway_backward, 0}};
    return vgd_prepare(task, threads, choices, 1);
}

/* --- rows ------------------------------------------------------------------------------------- */

#define ROW(prepare_fn)                                                                            \
    {.impl = "oneDNN binary", .phases = vgd_phases, .prepare = prepare_fn,                         \
     .release = vgd_release, .describe = vgd_describe}

const vg_kernel_impl vg_add_fwd_onednn = ROW(prepare_add_fwd);
const vg_kernel_impl vg_add_bwd_onednn = ROW(prepare_add_bwd);
const vg_kernel_impl vg_scaled_add_fwd_onednn = ROW(prepare_scaled_fwd);
const vg_kernel_impl vg_scaled_add_bwd_onednn = ROW(prepare_scaled_bwd);
const vg_kernel_impl vg_rezero_fwd_onednn = ROW(prepare_scaled_fwd);
const vg_kernel_impl vg_rezero_bwd_onednn = ROW(prepare_rezero_bwd);
const vg_kernel_impl vg_highway_fwd_onednn = ROW(prepare_highway_fwd);
const vg_kernel_impl vg_highway_bwd_onednn = ROW(prepare_highway_bwd);
