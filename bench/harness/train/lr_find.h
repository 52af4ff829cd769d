/* SPDX-License-Identifier: Apache-2.0 */
/** @file lr_find.h
 * Learning rates: the range test, and the largest rate that is stable.
 *
 * Range test (Smith 2017, arXiv:1506.01186): the rate grows by one factor a step from 1e-7 to 10;
 * the loss is smoothed (mean of factor 0.9, corrected for its start) and the test ends above four
 * times its best. Suggested is the rate where the smoothed loss falls most steeply over ln lr.
 *
 * Largest stable rate: of the half decades from 1e-6 to 100 the largest at which a run of so many
 * steps at that rate ends (mean of its last tenth) no higher than it began, and never was above four
 * times that; by bisection, as if there were one border.
 */
#ifndef VG_HARNESS_TRAIN_LR_FIND_H
#define VG_HARNESS_TRAIN_LR_FIND_H

#include <jansson.h>

#include "harness/data/dataset.h"
#include "harness/spec.h"
#include "vgbench/status.h"

enum { VG_LR_STEPS = 100 };

typedef struct vg_lr_found {
    double suggestion;     /**< NAN: the loss never falls */
    double lowest;         /**< rate of the lowest smoothed loss */
    double diverged;       /**< rate at which the test ended; NAN: it did not */
    double largest_stable; /**< NAN: not even the smallest */
} vg_lr_found;

/** Both, for a spec fitted to @p data; @p points, if not NULL, becomes [{step, lr, loss, smooth}]. */
vg_status vg_lr_find(const vg_spec *spec, const vg_dataset *data, vg_lr_found *found,
                     json_t **points);

/** The largest stable rate alone. */
vg_status vg_lr_largest_stable(const vg_spec *spec, const vg_dataset *data, double *lr);

#endif
