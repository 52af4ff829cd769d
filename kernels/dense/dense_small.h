/* SPDX-License-Identifier: Apache-2.0 */
/* Products so small that plain C makes them before a GEMM has been cut, packed and entered. */
#ifndef VG_DENSE_DENSE_SMALL_H
#define VG_DENSE_DENSE_SMALL_H

#include "base/partition.h"
#include "simd/vec.h"
#include "vgbench/kernel.h"

/* Nanoseconds of the plain row and of the GEMM, fitted to 254 shapes of up to 8192 products (Granite
 * Rapids, AVX-512 and AVX2). Where they are close the plain row runs. */
static inline bool vg_dense_too_small(const vg_kernel *kernel, const vg_shape *s)
{
    double b = (double)s->n[0], in = (double)s->n[1], out = (double)s->n[2], products = b * in * out;
    double plain, gemm, vectors = (double)(vg_ceil_div(s->n[1], VG_LANES) - 1);
    if (s->weights == VG_WEIGHTS_PACKED || products > 8192)
        return false;
    switch (kernel->dir) {
    case VG_DIR_fwd: /* packs W at 2 ns a row of k, 54 a panel */
        plain = 12 + 0.38 * products + 0.8 * b * out;
        gemm = 131 + 2.15 * (in > 8 ? in - 8 : 0) + 54 * (double)(vg_ceil_div(s->n[2], 16) - 1);
        break;
    case VG_DIR_bwd_data:
        plain = 12 + 0.53 * products + 1.5 * b * out + 2.6 * b;
        gemm = 88 + 2.5 * (out > 8 ? out - 8 : 0) + 8.2 * vectors;
        break;
    default:
        plain = 12 + 0.38 * products + 2.3 * b * out + 3 * out;
        gemm = 91 + 2.75 * (b > 8 ? b - 8 : 0) + 8.2 * vectors;
        break;
    }
    if (s->act) /* by libm, where it is not relu */
        plain += (s->act == VG_OP_relu ? 1 : 10) * b * out;
    return plain < 1.05 * gemm;
}

#endif
