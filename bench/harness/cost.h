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

/** Times steps of the resolved spec and, interleaved with them, of the same spec on oneDNN where
 * every op has a row there. @p cost is the record's `cost` object: step_ms (median), step_ms_ci95
 * (bootstrap of the median), n, gflops, bytes_per_step, onednn_step_ms or onednn_reason. */
vg_status vg_cost_measure(const vg_spec *spec, json_t **cost);

#endif
