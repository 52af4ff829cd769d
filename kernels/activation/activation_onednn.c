/* SPDX-License-Identifier: Apache-2.0 */
/* Activations on oneDNN: eltwise, from the source or from the destination, whichever is faster of
 * those that the op's saved tensor allows; selu as elu with a linear post-op. */
#include "activation/eltwise_onednn.h"

/* --- forward ---------------------------------------------------------------------------------- */

static void forward(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_operand x = vg_dnn_input(way, VG_X), y = vg_dnn_output(way, VG_Y);
    vg_dnn_add_activation(way, task->kernel->op, x, y);
    vg_dnn_finish(way, VG_Y, y);
}

/* The scale of selu as a post-op: linear in 2.6, binary in 3.x, which takes no other behind an
 * eltwise. */
enum { BY_LINEAR, BY_BINARY };

static void forward_selu_post(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_eltwise e = vg_dnn_eltwise_of(task, VG_OP_selu);
    vg_dnn_operand x = vg_dnn_input(way, VG_X), y = vg_dnn_output(way, VG_Y);
    vg_dnn_post scale = way->variant == BY_LINEAR
                            ? vg_dnn_then_linear(VG_DNN_SELU_SCALE, 0)
                            : vg_dnn_then(dnnl_binary_mul, vg_dnn_scalar(way, VG_DNN_SELU_SCALE));
    vg_dnn_add_eltwise(way, e.alg, e.alpha, e.beta, x, y, 1, &scale);
    vg_dnn_finish(way, VG_Y, y);
}

/* linear is a copy */
static void copy(vg_dnn_way *way, const vg_task *task)
{
    bool fwd = task->kernel->dir == VG_DIR_fwd;
    vg_slot from = fwd ? VG_X : VG_DY, to = fwd ? VG_Y : VG_DX;
    if (task->t[from].p == task->t[to].p)
        vg_dnn_skip(way, "a reorder does not work in place");
    vg_dnn_operand source = vg_dnn_input(way, from), target = vg_dnn_output(way, to);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_reorder(&pd, source.md, target.md, attr), "reorder"))
        return;
    vg_dnn_add(way, pd, 2,
               (vg_dnn_arg[]){{DNNL_ARG_FROM, source.memory}, {DNNL_ARG_TO, target.memory}});
    vg_dnn_finish(way, to, target);
}

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"eltwise", forward, 0}, {"reorder", copy, 0}};
    static const vg_dnn_choice selu[] = {{"elu with linear post-op", forward_selu_post, BY_LINEAR},
                                         {"elu with binary post-op", forward_selu_post, BY_BINARY},
                                         {"elu, linear", forward, 0}};
    if (task->kernel->op == VG_OP_selu)
        return vg_dnn_prepare(task, threads, selu, 3);
    return vg_dnn_prepare(task, threads, choices, task->kernel->op == VG_OP_linear ? 2 : 1);
}

/* --- backward --------------------------------------------------------------------------------- */

enum { FROM_SRC, FROM_DST };

/* For the relu family x and y have the same sign, so either form works on either tensor. */
static void backward(vg_dnn_way *way, const vg_task *task)
{
    vg_op op = task->kernel->op;
    const vg_params *p = task->params ? task->params : &vg_params_default;
    if (way->variant == FROM_DST && op == VG_OP_leaky_relu && !(p->slope >= 0))
        vg_dnn_skip(way, "the sign of y is not that of x for a negative slope");
    vg_dnn_operand saved = vg_dnn_input(way, vg_act_saves_output(op) ? VG_Y : VG_X);
    vg_dnn_operand dy = vg_dnn_input(way, VG_DY), dx = vg_dnn_output(way, VG_DX);
    vg_dnn_add_activation_backward(way, op, way->variant == FROM_DST, saved, dy, dx);
    vg_dnn_finish(way, VG_DX, dx);
}

/* selu'(y) in one pass of a binary primitive: with s = [y > 0], k = scale alpha,
 * min((scale - k) s, y) + k is scale for y > 0 and y + k below; then times dy. A second linear
 * post-op would get the constants of the first in 2.6. */
static void backward_selu_binary(vg_dnn_way *way, const vg_task *task)
{
    const float k = VG_DNN_SELU_SCALE * VG_DNN_SELU_ALPHA;
    vg_dnn_operand y = vg_dnn_input(way, VG_Y), dy = vg_dnn_input(way, VG_DY),
                   dx = vg_dnn_output(way, VG_DX);
    vg_dnn_post then[] = {
        vg_dnn_then_linear(VG_DNN_SELU_SCALE - k, 0), vg_dnn_then(dnnl_binary_min, y),
        vg_dnn_then(dnnl_binary_add, vg_dnn_scalar(way, k)), vg_dnn_then(dnnl_binary_mul, dy)};
    vg_dnn_add_binary(way, dnnl_binary_gt, y, vg_dnn_scalar(way, 0), dx, 4, then);
    vg_dnn_finish(way, VG_DX, dx);
}

static vg_status prepare_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice both[] = {{"eltwise from dst", backward, FROM_DST},
                                         {"eltwise from src", backward, FROM_SRC}};
    static const vg_dnn_choice selu[] = {{"linear, elu from dst, linear", backward, FROM_DST},
                                         {"binary with post-ops", backward_selu_binary, 0}};
    static const vg_dnn_choice linear[] = {{"eltwise from src", backward, FROM_SRC},
                                           {"reorder", copy, 0}};
    switch (task->kernel->op) {
    case VG_OP_relu: /* either form reads either tensor */
    case VG_OP_leaky_relu:
        return vg_dnn_prepare(task, threads, both, 2);
    case VG_OP_selu:
        return vg_dnn_prepare(task, threads, selu, 2);
    case VG_OP_linear:
        return vg_dnn_prepare(task, threads, linear, 2);
    default: /* the form that reads the saved tensor: for y it is also the faster one (no exp) */
        return vg_dnn_prepare(task, threads,
                              vg_act_saves_output(task->kernel->op) ? both : both + 1, 1);
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

#define FORWARD                                                                                    \
    {                                                                                              \
        .impl = "oneDNN eltwise", .phases = vg_dnn_phases, .prepare = prepare_fwd,                 \
        .release = vg_dnn_release, .describe = vg_dnn_describe                                     \
    }
#define BACKWARD                                                                                   \
    {                                                                                              \
        .impl = "oneDNN eltwise", .phases = vg_dnn_phases, .prepare = prepare_bwd,                 \
        .release = vg_dnn_release, .describe = vg_dnn_describe                                     \
    }

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
