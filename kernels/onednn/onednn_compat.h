/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn_compat.h
 * oneDNN calls in the shape of its v3 C API, also on v2.6: memory descriptors are opaque handles
 * and primitive descriptors are created in one call. The one branch on the major version is here
 * and between onednn_v2.c and onednn_v3.c. Everything is f32 on the CPU engine.
 *
 * Names present in both majors are used directly: dnnl_memory_create, dnnl_primitive_execute,
 * dnnl_primitive_desc_query, dnnl_primitive_desc_query_md, dnnl_memory_desc_equal, ... Their enum
 * values differ between the majors, so one build serves one major.
 */
#ifndef VG_ONEDNN_COMPAT_H
#define VG_ONEDNN_COMPAT_H

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t vgd_md;
typedef const_dnnl_memory_desc_t vgd_cmd;
#else
typedef dnnl_memory_desc_t *vgd_md;
typedef const dnnl_memory_desc_t *vgd_cmd;
#endif

#define VGD_HAS(major, minor)                                                                      \
    (DNNL_VERSION_MAJOR > (major) ||                                                               \
     (DNNL_VERSION_MAJOR == (major) && DNNL_VERSION_MINOR >= (minor)))

/** Bits of normalisation flags; the library's numbers differ between the majors. */
enum {
    VGD_SCALE = dnnl_use_scale,
    VGD_SHIFT = dnnl_use_shift,
    VGD_GLOBAL_STATS = dnnl_use_global_stats,
    VGD_FUSE_RELU = dnnl_fuse_norm_relu,
#if VGD_HAS(3, 9)
    VGD_RMS = dnnl_rms_norm
#else
    VGD_RMS = 0
#endif
};

/** Batch norm of 2.6 asks for the shift in a backward pass that only writes its gradient; that of
 * 3.x refuses it. */
enum { VGD_BACKWARD_TAKES_SHIFT = DNNL_VERSION_MAJOR < 3 };

/** The CPU engine of the process, created at the first call. */
dnnl_engine_t vgd_engine(void);

/* --- memory descriptors ----------------------------------------------------------------------- */

dnnl_status_t vgd_md_tag(vgd_md *md, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag);
dnnl_status_t vgd_md_strides(vgd_md *md, int ndims, const dnnl_dims_t dims,
                             const dnnl_dims_t strides);
dnnl_status_t vgd_md_clone(vgd_md *md, vgd_cmd from);
void vgd_md_destroy(vgd_md md);

/** Number of inner blocks (0: plain or strided), their extents and dimensions, and the strides of
 * the outer dimensions; each array has room for DNNL_MAX_NDIMS. */
typedef struct vgd_layout {
    int ndims, inner;
    dnnl_dims_t dims, padded, strides, blocks, block_dims;
} vgd_layout;
dnnl_status_t vgd_md_layout(vgd_cmd md, vgd_layout *layout);

/* --- primitive descriptors -------------------------------------------------------------------- */
/* NULL stands for an absent tensor. v2 takes one descriptor where v3 takes src and dst; it is given
 * the source's, so both must be equal. */

dnnl_status_t vgd_matmul(dnnl_primitive_desc_t *pd, vgd_cmd src, vgd_cmd wei, vgd_cmd bias,
                         vgd_cmd dst, const_dnnl_primitive_attr_t attr);

dnnl_status_t vgd_ip_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vgd_cmd src, vgd_cmd wei,
                         vgd_cmd bias, vgd_cmd dst, const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_ip_bwd_data(dnnl_primitive_desc_t *pd, vgd_cmd diff_src, vgd_cmd wei,
                              vgd_cmd diff_dst, const_dnnl_primitive_desc_t hint,
                              const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_ip_bwd_weights(dnnl_primitive_desc_t *pd, vgd_cmd src, vgd_cmd diff_wei,
                                 vgd_cmd diff_bias, vgd_cmd diff_dst,
                                 const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr);

dnnl_status_t vgd_eltwise_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vgd_cmd data,
                              float alpha, float beta, const_dnnl_primitive_attr_t attr);
