/* SPDX-License-Identifier: Apache-2.0 */
/** @file rig.h
 * One kernel row on one shape, ready to be timed: tensors filled and touched by the team, the
 * forward pass run once where the row is a backward one, primitives created, weights packed.
 *
 * Every row has buffers of its own, from one allocator with the same advice and staggered starts,
 * so that rows which are compared differ in nothing but their code.
 */
#ifndef VG_MEASURE_RIG_H
#define VG_MEASURE_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vgbench/kernel.h"
#include "vgbench/plan.h"

typedef struct vg_rig {
    vg_task task,
        forward; /* forward: of the same backend, run once; kernel NULL where not needed */
    vg_plan plan;
    vg_team *team; /* not owned */
    vg_params params;
    void *tensors[VG_SLOT_COUNT];
    size_t bytes[VG_SLOT_COUNT];
    void *pristine[VG_SLOT_COUNT]; /* of tensors that the row updates in place */
    int used_threads;
    char impl[160];
} vg_rig;

/** Bytes that vg_rig_create() will take for tensors. */
double vg_rig_bytes(const vg_kernel *kernel, const vg_shape *shape);

/** Prepares @p kernel for @p shape on @p team (which must outlive the rig). On failure nothing is
 * left behind. */
vg_status vg_rig_create(vg_rig *rig, const vg_kernel *kernel, const vg_shape *shape, vg_team *team,
                        uint64_t seed);

/** Before a batch, untimed: restores tensors that are updated in place, wakes the team, runs the
 * row once. */
void vg_rig_begin(vg_rig *rig);

/** One iteration. */
static inline void vg_rig_run(vg_rig *rig)
{
    (void)vg_team_run(rig->team, &rig->plan, NULL);
}

/** Mean wall time in ns of @p iterations, by the monotonic clock; *cpu_ns (may be NULL): process
 * CPU time likewise. */
double vg_rig_time(vg_rig *rig, int64_t iterations, double *cpu_ns);

/** Iterations that take about @p batch_ns, and in *once_ns the time of one. */
int64_t vg_rig_calibrate(vg_rig *rig, double batch_ns, double *once_ns);

void vg_rig_release(vg_rig *rig);

#endif
