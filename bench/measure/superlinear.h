/* SPDX-License-Identifier: Apache-2.0 */
/** @file superlinear.h
 * Speed-ups above the number of threads: that they are there, and why.
 */
#ifndef VG_MEASURE_SUPERLINEAR_H
#define VG_MEASURE_SUPERLINEAR_H

#include <stdbool.h>
#include <stddef.h>

enum { VG_PRIVATE_LEVELS = 3 };

typedef struct vg_speedup {
    int threads;
    double lo;                        /**< lower end of the interval of the speed-up */
    double ns;                        /**< of the point */
    double base_ns;                   /**< of the base, before the points */
    double base_again_ns;             /**< and after them; NAN: not timed again */
    double bytes;                     /**< that a run works on; NAN: unknown */
    double caches[VG_PRIVATE_LEVELS]; /**< bytes of L1 to L3 where each core has its own, or 0 */
} vg_speedup;

/** Whether the whole interval lies above the number of threads; then the reason goes to @p text. */
bool vg_speedup_above_ideal(const vg_speedup *s, char *text, size_t size);

/** The caches that cores do not share, by the topology. */
void vg_private_caches(double caches[VG_PRIVATE_LEVELS]);

#endif