/** @p data is the source, or the destination for *_use_dst_for_bwd. */
dnnl_status_t vgd_eltwise_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vgd_cmd diff,
                              vgd_cmd data, float alpha, float beta,
                              const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr);

dnnl_status_t vgd_prelu_fwd(dnnl_primitive_desc_t *pd, vgd_cmd data, vgd_cmd wei,
                            const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_prelu_bwd(dnnl_primitive_desc_t *pd, vgd_cmd data, vgd_cmd wei, vgd_cmd diff,
                            vgd_cmd diff_wei, const_dnnl_primitive_desc_t hint,
                            const_dnnl_primitive_attr_t attr);

dnnl_status_t vgd_bnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vgd_cmd data,
                            float eps, unsigned flags, const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_bnorm_bwd(dnnl_primitive_desc_t *pd, vgd_cmd diff, vgd_cmd data, float eps,
                            unsigned flags, const_dnnl_primitive_desc_t hint,
                            const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_lnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vgd_cmd data,
                            float eps, unsigned flags, const_dnnl_primitive_attr_t attr);
/** Without scale and shift in @p flags only the gradient of the data is computed. */
dnnl_status_t vgd_lnorm_bwd(dnnl_primitive_desc_t *pd, vgd_cmd diff, vgd_cmd data, float eps,
                            unsigned flags, const_dnnl_primitive_desc_t hint,
                            const_dnnl_primitive_attr_t attr);
/** Native since 3.3; before, dnnl_unimplemented. */
dnnl_status_t vgd_gnorm_fwd(dnnl_primitive_desc_t *pd, vgd_cmd data, dnnl_dim_t groups, float eps,
                            unsigned flags, const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_gnorm_bwd(dnnl_primitive_desc_t *pd, vgd_cmd diff, vgd_cmd data,
                            dnnl_dim_t groups, float eps, unsigned flags,
                            const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr);

dnnl_status_t vgd_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vgd_cmd src0, vgd_cmd src1,
                         vgd_cmd dst, const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_reduction(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vgd_cmd src,
                            vgd_cmd dst, float p, float eps, const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_softmax_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vgd_cmd data,
                              int axis, const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_softmax_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vgd_cmd diff,
                              vgd_cmd dst, int axis, const_dnnl_primitive_desc_t hint,
                              const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_reorder(dnnl_primitive_desc_t *pd, vgd_cmd from, vgd_cmd to,
                          const_dnnl_primitive_attr_t attr);

/* --- recurrent -------------------------------------------------------------------------------- */

typedef enum vgd_cell { VGD_CELL_RNN_TANH, VGD_CELL_LSTM, VGD_CELL_LBR_GRU } vgd_cell;

/** The tensors of a recurrent primitive, or their gradients. iter_c: lstm only. */
typedef struct vgd_rnn_mds {
    vgd_cmd src_layer, src_iter, src_iter_c, wei_layer, wei_iter, bias, dst_layer, dst_iter,
        dst_iter_c;
} vgd_rnn_mds;

/** One direction, left to right. */
dnnl_status_t vgd_rnn_fwd(dnnl_primitive_desc_t *pd, vgd_cell cell, dnnl_prop_kind_t prop,
                          const vgd_rnn_mds *m, const_dnnl_primitive_attr_t attr);
dnnl_status_t vgd_rnn_bwd(dnnl_primitive_desc_t *pd, vgd_cell cell, const vgd_rnn_mds *m,
                          const vgd_rnn_mds *diff, const_dnnl_primitive_desc_t hint,
                          const_dnnl_primitive_attr_t attr);

/* --- post-ops --------------------------------------------------------------------------------- */

dnnl_status_t vgd_post_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, float alpha, float beta);
dnnl_status_t vgd_post_sum(dnnl_post_ops_t ops, float scale);
dnnl_status_t vgd_post_binary(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, vgd_cmd src1);

#endif
