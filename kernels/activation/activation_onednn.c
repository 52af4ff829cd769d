/* SPDX-License-Identifier: Apache-2.0 */
/* Activations on oneDNN: eltwise, from the source or from the destination, whichever is faster of
 * those that the op's saved tensor allows; selu as elu with a linear post-op. */
#include <math.h>

#include "onednn/onednn_way.h"

/* Klambauer et al. 2017 */
#define SELU_ALPHA 1.6732632423543772848170429916717f
#define SELU_SCALE 1.0507009873554804934193349852946f

typedef struct eltwise {
    dnnl_alg_kind_t alg, alg_dst; /* alg_dst: backward from the destination, or undefined */
    float alpha, beta;
} eltwise;

static eltwise eltwise_of(const vg_task *task)
{
    const vg_params *p = task->params ? task->params : &vg_params_default;
    switch (task->kernel->op) {
    case VG_OP_relu:
        return (eltwise){dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, 0, 0};
    case VG_OP_leaky_relu:
        return (eltwise){dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, p->slope, 0};
    case VG_OP_sigmoid:
        return (eltwise){dnnl_eltwise_logistic, dnnl_eltwise_logistic_use_dst_for_bwd, 0, 0};
    case VG_OP_tanh:
        return (eltwise){dnnl_eltwise_tanh, dnnl_eltwise_tanh_use_dst_for_bwd, 0, 0};
    case VG_OP_gelu:
        return (eltwise){dnnl_eltwise_gelu_erf, dnnl_alg_kind_undef, 0, 0};
    case VG_OP_gelu_tanh:
        return (eltwise){dnnl_eltwise_gelu_tanh, dnnl_alg_kind_undef, 0, 0};
    case VG_OP_elu:
        return (eltwise){dnnl_eltwise_elu, dnnl_eltwise_elu_use_dst_for_bwd, 1, 0};
    case VG_OP_selu:
        return (eltwise){dnnl_eltwise_elu, dnnl_eltwise_elu_use_dst_for_bwd, SELU_ALPHA, 0};
    case VG_OP_silu:
        return (eltwise){dnnl_eltwise_swish, dnnl_alg_kind_undef, 1, 0};
    default:
        return (eltwise){dnnl_eltwise_linear, dnnl_alg_kind_undef, 1, 0};
    }
}

/* [batch][width], dense */
static vgd_md matrix_of(vgd_way *way, const vg_task *task)
{
    return vgd_matrix(way, task->shape.n[0], task->shape.n[1], task->shape.n[1]);
}

/* --- forward ---------------------------------------------------------------------------------- */

/* y = f(x), with @p ops behind f */
static int add_forward(vgd_way *way, const eltwise *e, vgd_cmd md, dnnl_post_ops_t ops,
                       vgd_arg post_op)
{
    dnnl_primitive_attr_t attr = vgd_attr(way, ops);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_eltwise_fwd(&pd, e->alg, md, e->alpha, e->beta, attr), "eltwise forward"))
        return -1;
    vgd_keep_pd(way, pd);
    int x = vgd_dense_in(way, VG_X, md), y = vgd_dense_out(way, VG_Y, md);
    vgd_add(way, pd, post_op.arg ? 3 : 2,
            (vgd_arg[]){{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, post_op});
    return y;
}

static void forward(vgd_way *way, const vg_task *task)
{
    eltwise e = eltwise_of(task);
    int y = add_forward(way, &e, matrix_of(way, task), NULL, (vgd_arg){0, -1});
    vgd_dense_done(way, VG_Y, y);
}

static void forward_selu_linear(vgd_way *way, const vg_task *task)
{
    eltwise e = eltwise_of(task);
    dnnl_post_ops_t ops = vgd_ops(way);
    if (!ops || !vgd_ok(way, vgd_post_eltwise(ops, dnnl_eltwise_linear, SELU_SCALE, 0), "post-op"))
        return;
    int y = add_forward(way, &e, matrix_of(way, task), ops, (vgd_arg){0, -1});
    vgd_dense_done(way, VG_Y, y);
}

