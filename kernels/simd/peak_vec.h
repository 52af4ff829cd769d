/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of vgbench/peak.h over the vector layer. */
#ifndef VG_SIMD_PEAK_VEC_H
#define VG_SIMD_PEAK_VEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fence.h"
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

/* The values of one vector of every output. */
VG_INLINE vf peak_sum(const float *const *src, int reads, int64_t i)
{
    vf sum = vf_load(src[0] + i);
    VG_UNROLL(4)
    for (int j = 1; j < reads; j++)
        sum = vf_add(sum, vf_load(src[j] + i));
    return sum;
}

VG_INLINE void peak_put(float *p, vf value, unsigned how)
{
    if (how & VG_PEAK_STREAM)
        vf_stream(p, value);
    else
        vf_store(p, value);
}

enum { PEAK_BLOCK = 4 };

/* Four vectors of every stream. Grouped: one stream after the other, so that the stores of a stream
 * follow each other; otherwise vector by vector, as element-wise kernels do. Which is faster depends
 * on core, level and mix. */
VG_INLINE vf peak_block(const float *const *src, int reads, float *const *dst, int writes,
                        int64_t i, unsigned how)
{
    int grouped = how & VG_PEAK_GROUPED ? writes : 0, mixed = writes - grouped;
    vf sum[PEAK_BLOCK];
    VG_UNROLL(4)
    for (int u = 0; u < PEAK_BLOCK; u++) {
        sum[u] = peak_sum(src, reads, i + u * VG_LANES);
        VG_UNROLL(3)
        for (int k = 0; k < mixed; k++)
            peak_put(dst[k] + i + u * VG_LANES, sum[u], how);
    }
    VG_UNROLL(3)
    for (int k = 0; k < grouped; k++) {
        VG_UNROLL(4)
        for (int u = 0; u < PEAK_BLOCK; u++)
            peak_put(dst[k] + i + u * VG_LANES, sum[u], how);
    }
    return vf_max(vf_max(sum[0], sum[1]), vf_max(sum[2], sum[3]));
}

VG_INLINE float peak_stream_of(const float *const *source, int reads, float *const *target,
                               int writes, int64_t n, unsigned how)
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
    for (; i + PEAK_BLOCK * VG_LANES <= n; i += PEAK_BLOCK * VG_LANES) {
        vf most = peak_block(src, reads, dst, writes, i, how);
        if (!writes)
            fold = vf_max(fold, most);
    }
    for (; i + VG_LANES <= n; i += VG_LANES) {
        vf sum = peak_sum(src, reads, i);
        fold = vf_max(fold, sum);
        VG_UNROLL(3)
        for (int k = 0; k < writes; k++)
            peak_put(dst[k] + i, sum, how);
    }
    if (how & VG_PEAK_STREAM)
        vg_store_fence();
    float lanes[VG_LANES];
    vf_store(lanes, fold);
    return lanes[0];
}

VG_INLINE float peak_stream_how(const float *const *src, int reads, float *const *dst, int writes,
                                int64_t n, unsigned how)
{
    switch (how) {
    case VG_PEAK_STREAM:
        return peak_stream_of(src, reads, dst, writes, n, VG_PEAK_STREAM);
    case VG_PEAK_GROUPED:
        return peak_stream_of(src, reads, dst, writes, n, VG_PEAK_GROUPED);
    case VG_PEAK_STREAM | VG_PEAK_GROUPED:
        return peak_stream_of(src, reads, dst, writes, n, VG_PEAK_STREAM | VG_PEAK_GROUPED);
    default:
        return peak_stream_of(src, reads, dst, writes, n, 0);
    }
}

VG_INLINE float peak_stream_writes(const float *const *src, int reads, float *const *dst,
                                   int writes, int64_t n, unsigned how)
{
    switch (writes) {
    case 0:
        return peak_stream_of(src, reads, dst, 0, n, 0);
    case 1:
        return peak_stream_how(src, reads, dst, 1, n, how);
    case 2:
        return peak_stream_how(src, reads, dst, 2, n, how);
    default:
        return peak_stream_how(src, reads, dst, 3, n, how);
    }
}

static float peak_stream(const float *const *src, int reads, float *const *dst, int writes,
                         int64_t n, unsigned how)
{
    switch (reads) {
    case 1:
        return peak_stream_writes(src, 1, dst, writes, n, how);
    case 2:
        return peak_stream_writes(src, 2, dst, writes, n, how);
    case 3:
        return peak_stream_writes(src, 3, dst, writes, n, how);
    default:
        return peak_stream_writes(src, 4, dst, writes, n, how);
    }
}

#endif
