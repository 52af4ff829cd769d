/* SPDX-License-Identifier: Apache-2.0 */
/** @file system.h
 * What the operating system says: small readers of /proc and /sys for the machine record.
 */
#ifndef VG_MEASURE_SYSTEM_H
#define VG_MEASURE_SYSTEM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/** First line of a file into @p text; false (and "") where it cannot be read. */
bool vg_read_line(const char *path, char *text, size_t size);

/** The value of "key : value" in /proc/cpuinfo into @p text. */
bool vg_cpuinfo(const char *key, char *text, size_t size);

/** CPUs the cgroup's quota allows (2.5 = two and a half), or NAN without a quota. */
double vg_cgroup_cpus(void);

/** kernel, distribution, thp, governor, driver, boost, aslr, cgroup_cpus, affinity,
 * memory_bytes. */
json_t *vg_os_json(void);

/** {available, reason, paranoid}: whether hardware counters can be opened, and if not, why. */
json_t *vg_pmu_json(void);

#endif
