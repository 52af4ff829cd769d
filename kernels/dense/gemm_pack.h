/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm_pack.h
 * Copies between matrices and panels, per ISA. A panel is [k][width] floats, width a multiple of
 * VG_LANES; lanes beyond the matrix are zero.
 */
#ifndef VG_DENSE_GEMM_PACK_H
#define VG_DENSE_GEMM_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "simd/vec.h"

/** panel[k][j] = src[k * ld + j] for k < rows, j < cols; zero for cols <= j < width. */
void VG_FN(vg_pack_rows)(const float *src, int64_t ld, int64_t rows, int64_t cols, int64_t width,
                         float *panel);

/** panel[k][j] = src[j * ld + k] for k < rows, j < cols; zero for cols <= j < width. */
void VG_FN(vg_pack_transposed)(const float *src, int64_t ld, int64_t rows, int64_t cols,
                               int64_t width, float *panel);

/** One vector of that: panel[k * width + j] for j < VG_LANES, zero from @p cols on. */
void VG_FN(vg_pack_vector)(const float *src, int64_t ld, int64_t rows, int64_t cols, int64_t width,
                           float *panel);

/** dst[i * width + j] = src[i * ld + j] for i < rows, j < cols; width >= cols. */
void VG_FN(vg_copy_rows)(const float *src, int64_t ld, int64_t rows, int64_t cols, int64_t width,
                         float *dst);

/** sums[i] = or += row[i], i < n. */
void VG_FN(vg_sum_row)(const float *row, int64_t n, bool add, float *sums);

/** dst[j * ld + i] = src[i * src_ld + j] + bias[i] for i < rows, j < cols. @p src must be readable up
 * to the next multiple of VG_LANES in both directions. @p bias may be NULL. */
void VG_FN(vg_store_transposed)(const float *src, int64_t src_ld, int64_t rows, int64_t cols,
                                const float *bias, float *dst, int64_t ld);

#endif
