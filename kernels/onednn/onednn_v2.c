/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of onednn_compat.h on oneDNN 2.6: an operation descriptor is filled and turned into a
 * primitive descriptor in one go; memory descriptors are structs on the heap. */
#include "onednn/onednn_compat.h"

#if DNNL_VERSION_MAJOR < 3
#include <stdlib.h>
#include <string.h>

static dnnl_status_t finish(dnnl_status_t status, dnnl_primitive_desc_t *pd, const void *desc,
                            const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(pd, desc, attr, vg_dnn_engine(), hint);
}

static dnnl_status_t keep(vg_dnn_md *md, const dnnl_memory_desc_t *from, dnnl_status_t status)
{
    *md = NULL;
    if (status != dnnl_success)
        return status;
    *md = malloc(sizeof **md);
    if (!*md)
        return dnnl_out_of_memory;
    **md = *from;
    return dnnl_success;
}

dnnl_status_t vg_dnn_md_tag(vg_dnn_md *md, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t d;
    return keep(md, &d, dnnl_memory_desc_init_by_tag(&d, ndims, dims, dnnl_f32, tag));
}

dnnl_status_t vg_dnn_md_strides(vg_dnn_md *md, int ndims, const dnnl_dims_t dims,
                                const dnnl_dims_t strides)
{
    dnnl_memory_desc_t d;
    return keep(md, &d, dnnl_memory_desc_init_by_strides(&d, ndims, dims, dnnl_f32, strides));
}

dnnl_status_t vg_dnn_md_clone(vg_dnn_md *md, vg_dnn_cmd from)
{
    return keep(md, from, dnnl_success);
}

void vg_dnn_md_destroy(vg_dnn_md md)
{
    free(md);
}

dnnl_status_t vg_dnn_md_layout(vg_dnn_cmd md, vg_dnn_layout *layout)
{
    memset(layout, 0, sizeof *layout);
    if (md->format_kind != dnnl_blocked)
        return dnnl_invalid_arguments;
    const dnnl_blocking_desc_t *blocking = &md->format_desc.blocking;
    layout->ndims = md->ndims;
    layout->inner = blocking->inner_nblks;
    memcpy(layout->dims, md->dims, sizeof md->dims);
    memcpy(layout->padded, md->padded_dims, sizeof md->padded_dims);
    memcpy(layout->strides, blocking->strides, sizeof blocking->strides);
    memcpy(layout->blocks, blocking->inner_blks, sizeof blocking->inner_blks);
    memcpy(layout->block_dims, blocking->inner_idxs, sizeof blocking->inner_idxs);
    return dnnl_success;
}

dnnl_status_t vg_dnn_matmul(dnnl_primitive_desc_t *pd, vg_dnn_cmd src, vg_dnn_cmd wei,
                            vg_dnn_cmd bias, vg_dnn_cmd dst, const_dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t d;
    return finish(dnnl_matmul_desc_init(&d, src, wei, bias, dst), pd, &d, NULL, attr);
}

dnnl_status_t vg_dnn_ip_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd src,
                            vg_dnn_cmd wei, vg_dnn_cmd bias, vg_dnn_cmd dst,
                            const_dnnl_primitive_attr_t attr)
{
    dnnl_inner_product_desc_t d;
    return finish(dnnl_inner_product_forward_desc_init(&d, prop, src, wei, bias, dst), pd, &d, NULL,
                  attr);
}

dnnl_status_t vg_dnn_ip_bwd_data(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff_src, vg_dnn_cmd wei,
                                 vg_dnn_cmd diff_dst, const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr)
{
    dnnl_inner_product_desc_t d;
    return finish(dnnl_inner_product_backward_data_desc_init(&d, diff_src, wei, diff_dst), pd, &d,
                  hint, attr);
}

dnnl_status_t vg_dnn_ip_bwd_weights(dnnl_primitive_desc_t *pd, vg_dnn_cmd src, vg_dnn_cmd diff_wei,
                                    vg_dnn_cmd diff_bias, vg_dnn_cmd diff_dst,
                                    const_dnnl_primitive_desc_t hint,
                                    const_dnnl_primitive_attr_t attr)
{
    dnnl_inner_product_desc_t d;
    return finish(
        dnnl_inner_product_backward_weights_desc_init(&d, src, diff_wei, diff_bias, diff_dst), pd,
        &d, hint, attr);
}

