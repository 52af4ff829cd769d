/* SPDX-License-Identifier: Apache-2.0 */
/** @file flush.h
 * Throwing memory out of every cache, and seeing whether it is out.
 */
#ifndef VG_MEASURE_FLUSH_H
#define VG_MEASURE_FLUSH_H

#include <stddef.h>

#include "vgbench/status.h"

/** VG_OK where the CPU has an instruction that flushes a line from all caches (clflushopt, clflush
 * on x86, dc civac on AArch64), else VG_EUNSUPPORTED with the reason. */
vg_status vg_flush_usable(void);

/** Writes the lines of [@p p, @p p + @p bytes) back and drops them from every cache of every core.
 * Translations stay in the TLBs. Nothing where vg_flush_usable() fails. */
void vg_flush(const void *p, size_t bytes);

typedef void vg_flush_fn(const void *p, size_t bytes);

/** Has vg_flush() call @p other from now on (NULL: the CPU's instruction again), and returns what it
 * called before. For tests, which must see that a flush that does nothing does not pass. */
vg_flush_fn *vg_flush_replace(vg_flush_fn *other);

/** Time in ns to read @p p, one load after the other in random order, at most 1024 of its lines:
 * the loads depend on each other, so that neither prefetchers nor parallel misses hide a cache
 * that does not have the line. Clock included. */
double vg_flush_read_ns(const void *p, size_t bytes);

/** Time in ns that reading the clock twice takes. */
double vg_flush_clock_ns(void);

#endif
