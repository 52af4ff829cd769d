/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm_cut.h
 * What the cutting of a product (gemm_cut_simd.c) and its driver (gemm_simd.c) must agree on: the
 * layout of scratch, and what a turned product means.
 */
#ifndef VG_DENSE_GEMM_CUT_H
#define VG_DENSE_GEMM_CUT_H

#include "dense/gemm.h"
#include "dense/gemm_micro.h"

/* Of the packed part of B: a panel, or all panels of a unit. */
VG_INLINE int64_t vg_panel_floats(const vg_gemm_plan *plan)
{
    if (plan->by_rows)
        return plan->k_block * plan->vectors * VG_LANES;
    return plan->k_block * VG_TILE_MAX_VECTORS * VG_LANES;
}

/* Rows of the copy of A are an odd number of cache lines apart: no two in the same set of L1. */
VG_INLINE int64_t vg_copied_lda(int64_t k)
{
    return (k + 15) / 16 * 16 + 16;
}

VG_INLINE int64_t vg_copy_floats(const vg_gemm *g, const vg_gemm_plan *plan)
{
    if (g->a_t)
        return plan->k_block * vg_copied_lda(plan->rows);
    return plan->rows * vg_copied_lda(plan->k_block) + 16;
}

/* C^T = B^T A^T. */
VG_INLINE vg_gemm vg_gemm_swapped(const vg_gemm *g)
{
    return (vg_gemm){.m = g->n,
                     .n = g->m,
                     .k = g->k,
                     .a_t = !g->b_t,
                     .b_t = !g->a_t,
                     .a = g->b,
                     .lda = g->ldb,
                     .b = g->a,
                     .ldb = g->lda};
}

#endif
