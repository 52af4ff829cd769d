/* SPDX-License-Identifier: Apache-2.0 */
/** @file binding.h
 * Which CPU each thread runs on: `--bind`, its policies and locations, and the record of it.
 *
 * The OpenMP runtime does the binding, by OMP_PLACES and OMP_PROC_BIND=close: it alone sees every
 * worker that it or oneDNN starts, ends and starts again. It reads them when it is loaded, so the
 * program sets them and starts itself once more. More threads than places share them in turn.
 */
#ifndef VG_MEASURE_BINDING_H
#define VG_MEASURE_BINDING_H

#include <jansson.h>
#include <stdbool.h>

#include "measure/topology.h"
#include "vgbench/status.h"

/** CPUs (numbers of the operating system) for thread 0, 1, ... by @p text, into @p cpus[@p count],
 * their number into @p places:
 *   compact                one per core, cores in order; then the cores' further hardware threads
 *   spread                 likewise, but packages and NUMA nodes in turn
 *   core:0-3  pu:2  package:1.core:0-2,numa:0   hwloc's locations: all, odd, even, 1, 0-3, 4-
 *   S0:0-7  M0:0-3  N:0-3  S0:0@S1:0            likwid's domains: one per core first
 * Pure. VG_EINVAL: malformed, or no such object; VG_EUNSUPPORTED: a CPU that is not allowed. */
vg_status vg_binding_places(const char *text, const vg_pu *pus, int count, int *cpus, int *places);

/** Decides on the binding by @p text (NULL: the default, compact) and puts it into the environment;
 * *restart: the program must be started again for it. What the user has set in OMP_PLACES,
 * OMP_PROC_BIND, GOMP_CPU_AFFINITY or KMP_AFFINITY stays: then, as without hwloc or OpenMP, nothing
 * is bound, and vg_binding_reason() says why. Statuses as of vg_binding_places(). */
vg_status vg_binding_prepare(const char *text, bool *restart);

/** The program could not be started again: takes the binding back. */
void vg_binding_withdraw(void);

/** Why threads are not bound, or NULL. */
const char *vg_binding_reason(void);

/** CPUs that the program may use: the places when it is bound, else the affinity of the caller. */
int vg_binding_allowed(void);

/** The I-th of them, or -1. */
int vg_binding_allowed_cpu(int i);

/** Around the start of a child, which would inherit the one CPU of the calling thread. */
void vg_binding_loosen(void);
void vg_binding_tighten(void);

/** The most threads that the run uses, for the record. */
void vg_binding_note_threads(int threads);
int vg_binding_most_threads(void);

/** CPUs on which the threads of the largest team run, between them. */
int vg_binding_cpus(void);

/** Whether @p threads threads have fewer CPUs than that, and take turns: how long anything takes is
 * then up to the scheduler. @p text: "8 threads on 2 CPUs", or "". */
enum { VG_CROWDED_TEXT = 48 };
bool vg_binding_crowded(int threads, char text[VG_CROWDED_TEXT]);

/** {policy, asked_by, reason, places[], observed[], verified}: observed are the CPUs to which the
 * threads of a team are bound, read back from the operating system; also where the user's own
 * settings bind them (then policy is none, and there is nothing that verified could say). A new
 * reference. */
json_t *vg_binding_json(void);

#endif
