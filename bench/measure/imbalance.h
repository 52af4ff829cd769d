/* SPDX-License-Identifier: Apache-2.0 */
/** @file imbalance.h
 * What the threads of a team do while a plan runs: the time each spends in units, and so what it
 * waits for the others, at barriers and for the region to begin and end.
 */
#ifndef VG_MEASURE_IMBALANCE_H
#define VG_MEASURE_IMBALANCE_H

#include "vgbench/plan.h"

typedef struct vg_imbalance {
    int threads;          /**< that ran any unit */
    double imbalance;     /**< busy time of the busiest thread / mean - 1 */
    double waiting;       /**< share of the threads' time outside units */
    double wall_ns;       /**< of one run, with the clock's own overhead */
    double busiest_ns, mean_ns;
} vg_imbalance;

/** Runs @p plan @p runs times with a clock around every unit. Units of a library that brings its own
 * threads count for the calling thread alone. */
vg_status vg_imbalance_measure(vg_team *team, const vg_plan *plan, int runs, vg_imbalance *result);

#endif
