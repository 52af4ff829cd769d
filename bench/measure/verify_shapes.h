/* SPDX-License-Identifier: Apache-2.0 */
/** @file verify_shapes.h
 * The shapes that rows are verified on.
 */
#ifndef VG_MEASURE_VERIFY_SHAPES_H
#define VG_MEASURE_VERIFY_SHAPES_H

#include "measure/verify.h"

/** Shape number @p index of (op, tier) into @p shape; false behind the last one. Extents run
 * through 1, the lanes of every ISA and their neighbours, primes, and sizes beyond one block. */
bool vg_verify_shape(vg_op op, vg_tier tier, int index, vg_shape *shape);

/** Shape number @p index for runs with several thread counts: more units than threads, in numbers
 * that no team divides; with attributes, several of these. False behind the last one. */
bool vg_verify_thread_shape(vg_op op, int index, vg_shape *shape);

/** A shape of (op, dir) beyond every cache, where kernels write past the caches; false for ops that
 * have no such form. */
bool vg_verify_stream_shape(vg_op op, vg_dir dir, vg_shape *shape);

/** The shape for the sweep of element-wise ops; false for other ops. */
bool vg_verify_sweep_shape(vg_op op, vg_tier tier, vg_shape *shape);

#endif
