/* SPDX-License-Identifier: Apache-2.0 */
/** @file clock.h
 * The clock that times are taken with, and the clock of the CPU.
 */
#ifndef VG_MEASURE_CLOCK_H
#define VG_MEASURE_CLOCK_H

#include <jansson.h>

/** The monotonic clock, in ns and in seconds. */
double vg_clock_ns(void);
double vg_clock_s(void);

/** CPU time of the process, all threads, in ns. */
double vg_clock_cpu_ns(void);

/** {resolution_ns, overhead_ns, share_of_10us}: what a reading takes, and what two of them are of a
 * kernel of 10 us. Takes about 1 ms. */
json_t *vg_clock_timer_json(void);

/** Clock rate in GHz, the best of @p rounds of about 0.13 ms; NAN where no chain of known latency is
 * known. */
double vg_clock_ghz(int rounds);

#endif
