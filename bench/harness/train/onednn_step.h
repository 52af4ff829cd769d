/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn_step.h
 * The training step that vgbench is compared with, composed of oneDNN.
 *
 * What it is made of, in the order it runs (kernels/<family>/<family>_onednn.c has each row; the fastest of the
 * ways that the library offers is taken per shape, see vg_dnn_prepare()):
 *
 *   forward    inner product or matmul with bias; the activation as its post-op where the backward
 *              pass can do with y (relu, sigmoid, tanh, elu, selu), otherwise eltwise behind it;
 *              batch, layer, group normalisation; binary add of a skip
 *   loss       ours: softmax cross-entropy and its gradient, on the same kernels as our own step
 *   backward   eltwise backward by y or by x, whichever is faster; normalisation backward; inner
 *              product or matmul for the gradient of the input, then of weights and bias
 *   optimizer  ours, behind each layer, as in our own step; gradients share memory as there
 *
 * Weights stay as the optimizer leaves them (class weights:plain); where a way wants another layout
 * its reorders are part of the step. Neighbouring rows are joined to one sequence of primitive calls:
 * memory objects and argument lists are made once, before the first step, and the time of the step
 * is that of its primitives, reorders, steps in C (variance from 1/std), own kernels, and glue, which
 * is all the rest: entering and leaving sequences, parallel regions of own kernels.
 */
#ifndef VG_HARNESS_TRAIN_ONEDNN_STEP_H
#define VG_HARNESS_TRAIN_ONEDNN_STEP_H

#include <jansson.h>

#include "vgbench/onednn.h"
#include "vgbench/plan.h"

/** Neighbouring oneDNN rows of a plan as one phase. */
typedef struct vg_joined {
    vg_task task; /**< what the phase is given */
    vg_onednn_sequence *sequence;
    vg_step *steps; /**< [count]: what it stands for */
    double *ns;     /**< [count]: of the last run while the account of onednn.h is on */
    int count;
} vg_joined;

typedef struct vg_joined_list {
    vg_joined *items;
    int count;
} vg_joined_list;

/** Replaces every run of oneDNN rows in @p plan by one phase. @p list (zero-initialised) and the
 * tasks of the plan outlive it. */
vg_status vg_onednn_step_join(vg_plan *plan, vg_joined_list *list);
void vg_onednn_step_release(vg_joined_list *list);

/** What a step of a plan stands for, or NULL where it is a step of its own. */
const vg_joined *vg_joined_of(const vg_step *step);

/** The account of one timed step: {primitives_us, reorders_us, c_steps_us, own_us, clock_us, glue_us,
 * glue_fraction}, which add up to the total; @p own_us is the time of what is no oneDNN row,
 * @p clock_us that of looking at the clock between the two. */
json_t *vg_onednn_step_account(const vg_onednn_account *account, double total_us, double own_us,
                               double clock_us);

/** [{kernel, calls, impl}]: what the library runs for each kind of row of @p steps. */
json_t *vg_onednn_step_composition(const vg_step *steps, int count);

#endif
