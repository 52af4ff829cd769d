/* SPDX-License-Identifier: Apache-2.0 */
/** @file precision.h
 * What the number format does to the gradients of a network: the time of its backward pass with
 * subnormals and with them flushed to zero, and what part of the signal would be lost in fp16 and
 * bf16, with and without loss scaling.
 */
#ifndef VG_HARNESS_PRECISION_H
#define VG_HARNESS_PRECISION_H

#include <jansson.h>

#include "harness/spec.h"
#include "vgbench/status.h"

/** Where dynamic loss scaling starts (Micikevicius 2018, arXiv:1710.03740). */
#define VG_LOSS_SCALE 65536.0

/** The `precision` part of a decay record, of the spec's first seed:
 *  ftz      {backward_ms, backward_ms_ftz, slowdown, slowdown_ci95, n,
 *            subnormal_from, zero_from, zero_from_ftz}
 *  formats  [{format, loss_scale, gone: [per entry], half_from}], fp32, fp16, bf16
 * slowdown is the median over pairs of (backward with subnormals) / (flushed). gone is the fraction
 * of delta_l (recurrent: dL/dh_t) that is zero in the format or rounds to it, but for what silent ReLU
 * units have at zero anyway; *_from the
 * entry nearest to the output where all of it (subnormal, half: half of it) is; null: nowhere. */
vg_status vg_precision_measure(const vg_spec *spec, json_t **precision);

/** Median and interval of the time of a step with all statistics over that of the bare step:
 * {"ratio", "ratio_ci95", "n"}. */
vg_status vg_monitor_overhead(const vg_spec *spec, json_t **overhead);

#endif
