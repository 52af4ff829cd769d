/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the roof loops by cluster; the baseline has them in plain C. */
#include "vgbench/peak.h"

#include "simd/peak_isa.h"
#include "simd/peak_vec.h"
#include "vgbench/cpu.h"

double vg_peak_fma(uint32_t isa, int64_t rounds)
{
    switch (isa) {
#if VG_HAVE_AVX512
    case VG_ISA_AVX512:
        return vg_peak_fma_avx512(rounds);
#endif
#if VG_HAVE_AVX2
    case VG_ISA_AVX2:
        return vg_peak_fma_avx2(rounds);
#endif
#if VG_HAVE_NEON
    case VG_ISA_NEON:
        return vg_peak_fma_neon(rounds);
#endif
    case VG_ISA_BASE:
        return peak_fma(rounds);
    default:
        return 0;
    }
}

float vg_peak_stream(uint32_t isa, const float *const *src, int reads, float *const *dst,
                     int writes, int64_t n, unsigned how)
{
    switch (isa) {
#if VG_HAVE_AVX512
    case VG_ISA_AVX512:
        return vg_peak_stream_avx512(src, reads, dst, writes, n, how);
#endif
#if VG_HAVE_AVX2
    case VG_ISA_AVX2:
        return vg_peak_stream_avx2(src, reads, dst, writes, n, how);
#endif
#if VG_HAVE_NEON
    case VG_ISA_NEON:
        return vg_peak_stream_neon(src, reads, dst, writes, n, how);
#endif
    default:
        return peak_stream(src, reads, dst, writes, n, how & ~(unsigned)VG_PEAK_STREAM);
    }
}

uint32_t vg_peak_isa(void)
{
    static const uint32_t widest_first[] = {VG_ISA_AVX512, VG_ISA_AVX2, VG_ISA_NEON};
    for (int i = 0; i < 3; i++)
        if (vg_cpu_isa() & widest_first[i] && vg_peak_fma(widest_first[i], 1) > 0)
            return widest_first[i];
    return VG_ISA_BASE;
}
