/* SPDX-License-Identifier: Apache-2.0 */
/** @file lean.h
 * The step without statistics and clipping, where nobody looks at all gradients together. The
 * optimizer goes piece by piece: each piece of the parameters acts as soon as its gradients are
 * complete and its weights are not read any more, and pieces of the same layout take turns in one
 * block of gradients, which stays in the cache instead of going to memory and back. Element by
 * element it does what the pass over all parameters does.
 */
#ifndef VG_HARNESS_TRAIN_LEAN_H
#define VG_HARNESS_TRAIN_LEAN_H

#include <stdbool.h>

#include "vgbench/memory.h"
#include "vgbench/plan.h"

/** Segments [first, last) of the arena that act together. */
typedef struct vg_piece {
    int first, last;
    int64_t begin, end; /**< floats of the arena */
    int written, used;  /**< steps of the network's plan: gradients begin, the last that needs it */
    int slot;           /**< where its gradients are */
} vg_piece;

/** A block of gradients that pieces of one layout share, one after the other. */
typedef struct vg_gradient_slot {
    int layout; /**< of this piece */
    int owner;  /**< the last piece that was given it */
    float *memory;
} vg_gradient_slot;

typedef struct vg_lean {
    vg_piece *pieces;
    vg_gradient_slot *slots;
    vg_task *steps; /**< the optimizer's, one for each piece */
    vg_task *tasks; /**< copies of the network's that write gradients */
    int piece_count, slot_count, task_count;
} vg_lean;

/** What a lean step is made of. */
typedef struct vg_lean_parts {
    const vg_plan *net; /**< forward and backward pass; steps of VG_PART_statistics are left out */
    const vg_arena *arena;
    const float *values, *grads;
    vg_team *team; /**< touches the memory of the gradients first */
    const vg_task *optimizer; /**< over the whole arena, prepared */
    bool by_layer; /**< pieces are whole layers: where every piece opens a parallel region */
} vg_lean_parts;

/** Appends the step to @p plan. @p lean (zero-initialised) outlives the plan. */
vg_status vg_lean_append(vg_lean *lean, const vg_lean_parts *parts, vg_plan *plan);
void vg_lean_release(vg_lean *lean);

#endif