/* The scale as a binary post-op, the only kind that eltwise takes in 3.x. */
static void forward_selu_binary(vgd_way *way, const vg_task *task)
{
    eltwise e = eltwise_of(task);
    vgd_md one = vgd_matrix(way, 1, 1, 1);
    dnnl_post_ops_t ops = vgd_ops(way);
    if (!ops || !vgd_ok(way, vgd_post_binary(ops, dnnl_binary_mul, one), "post-op"))
        return;
    int scale = vgd_own(way, one);
    if (scale >= 0)
        *vgd_data(way, scale) = SELU_SCALE;
    int y = add_forward(way, &e, matrix_of(way, task), ops,
                        (vgd_arg){DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, scale});
    vgd_dense_done(way, VG_Y, y);
}

/* to[] = factor from[] */
static void add_scale(vgd_way *way, vgd_cmd md, float factor, int from, int to)
{
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vgd_ok(way, vgd_eltwise_fwd(&pd, dnnl_eltwise_linear, md, factor, 0, attr), "eltwise"))
        vgd_add(way, pd, 2, (vgd_arg[]){{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}});
}

static void forward_selu_two(vgd_way *way, const vg_task *task)
{
    eltwise e = eltwise_of(task);
    vgd_md md = matrix_of(way, task);
    int y = add_forward(way, &e, md, NULL, (vgd_arg){0, -1});
    add_scale(way, md, SELU_SCALE, y, y);
    vgd_dense_done(way, VG_Y, y);
}

/* linear is a copy */
static void copy(vgd_way *way, const vg_task *task, vg_slot from, vg_slot to)
{
    if (task->t[from].p == task->t[to].p)
        vgd_skip(way, "a reorder does not work in place");
    vgd_md md = matrix_of(way, task);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK || !vgd_ok(way, vgd_reorder(&pd, md, md, attr), "reorder"))
        return;
    vgd_keep_pd(way, pd);
    int source = vgd_dense_in(way, from, md), target = vgd_dense_out(way, to, md);
    vgd_add(way, pd, 2, (vgd_arg[]){{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}});
    vgd_dense_done(way, to, target);
}

static void copy_forward(vgd_way *way, const vg_task *task)
{
    copy(way, task, VG_X, VG_Y);
}

static void copy_backward(vgd_way *way, const vg_task *task)
{
    copy(way, task, VG_DY, VG_DX);
}

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vgd_choice choices[] = {{"eltwise", forward}, {"reorder", copy_forward}};
    static const vgd_choice selu[] = {{"elu with linear post-op", forward_selu_linear},
                                      {"elu with binary post-op", forward_selu_binary},
                                      {"elu, linear", forward_selu_two}};
    if (task->kernel->op == VG_OP_selu)
        return vgd_prepare(task, threads, selu, 3);
    return vgd_prepare(task, threads, choices, task->kernel->op == VG_OP_linear ? 2 : 1);
}

/* --- backward --------------------------------------------------------------------------------- */

/* dx = dy f'(saved) in layout @p md; saved is x or y as @p alg reads it. */
static void add_backward(vgd_way *way, dnnl_alg_kind_t alg, const eltwise *e, vgd_cmd md, int saved,
                         bool from_dst, int dy, int dx)
{
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_eltwise_fwd(&hint, alg, md, e->alpha, e->beta, attr), "eltwise forward"))
        return;
    vgd_keep_pd(way, hint);
    if (!vgd_ok(way, vgd_eltwise_bwd(&pd, alg, md, md, e->alpha, e->beta, hint, attr),
                "eltwise backward"))
        return;
    vgd_add(way, pd, 3,
            (vgd_arg[]){{from_dst ? DNNL_ARG_DST : DNNL_ARG_SRC, saved},
                        {DNNL_ARG_DIFF_DST, dy},
                        {DNNL_ARG_DIFF_SRC, dx}});
}

static vg_slot saved_slot(const vg_task *task)
{
    return vg_act_saves_output(task->kernel->op) ? VG_Y : VG_X;
}

static void backward(vgd_way *way, const vg_task *task, bool from_dst)
{
    eltwise e = eltwise_of(task);
    vgd_md md = matrix_of(way, task);
    int saved = vgd_dense_in(way, saved_slot(task), md), dy = vgd_dense_in(way, VG_DY, md);
    int dx = vgd_dense_out(way, VG_DX, md);
    add_backward(way, from_dst ? e.alg_dst : e.alg, &e, md, saved, from_dst, dy, dx);
    vgd_dense_done(way, VG_DX, dx);
}

