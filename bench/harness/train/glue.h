/* SPDX-License-Identifier: Apache-2.0 */
/** @file glue.h
 * The phases of a training step that are no kernels: gather of a batch, scoring of logits, sums over
 * what the optimizer changes. Each struct begins with the task that its phase is given.
 */
#ifndef VG_HARNESS_TRAIN_GLUE_H
#define VG_HARNESS_TRAIN_GLUE_H

#include "harness/data/dataset.h"
#include "vgbench/memory.h"
#include "vgbench/plan.h"

/** Samples index[0 .. rows-1] into the batch. */
typedef struct vg_gather {
    vg_task task;
    const vg_dataset *data;
    const int32_t *index; /**< set before every run */
    int64_t rows;         /**< likewise, at most `most` */
    int64_t most;
    vg_batch to;
} vg_gather;

vg_status vg_gather_append(vg_gather *gather, vg_plan *plan);

/** Loss and hits of every row of logits, in double; partial sums per 64 rows. */
typedef struct vg_scorer {
    vg_task task;
    const float *logits, *target;
    const int32_t *labels; /**< NULL: no accuracy */
    int64_t rows;          /**< set before every run, at most `most` */
    int64_t most, classes;
    bool squares;     /**< mean squared error in place of cross-entropy */
    double *partials; /**< loss, hits */
} vg_scorer;

vg_status vg_scorer_append(vg_scorer *scorer, vg_plan *plan);
/** Sums of the last run. */
void vg_scorer_total(const vg_scorer *scorer, double *loss, double *hits);
void vg_scorer_release(vg_scorer *scorer);

/** The part of a segment that lies in a unit of the optimizer. */
typedef struct vg_update_piece {
    int64_t unit, first, count; /**< floats of the arena */
    int layer;                  /**< from 0 */
    double abs_dw, dw_sq, w_sq, grad_sq;
} vg_update_piece;

/** The optimizer's last phase, which also sums what it does to one segment of every layer. */
typedef struct vg_update {
    vg_task task;
    const vg_task *optimizer;
    vg_phase pass; /**< of the optimizer; 16 KiB units */
    vg_update_piece *pieces;
    int *first_piece; /**< [units + 1] */
    int count;
} vg_update;

/** Finds the pieces of segments segment[0 .. layers-1] of @p arena. */
vg_status vg_update_prepare(vg_update *update, const vg_arena *arena, const int *segment,
                            int layers);
/** Appends the phases of @p update->optimizer, the last one with the sums. */
vg_status vg_update_append(vg_update *update, vg_plan *plan);
void vg_update_release(vg_update *update);

/** Divides all gradients: the loss was scaled. */
typedef struct vg_unscale {
    vg_task task;
    float *grads;
    int64_t count;
    float scale;
} vg_unscale;

vg_status vg_unscale_append(vg_unscale *unscale, vg_plan *plan);

#endif
