/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of onednn_compat.h on oneDNN 3.x: thin. */
#include "onednn/onednn_compat.h"

#if DNNL_VERSION_MAJOR >= 3
#include <string.h>

dnnl_status_t vg_dnn_md_tag(vg_dnn_md *md, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(md, ndims, dims, dnnl_f32, tag);
}

dnnl_status_t vg_dnn_md_strides(vg_dnn_md *md, int ndims, const dnnl_dims_t dims,
                                const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(md, ndims, dims, dnnl_f32, strides);
}

dnnl_status_t vg_dnn_md_clone(vg_dnn_md *md, vg_dnn_cmd from)
{
    return dnnl_memory_desc_clone(md, from);
}

void vg_dnn_md_destroy(vg_dnn_md md)
{
    dnnl_memory_desc_destroy(md);
}

static dnnl_status_t query_dims(vg_dnn_cmd md, dnnl_query_t what, dnnl_dims_t out, int count)
{
    dnnl_dims_t *found = NULL;
    dnnl_status_t status = dnnl_memory_desc_query(md, what, &found);
    if (status == dnnl_success && count > 0)
        memcpy(out, *found, (size_t)count * sizeof(dnnl_dim_t));
    return status;
}

dnnl_status_t vg_dnn_md_layout(vg_dnn_cmd md, vg_dnn_layout *layout)
{
    memset(layout, 0, sizeof *layout);
    dnnl_status_t s = dnnl_memory_desc_query(md, dnnl_query_ndims_s32, &layout->ndims);
    if (s == dnnl_success)
        s = dnnl_memory_desc_query(md, dnnl_query_inner_nblks_s32, &layout->inner);
    if (s == dnnl_success)
        s = query_dims(md, dnnl_query_dims, layout->dims, layout->ndims);
    if (s == dnnl_success)
        s = query_dims(md, dnnl_query_padded_dims, layout->padded, layout->ndims);
    if (s == dnnl_success)
        s = query_dims(md, dnnl_query_strides, layout->strides, layout->ndims);
    if (s == dnnl_success)
        s = query_dims(md, dnnl_query_inner_blks, layout->blocks, layout->inner);
    if (s == dnnl_success)
        s = query_dims(md, dnnl_query_inner_idxs, layout->block_dims, layout->inner);
    return s;
}

dnnl_status_t vg_dnn_matmul(dnnl_primitive_desc_t *pd, vg_dnn_cmd src, vg_dnn_cmd wei,
                            vg_dnn_cmd bias, vg_dnn_cmd dst, const_dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(pd, vg_dnn_engine(), src, wei, bias, dst, attr);
}

dnnl_status_t vg_dnn_ip_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd src,
                            vg_dnn_cmd wei, vg_dnn_cmd bias, vg_dnn_cmd dst,
                            const_dnnl_primitive_attr_t attr)
{
    return dnnl_inner_product_forward_primitive_desc_create(pd, vg_dnn_engine(), prop, src, wei,
                                                            bias, dst, attr);
}

dnnl_status_t vg_dnn_ip_bwd_data(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff_src, vg_dnn_cmd wei,
                                 vg_dnn_cmd diff_dst, const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr)
{
    return dnnl_inner_product_backward_data_primitive_desc_create(pd, vg_dnn_engine(), diff_src,
                                                                  wei, diff_dst, hint, attr);
}

dnnl_status_t vg_dnn_ip_bwd_weights(dnnl_primitive_desc_t *pd, vg_dnn_cmd src, vg_dnn_cmd diff_wei,
                                    vg_dnn_cmd diff_bias, vg_dnn_cmd diff_dst,
                                    const_dnnl_primitive_desc_t hint,
                                    const_dnnl_primitive_attr_t attr)
{
    return dnnl_inner_product_backward_weights_primitive_desc_create(
        pd, vg_dnn_engine(), src, diff_wei, diff_bias, diff_dst, hint, attr);
}

dnnl_status_t vg_dnn_eltwise_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd data,
                                 float alpha, float beta, const_dnnl_primitive_attr_t attr)
{
    return dnnl_eltwise_forward_primitive_desc_create(pd, vg_dnn_engine(), dnnl_forward_training,
                                                      alg, data, data, alpha, beta, attr);
}

dnnl_status_t vg_dnn_eltwise_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd diff,
                                 vg_dnn_cmd data, float alpha, float beta,
                                 const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
    return dnnl_eltwise_backward_primitive_desc_create(pd, vg_dnn_engine(), alg, diff, diff, data,
                                                       alpha, beta, hint, attr);
}