dnnl_status_t vg_dnn_eltwise_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd data,
                                 float alpha, float beta, const_dnnl_primitive_attr_t attr)
{
    dnnl_eltwise_desc_t d;
    return finish(dnnl_eltwise_forward_desc_init(&d, dnnl_forward_training, alg, data, alpha, beta),
                  pd, &d, NULL, attr);
}

dnnl_status_t vg_dnn_eltwise_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd diff,
                                 vg_dnn_cmd data, float alpha, float beta,
                                 const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
    dnnl_eltwise_desc_t d;
    return finish(dnnl_eltwise_backward_desc_init(&d, alg, diff, data, alpha, beta), pd, &d, hint,
                  attr);
}

dnnl_status_t vg_dnn_prelu_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, vg_dnn_cmd wei,
                               const_dnnl_primitive_attr_t attr)
{
    dnnl_prelu_desc_t d;
    return finish(dnnl_prelu_forward_desc_init(&d, dnnl_forward_training, data, wei), pd, &d, NULL,
                  attr);
}

dnnl_status_t vg_dnn_prelu_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, vg_dnn_cmd wei,
                               vg_dnn_cmd diff, vg_dnn_cmd diff_wei,
                               const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr)
{
    dnnl_prelu_desc_t d;
    return finish(dnnl_prelu_backward_desc_init(&d, data, wei, diff, diff_wei), pd, &d, hint, attr);
}

dnnl_status_t vg_dnn_bnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr)
{
    dnnl_batch_normalization_desc_t d;
    return finish(dnnl_batch_normalization_forward_desc_init(&d, prop, data, eps, flags), pd, &d,
                  NULL, attr);
}

static dnnl_prop_kind_t backward(unsigned flags)
{
    return flags & (VG_DNN_SCALE | VG_DNN_SHIFT) ? dnnl_backward : dnnl_backward_data;
}

dnnl_status_t vg_dnn_bnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_desc_t hint,
                               const_dnnl_primitive_attr_t attr)
{
    dnnl_batch_normalization_desc_t d;
    return finish(
        dnnl_batch_normalization_backward_desc_init(&d, backward(flags), diff, data, eps, flags),
        pd, &d, hint, attr);
}

dnnl_status_t vg_dnn_lnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr)
{
    dnnl_layer_normalization_desc_t d;
    return finish(dnnl_layer_normalization_forward_desc_init(&d, prop, data, NULL, eps, flags), pd,
                  &d, NULL, attr);
}

dnnl_status_t vg_dnn_lnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_desc_t hint,
                               const_dnnl_primitive_attr_t attr)
{
    dnnl_layer_normalization_desc_t d;
    return finish(dnnl_layer_normalization_backward_desc_init(&d, backward(flags), diff, data, NULL,
                                                              eps, flags),
                  pd, &d, hint, attr);
}

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

dnnl_status_t vg_dnn_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd src0,
                            vg_dnn_cmd src1, vg_dnn_cmd dst, const_dnnl_primitive_attr_t attr)
{
    dnnl_binary_desc_t d;
    return finish(dnnl_binary_desc_init(&d, alg, src0, src1, dst), pd, &d, NULL, attr);
}

dnnl_status_t vg_dnn_reduction(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd src,
                               vg_dnn_cmd dst, float p, float eps, const_dnnl_primitive_attr_t attr)
{
    dnnl_reduction_desc_t d;
    return finish(dnnl_reduction_desc_init(&d, alg, src, dst, p, eps), pd, &d, NULL, attr);
}

dnnl_status_t vg_dnn_softmax_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd data,
                                 int axis, const_dnnl_primitive_attr_t attr)
{
    dnnl_softmax_v2_desc_t d;
    return finish(
        dnnl_softmax_v2_forward_desc_init(&d, dnnl_forward_training, alg, data, data, axis), pd, &d,
        NULL, attr);
}

