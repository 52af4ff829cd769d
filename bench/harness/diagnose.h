/* SPDX-License-Identifier: Apache-2.0 */
/** @file diagnose.h
 * What is wrong with a network, from the record of its run. Judged by rate times depth beyond the
 * finite-width band and by what is normal for the activation at initialisation, never by the size
 * of a gradient alone.
 *
 * Codes: vanishing, exploding, growing, non_finite, saturated, dead, collapsed_variance,
 * exploded_variance, correlated, subnormal, underflow_fp16, underflow_bf16.
 */
#ifndef VG_HARNESS_DIAGNOSE_H
#define VG_HARNESS_DIAGNOSE_H

#include <jansson.h>
#include <stdint.h>

#include "harness/decay.h"
#include "harness/theory.h"

/** The findings of a run: [{code, layer, value, limit, why}]. @p spread as for vg_decay_verdict(). */
json_t *vg_findings(const vg_spec *spec, const vg_decay *decay, double spread);

/** Fraction of units of a ReLU layer that are silent on a whole batch of @p batch near-orthogonal
 * samples at block @p layer of a healthy network (Hayou 2019, arXiv:1902.06853: the samples'
 * correlation c goes to 1 with depth; a unit is silent with E Phi(sqrt(c/(1-c)) z)^B). */
double vg_expected_dead(int64_t layer, int64_t batch);

/** Fraction of |f'| below 0.05 max |f'| at unit pre-activation variance. */
double vg_expected_saturated(int act, double slope);

#endif
