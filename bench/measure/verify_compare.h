/* SPDX-License-Identifier: Apache-2.0 */
/** @file verify_compare.h
 * When a float is right.
 */
#ifndef VG_MEASURE_VERIFY_COMPARE_H
#define VG_MEASURE_VERIFY_COMPARE_H

#include "measure/verify.h"

typedef struct vg_verdict {
    bool ok;
    double error; /**< |got - reference|; 0 where both are the same special value */
    double limit; /**< what was allowed; 0: bit for bit */
    double ulp;   /**< see vg_verify_result.ulp_max */
} vg_verdict;

/** Spacing of the floats at |x|, at least that of the subnormals. */
double vg_ulp(double x);

/** Judges @p got against the oracle's @p reference with magnitude @p mag. With @p exact it must be
 * the float nearest to the reference, as long as mag < 2^24. Non-finite values: NaN must be NaN,
 * infinity the same infinity; a result beyond FLT_MAX may round to infinity. */
vg_verdict vg_verify_value(float got, double reference, double mag, const vg_tolerance *tolerance,
                           bool exact);

#endif