dnnl_status_t vg_dnn_prelu_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, vg_dnn_cmd wei,
                               const_dnnl_primitive_attr_t attr)
{
    return dnnl_prelu_forward_primitive_desc_create(pd, vg_dnn_engine(), dnnl_forward_training,
                                                    data, wei, data, attr);
}

dnnl_status_t vg_dnn_prelu_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, vg_dnn_cmd wei,
                               vg_dnn_cmd diff, vg_dnn_cmd diff_wei,
                               const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
    return dnnl_prelu_backward_primitive_desc_create(pd, vg_dnn_engine(), data, wei, diff, diff_wei,
                                                     diff, hint, attr);
}

dnnl_status_t vg_dnn_bnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr)
{
    return dnnl_batch_normalization_forward_primitive_desc_create(pd, vg_dnn_engine(), prop, data,
                                                                  data, eps, flags, attr);
}

static dnnl_prop_kind_t backward(unsigned flags)
{
    return flags & (VG_DNN_SCALE | VG_DNN_SHIFT) ? dnnl_backward : dnnl_backward_data;
}

dnnl_status_t vg_dnn_bnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_desc_t hint,
                               const_dnnl_primitive_attr_t attr)
{
    return dnnl_batch_normalization_backward_primitive_desc_create(
        pd, vg_dnn_engine(), backward(flags), diff, diff, data, eps, flags, hint, attr);
}

dnnl_status_t vg_dnn_lnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr)
{
    return dnnl_layer_normalization_forward_primitive_desc_create(pd, vg_dnn_engine(), prop, data,
                                                                  data, NULL, eps, flags, attr);
}

dnnl_status_t vg_dnn_lnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_desc_t hint,
                               const_dnnl_primitive_attr_t attr)
{
    return dnnl_layer_normalization_backward_primitive_desc_create(
        pd, vg_dnn_engine(), backward(flags), diff, diff, data, NULL, eps, flags, hint, attr);
}

#if VG_DNN_HAS(3, 3)
dnnl_status_t vg_dnn_gnorm_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, dnnl_dim_t groups,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr)
{
    return dnnl_group_normalization_forward_primitive_desc_create(
        pd, vg_dnn_engine(), dnnl_forward_training, data, data, groups, eps, flags, attr);
}

dnnl_status_t vg_dnn_gnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               dnnl_dim_t groups, float eps, unsigned flags,
                               const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
    return dnnl_group_normalization_backward_primitive_desc_create(
        pd, vg_dnn_engine(), backward(flags), diff, diff, data, groups, eps, flags, hint, attr);
}
#else
dnnl_status_t vg_dnn_gnorm_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, dnnl_dim_t groups,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr)
{
    return dnnl_unimplemented;
}

dnnl_status_t vg_dnn_gnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               dnnl_dim_t groups, float eps, unsigned flags,
                               const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
    return dnnl_unimplemented;
}
#endif

dnnl_status_t vg_dnn_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd src0,
                            vg_dnn_cmd src1, vg_dnn_cmd dst, const_dnnl_primitive_attr_t attr)
{
    return dnnl_binary_primitive_desc_create(pd, vg_dnn_engine(), alg, src0, src1, dst, attr);
}

dnnl_status_t vg_dnn_reduction(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd src,
                               vg_dnn_cmd dst, float p, float eps, const_dnnl_primitive_attr_t attr)
{
    return dnnl_reduction_primitive_desc_create(pd, vg_dnn_engine(), alg, src, dst, p, eps, attr);
}

dnnl_status_t vg_dnn_softmax_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd data,
                                 int axis, const_dnnl_primitive_attr_t attr)
{
    return dnnl_softmax_forward_primitive_desc_create(pd, vg_dnn_engine(), dnnl_forward_training,
                                                      alg, data, data, axis, attr);
}

dnnl_status_t vg_dnn_softmax_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd diff,
                                 vg_dnn_cmd dst, int axis, const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr)
{
    return dnnl_softmax_backward_primitive_desc_create(pd, vg_dnn_engine(), alg, diff, diff, dst,
                                                       axis, hint, attr);
}

dnnl_status_t vg_dnn_reorder(dnnl_primitive_desc_t *pd, vg_dnn_cmd from, vg_dnn_cmd to,
                             const_dnnl_primitive_attr_t attr)
{
    return dnnl_reorder_primitive_desc_create(pd, from, vg_dnn_engine(), to, vg_dnn_engine(), attr);
}

