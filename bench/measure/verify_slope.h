/* SPDX-License-Identifier: Apache-2.0 */
/** @file verify_slope.h
 * What textbooks say of the slope of an activation, checked on what its backward rows give:
 * |sigmoid'| <= 1/4, |tanh'| <= 1, relu' is 0 or 1.
 */
#ifndef VG_MEASURE_VERIFY_SLOPE_H
#define VG_MEASURE_VERIFY_SLOPE_H

#include <stdbool.h>

#include "vgbench/kernel.h"

/** The largest |f'| of a backward row's activation; NAN where no bound is stated or the row is none. */
double vg_slope_bound(const vg_kernel *kernel);

/** Whether @p got = @p dy f' keeps to the bound of @p op; @p max becomes the largest |f'| so far. The
 * bound may be passed by 1e-6 of itself, 16 roundings of f32: dx is a rounded product of rounded factors. What is
 * not finite, and dy so small that dx is subnormal, says nothing. */
bool vg_slope_holds(vg_op op, double dy, float got, double *max);

#endif
