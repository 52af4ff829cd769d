/* SPDX-License-Identifier: Apache-2.0 */
/** @file latency.h
 * Time of a load by the size of what is visited, and what it says of the last cache: a virtual machine
 * sees all of it and has a share.
 */
#ifndef VG_MEASURE_LATENCY_H
#define VG_MEASURE_LATENCY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct vg_latency {
    double bytes, ns; /**< ns: of a load from a random line of that many bytes */
} vg_latency;

/** 8 KiB to 64 MiB, each twice the one before; measured once (about half a second), then kept.
 * *points is NULL, and 0 returned, where the memory is not there. */
int vg_latency_sweep(const vg_latency **points);

/** ns at the largest size of the sweep that is not above @p bytes; NAN without one. */
double vg_latency_at(const vg_latency *points, int count, double bytes);

/** How far a cache reaches. */
typedef struct vg_reach {
    int level;
    double told, bytes; /**< size by the topology; as loads feel it: the same where they agree */
    double first_at, first_ns, beyond_at,
        beyond_ns; /**< where they do not: within, and beyond it */
} vg_reach;

/** Of a cache of @p told bytes behind one of @p previous: it ends where loads take more than three
 * times as long as at 2 x previous. Latency grows within a level, too (pages, slices), but not to
 * several times. */
vg_reach vg_reach_of(const vg_latency *points, int count, int level, double previous, double told);

static inline bool vg_reach_is_short(const vg_reach *reach)
{
    return reach->bytes < reach->told;
}

/** "L3 is said to have 508 MiB, and loads take 37 ns at 2 MiB, 159 ns at 8: ..." */
const char *vg_reach_text(const vg_reach *reach, char *text, size_t size);

/** The last cache of the topology; the sweep runs where it is eight times the one before. */
const vg_reach *vg_reach_last(void);

/** vg_cache_bytes(), but of the last cache what can be reached of it. */
double vg_cache_felt(int level);

#endif
