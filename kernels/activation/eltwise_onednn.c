/* SPDX-License-Identifier: Apache-2.0 */
#include "activation/eltwise_onednn.h"

vgd_eltwise vgd_eltwise_of(const vg_task *task, vg_op act)
{
    const vg_params *p = task->params ? task->params : &vg_params_default;
    switch (act) {
    case VG_OP_relu:
        return (vgd_eltwise){dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, 0, 0};
    case VG_OP_leaky_relu:
        return (vgd_eltwise){dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, p->slope, 0};
    case VG_OP_sigmoid:
        return (vgd_eltwise){dnnl_eltwise_logistic, dnnl_eltwise_logistic_use_dst_for_bwd, 0, 0};
    case VG_OP_tanh:
        return (vgd_eltwise){dnnl_eltwise_tanh, dnnl_eltwise_tanh_use_dst_for_bwd, 0, 0};
    case VG_OP_gelu:
        return (vgd_eltwise){dnnl_eltwise_gelu_erf, dnnl_alg_kind_undef, 0, 0};
    case VG_OP_gelu_tanh:
        return (vgd_eltwise){dnnl_eltwise_gelu_tanh, dnnl_alg_kind_undef, 0, 0};
    case VG_OP_elu:
        return (vgd_eltwise){dnnl_eltwise_elu, dnnl_eltwise_elu_use_dst_for_bwd, 1, 0};
    case VG_OP_selu:
        return (vgd_eltwise){dnnl_eltwise_elu, dnnl_eltwise_elu_use_dst_for_bwd, VGD_SELU_ALPHA, 0};
    case VG_OP_silu:
        return (vgd_eltwise){dnnl_eltwise_swish, dnnl_alg_kind_undef, 1, 0};
    default:
        return (vgd_eltwise){dnnl_eltwise_linear, dnnl_alg_kind_undef, 1, 0};
    }
}

void vgd_add_scale(vgd_way *way, float factor, vgd_operand from, vgd_operand to)
{
    vgd_add_eltwise(way, dnnl_eltwise_linear, factor, 0, from, to, 0, NULL);
}

void vgd_add_activation(vgd_way *way, vg_op act, vgd_operand from, vgd_operand to)
{
    vgd_eltwise e = vgd_eltwise_of(way->task, act);
    if (act == VG_OP_linear && from.memory == to.memory)
        return;
    vgd_add_eltwise(way, e.alg, e.alpha, e.beta, from, to, 0, NULL);
    if (act == VG_OP_selu)
        vgd_add_scale(way, VGD_SELU_SCALE, to, to);
}

static void add_backward(vgd_way *way, dnnl_alg_kind_t alg, const vgd_eltwise *e, bool from_dst,
                         vgd_operand saved, vgd_operand dy, vgd_operand dx)
{
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    if (way->status != VG_OK ||
        !vgd_ok(way, vgd_eltwise_fwd(&hint, alg, dx.md, e->alpha, e->beta, attr),
                "eltwise forward"))
        return;
    vgd_keep_pd(way, hint);
    if (!vgd_ok(way, vgd_eltwise_bwd(&pd, alg, dx.md, saved.md, e->alpha, e->beta, hint, attr),
                "eltwise backward"))
        return;
    vgd_add(way, pd, 3,
            (vgd_arg[]){{from_dst ? DNNL_ARG_DST : DNNL_ARG_SRC, saved.memory},
                        {DNNL_ARG_DIFF_DST, dy.memory},
                        {DNNL_ARG_DIFF_SRC, dx.memory}});
}

void vgd_add_activation_backward(vgd_way *way, vg_op act, bool from_dst, vgd_operand saved,
                                 vgd_operand dy, vgd_operand dx)
{
    vgd_eltwise e = vgd_eltwise_of(way->task, act);
    if (act == VG_OP_linear && dy.memory == dx.memory)
        return;
    if (act == VG_OP_selu && from_dst) { /* y / scale is elu's destination */
        vgd_operand elu = {vgd_own(way, saved.md), saved.md};
        vgd_add_scale(way, 1 / VGD_SELU_SCALE, saved, elu);
        saved = elu;
    }
    add_backward(way, from_dst ? e.alg_dst : e.alg, &e, from_dst, saved, dy, dx);
    if (act == VG_OP_selu)
        vgd_add_scale(way, VGD_SELU_SCALE, dx, dx);
}
