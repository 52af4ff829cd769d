/* SPDX-License-Identifier: Apache-2.0 */
/** @file null_reasons.h
 * Why a number of a decay record is null.
 */
#ifndef VG_HARNESS_NULL_REASONS_H
#define VG_HARNESS_NULL_REASONS_H

#include <jansson.h>

#include "harness/decay.h"

/** Sets `null_reasons` of @p record: {path: reason} for every null but those of `spec`, where null is a
 * key that was not set. Paths leave out the indices of arrays: "layers.ln_sd". */
void vg_null_reasons(json_t *record, const vg_decay *decay);

#endif
