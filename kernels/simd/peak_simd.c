/* SPDX-License-Identifier: Apache-2.0 */
#include "simd/peak_vec.h"

#include "simd/peak_isa.h"

double VG_FN(vg_peak_fma)(int64_t rounds)
{
    return peak_fma(rounds);
}

float VG_FN(vg_peak_stream)(const float *const *src, int reads, float *const *dst, int writes,
                            int64_t n, unsigned how)
{
    return peak_stream(src, reads, dst, writes, n, how);
}
