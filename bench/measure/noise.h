/* SPDX-License-Identifier: Apache-2.0 */
/** @file noise.h
 * The A/A noise floor of this machine now: a row timed against itself, in two sets of buffers,
 * interleaved as rows of different backends are. Ratios differ from 1 by chance, drift and
 * placement only; no verdict is given within them.
 */
#ifndef VG_MEASURE_NOISE_H
#define VG_MEASURE_NOISE_H

#include <jansson.h>
#include <stdbool.h>

#include "vgbench/status.h"

enum { VG_NOISE_MAX = 64 };

typedef struct vg_noise {
    char kernels[VG_NOISE_MAX][320];
    double ratios[VG_NOISE_MAX];
    int threads[VG_NOISE_MAX];
    int count, samples;
    int cpus; /**< that threads may run on; 0: not known */
} vg_noise;

void vg_noise_add(vg_noise *noise, const char *kernel, int threads, double ratio, int samples);

/** Floor of rows with @p threads threads (0: all): the 0.95 quantile of |ratio - 1|, the largest
 * while there are fewer than 20. NAN where nothing was measured, and for more threads than CPUs: what
 * they take is up to the scheduler, so that no difference can be called. */
double vg_noise_floor(const vg_noise *noise, int threads);

/** The `noise` part of a result document. */
json_t *vg_noise_json(const vg_noise *noise);

#endif
