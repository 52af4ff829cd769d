/* SPDX-License-Identifier: Apache-2.0 */
/** @file callgrind.h
 * Reads the output of `valgrind --tool=callgrind --cache-sim=yes`: the counts of every part, not
 * the functions. Format: https://valgrind.org/docs/manual/cl-format.html, version 1.
 */
#ifndef VG_MEASURE_CALLGRIND_H
#define VG_MEASURE_CALLGRIND_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

/** Events of the cache simulation; accesses count an instruction's operand once, whatever its
 * width (but a fused multiply-add that reads memory once per lane: valgrind takes it apart), and a miss
 * is a line that was not there. */
typedef enum vg_callgrind_event {
    VG_CG_Ir,   /**< instructions */
    VG_CG_Dr,   /**< loads */
    VG_CG_Dw,   /**< stores */
    VG_CG_I1mr, /**< instruction misses of the first level */
    VG_CG_D1mr, /**< load misses of the first level */
    VG_CG_D1mw, /**< store misses of the first level */
    VG_CG_ILmr, /**< the same of the last level */
    VG_CG_DLmr,
    VG_CG_DLmw,
    VG_CG_EVENTS
} vg_callgrind_event;

typedef struct vg_callgrind_part {
    char name[64]; /**< of the client request that wrote the part; "" for another reason */
    uint64_t counts[VG_CG_EVENTS];
} vg_callgrind_part;

typedef struct vg_callgrind {
    char creator[64];   /**< "callgrind-3.19.0" */
    char caches[3][96]; /**< I1, D1, LL as the file describes them; "" where it does not */
    vg_callgrind_part *parts;
    int count, capacity;
} vg_callgrind;

/** Reads @p size bytes (no NUL needed, any bytes allowed) into @p out. VG_EFORMAT names the line and
 * what is wrong with it; then and on VG_ENOMEM @p out holds nothing. A part whose `totals:` are
 * missing (the program died while it was written) is an error, events that are not in
 * vg_callgrind_event are skipped, and those the file lacks are 0. */
vg_status vg_callgrind_parse(const char *text, size_t size, vg_callgrind *out);

/** The last part of that name, or NULL. */
const vg_callgrind_part *vg_callgrind_find(const vg_callgrind *c, const char *name);

void vg_callgrind_release(vg_callgrind *c);

#endif
