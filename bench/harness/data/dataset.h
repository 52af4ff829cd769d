/* SPDX-License-Identifier: Apache-2.0 */
/** @file dataset.h
 * A whole data set in memory: samples, labels or targets, and which samples train and which
 * validate. Opened by what the key `data` says:
 *
 *   teacher gaussians spirals   generated (data.h); inputs of mean square 1
 *   adding                      recurrent: add the two marked numbers (Hochreiter & Schmidhuber
 *                               1997); features are (number in [0, 1), mark), the target is the sum
 *   recall                      recurrent: one-hot symbols; the label is the first of the sequence
 *   idx:PATH                    MNIST's format: a folder, or the file of the images; .gz or plain
 *   csv:FILE[#COLUMN]           the label column by name or number (from 1); without, the column
 *                               called label, class, target or y, else the last
 *   npy:DIR                     x.npy with y.npy, target.npy or labels.npy
 *
 * A folder of IDX files that has both train-* and t10k-* trains on the first and validates on the
 * second; everything else is split by options.validation.
 */
#ifndef VG_HARNESS_DATA_DATASET_H
#define VG_HARNESS_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/spec.h"
#include "vgbench/status.h"

typedef enum vg_standardise {
    VG_STANDARDISE_auto,    /**< generated data: none; images: global; tables: feature */
    VG_STANDARDISE_none,    /**< as they are; bytes of IDX images become value / 255 */
    VG_STANDARDISE_global,  /**< one mean and standard deviation for all features */
    VG_STANDARDISE_feature  /**< one of each per feature; constant features become 0 */
} vg_standardise;

typedef struct vg_dataset_options {
    int64_t samples;    /**< generated data: how many, training and validation together; 0: 10000.
                             Files: at most so many (the first); 0: all */
    double validation;  /**< fraction that validates, in [0, 1); the split is drawn by data_seed */
    int standardise;    /**< vg_standardise; fitted on the training part, applied to both */
} vg_dataset_options;

enum { VG_DATASET_SAMPLES = 10000, VG_DATASET_CLASSES_MAX = 65536 };
#define VG_DATASET_VALIDATION 0.2

typedef struct vg_dataset {
    int64_t count;   /**< samples */
    int64_t steps;   /**< time steps of a sample; 1 where the model is mlp */
    int64_t in_dim;  /**< features of a step */
    int64_t classes; /**< labels are 0 .. classes-1; with targets, their columns */
    float *x;        /**< [count][steps][in_dim] */
    int32_t *labels; /**< [count]; NULL: regression only */
    float *target;   /**< [count][classes]; NULL: one-hot of the labels */
    int32_t *train, *validation; /**< sample indices, ascending */
    int64_t train_count, validation_count;
    int standardise;     /**< what was done, never auto */
    float *mean, *scale; /**< x = (raw - mean) * scale; 1 or in_dim * steps each, NULL with none */
    char origin[320];    /**< for reports: "idx:mnist: t10k-images-idx3-ubyte.gz, 10000 x 784" */
} vg_dataset;

/** Opens what @p spec (resolved) says. `in_dim`, `classes` and, for recurrent models, `seq_len`
 * become what a file has, unless the user gave them: then a file that differs is VG_EINVAL.
 * VG_EIO, VG_EFORMAT: the message names file, line or offset, and what is allowed. */
vg_status vg_dataset_open(vg_spec *spec, const vg_dataset_options *options, vg_dataset **dataset);

void vg_dataset_close(vg_dataset *dataset);

/** Order of the training samples in @p epoch (0, 1, ...): a permutation of dataset->train into
 * @p order, which holds train_count indices. A function of the seed and the epoch alone. */
void vg_dataset_order(const vg_dataset *dataset, int64_t seed, int64_t epoch, int32_t *order);

/** Batches of @p batch samples that @p count samples make; the last may be partial. */
int64_t vg_dataset_batches(int64_t count, int64_t batch);

/** Where a batch goes. Any pointer may be NULL: then that part is not wanted. */
typedef struct vg_batch {
    float *x;        /**< row r: x + r * ld, or with time_major x + (t * rows + r) * ld */
    int64_t ld;      /**< floats from row to row; at least steps * in_dim (time_major: in_dim) */
    int64_t rows;    /**< time_major: samples of the batch */
    bool time_major; /**< [steps][rows][in_dim] instead of [rows][steps][in_dim] */
    int32_t *labels; /**< [rows] */
    float *target;   /**< [rows][classes], dense */
} vg_batch;

/** Copies samples index[from] .. index[to-1] into rows from .. to-1 of @p batch and touches no
 * other row. Disjoint ranges may be gathered by different threads at the same time. */
void vg_dataset_gather(const vg_dataset *dataset, const int32_t *index, int64_t from, int64_t to,
                       const vg_batch *batch);

#endif
