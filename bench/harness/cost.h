/* SPDX-License-Identifier: Apache-2.0 */
/** @file cost.h
 * What a forward and backward pass of a network costs, without statistics, and beside it the same
 * pass on oneDNN.
 */
#ifndef VG_HARNESS_COST_H
#define VG_HARNESS_COST_H

#include <jansson.h>

#include "harness/spec.h"
#include "vgbench/status.h"

/** A network that others are compared with, ready to be timed beside each of them. */
typedef struct vg_cost_base vg_cost_base;

vg_status vg_cost_base_make(const vg_spec *resolved, vg_cost_base **base);
void vg_cost_base_release(vg_cost_base *base);

/** Times steps of the resolved spec and, interleaved with them, of the same spec on oneDNN where
 * every op has a row there, and of @p base (or NULL; of as many threads). @p cost is the record's
 * `cost` object: step_ms (median), step_ms_ci95 (bootstrap of the median), n, gflops,
 * bytes_per_step, onednn_step_ms or onednn_reason; with a base base_step_ms, step_ratio (median over
 * the rounds of own time over the base's) and step_ratio_ci95. */
vg_status vg_cost_measure(const vg_spec *spec, vg_cost_base *base, json_t **cost);

#endif
