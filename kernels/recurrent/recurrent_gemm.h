/* SPDX-License-Identifier: Apache-2.0 */
/** @file recurrent_gemm.h
 * The products of a recurrent layer that are GEMMs over all steps, by its shape: what cuts them and
 * what runs them must mean the same.
 */
#ifndef VG_RECURRENT_GEMM_H
#define VG_RECURRENT_GEMM_H

#include "recurrent/recurrent_vec.h"

/* Floats of a panel of sums of one block. */
VG_INLINE int64_t vg_rec_sums(const vg_rec *rec)
{
    return rec->rows * rec->vectors * VG_LANES;
}

/* x W_ih^T + b for all steps; W_ih is packed beforehand. */
VG_INLINE vg_gemm vg_rec_input_gemm(const vg_layer *l)
{
    static const float some[1];
    return (vg_gemm){
        .m = l->seq * l->batch, .n = l->gates, .k = l->in, .b_t = true, .panels = some};
}

/* dx = da W_ih; dW_ih = da^T x; dW_hh = da^T h_{t-1}, for gru in two parts, because the candidate's
 * columns of da stand apart. */

VG_INLINE vg_gemm vg_rec_dx_gemm(const vg_layer *l)
{
    return (vg_gemm){.m = l->seq * l->batch, .n = l->in, .k = l->gates};
}

VG_INLINE vg_gemm vg_rec_dw_ih_gemm(const vg_layer *l)
{
    return (vg_gemm){.m = l->gates, .n = l->in, .k = l->seq * l->batch, .a_t = true};
}

VG_INLINE vg_gemm vg_rec_dw_hh_gemm(const vg_layer *l, int64_t rows)
{
    int64_t k = (l->seq - 1) * l->batch;
    return (vg_gemm){.m = rows, .n = l->hidden, .k = k > 0 ? k : 1, .a_t = true};
}

/* Weight rows whose da is used for both W_ih and W_hh. */
VG_INLINE int64_t vg_rec_common_rows(const vg_layer *l)
{
    return l->saved > l->gates ? 2 * l->hidden : l->gates;
}

#endif
