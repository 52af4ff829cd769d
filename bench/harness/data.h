/* SPDX-License-Identifier: Apache-2.0 */
/** @file data.h
 * One batch of samples with labels and regression targets; generated inputs of an mlp have mean
 * square 1.
 *
 *   teacher    Gaussian inputs; a random two-layer ReLU network of 32 units labels them (arg max)
 *              and gives the targets (scaled to mean square 1)
 *   gaussians  one Gaussian cloud per class, centre ~ N(0, 1), spread 1/2; targets are one-hot
 *   spirals    one arm per class in the first two features, the others are noise; one-hot targets
 *   adding     sequences of (number in [0, 1), mark): one mark in each half; the target is the sum of
 *              the two marked numbers, the label its bin of `classes` equal ones in [0, 2]. Predicting
 *              the mean, 1, costs a squared error of 1/6. (Hochreiter & Schmidhuber 1997, section 5.4,
 *              with the fixed length and the numbers of Le, Jaitly & Hinton 2015)
 *   recall     sequences of one-hot symbols, all independent; the label is the first one
 *   idx:, csv:, npy:   the first training samples of the file (data/dataset.h)
 */
#ifndef VG_HARNESS_DATA_H
#define VG_HARNESS_DATA_H

#include <stdint.h>

#include "harness/spec.h"
#include "vgbench/status.h"

typedef struct vg_data {
    int64_t count, in_dim, classes;
    int64_t steps;   /**< of a sequence; 1 where the model is mlp */
    float *x;        /**< [count][steps][in_dim] */
    int32_t *labels; /**< [count] */
    float *target;   /**< [count][classes] */
} vg_data;

/** Makes @p count samples of the resolved spec's `data` with its `data_seed`. */
vg_status vg_data_make(const vg_spec *spec, int64_t count, vg_data *data);

/** Where `data` is a file: in_dim, classes and seq_len of the resolved spec become what it has, as
 * vg_dataset_open() does it. */
vg_status vg_data_fit(vg_spec *spec);

void vg_data_release(vg_data *data);

#endif
