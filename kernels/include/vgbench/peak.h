/* SPDX-License-Identifier: Apache-2.0 */
/** @file peak.h
 * Loops that reach the roofs of a core: fused multiply-adds from registers, and streams of a given
 * number of reads and writes. What they take is measured by the caller.
 */
#ifndef VGBENCH_PEAK_H
#define VGBENCH_PEAK_H

#include <stdint.h>

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { VG_PEAK_READS_MAX = 4, VG_PEAK_WRITES_MAX = 3 };

/** @p rounds rounds of independent fused multiply-adds with the vectors of cluster @p isa (a VG_ISA_
 * bit, or VG_ISA_BASE). Returns the number of floating-point operations done (an FMA is 2), or 0
 * where the cluster was not built. The cluster must be usable. */
double vg_peak_fma(uint32_t isa, int64_t rounds);

/** How vg_peak_stream() stores; bits. */
enum {
    VG_PEAK_STREAM = 1, /**< non-temporal; dst must be 64-byte aligned */
    VG_PEAK_GROUPED = 2 /**< four vectors of a stream, then four of the next */
};

/** dst[k][i] = sum over src[j][i], j < reads (1 .. 4), for k < writes (0 .. 3), i < n. With no write
 * the sums are folded and returned. @p how: VG_PEAK_ bits. */
float vg_peak_stream(uint32_t isa, const float *const *src, int reads, float *const *dst, int writes,
                     int64_t n, unsigned how);

/** The widest usable cluster: the one whose roofs count. */
uint32_t vg_peak_isa(void);

#ifdef __cplusplus
}
#endif
#endif
