/* SPDX-License-Identifier: Apache-2.0 */
/** @file cold.h
 * Timing a rig with cold caches: one call per sample; before it, outside the time, the row is run
 * once (so that code, translations and what stays hot are hot) and the chosen memory is flushed.
 *
 * Cold weights: the parameters that the op reads (weights, biases, scales, shifts, slopes, the
 * parameters of an optimizer), and what the row made of them beforehand: the panels of
 * weights:packed, oneDNN's reordered copies. Cold all: every tensor, the workspace, and all memory
 * of the row's own, oneDNN's scratchpad included; not the scratch of the threads.
 *
 * A network is its plan: the same of all its tasks.
 */
#ifndef VG_MEASURE_COLD_H
#define VG_MEASURE_COLD_H

#include <jansson.h>

#include "measure/rig.h"

typedef enum vg_cold { VG_COLD_NONE = 0, VG_COLD_WEI, VG_COLD_ALL } vg_cold;

/** "none", "wei", "all", NULL: as the command line and the record have them. */
extern const char *const vg_cold_names[];

/** "hot caches", "cold weights", "all cold". */
const char *vg_cold_text(vg_cold mode);

/** Whether the mode is what it says: dependent reads of the largest flushed block, first after the
 * flush and then again. The least of several of each. */
typedef struct vg_cold_check {
    double bytes;           /**< flushed per call; 0: the op has no weights */
    double cold_ns, hot_ns; /**< reading once after the flush, and again */
    double clock_ns;        /**< of reading the clock, in both */
} vg_cold_check;

/** Cold reads must take so many times as long as hot ones, the clock left out of neither. */
#define VG_COLD_FACTOR 2.0

/** Reads the mode's name; false for other words. NULL: VG_COLD_NONE. */
bool vg_cold_by_name(const char *name, vg_cold *mode);

typedef void vg_cold_visit_fn(void *user, const void *p, size_t bytes);

/** Calls @p visit for every block of memory of the tasks of @p plan that @p mode means: tensors,
 * and what a task keeps beside them. A tensor of several tasks is visited as often. */
void vg_cold_visit_plan(const vg_plan *plan, vg_cold mode, vg_cold_visit_fn *visit, void *user);

/** Flushes what vg_cold_visit_plan() visits. */
void vg_cold_flush_plan(const vg_plan *plan, vg_cold mode);

/** Reads every line of what the plan's tasks use but their parameters: where a simulated cache was
 * empty, that leaves the weights cold and the rest as warm as it fits. */
void vg_cold_touch_rest(const vg_plan *plan);

/** Brings the rig into the state in which a sample of @p mode begins. */
void vg_cold_begin(vg_rig *rig, vg_cold mode);

/** vg_cold_begin(), then wall time in ns of one call, and in *cpu_ns process CPU time. */
double vg_cold_time(vg_rig *rig, vg_cold mode, double *cpu_ns);

void vg_cold_verify(vg_rig *rig, vg_cold mode, vg_cold_check *check);

/** The same for a plan that is in no rig; @p run brings it through once, before each flush. */
void vg_cold_verify_plan(const vg_plan *plan, vg_cold mode, void (*run)(void *user), void *user,
                         vg_cold_check *check);

/** Whether what was flushed was seen to be cold. */
bool vg_cold_shown(const vg_cold_check *check);

/** {bytes, cold_ns, hot_ns, clock_ns, cold}. */
json_t *vg_cold_json(const vg_cold_check *check);

#endif