static const dnnl_rnn_direction_t FORWARD_IN_TIME = dnnl_unidirectional_left2right;

static dnnl_alg_kind_t activation_of(vg_dnn_cell cell)
{
    return cell == VG_DNN_CELL_RNN_RELU ? dnnl_eltwise_relu : dnnl_eltwise_tanh;
}

dnnl_status_t vg_dnn_rnn_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cell cell, dnnl_prop_kind_t prop,
                             const vg_dnn_rnn_mds *m, const_dnnl_primitive_attr_t attr)
{
    switch (cell) {
    case VG_DNN_CELL_RNN_TANH:
    case VG_DNN_CELL_RNN_RELU:
        return dnnl_vanilla_rnn_forward_primitive_desc_create(
            pd, vg_dnn_engine(), prop, activation_of(cell), FORWARD_IN_TIME, m->src_layer,
            m->src_iter, m->wei_layer, m->wei_iter, m->bias, m->dst_layer, m->dst_iter,
            dnnl_rnn_flags_undef, 0, 0, attr);
    case VG_DNN_CELL_LSTM:
        return dnnl_lstm_forward_primitive_desc_create(
            pd, vg_dnn_engine(), prop, FORWARD_IN_TIME, m->src_layer, m->src_iter, m->src_iter_c,
            m->wei_layer, m->wei_iter, NULL, NULL, m->bias, m->dst_layer, m->dst_iter,
            m->dst_iter_c, dnnl_rnn_flags_undef, attr);
    default:
        return dnnl_lbr_gru_forward_primitive_desc_create(
            pd, vg_dnn_engine(), prop, FORWARD_IN_TIME, m->src_layer, m->src_iter, m->wei_layer,
            m->wei_iter, m->bias, m->dst_layer, m->dst_iter, dnnl_rnn_flags_undef, attr);
    }
}

dnnl_status_t vg_dnn_rnn_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cell cell, const vg_dnn_rnn_mds *m,
                             const vg_dnn_rnn_mds *d, const_dnnl_primitive_desc_t hint,
                             const_dnnl_primitive_attr_t attr)
{
    switch (cell) {
    case VG_DNN_CELL_RNN_TANH:
    case VG_DNN_CELL_RNN_RELU:
        return dnnl_vanilla_rnn_backward_primitive_desc_create(
            pd, vg_dnn_engine(), dnnl_backward, activation_of(cell), FORWARD_IN_TIME, m->src_layer,
            m->src_iter, m->wei_layer, m->wei_iter, m->bias, m->dst_layer, m->dst_iter,
            d->src_layer, d->src_iter, d->wei_layer, d->wei_iter, d->bias, d->dst_layer,
            d->dst_iter, dnnl_rnn_flags_undef, 0, 0, hint, attr);
    case VG_DNN_CELL_LSTM:
        return dnnl_lstm_backward_primitive_desc_create(
            pd, vg_dnn_engine(), dnnl_backward, FORWARD_IN_TIME, m->src_layer, m->src_iter,
            m->src_iter_c, m->wei_layer, m->wei_iter, NULL, NULL, m->bias, m->dst_layer,
            m->dst_iter, m->dst_iter_c, d->src_layer, d->src_iter, d->src_iter_c, d->wei_layer,
            d->wei_iter, NULL, NULL, d->bias, d->dst_layer, d->dst_iter, d->dst_iter_c,
            dnnl_rnn_flags_undef, hint, attr);
    default:
        return dnnl_lbr_gru_backward_primitive_desc_create(
            pd, vg_dnn_engine(), dnnl_backward, FORWARD_IN_TIME, m->src_layer, m->src_iter,
            m->wei_layer, m->wei_iter, m->bias, m->dst_layer, m->dst_iter, d->src_layer,
            d->src_iter, d->wei_layer, d->wei_iter, d->bias, d->dst_layer, d->dst_iter,
            dnnl_rnn_flags_undef, hint, attr);
    }
}

dnnl_status_t vg_dnn_post_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, float alpha, float beta)
{
    return dnnl_post_ops_append_eltwise(ops, alg, alpha, beta);
}

dnnl_status_t vg_dnn_post_sum(dnnl_post_ops_t ops, float scale)
{
    return dnnl_post_ops_append_sum(ops, scale, 0, dnnl_data_type_undef);
}

dnnl_status_t vg_dnn_post_binary(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, vg_dnn_cmd src1)
{
    return dnnl_post_ops_append_binary(ops, alg, src1);
}
#else
typedef int vg_dnn_v3_is_not_here; /* an empty translation unit is not C */
#endif
