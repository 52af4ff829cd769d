/* SPDX-License-Identifier: Apache-2.0 */
/** @file recurrent_vec.h
 * Recurrent layers on the GEMM micro-kernel, per ISA: the engine that rnn, lstm and gru share.
 *
 * fwd  The products with x of all steps are one GEMM, into the tensor where the gates will stand (rnn:
 *      hs). Then a unit takes a block of the batch through all steps: h_{t-1} W_hh^T panel by panel, and
 *      on each panel of sums, while it is in L1, the functions of the cell. In a panel of lstm and gru
 *      the gates of VG_LANES units stand side by side.
 * bwd  A unit takes a block of the batch back through all steps: da_{t+1} W_hh panel by panel, which
 *      with dhs is dL/dh_t, and on each panel the derivatives of the cell, which give da_t. dx and the
 *      gradients of the weights are GEMMs over all steps; the biases' are summed on the way.
 * Where W_hh alone is too large for L2, units are ranges of its panels instead, for the whole batch, so
 * that each thread keeps its share of W_hh; then there is a barrier after each step.
 */
#ifndef VG_RECURRENT_VEC_H
#define VG_RECURRENT_VEC_H

#include "dense/gemm.h"
#include "recurrent/recurrent.h"
#include "simd/vec_math.h"

/** How a pass is cut, by its shape alone. Offsets are in floats. */
typedef struct vg_rec {
    vg_op op;
    vg_layer l;
    int vectors;            /**< of a panel */
    int64_t units;          /**< hidden units of a panel */
    int64_t panels, panel;  /**< number of them, floats of one of W_hh */
    int64_t blocks, rows;   /**< of the batch; most rows of a block */
    int64_t ranges;         /**< of panels; more than 1: units are ranges, and steps are rounds */
    /* in the workspace: */
    int64_t at_panels, at_inputs; /**< panels of W_hh; fwd: of W_ih */
    int64_t at_bias;        /**< fwd b_ih + b_hh; bwd sums of da of each block, ld_da apart */
    int64_t at_da, ld_da;   /**< bwd: gradients of the sums, [seq * batch][ld_da] */
    int64_t at_carry, ld_carry; /**< bwd: what goes from step to step beside W_hh, by sequence */
    int64_t floats;         /**< of the workspace */
    vg_gemm_plan input;     /**< fwd: x W_ih^T + b */
    vg_gemm_plan dx, dw_ih, dw_hh, dw_hn; /**< bwd; hn: the candidate's rows of gru */
} vg_rec;

/** A step of a block: rows row .. row + rows of the sequence tensors. */
typedef struct vg_step {
    const vg_task *task;
    const vg_rec *rec;
    int64_t row, rows;
    int64_t block;
    bool first; /**< t = 0: there is no step before */
    int64_t ldz;
} vg_step;

/** The cell on hidden units u .. u + n, n <= VG_LANES, for all rows of the step. @p z: the products
 * with W_hh, rows ldz apart; forward, gate g of lstm and gru stands at z + g * VG_LANES. */
typedef void vg_rec_cell_fn(const vg_step *s, int64_t u, int n, const float *z);

vg_rec VG_FN(vg_rec_cut_forward)(vg_op op, const vg_shape *shape);
vg_rec VG_FN(vg_rec_cut_backward)(vg_op op, const vg_shape *shape);

/** Unit functions of the steps; the cut is task->state. */
void VG_FN(vg_rec_forward)(const vg_task *task, vg_rec_cell_fn *cell, int64_t unit, void *scratch);
void VG_FN(vg_rec_backward)(const vg_task *task, vg_rec_cell_fn *cell, int64_t unit, void *scratch);

/** Phases, with @p run as that of the steps. */
int VG_FN(vg_rec_forward_phases)(vg_op op, const vg_shape *shape, vg_unit_fn *run,
                                 vg_phase *phase);
int VG_FN(vg_rec_backward_phases)(vg_op op, const vg_shape *shape, vg_unit_fn *run,
                                  vg_phase *phase);
bool VG_FN(vg_rec_too_small)(const vg_kernel *kernel, const vg_shape *shape);
size_t VG_FN(vg_rec_scratch)(const vg_rec *rec);
vg_status VG_FN(vg_rec_prepare)(vg_task *task, int threads);
void VG_FN(vg_rec_release)(vg_task *task);

/* --- for the cells ---------------------------------------------------------------------------- */

VG_INLINE vf vg_rec_load(const float *p, int n, bool whole)
{
    return whole ? vf_load(p) : vf_load_n(p, n);
}

VG_INLINE void vg_rec_store(float *p, int n, bool whole, vf v)
{
    if (whole)
        vf_store(p, v);
    else
        vf_store_n(p, n, v);
}

/* y (1 - y) and 1 - y^2 */
VG_INLINE vf vg_rec_sigmoid_slope(vf y)
{
    return vf_mul(y, vf_sub(vf_set1(1), y));
}

VG_INLINE vf vg_rec_tanh_slope(vf y)
{
    return vf_fnma(y, y, vf_set1(1));
}

VG_INLINE float *vg_rec_da(const vg_step *s, int64_t r)
{
    return (float *)s->task->workspace + s->rec->at_da + (s->row + r) * s->rec->ld_da;
}

/** Row of what the cell carries from step to step; zero before the last step. */
VG_INLINE float *vg_rec_carry(const vg_step *s, int64_t r)
{
    int64_t sequence = s->row % s->rec->l.batch + r;
    return (float *)s->task->workspace + s->rec->at_carry + sequence * s->rec->ld_carry;
}

/** Adds to the block's sums of da, column @p col. */
VG_INLINE void vg_rec_add_bias(const vg_step *s, int64_t col, int n, bool whole, vf sum)
{
    float *p = (float *)s->task->workspace + s->rec->at_bias + s->block * s->rec->ld_da + col;
    vg_rec_store(p, n, whole, vf_add(vg_rec_load(p, n, whole), sum));
}

/** Row @p r of what the gates of lstm, or the gates and the candidate's inner part of gru, get. */
VG_INLINE void vg_rec_put_da(const vg_step *s, int64_t r, int64_t u, int n, bool whole,
                             const vf da[4], vf sum[4])
{
    float *out = vg_rec_da(s, r) + u;
    VG_UNROLL(4)
    for (int k = 0; k < 4; k++) {
        vg_rec_store(out + k * s->rec->l.hidden, n, whole, da[k]);
        sum[k] = vf_add(sum[k], da[k]);
    }
}

VG_INLINE void vg_rec_add_biases(const vg_step *s, int64_t u, int n, bool whole, const vf sum[4])
{
    for (int k = 0; k < 4; k++)
        vg_rec_add_bias(s, k * s->rec->l.hidden + u, n, whole, sum[k]);
}

#endif