/* For the relu family x and y have the same sign, so either form works on either tensor. */
static void backward_src(vgd_way *way, const vg_task *task)
{
    backward(way, task, false);
}

static void backward_dst(vgd_way *way, const vg_task *task)
{
    const vg_params *p = task->params ? task->params : &vg_params_default;
    if (task->kernel->op == VG_OP_leaky_relu && !(p->slope >= 0))
        vgd_skip(way, "the sign of y is not that of x for a negative slope");
    else
        backward(way, task, true);
}

/* selu keeps y = scale elu(x): y / scale is elu's destination, and its gradient is scaled again. */
static void backward_selu(vgd_way *way, const vg_task *task)
{
    eltwise e = eltwise_of(task);
    vgd_md md = matrix_of(way, task);
    int y = vgd_dense_in(way, VG_Y, md), dy = vgd_dense_in(way, VG_DY, md);
    int elu = vgd_own(way, md), dx = vgd_dense_out(way, VG_DX, md);
    add_scale(way, md, 1 / SELU_SCALE, y, elu);
    add_backward(way, e.alg_dst, &e, md, elu, true, dy, dx);
    add_scale(way, md, SELU_SCALE, dx, dx);
    vgd_dense_done(way, VG_DX, dx);
}

/* selu'(y) in one pass of a binary primitive: with s = [y > 0], k = scale alpha,
 * min((scale - k) s, y) + k is scale for y > 0 and y + k below; then times dy. */
static void backward_selu_binary(vgd_way *way, const vg_task *task)
{
    const float k = SELU_SCALE * SELU_ALPHA;
    vgd_md md = matrix_of(way, task), one = vgd_matrix(way, 1, 1, 1);
    dnnl_post_ops_t ops = vgd_ops(way);
    if (!ops)
        return;
    dnnl_status_t s = vgd_post_eltwise(ops, dnnl_eltwise_linear, SELU_SCALE - k, 0);
    if (s == dnnl_success)
        s = vgd_post_binary(ops, dnnl_binary_min, md);
    if (s == dnnl_success) /* a second linear post-op would get the constants of the first in 2.6 */
        s = vgd_post_binary(ops, dnnl_binary_add, one);
    if (s == dnnl_success)
        s = vgd_post_binary(ops, dnnl_binary_mul, md);
    dnnl_primitive_attr_t attr = vgd_attr(way, ops);
    dnnl_primitive_desc_t pd = NULL;
    if (!vgd_ok(way, s, "post-ops") ||
        !vgd_ok(way, vgd_binary(&pd, dnnl_binary_gt, md, one, md, attr), "binary"))
        return;
    vgd_keep_pd(way, pd);
    int y = vgd_dense_in(way, VG_Y, md), dy = vgd_dense_in(way, VG_DY, md);
    int dx = vgd_dense_out(way, VG_DX, md);
    int offset = vgd_own(way, one);
    if (offset >= 0)
        *vgd_data(way, offset) = k;
    vgd_add(way, pd, 6,
            (vgd_arg[]){{DNNL_ARG_SRC_0, y},
                        {DNNL_ARG_SRC_1, vgd_own(way, one)}, /* zero */
                        {DNNL_ARG_DST, dx},
                        {DNNL_ARG_ATTR_MULTIPLE_POST_OP(1) | DNNL_ARG_SRC_1, y},
                        {DNNL_ARG_ATTR_MULTIPLE_POST_OP(2) | DNNL_ARG_SRC_1, offset},
                        {DNNL_ARG_ATTR_MULTIPLE_POST_OP(3) | DNNL_ARG_SRC_1, dy}});
    vgd_dense_done(way, VG_DX, dx);
}

static vg_status prepare_bwd(vg_task *task, int threads)
{
    static const vgd_choice both[] = {{"eltwise from dst", backward_dst},
                                      {"eltwise from src", backward_src}};
    static const vgd_choice selu[] = {{"linear, elu from dst, linear", backward_selu},
                                      {"binary with post-ops", backward_selu_binary}};
    static const vgd_choice linear[] = {{"eltwise from src", backward_src},
                                        {"reorder", copy_backward}};
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
