/* SPDX-License-Identifier: Apache-2.0 */
/** @file verify_fill.h
 * What the tensors of a verified case hold.
 */
#ifndef VG_MEASURE_VERIFY_FILL_H
#define VG_MEASURE_VERIFY_FILL_H

#include "measure/verify_compare.h"

/** Fills @p count values of @p slot, a function of the arguments and the index alone. Each is exactly
 * a float (labels: a class). */
void vg_verify_fill_slot(vg_op op, const vg_shape *shape, vg_slot slot, vg_verify_fill fill,
                         uint64_t seed, int64_t count, double *values);

/** What may be demanded of output @p slot with this fill: whole numbers are exact in f32 for any
 * order of operations (as long as S < 2^24) where the op only adds and multiplies. */
vg_demand vg_verify_demand(vg_op op, vg_dir dir, const vg_shape *shape, vg_slot slot,
                           vg_verify_fill fill);

#endif
