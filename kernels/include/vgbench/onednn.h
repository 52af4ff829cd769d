/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn.h
 * What the library was linked with for its oneDNN rows.
 */
#ifndef VGBENCH_ONEDNN_H
#define VGBENCH_ONEDNN_H

#include "vgbench/kernel.h"
#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** "3.12.1" of the library that is loaded, or "" when built without oneDNN. */
const char *vg_onednn_version(void);

/** Caps oneDNN's own dispatch like vg_cpu_cap(): "scalar" (its lowest is SSE4.1), "avx2", "avx512"
 * (without AMX and half formats, which f32 rows never use), "neon" (nothing to cap). For the whole
 * process, and only before the first oneDNN row is prepared: VG_EEXTERNAL afterwards. Built
 * without oneDNN it does nothing. */
vg_status vg_onednn_cap(const char *max_isa);

/** The same cap as oneDNN's own environment variable ONEDNN_MAX_CPU_ISA spells it: "AVX2"; NULL
 * where there is nothing to cap. */
const char *vg_onednn_cap_word(const char *max_isa);

/** What oneDNN rows did since the last call, in nanoseconds: primitives, reorders, and steps in C.
 * The first call switches the account on; with @p stop it is switched off again. One thread at a
 * time. All zero where the library was built without oneDNN. */
typedef struct vg_onednn_account {
    double primitives, reorders, c_steps;
} vg_onednn_account;

void vg_onednn_take_account(vg_onednn_account *account, int stop);

/** Prepared oneDNN rows one behind the other as one list of primitive calls on one stream: arguments
 * are bound once, and nothing stands between the calls. The tasks outlive it, and their parameters
 * stay as they were when they were prepared. VG_EUNSUPPORTED where built without oneDNN. */
typedef struct vg_onednn_sequence vg_onednn_sequence;
vg_status vg_onednn_sequence_create(const vg_task *const tasks[], int count,
                                    vg_onednn_sequence **sequence);
/** Runs it on the calling thread, with the library's own team. While the account is on, @p ns
 * [count] is set to the time in each task's calls. */
vg_status vg_onednn_sequence_run(const vg_onednn_sequence *sequence, double *ns);
void vg_onednn_sequence_destroy(vg_onednn_sequence *sequence);

/** From now on rows take the first of oneDNN's ways that is no reference code, in the fixed order in
 * which they are offered, and time none: the same choice in every process. For simulation, where
 * time means nothing and two runs must agree. */
void vg_onednn_choose_untimed(void);

/** Calls @p visit for every block of memory that the prepared oneDNN row @p task keeps beside its
 * tensors: copies in the layout a primitive wants, the scratchpad. With @p prepared only for what
 * prepare filled from parameters (packed weights). None where built without oneDNN. */
void vg_onednn_visit_memory(const vg_task *task, bool prepared,
                            void (*visit)(void *user, const void *p, size_t bytes), void *user);

#ifdef __cplusplus
}
#endif
#endif
