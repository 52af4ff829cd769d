/* SPDX-License-Identifier: Apache-2.0 */
/** @file roofline.h
 * Measured roofs: FMA peak per cluster, and bandwidth at a row's own working set and mix of reads
 * and writes, the best of several ways (cluster, regular or non-temporal stores, their order).
 * Measured on demand, and again with other things between until the two best tries agree within 1 %;
 * again, too, where a row lies above it.
 */
#ifndef VG_MEASURE_ROOFLINE_H
#define VG_MEASURE_ROOFLINE_H

#include <jansson.h>
#include <stdbool.h>

#include "vgbench/kernel.h"

struct vg_roof_state; /* a roof and its measurements */

typedef struct vg_roof {
    bool compute;    /**< bound by FMA; otherwise by bandwidth */
    double value;    /**< FLOP/s or bytes/s */
    double fraction; /**< of it that the row reaches */
    double spread;   /**< how far its best and its worst measurement are apart */
    int tries;       /**< measurements of it */
    struct vg_roof_state *peak, *bandwidth; /**< both; peak is NULL for what does no FMAs */
    double flops, bytes, seconds;           /**< of the row */
} vg_roof;

/** Why a row lies above its roof, in @p text; NULL where it does not. */
const char *vg_roof_why_above(const vg_roof *r, char text[200]);

/** FLOP/s of @p threads threads with the widest usable cluster. */
double vg_roof_compute(int threads);

/** Streams of a pass over memory: how many are read, written, and of those in place. */
typedef struct vg_mix {
    int reads, writes, in_place;
} vg_mix;

/** Bytes/s of streams of that mix that move @p bytes in all, in one pass after the other. */
double vg_roof_bandwidth(double bytes, vg_mix mix, int threads);

/** The roof that binds (op, dir, shape) on @p threads, and how much of it @p seconds reach. */
vg_roof vg_roof_of(vg_op op, vg_dir dir, const vg_shape *shape, int threads, double seconds);

#define VG_ROOF_NEITHER "neither (latency or instructions)"

/** "flops" or "bandwidth"; a row below half of both its roofs is bound by neither, and says so. */
const char *vg_roof_bound(const vg_roof *r);

/** Writes a row's roof into its record. */
typedef void vg_roof_writer(json_t *row, const vg_roof *r);

/** Calls @p write now, and again when all roofs are known: roofs grow while rows are timed, and all
 * rows of a record must be under the same ones. */
void vg_roof_follow(json_t *row, const vg_roof *r, vg_roof_writer *write);

/** Writes every followed row again, under the roofs as they are now. */
void vg_roof_settle(void);

/** All roofs measured so far: {roofs: [...]}, and last_cache where that is less than it is said to be.
 * Settles the rows. */
json_t *vg_roofline_json(void);

/** FMA peak of every usable cluster, and in every cache level and memory the bandwidth of load,
 * triad (2:1), copy, 3:1, 4:3 and copy in place, for each of the thread counts. */
void vg_roofline_measure(const int *threads, int count);

#endif
