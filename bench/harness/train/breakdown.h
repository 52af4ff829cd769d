/* SPDX-License-Identifier: Apache-2.0 */
/** @file breakdown.h
 * Where the time of one training step goes, and what a step takes beside oneDNN's.
 */
#ifndef VG_HARNESS_TRAIN_BREAKDOWN_H
#define VG_HARNESS_TRAIN_BREAKDOWN_H

#include <jansson.h>

#include "harness/train/step.h"

/** Runs some timed steps, for about @p budget_s seconds, on samples index[0 .. batch-1] (weights
 * stay, moments do not): {total_us, n, parts{data, forward, loss, backward, clip, optimizer,
 * barriers, rest} in us of the median step, ops{"dense/fwd": {calls, us}}, statistics_us: what a
 * monitored step takes longer, layers[{index, forward_us, backward_us, optimizer_us, statistics_us
 * (of a monitored step), barriers_us}]}; with backend=onednn also onednn{} and composition[], see
 * onednn_step.h. Parts are means over the workers and add up to the total. */
vg_status vg_breakdown(vg_stepper *stepper, vg_team *team, const vg_spec *spec,
                       const int32_t *index, double budget_s, json_t **breakdown);

/** Times whole steps of @p spec (resolved) against the same step on oneDNN and against the FMA peak
 * of as many threads, in turn, for @p budget_s seconds: {step_us, step_us_ci95, n, flops,
 * peak_gflops, share_of_peak, onednn_step_us, ratio, ratio_ci95, breakdown, onednn_breakdown}.
 * flops are 6 B sum(in x out) of the dense layers. */
vg_status vg_step_time(const vg_spec *spec, double budget_s, json_t **record);

#endif
