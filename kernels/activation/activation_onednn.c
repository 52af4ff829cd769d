/* SPDX-License-Identifier: Apache-2.0 */
/* Activations on oneDNN: eltwise, from the source or from the destination, whichever is faster of
 * those that the op's saved tensor allows; selu as elu with a linear post-op. */
#include "activation/eltwise_onednn.h"

/* --- forward ---------------------------------------------------------------------------------- */

static void forward(vgd_way *way, const vg_task *task)
{
    vgd_operand x = vgd_input(way, VG_X), y = vgd_output(way, VG_Y);
    vgd_add_activation(way, task->kernel->op, x, y);
    vgd_finish(way, VG_Y, y);
}

/* The scale of selu as a post-op: linear in 2.6, binary in 3.x, which takes no other behind an
 * eltwise. */
enum { BY_LINEAR, BY_BINARY };

static void forward_selu_post(vgd_way *way, const vg_task *task)
{
    vgd_eltwise e = vgd_eltwise_of(task, VG_OP_selu);
    vgd_operand x = vgd_input(way, VG_X), y = vgd_output(way, VG_Y);
    vgd_post scale = way->variant == BY_LINEAR
                         ? vgd_then_linear(VGD_SELU_SCALE, 0)
                         : vgd_then(dnnl_binary_mul, vgd_scalar(way, VGD_SELU_SCALE));
    vgd_add_eltwise(way, e.alg, e.alpha, e.beta, x, y, 1, &scale);
    vgd_finish(way, VG_Y, y);
}

/* linear is a copy */
static void copy(vgd_way *way, const vg_task *task)
{
    bool fwd = task->kernel->dir == VG_DIR_fwd;
    vg_slot from = fwd ? VG_X : VG_DY, to = fwd ? VG_Y : VG_DX;
    if (task->t[from].p == task->t[to].p)
        vgd_skip(way, "a reorder does not work in place");
    vgd_operand source = vgd_input(way, from), target = vgd_output(way, to);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_reorder(&pd, source.md, target.md, attr), "reorder"))
        return;
    vgd_add(way, pd, 2, (vgd_arg[]){{DNNL_ARG_FROM, source.memory}, {DNNL_ARG_TO, target.memory}});
    vgd_finish(way, to, target);
}

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"eltwise", forward, 0}, {"reorder", copy, 0}};
    static const vgd_choice selu[] = {{"elu with linear post-op", forward_selu_post, BY_LINEAR},
                                      {"elu with binary post-op", forward_selu_post, BY_BINARY},
                                      {"elu, linear", forward, 0}};
    if (task->kernel->op == VG_OP_selu)
        return vgd_prepare(task, threads, selu, 3);
    return vgd_prepare(task, threads, choices, task->kernel->op == VG_OP_linear ? 2 : 1);
}

/* --- backward --------------------------------------------------------------------------------- */

enum { FROM_SRC, FROM_DST };

/* For the relu family x and y have the same sign, so either form works on either tensor. */
static void backward(vgd_way *way, const vg_task *task)
{
    vg_op op = task->kernel->op;
    const vg_params *p = task->params ? task->params : &vg_params_default;
    if (way->variant == FROM_DST && op == VG_OP_leaky_relu && !(p->slope >= 0))
        vgd_skip(way, "the sign of y is not that of x for a negative slope");
    vgd_operand saved = vgd_input(way, vg_act_saves_output(op) ? VG_Y : VG_X);
    vgd_operand dy = vgd_input(way, VG_DY), dx = vgd_output(way, VG_DX);
    vgd_add_activation_backward(way, op, way->variant == FROM_DST, saved, dy, dx);
    vgd_finish(way, VG_DX, dx);
}

/* selu'(y) in one pass of a binary primitive: with s = [y > 0], k = scale alpha,
 * min((scale - k) s, y) + k is scale for y > 0 and y + k below; then times dy. A second linear
 * post-op would get the constants of the first in 2.6. */
static void backward_selu_binary(vgd_way *way, const vg_task *task)
{
    const float k = VGD_SELU_SCALE * VGD_SELU_ALPHA;
    vgd_operand y = vgd_input(way, VG_Y), dy = vgd_input(way, VG_DY), dx = vgd_output(way, VG_DX);
    vgd_post then[] = {vgd_then_linear(VGD_SELU_SCALE - k, 0), vgd_then(dnnl_binary_min, y),
                       vgd_then(dnnl_binary_add, vgd_scalar(way, k)),
                       vgd_then(dnnl_binary_mul, dy)};
    vgd_add_binary(way, dnnl_binary_gt, y, vgd_scalar(way, 0), dx, 4, then);
    vgd_finish(way, VG_DX, dx);
}

static vg_status prepare_bwd(vg_task *task, int threads)
{
    static const vgd_choice both[] = {{"eltwise from dst", backward, FROM_DST},
                                      {"eltwise from src", backward, FROM_SRC}};
    static const vgd_choice selu[] = {{"linear, elu from dst, linear", backward, FROM_DST},
                                      {"binary with post-ops", backward_selu_binary, 0}};
    static const vgd_choice linear[] = {{"eltwise from src", backward, FROM_SRC},
                                        {"reorder", copy, 0}};
    switch (task->kernel->op) {
    case VG_OP_relu: /* either form reads either tensor */
    case VG_OP_leaky_relu:
        return vgd_prepare(task, threads, both, 2);
    case VG_OP_selu:
        return vgd_prepare(task, threads, selu, 2);
    case VG_OP_linear:
        return vgd_prepare(task, threads, linear, 2);
    default: /* the form that reads the saved tensor: for y it is also the faster one (no exp) */
        return vgd_prepare(task, threads, vg_act_saves_output(task->kernel->op) ? both : both + 1,
                           1);
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

#define FORWARD                                                                                    \
    {.impl = "oneDNN eltwise", .phases = vgd_phases, .prepare = prepare_fwd,                       \
     .release = vgd_release, .describe = vgd_describe}
#define BACKWARD                                                                                   \
    {.impl = "oneDNN eltwise", .phases = vgd_phases, .prepare = prepare_bwd,                       \
     .release = vgd_release, .describe = vgd_describe}

const vg_kernel_impl vg_relu_fwd_onednn = FORWARD, vg_relu_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_linear_fwd_onednn = FORWARD, vg_linear_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_sigmoid_fwd_onednn = FORWARD, vg_sigmoid_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_tanh_fwd_onednn = FORWARD, vg_tanh_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_leaky_relu_fwd_onednn = FORWARD, vg_leaky_relu_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_gelu_fwd_onednn = FORWARD, vg_gelu_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_gelu_tanh_fwd_onednn = FORWARD, vg_gelu_tanh_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_elu_fwd_onednn = FORWARD, vg_elu_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_selu_fwd_onednn = FORWARD, vg_selu_bwd_onednn = BACKWARD;
const vg_kernel_impl vg_silu_fwd_onednn = FORWARD, vg_silu_bwd_onednn = BACKWARD;
