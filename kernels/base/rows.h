/* SPDX-License-Identifier: Apache-2.0 */
/** @file rows.h
 * Rows of tensor arguments, and when an output is too large for the caches.
 */
#ifndef VG_BASE_ROWS_H
#define VG_BASE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "vgbench/kernel.h"

static inline float *vg_row(const vg_task *task, vg_slot slot, int64_t row)
{
    return (float *)task->t[slot].p + row * task->t[slot].ld;
}

/** Vectors and single numbers. */
static inline float *vg_vector(const vg_task *task, vg_slot slot)
{
    return (float *)task->t[slot].p;
}

/** Whether outputs of a task that touches @p tensors matrices of its shape are written past the
 * caches: a store that allocates reads the line first, which costs a third stream where y = f(x)
 * should cost two. Below the size of a last-level cache it is the other way round: the next op
 * would have found the line there. */
static inline bool vg_stream_outputs(const vg_task *task, int tensors)
{
    enum { BYTES = 64 << 20 };
    int64_t from = task->params->stream_bytes > 0 ? task->params->stream_bytes : BYTES;
    return task->shape.n[0] * task->shape.n[1] * tensors * (int64_t)sizeof(float) >= from;
}

/** Whether units of the task may write past the caches: true wherever a row decides to, false where a fence
 * would cost something. Units do not fence: waiting for memory after each took a fifth of the time of relu on
 * 32 MiB (Zen 5, 0.98 -> 1.24 of oneDNN 3.12). The executor does, behind a worker's last one. */
static inline bool vg_may_stream(const vg_task *task)
{
    enum { BYTES = 1 << 20 };
    return (task->params && task->params->stream_bytes > 0) ||
           task->shape.n[0] * task->shape.n[1] * (int64_t)sizeof(float) >= BYTES;
}

#endif
