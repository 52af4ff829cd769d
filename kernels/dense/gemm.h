/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm.h
 * Register-blocked matrix multiplication, the engine of the dense and recurrent families.
 *
 *   C[m][n] = sum over k of A(m, k) B(k, n)  (+ bias[n])
 *
 * A is read one element at a time (broadcast), in place or from a compact copy; B one vector at a
 * time, from panels of 1 to 4 vectors: packed [k][panel], or in place where it stays in L1. The sum
 * over k runs in the order of k, in blocks; the bias is added at the end of the first block.
 *
 * Included per ISA (simd/vec.h); all external names carry the suffix of the backend.
 */
#ifndef VG_DENSE_GEMM_H
#define VG_DENSE_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simd/vec.h"

struct vg_gemm;

/** Turns rows x cols sums into results, in place: z[r * ldz + i] is row @p row + r, column @p col + i
 * of C. */
typedef void vg_gemm_finish_fn(const struct vg_gemm *g, int64_t row, int64_t col, int64_t rows,
                               int64_t cols, float *z, int64_t ldz);

/** Makes n elements of A from what is stored: out[i] from a[i] and saved[i]. */
typedef void vg_gemm_map_fn(const struct vg_gemm *g, const float *a, const float *saved, int64_t n,
                            float *out);

/** A product. Strides are in floats. */
typedef struct vg_gemm {
    int64_t m, n, k;
    bool a_t; /**< A(m, k) is a[k * lda + m], otherwise a[m * lda + k] */
    bool b_t; /**< B(k, n) is b[n * ldb + k], otherwise b[k * ldb + n] */
    const float *a;
    int64_t lda;
    const float *b;
    int64_t ldb;
    const float *panels; /**< all of B packed by vg_gemm_pack_all(), or NULL */
    float *c;
    int64_t ldc;
    const float *bias; /**< [n] or NULL */
    vg_gemm_finish_fn *finish; /**< run on tiles of C while they are in L1, or NULL */
    vg_gemm_map_fn *map;       /**< run on A while it is copied, or NULL */
    const float *saved;        /**< for map: same layout as A */
    int64_t ld_saved;
    float *a_sums;       /**< with map and a_t: [m], sums of A over k, or NULL */
    const void *context; /**< of finish and map */
} vg_gemm;

/** How a product is cut: by its extents and strides alone. */
typedef struct vg_gemm_plan {
    bool swap;   /**< computed as C^T = B^T A^T, transposed when it is stored */
    bool pack_b; /**< B is packed into scratch, panel by panel; otherwise read in place */
    bool copy_a; /**< A is copied into scratch, block by block, [k][row] if it is crosswise;
                    otherwise read in place */
    bool ahead;  /**< the operands do not fit L2: fetch what comes next while tiles are computed */
    bool by_rows; /**< a row of tiles at a time, not a column; B of the unit is packed at once */
    int64_t row_units, col_units; /**< unit u is rows u / col_units, columns u % col_units */
    int64_t rows;                 /**< most rows of a unit */
    int64_t vectors;              /**< most vectors (of columns) of a unit */
    int64_t k_block;              /**< accumulated in registers at a time */
    size_t scratch;               /**< bytes per thread */
} vg_gemm_plan;

/** Cuts the product. Only m, n, k, a_t, b_t and whether panels and map are NULL are looked at, so
 * that it can be made from a shape, without tensors. */
vg_gemm_plan VG_FN(vg_gemm_cut)(const vg_gemm *g);

/** Whether each unit packs what it needs of B; otherwise B is better packed before, once for all. */
bool VG_FN(vg_gemm_packs_alone)(const vg_gemm *g);

/** Computes unit @p unit of row_units * col_units. */
void VG_FN(vg_gemm_unit)(const vg_gemm *g, const vg_gemm_plan *plan, int64_t unit, void *scratch);

/** Bytes of B as panels. */
size_t VG_FN(vg_gemm_panel_bytes)(const vg_gemm *g);

/** Packs the columns of unit @p unit, 0 .. plan->col_units - 1, into their place in @p panels, for
 * the use of @p plan, which was made with panels. */
void VG_FN(vg_gemm_pack_unit)(const vg_gemm *g, const vg_gemm_plan *plan, int64_t unit,
                              float *panels);

/** Estimated time of the whole product on one thread. */
double VG_FN(vg_gemm_ns)(const vg_gemm *g);

#endif
