/* SPDX-License-Identifier: Apache-2.0 */
/** @file race.h
 * Time to a target: a network as it is and with each fix, several seeds each, on own kernels and on
 * oneDNN.
 *
 * Every run validates four times an epoch and ends at the target; its time is that of its steps
 * (validation is not counted). A run that is at a quarter of its steps and has covered less than a
 * twentieth of the way from before the first step to the target is stopped: it will not arrive.
 * Networks with two matrices in a block (or a gate) run at half the depth: equal matrix count.
 * oneDNN runs what reached the target on own kernels. Where its steps have taken
 * VG_RACE_ONEDNN_LIMIT times the own median to the target its run ends, and its other seeds are left
 * out: where it has reference code only (group norm backward in 2.6) the race would wait for it.
 */
#ifndef VG_HARNESS_TRAIN_RACE_H
#define VG_HARNESS_TRAIN_RACE_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/data/dataset.h"
#include "harness/spec.h"
#include "vgbench/status.h"

/** Seconds of the steps of a oneDNN run over the own median time to the target, at most. */
#define VG_RACE_ONEDNN_LIMIT 10

/** A competitor: the base is the first. */
typedef struct vg_racer {
    char change[128]; /**< "as it is", or the words of the fix */
    vg_spec spec;     /**< unresolved */
} vg_racer;

/** The base and every fix of the list that makes sense for it: those of the laboratory, then
 * optimizers, schedules, learning rate, clipping. The caller frees the list. */
vg_status vg_race_field(const vg_spec *base, vg_racer **field, int *count);

typedef struct vg_race_options {
    vg_dataset_options data;
    vg_dataset *shared; /**< or NULL */
    bool no_onednn;     /**< own kernels only */
    double onednn_limit; /**< in place of VG_RACE_ONEDNN_LIMIT; 0: that */
    bool no_rates;      /**< without the largest stable rate */
    bool (*interrupted)(void);
} vg_race_options;

/** Runs one competitor: {change, spec, label, params, matrices, seeds, own{reached, steps, ci,
 * time_s, ci, stopped[]}, onednn{.., time_s_above where it was stopped as too slow}|null,
 * largest_stable_lr, loss, accuracy}. */
vg_status vg_race_run(const vg_racer *racer, const vg_race_options *options, json_t **row);

/** The order of the table: more runs that reached it, then the shorter time, then the lower loss. */
int vg_race_compare(const json_t *a, const json_t *b);

#endif
