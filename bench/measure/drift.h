/* SPDX-License-Identifier: Apache-2.0 */
/** @file drift.h
 * How the machine changes while a run goes on: the clock rate and the bandwidth of one cache level
 * of the calling thread, looked at every few seconds, between cases, never within one.
 *
 * Ratios of interleaved samples do not see it; absolute times, and times of different runs, do.
 */
#ifndef VG_MEASURE_DRIFT_H
#define VG_MEASURE_DRIFT_H

#include <jansson.h>

enum { VG_DRIFT_MAX = 64 };

typedef struct vg_drift_probe {
    double s;           /**< since the first probe */
    double ghz;         /**< NAN: not known here */
    double bytes_per_s; /**< reading 256 KiB again and again */
} vg_drift_probe;

typedef struct vg_drift {
    vg_drift_probe probes[VG_DRIFT_MAX];
    int count;
    double begin_ns, last_ns, every_ns;
    void *memory;
} vg_drift;

/** Zero-initialise. Looks, if the last look is long enough ago (about 1 % of the time goes into
 * looking); a full list drops every other look. */
void vg_drift_look(vg_drift *drift);

/** The same at once: the first and the last look of a run. */
void vg_drift_look_now(vg_drift *drift);

/** How far clock rate and bandwidth move: 0.9 quantile over 0.1 quantile - 1 of the looks, the larger
 * of both. NAN with fewer than 3 looks. */
double vg_drift_range(const vg_drift *drift);

/** {looks: [{s, ghz, bytes_per_s}], range, ghz_range, bandwidth_range, ghz_trend, bandwidth_trend,
 * ghz}; trends are last third over first third - 1 by their medians, ghz is the median. */
json_t *vg_drift_json(const vg_drift *drift);

void vg_drift_release(vg_drift *drift);

#endif
