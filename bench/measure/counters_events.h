/* SPDX-License-Identifier: Apache-2.0 */
/* Which events make a counter, and the memory controllers. */
#ifndef VG_MEASURE_COUNTERS_EVENTS_H
#define VG_MEASURE_COUNTERS_EVENTS_H

#include "measure/counters.h"

enum { VG_PERF_EVENTS_MAX = 16, VG_PERF_UNCORE_MAX = 64 };

typedef struct vg_perf_event {
    vg_counter counter;
    double weight; /* of one count: an event of 256-bit FP instructions is 8 flops */
    struct perf_event_attr attr;
} vg_perf_event;

/* Fills @p events for a CPU of @p vendor, cycles first; returns how many. */
int vg_perf_events(const char *vendor, vg_perf_event events[VG_PERF_EVENTS_MAX]);

typedef struct vg_perf_uncore {
    int fds[VG_PERF_UNCORE_MAX], count;
    double bytes[VG_PERF_UNCORE_MAX]; /* per count */
    char reason[200];
} vg_perf_uncore;

void vg_perf_uncore_open(const vg_perf_kernel *kernel, vg_perf_uncore *uncore);
void vg_perf_uncore_read(const vg_perf_kernel *kernel, const vg_perf_uncore *uncore,
                         vg_count *count);
void vg_perf_uncore_close(const vg_perf_kernel *kernel, vg_perf_uncore *uncore);

#endif
