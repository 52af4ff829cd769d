/* SPDX-License-Identifier: Apache-2.0 */
/** @file train.h
 * Training of one spec: from its data set to its record in results.json (`train[]`).
 */
#ifndef VG_HARNESS_TRAIN_TRAIN_H
#define VG_HARNESS_TRAIN_TRAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/data/dataset.h"
#include "harness/spec.h"
#include "vgbench/status.h"

/** Passes over the data where neither `epochs` nor `steps` is given. */
enum { VG_TRAIN_EPOCHS = 10, VG_TRAIN_RECORDS = 100 };

/** Where a run is; what a progress line shows. */
typedef struct vg_train_progress {
    int64_t step, total, epoch, epochs; /**< step: done so far */
    double loss, accuracy;              /**< of training: last monitored batch */
    double validation_loss, validation_accuracy; /**< NAN before the first */
    double lr, train_s;
    bool epoch_ended; /**< validation has just been taken */
} vg_train_progress;

typedef struct vg_train_options {
    vg_dataset_options data;
    /** Opened already, for a spec with the same data keys; NULL: opened by the run. */
    vg_dataset *shared;
    /** Gives up at this part of the steps where the validation has covered less than a twentieth of
     * the way from the first validation (or guessing) to the target; 0: never. */
    double hopeless_at;
    double limit_s;     /**< seconds in steps after which the run ends; 0: none */
    int64_t every;      /**< steps between records; 0: about VG_TRAIN_RECORDS in the run */
    int64_t eval_every; /**< steps between validations; 0: every epoch */
    int64_t patience;   /**< epochs without a better validation loss; 0: never stops early */
    bool light;         /**< no statistics of layers, no events: only loss and validation */
    FILE *log;          /**< JSON lines, or NULL */
    const char *checkpoint;   /**< folder, or NULL */
    int64_t checkpoint_every; /**< steps; 0: every epoch */
    bool resume;              /**< goes on from the checkpoint, if there is one */
    bool (*interrupted)(void);
    void (*progress)(void *user, const vg_train_progress *progress);
    /** Of an event of the record: {code, step, layer, value, limit, why, advice}. */
    void (*event)(void *user, const json_t *event);
    void *user;
} vg_train_options;

/** Why a run ended: `stopped` of its record. */
typedef enum vg_train_end {
    VG_TRAIN_STEPS,      /**< "steps": all were made */
    VG_TRAIN_TARGET,     /**< "target": target_loss or target_accuracy was reached */
    VG_TRAIN_EARLY,      /**< "early": validation loss did not get better */
    VG_TRAIN_NON_FINITE, /**< "non_finite": the loss */
    VG_TRAIN_INTERRUPTED, /**< "interrupted" */
    VG_TRAIN_HOPELESS,    /**< "hopeless": by hopeless_at */
    VG_TRAIN_LIMIT        /**< "limit": by limit_s */
} vg_train_end;

/** Trains @p spec, resolved for VG_FOR_TRAIN, with its seed. @p end, if not NULL, says how it ended;
 * a loss that is not finite is an end, not a failure. */
vg_status vg_train(const vg_spec *spec, const vg_train_options *options, json_t **record,
                   vg_train_end *end);

/** Whether folder @p dir holds a checkpoint to go on from. */
bool vg_train_has_checkpoint(const char *dir);

/** Steps of an epoch: the last batch may be partial, but batch norm cannot take a batch of one,
 * which is left out. */
int64_t vg_train_steps_per_epoch(const vg_spec *spec, const vg_dataset *data);

/** Steps of the whole run. */
int64_t vg_train_total(const vg_spec *spec, const vg_dataset *data);

#endif
