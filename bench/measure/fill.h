/* SPDX-License-Identifier: Apache-2.0 */
/** @file fill.h
 * What the tensors of a timed row hold: values as a training step has them, so that no kernel meets
 * subnormals or takes a rare branch all the time.
 */
#ifndef VG_MEASURE_FILL_H
#define VG_MEASURE_FILL_H

#include "vgbench/kernel.h"

/** Fills elements [begin, end) of @p slot; a function of the arguments and the index alone. */
void vg_fill(vg_op op, const vg_shape *shape, vg_slot slot, uint64_t seed, int64_t begin,
             int64_t end, void *data);

#endif
