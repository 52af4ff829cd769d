/* SPDX-License-Identifier: Apache-2.0 */
#include "activation/eltwise_onednn.h"

vg_dnn_eltwise vg_dnn_eltwise_of(const vg_task *task, vg_op act)
{
    const vg_params *p = task->params ? task->params : &vg_params_default;
    switch (act) {
    case VG_OP_relu:
        return (vg_dnn_eltwise){dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, 0, 0};
    case VG_OP_leaky_relu:
        return (vg_dnn_eltwise){dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, p->slope, 0};
    case VG_OP_sigmoid:
        return (vg_dnn_eltwise){dnnl_eltwise_logistic, dnnl_eltwise_logistic_use_dst_for_bwd, 0, 0};
    case VG_OP_tanh:
        return (vg_dnn_eltwise){dnnl_eltwise_tanh, dnnl_eltwise_tanh_use_dst_for_bwd, 0, 0};
    case VG_OP_gelu:
        return (vg_dnn_eltwise){dnnl_eltwise_gelu_erf, dnnl_alg_kind_undef, 0, 0};
    case VG_OP_gelu_tanh:
        return (vg_dnn_eltwise){dnnl_eltwise_gelu_tanh, dnnl_alg_kind_undef, 0, 0};
    case VG_OP_elu:
        return (vg_dnn_eltwise){dnnl_eltwise_elu, dnnl_eltwise_elu_use_dst_for_bwd, 1, 0};
    case VG_OP_selu:
        return (vg_dnn_eltwise){dnnl_eltwise_elu, dnnl_eltwise_elu_use_dst_for_bwd,
                                VG_DNN_SELU_ALPHA, 0};
    case VG_OP_silu:
        return (vg_dnn_eltwise){dnnl_eltwise_swish, dnnl_alg_kind_undef, 1, 0};
    default:
        return (vg_dnn_eltwise){dnnl_eltwise_linear, dnnl_alg_kind_undef, 1, 0};
    }
}

void vg_dnn_add_scale(vg_dnn_way *way, float factor, vg_dnn_operand from, vg_dnn_operand to)
{
    vg_dnn_add_eltwise(way, dnnl_eltwise_linear, factor, 0, from, to, 0, NULL);
}

void vg_dnn_add_activation(vg_dnn_way *way, vg_op act, vg_dnn_operand from, vg_dnn_operand to)
{
    vg_dnn_eltwise e = vg_dnn_eltwise_of(way->task, act);
    if (act == VG_OP_linear && from.memory == to.memory)
        return;
    vg_dnn_add_eltwise(way, e.alg, e.alpha, e.beta, from, to, 0, NULL);
    if (act == VG_OP_selu)
        vg_dnn_add_scale(way, VG_DNN_SELU_SCALE, to, to);
}

static void add_backward(vg_dnn_way *way, dnnl_alg_kind_t alg, const vg_dnn_eltwise *e,
                         bool from_dst, vg_dnn_operand saved, vg_dnn_operand dy, vg_dnn_operand dx)
{
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_eltwise_fwd(&hint, alg, dx.md, e->alpha, e->beta, attr),
                   "eltwise forward"))
        return;
    vg_dnn_keep_pd(way, hint);
    if (!vg_dnn_ok(way,
                   vg_dnn_eltwise_bwd(&pd, alg, dx.md, saved.md, e->alpha, e->beta, hint, attr),
                   "eltwise backward"))
        return;
    vg_dnn_add(way, pd, 3,
               (vg_dnn_arg[]){{from_dst ? DNNL_ARG_DST : DNNL_ARG_SRC, saved.memory},
                              {DNNL_ARG_DIFF_DST, dy.memory},
                              {DNNL_ARG_DIFF_SRC, dx.memory}});
}

void vg_dnn_add_activation_backward(vg_dnn_way *way, vg_op act, bool from_dst, vg_dnn_operand saved,
                                    vg_dnn_operand dy, vg_dnn_operand dx)
{
    vg_dnn_eltwise e = vg_dnn_eltwise_of(way->task, act);
    if (act == VG_OP_linear && dy.memory == dx.memory)
        return;
    if (act == VG_OP_selu && from_dst) { /* y / scale is elu's destination */
        vg_dnn_operand elu = {vg_dnn_own(way, saved.md), saved.md};
        vg_dnn_add_scale(way, 1 / VG_DNN_SELU_SCALE, saved, elu);
        saved = elu;
    }
    add_backward(way, from_dst ? e.alg_dst : e.alg, &e, from_dst, saved, dy, dx);
    if (act == VG_OP_selu)
        vg_dnn_add_scale(way, VG_DNN_SELU_SCALE, dx, dx);
}
