/* SPDX-License-Identifier: Apache-2.0 */
#include "dense/gemm_pack.h"

#include "base/partition.h"
#include "dense/transpose.h"

static int lanes_of(int64_t left)
{
    return left < VG_LANES ? (int)left : VG_LANES;
}

void VG_FN(vg_pack_rows)(const float *src, int64_t ld, int64_t rows, int64_t cols, int64_t width,
                         float *panel)
{
    int64_t full = cols / VG_LANES * VG_LANES;
    for (int64_t k = 0; k < rows; k++, src += ld, panel += width) {
        for (int64_t j = 0; j < full; j += VG_LANES)
            vf_store(panel + j, vf_load(src + j));
        for (int64_t j = full; j < width; j += VG_LANES)
            vf_store(panel + j, j < cols ? vf_load_n(src + j, (int)(cols - j)) : vf_zero());
    }
}

/* A block of fewer than VG_LANES rows or columns is completed with zeros on the side. */
static const float *complete(const float *src, int64_t ld, int rows, int cols, float *block)
{
    for (int r = 0; r < VG_LANES; r++)
        vf_store(block + r * VG_LANES, r < rows ? vf_load_n(src + r * ld, cols) : vf_zero());
    return block;
}

void VG_FN(vg_pack_transposed)(const float *src, int64_t ld, int64_t rows, int64_t cols,
                               int64_t width, float *panel)
{
    float side[VG_LANES * VG_LANES];
    for (int64_t j = 0; j < width; j += VG_LANES) {
        int j_lanes = lanes_of(cols - j);
        if (j_lanes < 0)
            j_lanes = 0;
        for (int64_t k = 0; k < rows; k += VG_LANES) {
            int k_lanes = lanes_of(rows - k);
            const float *block = src + j * ld + k;
            int64_t block_ld = ld;
            if (j_lanes < VG_LANES || k_lanes < VG_LANES) {
                block = complete(block, ld, j_lanes, k_lanes, side);
                block_ld = VG_LANES;
            }
            float *out = panel + k * width + j;
            VG_UNROLL(4)
            for (int q = 0; q < VG_LANES / 4; q++) {
                vf column[4];
                vg_transpose4(block, block_ld, q, column);
                for (int i = 0; i < 4; i++)
                    if (4 * q + i < k_lanes)
                        vf_store(out + (4 * q + i) * width, column[i]);
            }
        }
    }
}

void VG_FN(vg_store_transposed)(const float *src, int64_t src_ld, int64_t rows, int64_t cols,
                                const float *bias, float *dst, int64_t ld)
{
    for (int64_t i = 0; i < rows; i += VG_LANES) {
        int lanes = lanes_of(rows - i);
        vf add = bias ? vf_load_n(bias + i, lanes) : vf_zero();
        for (int64_t j = 0; j < cols; j += 4) {
            vf column[4];
            vg_transpose4(src + i * src_ld + j, src_ld, 0, column);
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
