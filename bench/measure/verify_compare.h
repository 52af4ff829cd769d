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

/** What is asked of an output beyond its tolerance. */
typedef enum vg_demand {
    VG_DEMAND_BOUND = 0,
    VG_DEMAND_EXACT,     /**< the float nearest to the reference, as long as S < 2^24 */
    VG_DEMAND_NOT_FINITE /**< as BOUND; where the reference is infinite or NaN, either is right: a
                              formula of several terms meets inf - inf by the order it is taken in */
} vg_demand;

/** Spacing of the floats at |x|, at least that of the subnormals. */
double vg_ulp(double x);

/** Judges @p got against the oracle's @p reference with magnitude @p mag. Non-finite values: NaN
 * must be NaN, infinity the same infinity; a result beyond FLT_MAX may round to infinity, and where S is
 * beyond it a partial sum may have been: then nothing finite is needed. */
vg_verdict vg_verify_value(float got, double reference, double mag, const vg_tolerance *tolerance,
                           vg_demand demand);

#endif
