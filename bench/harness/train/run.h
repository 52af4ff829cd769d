/* SPDX-License-Identifier: Apache-2.0 */
/* A run in progress: what the parts of the trainer share. */
#ifndef VG_HARNESS_TRAIN_RUN_H
#define VG_HARNESS_TRAIN_RUN_H

#include "harness/train/events.h"
#include "harness/train/step.h"
#include "harness/train/train.h"

typedef struct vg_run_state {
    /* what a checkpoint carries, beside weights, moments and running statistics */
    int64_t step;                   /* done */
    double epoch_loss;              /* sum of the batch losses of this epoch */
    double since_loss;              /* sum since the last record */
    int64_t since_steps;
    double best_loss;               /* validation */
    vg_score first;                 /* validation before the first step; with hopeless_at only */
    int64_t best_epoch;
    double train_s, eval_s;         /* seconds so far */
    int64_t steps_to_target;        /* 0: not reached */
    double time_to_target_s;
    vg_score last;                  /* validation */
    json_t *steps, *epochs, *events; /* of the record */
} vg_run_state;

typedef struct vg_train_run {
    vg_spec spec;
    const vg_train_options *options;
    vg_dataset *data;
    vg_team *team;
    vg_stepper *stepper;
    int32_t *order; /* of epoch order_epoch */
    int64_t order_epoch;
    int64_t per_epoch, total, every;
    vg_events events;
    vg_run_state state;
    vg_step_result result; /* of the last step */
    vg_train_end end;
    bool ended;
    json_t *resumed; /* step it went on from, or NULL */
} vg_train_run;

/* record.c */
json_t *vg_train_step_json(const vg_train_run *run, double lr, bool layers);
/* Appends to steps or epochs of the record. Of a long run every second entry is dropped now and then,
 * so that it needs no more memory than a short one; the log has all of them. */
void vg_train_keep(json_t *list, json_t *entry);
json_t *vg_train_record(vg_train_run *run);
const char *vg_train_end_word(vg_train_end end);
void vg_train_log(const vg_train_run *run, const json_t *entry);

/* snapshot.c */
vg_status vg_snapshot_save(vg_train_run *run);
/* VG_OK and run->resumed unchanged where there is no checkpoint yet. */
vg_status vg_snapshot_load(vg_train_run *run);
vg_status vg_snapshot_export(vg_train_run *run);

#endif
