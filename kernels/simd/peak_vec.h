/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of vgbench/peak.h over the vector layer. */
#ifndef VG_SIMD_PEAK_VEC_H
#define VG_SIMD_PEAK_VEC_H

#include <stdbool.h>
#include <stdint.h>

#include "simd/vec.h"
#include "vgbench/peak.h"

/* Two FMA ports with a latency of four cycles keep 8 in flight; 12 leave room for longer ones. */
enum { PEAK_CHAINS = 12, PEAK_STEPS = 64 };

VG_INLINE vf peak_step(vf x, vf a, vf b)
{
#ifdef VG_ISA
    return vf_fma(x, a, b);
#else
    return vf_add(vf_mul(x, a), b); /* the baseline may have to call a function for fmaf */
#endif
}

static double peak_fma(int64_t rounds)
{
    vf acc[PEAK_CHAINS], a = vf_set1(0.999f), b = vf_set1(0.001f);
    VG_UNROLL(12)
    for (int c = 0; c < PEAK_CHAINS; c++)
        acc[c] = vf_set1((float)c);
    for (int64_t r = 0; r < rounds; r++)
        for (int s = 0; s < PEAK_STEPS; s++) {
            VG_UNROLL(12)
            for (int c = 0; c < PEAK_CHAINS; c++)
                acc[c] = peak_step(acc[c], a, b);
        }
    vf sum = acc[0];
    VG_UNROLL(12)
    for (int c = 1; c < PEAK_CHAINS; c++)
        sum = vf_add(sum, acc[c]);
    float lanes[VG_LANES];
    vf_store(lanes, sum);
    __asm__ volatile("" : : "r"(lanes) : "memory"); /* the work has a reader */
    return 2.0 * VG_LANES * PEAK_CHAINS * PEAK_STEPS * (double)rounds;
}

VG_INLINE vf peak_stream_step(const float *const *src, int reads, float *const *dst, int writes,
                              int64_t i, bool stream)
{
    vf sum = vf_load(src[0] + i);
    VG_UNROLL(4)
    for (int j = 1; j < reads; j++)
        sum = vf_add(sum, vf_load(src[j] + i));
    VG_UNROLL(3)
    for (int k = 0; k < writes; k++) {
        if (stream)
            vf_stream(dst[k] + i, sum);
        else
            vf_store(dst[k] + i, sum);
    }
    return sum;
}

VG_INLINE float peak_stream_of(const float *const *source, int reads, float *const *target,
                               int writes, int64_t n, bool stream)
{
    /* Copies, so that no store can be thought to change the pointers. */
    const float *src[VG_PEAK_READS_MAX];
    float *dst[VG_PEAK_WRITES_MAX + 1];
    vf fold = vf_zero();
    int64_t i = 0;
    VG_UNROLL(4)
    for (int j = 0; j < reads; j++)
        src[j] = source[j];
    VG_UNROLL(3)
    for (int k = 0; k < writes; k++)
        dst[k] = target[k];
    for (; i + 4 * VG_LANES <= n; i += 4 * VG_LANES) {
        vf a = peak_stream_step(src, reads, dst, writes, i, stream);
        vf b = peak_stream_step(src, reads, dst, writes, i + VG_LANES, stream);
        vf c = peak_stream_step(src, reads, dst, writes, i + 2 * VG_LANES, stream);
        vf d = peak_stream_step(src, reads, dst, writes, i + 3 * VG_LANES, stream);
        if (!writes)
            fold = vf_max(fold, vf_max(vf_max(a, b), vf_max(c, d)));
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        fold = vf_max(fold, peak_stream_step(src, reads, dst, writes, i, stream));
    if (stream)
        vf_stream_fence();
    float lanes[VG_LANES];
    vf_store(lanes, fold);
    return lanes[0];
}

VG_INLINE float peak_stream_writes(const float *const *src, int reads, float *const *dst,
                                   int writes, int64_t n, bool stream)
{
    switch (writes) {
    case 0:
        return peak_stream_of(src, reads, dst, 0, n, false);
    case 1:
        return stream ? peak_stream_of(src, reads, dst, 1, n, true)
                      : peak_stream_of(src, reads, dst, 1, n, false);
    case 2:
        return stream ? peak_stream_of(src, reads, dst, 2, n, true)
                      : peak_stream_of(src, reads, dst, 2, n, false);
    default:
        return stream ? peak_stream_of(src, reads, dst, 3, n, true)
                      : peak_stream_of(src, reads, dst, 3, n, false);
    }
}

static float peak_stream(const float *const *src, int reads, float *const *dst, int writes,
                         int64_t n, bool stream)
{
    switch (reads) {
    case 1:
        return peak_stream_writes(src, 1, dst, writes, n, stream);
    case 2:
        return peak_stream_writes(src, 2, dst, writes, n, stream);
    case 3:
        return peak_stream_writes(src, 3, dst, writes, n, stream);
    default:
        return peak_stream_writes(src, 4, dst, writes, n, stream);
    }
}

#endif
