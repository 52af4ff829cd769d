/* SPDX-License-Identifier: Apache-2.0 */
/** @file data.h
 * Generated samples: inputs of mean square 1 with labels and regression targets.
 *
 *   teacher    Gaussian inputs; a random two-layer ReLU network of 32 units labels them (arg max)
 *              and gives the targets (scaled to mean square 1)
 *   gaussians  one Gaussian cloud per class, centre ~ N(0, 1), spread 1/2; targets are one-hot
 *   spirals    one arm per class in the first two features, the others are noise; one-hot targets
 */
#ifndef VG_HARNESS_DATA_H
#define VG_HARNESS_DATA_H

#include <stdint.h>

#include "harness/spec.h"
#include "vgbench/status.h"

typedef struct vg_data {
    int64_t count, in_dim, classes;
    float *x;        /**< [count][in_dim] */
    int32_t *labels; /**< [count] */
    float *target;   /**< [count][classes] */
} vg_data;

/** Makes @p count samples of the resolved spec's `data` with its `data_seed`. */
vg_status vg_data_make(const vg_spec *spec, int64_t count, vg_data *data);

void vg_data_release(vg_data *data);

#endif
