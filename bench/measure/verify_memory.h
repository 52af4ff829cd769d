/* SPDX-License-Identifier: Apache-2.0 */
/** @file verify_memory.h
 * Tensors in memory that notices every access beyond them.
 */
#ifndef VG_MEASURE_VERIFY_MEMORY_H
#define VG_MEASURE_VERIFY_MEMORY_H

#include "measure/verify.h"

/** One tensor between two unmapped pages. Zero-initialise; the mapping grows and is kept. */
typedef struct vg_fenced {
    char *map;     /* with its guard pages */
    size_t mapped;
    float *window; /* the tensor and its red zones */
    size_t window_floats, snapshot_floats;
    float *snapshot; /* the window before the run */
    float *p;
    int64_t rows, cols, ld;
} vg_fenced;

/** Places a tensor of rows x cols, fills the window with red-zone pattern and the elements with
 * the poison of outputs. */
vg_status vg_fenced_place(vg_fenced *fenced, int64_t rows, int64_t cols, int64_t ld,
                          vg_verify_place place);

/** Remembers the window. */
void vg_fenced_remember(vg_fenced *fenced);

/** NULL, or which guard was broken since vg_fenced_remember(): "before", "gap", "behind", or, for
 * @p input, "element". *row, *col: where. */
const char *vg_fenced_broken(const vg_fenced *fenced, bool input, int64_t *row, int64_t *col);

/** Whether the element still has the bits of the poison. */
bool vg_fenced_is_poison(float value);

void vg_fenced_release(vg_fenced *fenced);

#endif
