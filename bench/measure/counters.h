/* SPDX-License-Identifier: Apache-2.0 */
/** @file counters.h
 * Hardware counters by perf_event_open: for every thread of a team its own groups of events, opened
 * inside a parallel region by the thread that is counted, summed over threads when read. A number
 * that cannot be had has a reason that says what to do.
 */
#ifndef VG_MEASURE_COUNTERS_H
#define VG_MEASURE_COUNTERS_H

#include <jansson.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vgbench/status.h"

typedef enum vg_counter {
    VG_COUNTER_cycles,
    VG_COUNTER_instructions,
    VG_COUNTER_flops, /**< single precision, an FMA is 2 */
    VG_COUNTER_l1_misses,
    VG_COUNTER_l2_misses,
    VG_COUNTER_l3_misses,
    VG_COUNTER_tlb_misses,
    VG_COUNTER_memory_bytes, /**< by the memory controllers: everything the machine moved */
    VG_COUNTER_COUNT
} vg_counter;

const char *vg_counter_name(vg_counter counter);

/** The kernel's side, so that tests can stand in for it. Calls give -errno on failure. */
typedef struct vg_perf_kernel {
    int (*open)(void *user, struct perf_event_attr *attr, pid_t pid, int cpu, int group);
    int (*control)(void *user, int fd, unsigned long request);
    ssize_t (*read)(void *user, int fd, void *data, size_t size);
    void (*close)(void *user, int fd);
    int (*paranoid)(void *user); /**< kernel.perf_event_paranoid */
    const char *vendor;          /**< of the CPU, as in /proc/cpuinfo: whose raw events apply */
    bool uncore;                 /**< look for memory controllers in /sys */
    void *user;
} vg_perf_kernel;

/** The running kernel. */
const vg_perf_kernel *vg_perf_kernel_get(void);

typedef struct vg_count {
    double value;   /**< scaled by enabled / running time; NAN: none */
    double running; /**< share of the time that the events were on the CPU; < 1: multiplexed */
    char reason[200];
} vg_count;

typedef struct vg_counts {
    vg_count c[VG_COUNTER_COUNT];
    char doubt[160]; /**< why the counts are not to be trusted, or "" */
} vg_counts;

typedef struct vg_counters vg_counters;

/** Opens the groups of @p threads threads, stopped. Counters that cannot be had are no failure:
 * their reason is kept. VG_ENOMEM. */
vg_status vg_counters_open(const vg_perf_kernel *kernel, int threads, vg_counters **counters);

void vg_counters_start(vg_counters *counters);
void vg_counters_stop(vg_counters *counters);
/** Goes on after a stop, from where the counts are. */
void vg_counters_resume(vg_counters *counters);

/** Sums since the last start. Cycles or instructions that are 0, or an IPC outside 0.01 to 16, are
 * named in `doubt`. */
void vg_counters_read(vg_counters *counters, vg_counts *counts);

/** Calls of a row are counted in batches of this length. */
enum { VG_COUNTED_BATCH_NS = 5000000 };

/** What counting costs: {start_stop_ns, share_of_10us} of one thread, or {reason}. A start and stop
 * stand around a batch of VG_COUNTED_BATCH_NS, or around every call (@p every_call); the share is
 * that of a kernel of 10 us. */
json_t *vg_counters_cost_json(const vg_perf_kernel *kernel, bool every_call);

void vg_counters_close(vg_counters *counters);

enum { VG_COUNTERS_REASON = 240 };

/** Whether cycles can be counted; otherwise the reason, and what to do, goes to @p text, of
 * VG_COUNTERS_REASON bytes. */
bool vg_counters_available(const vg_perf_kernel *kernel, char *text, size_t size);

/** What errno @p error of perf_event_open means, and what to do about it. */
void vg_perf_reason(int error, int paranoid, char *text, size_t size);

/** {name: value or null, name_reason: "..", name_running: 0.5 where multiplexed}; values divided by
 * @p runs. */
json_t *vg_counts_json(const vg_counts *counts, double runs);

#endif
