/* SPDX-License-Identifier: Apache-2.0 */
#include "dense/gemm_pack.h"

#include "base/partition.h"
#include "dense/transpose.h"

static int lanes_of(int64_t left)
{
    return left < VG_LANES ? (int)left : VG_LANES;
}

/* Whole vectors only; `vectors` is a constant. Rows may be a page apart, where the processor does not
 * look ahead by itself. */
VG_INLINE void copy_vectors(const float *src, int64_t ld, int64_t rows, const int vectors,
                            int64_t width, float *dst)
{
    enum { ROWS_AHEAD = 8 };
    VG_UNROLL(4)
    for (int64_t i = 0; i < rows; i++) {
        VG_UNROLL(4)
        for (int j = 0; j < vectors * VG_LANES; j += 16)
            __builtin_prefetch(src + (i + ROWS_AHEAD) * ld + j);
        VG_UNROLL(4)
        for (int v = 0; v < vectors; v++)
            vf_store(dst + i * width + v * VG_LANES, vf_load(src + i * ld + v * VG_LANES));
    }
}

void VG_FN(vg_pack_rows)(const float *src, int64_t ld, int64_t rows, int64_t cols, int64_t width,
                         float *panel)
{
    if (cols == width && width == 4 * VG_LANES) {
        copy_vectors(src, ld, rows, 4, 4 * VG_LANES, panel);
        return;
    }
    if (cols == width && width == 3 * VG_LANES) {
        copy_vectors(src, ld, rows, 3, 3 * VG_LANES, panel);
        return;
    }
    if (cols == width && width == 2 * VG_LANES) {
        copy_vectors(src, ld, rows, 2, 2 * VG_LANES, panel);
        return;
    }
    int64_t full = cols / VG_LANES * VG_LANES;
    for (int64_t k = 0; k < rows; k++, src += ld, panel += width) {
        for (int64_t j = 0; j < full; j += VG_LANES)
            vf_store(panel + j, vf_load(src + j));
        for (int64_t j = full; j < width; j += VG_LANES)
            vf_store(panel + j, j < cols ? vf_load_n(src + j, (int)(cols - j)) : vf_zero());
    }
}

void VG_FN(vg_copy_rows)(const float *src, int64_t ld, int64_t rows, int64_t cols, int64_t width,
                         float *dst)
{
    int64_t full = cols / VG_LANES * VG_LANES;
    for (int64_t i = 0; i < rows; i++, src += ld, dst += width) {
        for (int64_t j = 0; j < full; j += VG_LANES)
            vf_store(dst + j, vf_load(src + j));
        if (full < cols)
            vf_store_n(dst + full, (int)(cols - full), vf_load_n(src + full, (int)(cols - full)));
    }
}

void VG_FN(vg_sum_row)(const float *row, int64_t n, bool add, float *sums)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(sums + i, add ? vf_add(vf_load(sums + i), vf_load(row + i)) : vf_load(row + i));
    for (; i < n; i++)
        sums[i] = add ? sums[i] + row[i] : row[i];
}

/* A block of fewer than VG_LANES rows or columns is completed with zeros on the side. */
static void complete(const float *src, int64_t ld, int rows, int cols, float *block)
{
    for (int r = 0; r < VG_LANES; r++)
        vf_store(block + r * VG_LANES, r < rows ? vf_load_n(src + r * ld, cols) : vf_zero());
}

/* A whole block: row j of the source becomes lane j of vectors `width` apart. */
VG_INLINE void transpose_block(const float *src, int64_t ld, int64_t width, float *panel)
{
    vf column[VG_LANES];
    vg_transpose(src, ld, column);
    VG_UNROLL(16)
    for (int i = 0; i < VG_LANES; i++)
        vf_store(panel + i * width, column[i]);
}

static void transpose_edge(const float *src, int64_t ld, int j_lanes, int k_lanes, int64_t width,
                           float *panel)
{
    float side[VG_LANES * VG_LANES], turned[VG_LANES * VG_LANES];
    complete(src, ld, j_lanes, k_lanes, side);
    transpose_block(side, VG_LANES, VG_LANES, turned);
    for (int k = 0; k < k_lanes; k++)
        vf_store(panel + k * width, vf_load(turned + k * VG_LANES));
}

void VG_FN(vg_pack_vector)(const float *src, int64_t ld, int64_t rows, int64_t cols, int64_t width,
                           float *panel)
{
    int lanes = lanes_of(cols);
    int64_t k = 0;
    for (; lanes == VG_LANES && k + VG_LANES <= rows; k += VG_LANES)
        transpose_block(src + k, ld, width, panel + k * width);
    for (; k < rows; k += VG_LANES)
        transpose_edge(src + k, ld, lanes, lanes_of(rows - k), width, panel + k * width);
}

void VG_FN(vg_pack_transposed)(const float *src, int64_t ld, int64_t rows, int64_t cols,
                               int64_t width, float *panel)
{
    for (int64_t j = 0; j < width; j += VG_LANES)
        VG_FN(vg_pack_vector)(src + j * ld, ld, rows, cols - j, width, panel + j);
}

void VG_FN(vg_store_transposed)(const float *src, int64_t src_ld, int64_t rows, int64_t cols,
                                const float *bias, float *dst, int64_t ld)
{
    for (int64_t i = 0; i < rows; i += VG_LANES) {
        int lanes = lanes_of(rows - i);
        vf add = bias ? vf_load_n(bias + i, lanes) : vf_zero();
        for (int64_t j = 0; j < cols; j += 4) {
            vf column[4];
            vg_transpose4(src + i * src_ld + j, src_ld, column);
            for (int q = 0; q < 4 && j + q < cols; q++) {
                vf sum = bias ? vf_add(column[q], add) : column[q];
                float *out = dst + (j + q) * ld + i;
                if (lanes == VG_LANES)
                    vf_store(out, sum);
                else
                    vf_store_n(out, lanes, sum);
            }
        }
    }
}
