/* SPDX-License-Identifier: Apache-2.0 */
/** @file plan.h
 * Plans (concatenated tasks) and the team of threads that executes them.
 */
#ifndef VGBENCH_PLAN_H
#define VGBENCH_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/kernel.h"
#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One phase of one task. */
typedef struct vg_step {
    const vg_task *task;
    vg_phase phase;
    int part, layer; /**< the builder's own marks: what the plan's `part` and `layer` were */
} vg_step;

/** Phases in the order they run. Zero-initialise; vg_plan_release() when done. */
typedef struct vg_plan {
    vg_step *steps;
    int count, capacity;
    size_t scratch; /**< bytes per thread: the largest any step needs */
    int part, layer; /**< given to the steps that are appended from now on */
} vg_plan;

/** Whether the executor puts a barrier between two neighbouring phases. It does not where the same
 * worker owns the same rows in both. */
static inline bool vg_phase_barrier(const vg_phase *phase, const vg_phase *next)
{
    bool same_rows = phase->row_block > 0 && phase->row_block == next->row_block &&
                     phase->units == next->units;
    return !phase->independent && !same_rows;
}

/** Appends the phases of @p task, which must outlive the plan. */
vg_status vg_plan_append(vg_plan *plan, const vg_task *task);

/** Appends one phase of the caller's own (statistics, glue); @p task is what `run` will be given,
 * and may be a struct that begins with a vg_task. */
vg_status vg_plan_append_phase(vg_plan *plan, const vg_task *task, const vg_phase *phase,
                               size_t scratch);

void vg_plan_release(vg_plan *plan);

/** Threads, their scratch memory and barrier. A team belongs to one calling thread at a time;
 * several teams may run side by side from several threads. */
typedef struct vg_team vg_team;

/** A team of at most @p threads (>= 1). With @p ftz every worker runs with subnormals flushed to
 * zero; otherwise with IEEE subnormals. */
vg_status vg_team_create(int threads, int ftz, vg_team **team);

/** Makes sure that every worker has @p bytes of scratch, first touched by that worker. Called by
 * nobody in a timed region; vg_team_run() fails if the plan needs more. */
vg_status vg_team_reserve(vg_team *team, size_t bytes);

void vg_team_destroy(vg_team *team);

int vg_team_threads(const vg_team *team);

/** Runs the plan to its end in one parallel region (serial phases close and reopen it). Allocates
 * nothing. Inside another parallel region it runs on the calling thread alone. The result does not
 * depend on the number of threads. @p used, if not NULL, is the number of threads that worked:
 * small plans stay on fewer threads than the team has. */
vg_status vg_team_run(vg_team *team, const vg_plan *plan, int *used);

/** Where the time of one run went, in nanoseconds; the arrays are the caller's, [threads][steps]. */
typedef struct vg_plan_times {
    double *work; /**< of a worker in units of the step; a serial step is worker 0's */
    double *wait; /**< of a worker at the barrier behind it */
    double total; /**< of the whole run, as the caller sees it */
} vg_plan_times;

/** vg_team_run() with a look at the clock around every step (some 50 ns a step and worker). */
vg_status vg_team_run_timed(vg_team *team, const vg_plan *plan, vg_plan_times *times);

/** The number of threads vg_team_run() would use for @p plan. */
int vg_team_threads_for(const vg_team *team, const vg_plan *plan);

/** Wakes the workers (libgomp lets them sleep): call before a sample is timed. */
void vg_team_wake(vg_team *team);

#ifdef __cplusplus
}
#endif
#endif