dnnl_status_t vg_dnn_softmax_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd diff,
                                 vg_dnn_cmd dst, int axis, const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr)
{
    dnnl_softmax_v2_desc_t d;
    return finish(dnnl_softmax_v2_backward_desc_init(&d, alg, diff, diff, dst, axis), pd, &d, hint,
                  attr);
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

static dnnl_status_t rnn_fwd_desc(dnnl_rnn_desc_t *d, vg_dnn_cell cell, dnnl_prop_kind_t prop,
                                  const vg_dnn_rnn_mds *m)
{
    switch (cell) {
    case VG_DNN_CELL_RNN_TANH:
    case VG_DNN_CELL_RNN_RELU:
        return dnnl_vanilla_rnn_forward_desc_init(
            d, prop, activation_of(cell), FORWARD_IN_TIME, m->src_layer, m->src_iter, m->wei_layer,
            m->wei_iter, m->bias, m->dst_layer, m->dst_iter, dnnl_rnn_flags_undef, 0, 0);
    case VG_DNN_CELL_LSTM:
        return dnnl_lstm_forward_desc_init_v3(d, prop, FORWARD_IN_TIME, m->src_layer, m->src_iter,
                                              m->src_iter_c, m->wei_layer, m->wei_iter, NULL, NULL,
                                              m->bias, m->dst_layer, m->dst_iter, m->dst_iter_c,
                                              dnnl_rnn_flags_undef);
    default:
        return dnnl_lbr_gru_forward_desc_init(d, prop, FORWARD_IN_TIME, m->src_layer, m->src_iter,
                                              m->wei_layer, m->wei_iter, m->bias, m->dst_layer,
                                              m->dst_iter, dnnl_rnn_flags_undef);
    }
}

dnnl_status_t vg_dnn_rnn_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cell cell, dnnl_prop_kind_t prop,
                             const vg_dnn_rnn_mds *m, const_dnnl_primitive_attr_t attr)
{
    dnnl_rnn_desc_t d;
    return finish(rnn_fwd_desc(&d, cell, prop, m), pd, &d, NULL, attr);
}

static dnnl_status_t rnn_bwd_desc(dnnl_rnn_desc_t *r, vg_dnn_cell cell, const vg_dnn_rnn_mds *m,
                                  const vg_dnn_rnn_mds *d)
{
    switch (cell) {
    case VG_DNN_CELL_RNN_TANH:
    case VG_DNN_CELL_RNN_RELU:
        return dnnl_vanilla_rnn_backward_desc_init(
            r, dnnl_backward, activation_of(cell), FORWARD_IN_TIME, m->src_layer, m->src_iter,
            m->wei_layer, m->wei_iter, m->bias, m->dst_layer, m->dst_iter, d->src_layer,
            d->src_iter, d->wei_layer, d->wei_iter, d->bias, d->dst_layer, d->dst_iter,
            dnnl_rnn_flags_undef, 0, 0);
    case VG_DNN_CELL_LSTM:
        return dnnl_lstm_backward_desc_init_v3(
            r, dnnl_backward, FORWARD_IN_TIME, m->src_layer, m->src_iter, m->src_iter_c,
            m->wei_layer, m->wei_iter, NULL, NULL, m->bias, m->dst_layer, m->dst_iter,
            m->dst_iter_c, d->src_layer, d->src_iter, d->src_iter_c, d->wei_layer, d->wei_iter,
            NULL, NULL, d->bias, d->dst_layer, d->dst_iter, d->dst_iter_c, dnnl_rnn_flags_undef);
    default:
        return dnnl_lbr_gru_backward_desc_init(
            r, dnnl_backward, FORWARD_IN_TIME, m->src_layer, m->src_iter, m->wei_layer, m->wei_iter,
            m->bias, m->dst_layer, m->dst_iter, d->src_layer, d->src_iter, d->wei_layer,
            d->wei_iter, d->bias, d->dst_layer, d->dst_iter, dnnl_rnn_flags_undef);
    }
}

dnnl_status_t vg_dnn_rnn_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cell cell, const vg_dnn_rnn_mds *m,
                             const vg_dnn_rnn_mds *diff, const_dnnl_primitive_desc_t hint,
                             const_dnnl_primitive_attr_t attr)
{
    dnnl_rnn_desc_t d;
    return finish(rnn_bwd_desc(&d, cell, m, diff), pd, &d, hint, attr);
}

dnnl_status_t vg_dnn_post_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, float alpha, float beta)
{
    return dnnl_post_ops_append_eltwise(ops, 1.0f, alg, alpha, beta);
}

dnnl_status_t vg_dnn_post_sum(dnnl_post_ops_t ops, float scale)
{
    return dnnl_post_ops_append_sum_v3(ops, scale, 0, dnnl_data_type_undef);
}

dnnl_status_t vg_dnn_post_binary(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, vg_dnn_cmd src1)
{
    return dnnl_post_ops_append_binary(ops, alg, src1);
}
#else
typedef int vg_dnn_v2_is_not_here; /* an empty translation unit is not C */
#endif
