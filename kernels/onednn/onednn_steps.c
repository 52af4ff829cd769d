/* SPDX-License-Identifier: Apache-2.0 */
#include "onednn/onednn_steps.h"

vg_dnn_md vg_dnn_rows(vg_dnn_way *way)
{
    const vg_shape *s = &way->task->shape;
    return vg_dnn_matrix(way, s->n[0], s->n[1], s->n[1]);
}

vg_dnn_operand vg_dnn_input(vg_dnn_way *way, vg_slot slot)
{
    vg_dnn_md md = vg_dnn_rows(way);
    return (vg_dnn_operand){vg_dnn_dense_in(way, slot, md), md};
}

vg_dnn_operand vg_dnn_output(vg_dnn_way *way, vg_slot slot)
{
    vg_dnn_md md = vg_dnn_rows(way);
    return (vg_dnn_operand){vg_dnn_dense_out(way, slot, md), md};
}

void vg_dnn_finish(vg_dnn_way *way, vg_slot slot, vg_dnn_operand output)
{
    vg_dnn_dense_done(way, slot, output.memory);
}

vg_dnn_operand vg_dnn_buffer(vg_dnn_way *way)
{
    vg_dnn_md md = vg_dnn_rows(way);
    return (vg_dnn_operand){vg_dnn_own(way, md), md};
}

vg_dnn_operand vg_dnn_scalar(vg_dnn_way *way, float value)
{
    vg_dnn_md md = vg_dnn_matrix(way, 1, 1, 1);
    int memory = vg_dnn_own(way, md);
    if (memory >= 0)
        *vg_dnn_data(way, memory) = value;
    return (vg_dnn_operand){memory, md};
}

vg_dnn_operand vg_dnn_scalar_slot(vg_dnn_way *way, vg_slot slot)
{
    vg_dnn_md md = vg_dnn_matrix(way, 1, 1, 1);
    return (vg_dnn_operand){vg_dnn_slot(way, slot, md), md};
}

dnnl_primitive_attr_t vg_dnn_attr_with(vg_dnn_way *way, int count, const vg_dnn_post *posts)
{
    dnnl_post_ops_t ops = count ? vg_dnn_ops(way) : NULL;
    if (count && !ops)
        return NULL;
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < count && status == dnnl_success; i++)
        status = posts[i].memory < 0
                     ? vg_dnn_post_eltwise(ops, posts[i].alg, posts[i].alpha, posts[i].beta)
                     : vg_dnn_post_binary(ops, posts[i].alg, posts[i].md);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, ops);
    return vg_dnn_ok(way, status, "post-ops") ? attr : NULL;
}

/* Adds the memories of binary post-ops to the arguments of a step. */
static void add_with(vg_dnn_way *way, dnnl_primitive_desc_t pd, int given, const vg_dnn_arg *args,
                     int count, const vg_dnn_post *posts)
{
    vg_dnn_arg all[VG_DNN_MAX_ARGS];
    int n = 0;
    for (int i = 0; i < given; i++)
        all[n++] = args[i];
    for (int i = 0; i < count; i++)
        if (posts[i].memory >= 0)
            all[n++] =
                (vg_dnn_arg){DNNL_ARG_ATTR_MULTIPLE_POST_OP(i) | DNNL_ARG_SRC_1, posts[i].memory};
    vg_dnn_add(way, pd, n, all);
}

void vg_dnn_add_binary(vg_dnn_way *way, dnnl_alg_kind_t alg, vg_dnn_operand a, vg_dnn_operand b,
                       vg_dnn_operand to, int count, const vg_dnn_post *posts)
{
    dnnl_primitive_attr_t attr = vg_dnn_attr_with(way, count, posts);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_binary(&pd, alg, a.md, b.md, to.md, attr), "binary"))
        return;
    vg_dnn_arg args[] = {
        {DNNL_ARG_SRC_0, a.memory}, {DNNL_ARG_SRC_1, b.memory}, {DNNL_ARG_DST, to.memory}};
    add_with(way, pd, 3, args, count, posts);
}

void vg_dnn_add_eltwise(vg_dnn_way *way, dnnl_alg_kind_t alg, float alpha, float beta,
                        vg_dnn_operand from, vg_dnn_operand to, int count, const vg_dnn_post *posts)
{
    dnnl_primitive_attr_t attr = vg_dnn_attr_with(way, count, posts);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_eltwise_fwd(&pd, alg, from.md, alpha, beta, attr), "eltwise"))
        return;
    vg_dnn_arg args[] = {{DNNL_ARG_SRC, from.memory}, {DNNL_ARG_DST, to.memory}};
    add_with(way, pd, 2, args, count, posts);
}

void vg_dnn_add_softmax(vg_dnn_way *way, dnnl_alg_kind_t alg, vg_dnn_operand from,
                        vg_dnn_operand to, int count, const vg_dnn_post *posts)
{
    dnnl_primitive_attr_t attr = vg_dnn_attr_with(way, count, posts);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_softmax_fwd(&pd, alg, from.md, 1, attr), "softmax"))
        return;
    vg_dnn_arg args[] = {{DNNL_ARG_SRC, from.memory}, {DNNL_ARG_DST, to.memory}};
    add_with(way, pd, 2, args, count, posts);
}

void vg_dnn_add_reduction(vg_dnn_way *way, dnnl_alg_kind_t alg, float p, vg_dnn_operand from,
                          vg_dnn_operand to)
{
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_reduction(&pd, alg, from.md, to.md, p, 0, attr), "reduction"))
        return;
    vg_dnn_add(way, pd, 2, (vg_dnn_arg[]){{DNNL_ARG_SRC, from.memory}, {DNNL_ARG_DST, to.memory}});
}

void vg_dnn_add_dot(vg_dnn_way *way, vg_dnn_operand a, vg_dnn_operand b, vg_dnn_operand to)
{
    const vg_shape *s = &way->task->shape;
    int64_t n = s->n[0] * s->n[1];
    vg_dnn_md row = vg_dnn_matrix(way, 1, n, n), column = vg_dnn_matrix(way, n, 1, 1);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_matmul(&pd, row, column, NULL, to.md, attr), "matmul"))
        return;
    int left = vg_dnn_alias(way, a.memory, row), right = vg_dnn_alias(way, b.memory, column);
    vg_dnn_add(
        way, pd, 3,
        (vg_dnn_arg[]){{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, to.memory}});
}
