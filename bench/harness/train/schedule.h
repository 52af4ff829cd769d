/* SPDX-License-Identifier: Apache-2.0 */
/** @file schedule.h
 * The learning rate at a step.
 *
 *   constant       lr
 *   cosine         lr (1 + cos(pi t / T)) / 2 over the steps after the warm-up
 *   warmup_cosine  the same; without the key `warmup` it warms up over a twentieth of all steps
 *   step           lr, a tenth of it from half of the steps on, a hundredth from three quarters on
 *                  (He et al. 2016, arXiv:1512.03385)
 *
 * Before it, for `warmup` steps, the rate rises in a line: lr (t + 1) / warmup.
 */
#ifndef VG_HARNESS_TRAIN_SCHEDULE_H
#define VG_HARNESS_TRAIN_SCHEDULE_H

#include <stdint.h>

#include "harness/spec.h"

/** Steps of warm-up of a run of @p total steps. */
int64_t vg_schedule_warmup(const vg_spec *spec, int64_t total);

/** Learning rate of step @p step (from 0) of @p total. */
double vg_schedule_lr(const vg_spec *spec, int64_t step, int64_t total);

#endif
