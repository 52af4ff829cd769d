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
typedef dnnl_memory_desc_t vg_dnn_md;
typedef const_dnnl_memory_desc_t vg_dnn_cmd;
#else
typedef dnnl_memory_desc_t *vg_dnn_md;
typedef const dnnl_memory_desc_t *vg_dnn_cmd;
#endif

#define VG_DNN_HAS(major, minor)                                                                   \
    (DNNL_VERSION_MAJOR > (major) ||                                                               \
     (DNNL_VERSION_MAJOR == (major) && DNNL_VERSION_MINOR >= (minor)))

/** Bits of normalisation flags; the library's numbers differ between the majors. */
enum {
    VG_DNN_SCALE = dnnl_use_scale,
    VG_DNN_SHIFT = dnnl_use_shift,
    VG_DNN_GLOBAL_STATS = dnnl_use_global_stats,
    VG_DNN_FUSE_RELU = dnnl_fuse_norm_relu,
#if VG_DNN_HAS(3, 9)
    VG_DNN_RMS = dnnl_rms_norm
#else
    VG_DNN_RMS = 0
#endif
};

/** Batch norm of 2.6 asks for the shift in a backward pass that only writes its gradient; that of
 * 3.x refuses it. */
enum { VG_DNN_BACKWARD_TAKES_SHIFT = DNNL_VERSION_MAJOR < 3 };

/** The CPU engine of the process, created at the first call. */
dnnl_engine_t vg_dnn_engine(void);

/* --- memory descriptors ----------------------------------------------------------------------- */

dnnl_status_t vg_dnn_md_tag(vg_dnn_md *md, int ndims, const dnnl_dims_t dims,
                            dnnl_format_tag_t tag);
dnnl_status_t vg_dnn_md_strides(vg_dnn_md *md, int ndims, const dnnl_dims_t dims,
                                const dnnl_dims_t strides);
dnnl_status_t vg_dnn_md_clone(vg_dnn_md *md, vg_dnn_cmd from);
void vg_dnn_md_destroy(vg_dnn_md md);

/** Number of inner blocks (0: plain or strided), their extents and dimensions, and the strides of
 * the outer dimensions; each array has room for DNNL_MAX_NDIMS. */
typedef struct vg_dnn_layout {
    int ndims, inner;
    dnnl_dims_t dims, padded, strides, blocks, block_dims;
} vg_dnn_layout;
dnnl_status_t vg_dnn_md_layout(vg_dnn_cmd md, vg_dnn_layout *layout);

/* --- primitive descriptors -------------------------------------------------------------------- */
/* NULL stands for an absent tensor. v2 takes one descriptor where v3 takes src and dst; it is given
 * the source's, so both must be equal. */

dnnl_status_t vg_dnn_matmul(dnnl_primitive_desc_t *pd, vg_dnn_cmd src, vg_dnn_cmd wei,
                            vg_dnn_cmd bias, vg_dnn_cmd dst, const_dnnl_primitive_attr_t attr);

dnnl_status_t vg_dnn_ip_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd src,
                            vg_dnn_cmd wei, vg_dnn_cmd bias, vg_dnn_cmd dst,
                            const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_ip_bwd_data(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff_src, vg_dnn_cmd wei,
                                 vg_dnn_cmd diff_dst, const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_ip_bwd_weights(dnnl_primitive_desc_t *pd, vg_dnn_cmd src, vg_dnn_cmd diff_wei,
                                    vg_dnn_cmd diff_bias, vg_dnn_cmd diff_dst,
                                    const_dnnl_primitive_desc_t hint,
                                    const_dnnl_primitive_attr_t attr);

dnnl_status_t vg_dnn_eltwise_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd data,
                                 float alpha, float beta, const_dnnl_primitive_attr_t attr);
/** @p data is the source, or the destination for *_use_dst_for_bwd. */
dnnl_status_t vg_dnn_eltwise_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd diff,
                                 vg_dnn_cmd data, float alpha, float beta,
                                 const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr);

dnnl_status_t vg_dnn_prelu_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, vg_dnn_cmd wei,
                               const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_prelu_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, vg_dnn_cmd wei,
                               vg_dnn_cmd diff, vg_dnn_cmd diff_wei,
                               const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr);

dnnl_status_t vg_dnn_bnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_bnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_desc_t hint,
                               const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_lnorm_fwd(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr);
/** Without scale and shift in @p flags only the gradient of the data is computed. */
dnnl_status_t vg_dnn_lnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               float eps, unsigned flags, const_dnnl_primitive_desc_t hint,
                               const_dnnl_primitive_attr_t attr);
/** Native since 3.3; before, dnnl_unimplemented. */
dnnl_status_t vg_dnn_gnorm_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd data, dnnl_dim_t groups,
                               float eps, unsigned flags, const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_gnorm_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cmd diff, vg_dnn_cmd data,
                               dnnl_dim_t groups, float eps, unsigned flags,
                               const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr);

dnnl_status_t vg_dnn_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd src0,
                            vg_dnn_cmd src1, vg_dnn_cmd dst, const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_reduction(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd src,
                               vg_dnn_cmd dst, float p, float eps,
                               const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_softmax_fwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd data,
                                 int axis, const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_softmax_bwd(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg, vg_dnn_cmd diff,
                                 vg_dnn_cmd dst, int axis, const_dnnl_primitive_desc_t hint,
                                 const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_reorder(dnnl_primitive_desc_t *pd, vg_dnn_cmd from, vg_dnn_cmd to,
                             const_dnnl_primitive_attr_t attr);

/* --- recurrent -------------------------------------------------------------------------------- */

typedef enum vg_dnn_cell {
    VG_DNN_CELL_RNN_TANH,
    VG_DNN_CELL_RNN_RELU,
    VG_DNN_CELL_LSTM,
    VG_DNN_CELL_LBR_GRU
} vg_dnn_cell;

/** The tensors of a recurrent primitive, or their gradients. iter_c: lstm only. */
typedef struct vg_dnn_rnn_mds {
    vg_dnn_cmd src_layer, src_iter, src_iter_c, wei_layer, wei_iter, bias, dst_layer, dst_iter,
        dst_iter_c;
} vg_dnn_rnn_mds;

/** One direction, left to right. */
dnnl_status_t vg_dnn_rnn_fwd(dnnl_primitive_desc_t *pd, vg_dnn_cell cell, dnnl_prop_kind_t prop,
                             const vg_dnn_rnn_mds *m, const_dnnl_primitive_attr_t attr);
dnnl_status_t vg_dnn_rnn_bwd(dnnl_primitive_desc_t *pd, vg_dnn_cell cell, const vg_dnn_rnn_mds *m,
                             const vg_dnn_rnn_mds *diff, const_dnnl_primitive_desc_t hint,
                             const_dnnl_primitive_attr_t attr);

/* --- post-ops --------------------------------------------------------------------------------- */

dnnl_status_t vg_dnn_post_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, float alpha,
                                  float beta);
dnnl_status_t vg_dnn_post_sum(dnnl_post_ops_t ops, float scale);
dnnl_status_t vg_dnn_post_binary(dnnl_post_ops_t ops, dnnl_alg_kind_t alg, vg_dnn_cmd src1);

#endif
