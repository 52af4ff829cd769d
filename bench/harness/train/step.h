/* SPDX-License-Identifier: Apache-2.0 */
/** @file step.h
 * One training step as one plan in one parallel region: gather of the batch, forward and backward
 * pass, statistics where they are wanted, clipping, optimizer.
 */
#ifndef VG_HARNESS_TRAIN_STEP_H
#define VG_HARNESS_TRAIN_STEP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/data/dataset.h"
#include "harness/monitor.h"
#include "harness/net.h"
#include "harness/spec.h"

typedef struct vg_stepper vg_stepper;

/** What a layer did in a monitored step; of recurrent models an entry is a step in time, and the
 * weights are the recurrent ones of the top layer, which all of them share. */
typedef struct vg_layer_step {
    vg_block_stats block;
    double grad_norm_post; /**< of dL/dW after clipping */
    double mean_abs_dw;    /**< mean |delta W| */
    double update_ratio;   /**< |delta W| / |W| */
} vg_layer_step;

typedef struct vg_step_result {
    double loss;
    double grad_norm, clip_factor; /**< global norm before clipping; NAN where it was not taken */
    double accuracy;               /**< of this batch; NAN without statistics or labels */
    double correlation;            /**< of samples at the last layer; NAN without statistics */
    const vg_layer_step *layers;   /**< [entries], until the next step; NULL without statistics */
    int64_t entries;               /**< layers, or steps in time */
} vg_step_result;

/** Builds networks and plans for @p spec (resolved and fitted to @p data); @p team and @p data
 * outlive it. With @p monitor steps may be asked for statistics. */
vg_status vg_stepper_create(const vg_spec *spec, const vg_dataset *data, vg_team *team,
                            bool monitor, vg_stepper **stepper);
void vg_stepper_destroy(vg_stepper *stepper);

/** Weights for @p seed, moments 0, running statistics as at the start. */
vg_status vg_stepper_reset(vg_stepper *stepper, int64_t seed);

/** Step @p step (from 0) on the samples index[0 .. rows-1]: rows is the batch or the rest of an
 * epoch. */
vg_status vg_stepper_run(vg_stepper *stepper, int64_t step, const int32_t *index, int64_t rows,
                         double lr, bool statistics, vg_step_result *result);

typedef struct vg_score {
    double loss, accuracy; /**< means; accuracy NAN without labels */
    int64_t count;
} vg_score;

/** Forward pass over samples index[0 .. count-1], batch norm by its running statistics. */
vg_status vg_stepper_score(vg_stepper *stepper, const int32_t *index, int64_t count,
                           vg_score *score);

vg_net *vg_stepper_net(vg_stepper *stepper);
/** Moments in the layout of the network's arena; NULL where the optimizer has none. */
float *vg_stepper_moment(vg_stepper *stepper, int which);

/** NUMA nodes of the pages of {parameters, gradients, moments}, see vg_touch_placement(). */
json_t *vg_stepper_placement(vg_stepper *stepper);

/** Step 0 of the full batch at learning rate 0, timed: weights stay, moments do not. */
vg_status vg_stepper_run_timed(vg_stepper *stepper, const int32_t *index, bool statistics,
                               vg_plan_times *times);

/** The plan of a step of the full batch, with or without statistics. */
const vg_plan *vg_stepper_plan(const vg_stepper *stepper, bool statistics);

#endif
