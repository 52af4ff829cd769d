/* SPDX-License-Identifier: Apache-2.0 */
/* The roof loops of each cluster. */
#ifndef VG_SIMD_PEAK_ISA_H
#define VG_SIMD_PEAK_ISA_H

#include <stdint.h>

#define VG_PEAK_DECLARE(isa)                                                                       \
    double vg_peak_fma_##isa(int64_t rounds);                                                      \
    float vg_peak_stream_##isa(const float *const *src, int reads, float *const *dst, int writes,  \
                               int64_t n, unsigned how);
VG_PEAK_DECLARE(avx2)
VG_PEAK_DECLARE(avx512)
VG_PEAK_DECLARE(neon)

#endif
