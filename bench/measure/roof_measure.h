/* SPDX-License-Identifier: Apache-2.0 */
/** @file roof_measure.h
 * One roof: every thread does the same amount of work in one phase, in several ways, and the best
 * counts, because a roof is a limit.
 */
#ifndef VG_MEASURE_ROOF_MEASURE_H
#define VG_MEASURE_ROOF_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct vg_roof_spec {
    bool compute;
    uint32_t isa; /**< compute: of the FMA; bandwidth: all that are in use are tried */
    int threads;
    int reads, writes, in_place; /**< in_place: of the writes, how many go where a read was */
    int64_t bytes;               /**< traffic of a pass, by all threads */
} vg_roof_spec;

typedef struct vg_roof_value {
    double value;  /**< FLOP/s or bytes/s: the largest */
    double repeat; /**< how far the largest of the odd rounds and that of the even ones differ */
    int n;         /**< timed samples */
    char how[64];  /**< "avx512, non-temporal, grouped" */
} vg_roof_value;

/** NAN where the memory is not there. */
vg_roof_value vg_roof_measure(const vg_roof_spec *spec);

#endif
