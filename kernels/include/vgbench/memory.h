/* SPDX-License-Identifier: Apache-2.0 */
/** @file memory.h
 * Aligned memory and arenas of tensors. The only allocator for buffers that are timed, so that
 * every backend gets the same alignment, huge-page advice and offsets.
 */
#ifndef VGBENCH_MEMORY_H
#define VGBENCH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { VG_ALIGN = 64 /**< bytes: a cache line, and the widest vector */ };

/** Allocates @p bytes, 128-byte aligned, contents undefined and pages untouched.
 * From 2 MiB on the block is asked to be backed by huge pages (madvise). From 4 KiB on, @p stagger
 * says where in a page it starts, (stagger % 16) x 256 bytes downwards, so that buffers that stream
 * together do not alias in the low 12 address bits: pass the index of the buffer within its group,
 * outputs last.
 * Overflow and exhaustion give VG_ENOMEM and *out = NULL. Free with vg_free(). */
vg_status vg_alloc(size_t bytes, unsigned stagger, void **out);

/** Frees what vg_alloc() gave; NULL is allowed. */
void vg_free(void *block);

/** Bytes that were asked of vg_alloc() for @p block. */
size_t vg_alloc_bytes(const void *block);

/** a * b in @p out, or VG_ENOMEM where the product does not fit. */
vg_status vg_size_mul(size_t a, size_t b, size_t *out);

/** One tensor of an arena: rows x cols floats, row-major, at offset floats from its start. */
typedef struct vg_segment {
    char name[48];      /**< "layer003.weight" */
    int64_t rows, cols; /**< vectors have rows = 1 */
    int64_t offset;     /**< in floats, a multiple of 16 */
} vg_segment;

/** A segment table. Parameters, their gradients and an optimizer's moments share one table and are
 * one block of memory each, so that element-wise passes over all parameters are one plan. Segments
 * start at multiples of 64 bytes; the padding between them is zero and stays zero under every
 * optimizer of the library. */
typedef struct vg_arena {
    vg_segment *segments;
    int count, capacity;
    int64_t floats; /**< length of a block, a multiple of 16 */
} vg_arena;

/** Appends a segment and returns its index in @p index. VG_EINVAL for an extent < 1 or a name of
 * more than 47 characters, VG_ENOMEM where the size overflows. */
vg_status vg_arena_add(vg_arena *arena, const char *name, int64_t rows, int64_t cols, int *index);

/** The segment called @p name, or NULL. */
const vg_segment *vg_arena_find(const vg_arena *arena, const char *name);

/** A new zeroed block of the arena's length; free with vg_free(). */
vg_status vg_arena_block(const vg_arena *arena, unsigned stagger, float **block);

void vg_arena_release(vg_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
