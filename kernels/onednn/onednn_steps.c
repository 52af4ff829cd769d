/* SPDX-License-Identifier: Apache-2.0 */
#include "onednn/onednn_steps.h"

vgd_md vgd_rows(vgd_way *way)
{
    const vg_shape *s = &way->task->shape;
    return vgd_matrix(way, s->n[0], s->n[1], s->n[1]);
}

vgd_operand vgd_input(vgd_way *way, vg_slot slot)
{
    vgd_md md = vgd_rows(way);
    return (vgd_operand){vgd_dense_in(way, slot, md), md};
}

vgd_operand vgd_output(vgd_way *way, vg_slot slot)
{
    vgd_md md = vgd_rows(way);
    return (vgd_operand){vgd_dense_out(way, slot, md), md};
}

void vgd_finish(vgd_way *way, vg_slot slot, vgd_operand output)
{
    vgd_dense_done(way, slot, output.memory);
}

vgd_operand vgd_buffer(vgd_way *way)
{
    vgd_md md = vgd_rows(way);
    return (vgd_operand){vgd_own(way, md), md};
}

vgd_operand vgd_scalar(vgd_way *way, float value)
{
    vgd_md md = vgd_matrix(way, 1, 1, 1);
    int memory = vgd_own(way, md);
    if (memory >= 0)
        *vgd_data(way, memory) = value;
    return (vgd_operand){memory, md};
}

vgd_operand vgd_scalar_slot(vgd_way *way, vg_slot slot)
{
    vgd_md md = vgd_matrix(way, 1, 1, 1);
    return (vgd_operand){vgd_slot(way, slot, md), md};
}

dnnl_primitive_attr_t vgd_attr_with(vgd_way *way, int count, const vgd_post *posts)
{
    dnnl_post_ops_t ops = count ? vgd_ops(way) : NULL;
    if (count && !ops)
        return NULL;
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < count && status == dnnl_success; i++)
        status = posts[i].memory < 0
                     ? vgd_post_eltwise(ops, posts[i].alg, posts[i].alpha, posts[i].beta)
                     : vgd_post_binary(ops, posts[i].alg, posts[i].md);
    dnnl_primitive_attr_t attr = vgd_attr(way, ops);
    return vgd_ok(way, status, "post-ops") ? attr : NULL;
}

/* Adds the memories of binary post-ops to the arguments of a step. */
static void add_with(vgd_way *way, dnnl_primitive_desc_t pd, int given, const vgd_arg *args,
                     int count, const vgd_post *posts)
{
    vgd_arg all[VGD_MAX_ARGS];
    int n = 0;
    for (int i = 0; i < given; i++)
        all[n++] = args[i];
    for (int i = 0; i < count; i++)
        if (posts[i].memory >= 0)
            all[n++] = (vgd_arg){DNNL_ARG_ATTR_MULTIPLE_POST_OP(i) | DNNL_ARG_SRC_1,
                                 posts[i].memory};
    vgd_add(way, pd, n, all);
}

void vgd_add_binary(vgd_way *way, dnnl_alg_kind_t alg, vgd_operand a, vgd_operand b, vgd_operand to,
                    int count, const vgd_post *posts)
{
    dnnl_primitive_attr_t attr = vgd_attr_with(way, count, posts);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_binary(&pd, alg, a.md, b.md, to.md, attr), "binary"))
        return;
    vgd_arg args[] = {
        {DNNL_ARG_SRC_0, a.memory}, {DNNL_ARG_SRC_1, b.memory}, {DNNL_ARG_DST, to.memory}};
    add_with(way, pd, 3, args, count, posts);
}

void vgd_add_eltwise(vgd_way *way, dnnl_alg_kind_t alg, float alpha, float beta, vgd_operand from,
                     vgd_operand to, int count, const vgd_post *posts)
{
    dnnl_primitive_attr_t attr = vgd_attr_with(way, count, posts);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_eltwise_fwd(&pd, alg, from.md, alpha, beta, attr), "eltwise"))
        return;
    vgd_arg args[] = {{DNNL_ARG_SRC, from.memory}, {DNNL_ARG_DST, to.memory}};
    add_with(way, pd, 2, args, count, posts);
}

void vgd_add_softmax(vgd_way *way, dnnl_alg_kind_t alg, vgd_operand from, vgd_operand to, int count,
                     const vgd_post *posts)
{
    dnnl_primitive_attr_t attr = vgd_attr_with(way, count, posts);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_softmax_fwd(&pd, alg, from.md, 1, attr), "softmax"))
        return;
    vgd_arg args[] = {{DNNL_ARG_SRC, from.memory}, {DNNL_ARG_DST, to.memory}};
    add_with(way, pd, 2, args, count, posts);
}

void vgd_add_reduction(vgd_way *way, dnnl_alg_kind_t alg, float p, vgd_operand from,
                       vgd_operand to)
{
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_reduction(&pd, alg, from.md, to.md, p, 0, attr), "reduction"))
        return;
    vgd_add(way, pd, 2, (vgd_arg[]){{DNNL_ARG_SRC, from.memory}, {DNNL_ARG_DST, to.memory}});
}

void vgd_add_dot(vgd_way *way, vgd_operand a, vgd_operand b, vgd_operand to)
{
    const vg_shape *s = &way->task->shape;
    int64_t n = s->n[0] * s->n[1];
    vgd_md row = vgd_matrix(way, 1, n, n), column = vgd_matrix(way, n, 1, 1);
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_matmul(&pd, row, column, NULL, to.md, attr), "matmul"))
        return;
    int left = vgd_alias(way, a.memory, row), right = vgd_alias(way, b.memory, column);
    vgd_add(way, pd, 3,
            (vgd_arg[]){{DNNL_ARG_SRC, left},
                        {DNNL_ARG_WEIGHTS, right},
                        {DNNL_ARG_DST, to.memory}});
}
