/* SPDX-License-Identifier: Apache-2.0 */
/** @file events.h
 * What goes wrong while a network trains: judged at every monitored step, told once.
 *
 *   vanishing exploding growing saturated collapsed_variance ...   as the laboratory judges a
 *              network at initialisation (diagnose.h), with the statistics of this step
 *   dead       units of a layer fell silent: more by a quarter than at the first step
 *   plateau    ten records have lowered the mean loss by less than 1 %, and for certain (two
 *              standard errors) by less than 3 %, while it is above a quarter of the first
 *   lr_too_low the gradient arrives, but the weights change by less than 1e-4 of themselves a step
 *              and the loss has fallen by less than a tenth since the first step
 *   diverging  the loss is above four times its best
 *   non_finite the loss or a gradient is not a number
 */
#ifndef VG_HARNESS_TRAIN_EVENTS_H
#define VG_HARNESS_TRAIN_EVENTS_H

#include <jansson.h>
#include <stdint.h>

#include "harness/decay.h"
#include "harness/train/step.h"

enum { VG_EVENT_WINDOW = 20 /* records */ };

typedef struct vg_events {
    const vg_spec *spec;
    vg_decay decay; /* one seed: the statistics of the step */
    double spread;  /* of ln ||s_1||^2 / ||s_depth||^2 at initialisation, or NAN */
    double *first_dead; /* [depth]: at the first monitored step */
    bool have_first;
    double first_loss, best_loss;
    double recent[VG_EVENT_WINDOW]; /* mean losses between records, the newest last */
    int64_t records;
} vg_events;

vg_status vg_events_begin(const vg_spec *spec, vg_events *events);
void vg_events_end(vg_events *events);

/** Judges a monitored step: @p loss is the mean since the last record, @p lr_part the learning rate
 * over its peak. New findings are appended to @p list as {code, step, layer, value, limit, why,
 * advice{change, torch, keras, why}}; returns how many. */
int vg_events_judge(vg_events *events, int64_t step, const vg_step_result *result, double loss,
                    double lr_part, json_t *list);

/** Of a loss that is not finite: appended to @p list. */
void vg_events_non_finite(int64_t step, double loss, json_t *list);

#endif
