/* SPDX-License-Identifier: Apache-2.0 */
/** @file run_parts.h
 * The parts of `vgbench run`.
 */
#ifndef VG_CLI_RUN_PARTS_H
#define VG_CLI_RUN_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/options.h"
#include "micro/bench.h"

typedef enum vg_run_level { VG_RUN_QUICK, VG_RUN_STANDARD, VG_RUN_PUBLISH } vg_run_level;

typedef struct vg_run {
    vg_run_level level;
    const vg_options *options;
    const char *folder;
    json_t *results;    /**< grows part by part, saved after each */
    json_t *before;     /**< of --resume, or NULL: what is there is not measured again */
    const char *shapes; /**< kernels: set or file */
    const char *filter;
    double budget_s;    /**< of the whole run; 0: none */
    double kernels_s;   /**< what the other parts leave of it to the kernels */
    vg_case_list cases; /**< of the kernel part, after the budget */
    vg_shape_list list;
    vg_cold cold;  /**< caches that kernels are timed with */
    int processes; /**< independent processes of the kernel part */
    int failed;    /**< rows that did not verify */
    bool partial;  /**< something is missing: interrupt or a part that failed */
} vg_run;

/** A part: its name, what it will do ("84 shapes, 501 rows") and how long it takes about. */
typedef struct vg_run_part {
    const char *name;
    bool (*wanted)(const vg_run *run); /**< NULL: always */
    double (*estimate)(const vg_run *run, char *what, size_t size);
    vg_status (*measure)(vg_run *run);
    bool (*by_default)(const vg_run *run); /**< whether without --only; NULL: yes */
} vg_run_part;

/** Ends with a NULL name. Order: verify, capped, kernels, decay, fixes, train. */
extern const vg_run_part vg_run_parts[];

/** Whether a part other than the kernels may take @p seconds: a sixth of the budget. */
bool vg_run_affords(const vg_run *run, double seconds);
/** Saves results.json, marked partial unless @p complete. */
vg_status vg_run_save(vg_run *run, bool complete);

/* run_kernels.c */
/** Takes over the rows of the earlier document that were measured under the cap @p max_isa (NULL:
 * none), but for those that failed. */
void vg_run_keep_entries(vg_run *run, const char *max_isa);
/** VG_EINVAL where the earlier document was timed with other caches. */
vg_status vg_run_check_cold(const vg_run *run);
/** The shapes of the run, without the largest where a budget (kernels_s) does not reach for all. */
vg_status vg_run_choose_cases(vg_run *run);
double vg_run_kernels_estimate(const vg_run *run, char *what, size_t size);
vg_status vg_run_kernels(vg_run *run);
bool vg_run_capped_wanted(const vg_run *run);
double vg_run_capped_estimate(const vg_run *run, char *what, size_t size);
vg_status vg_run_capped(vg_run *run);

/* run_decay.c */
double vg_run_decay_estimate(const vg_run *run, char *what, size_t size);
vg_status vg_run_decay(vg_run *run);

/* run_train.c */
double vg_run_train_estimate(const vg_run *run, char *what, size_t size);
vg_status vg_run_train(vg_run *run);
double vg_run_fixes_estimate(const vg_run *run, char *what, size_t size);
vg_status vg_run_fixes(vg_run *run);
/** Take over what the earlier document has of the part. */
void vg_run_decay_keep(vg_run *run);
void vg_run_fixes_keep(vg_run *run);

/* run_profile.c */
bool vg_run_profile_by_default(const vg_run *run);
double vg_run_profile_estimate(const vg_run *run, char *what, size_t size);
vg_status vg_run_profile(vg_run *run);

#endif
