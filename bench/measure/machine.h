/* SPDX-License-Identifier: Apache-2.0 */
/** @file machine.h
 * What the numbers were measured on: hardware, operating system, runtimes and libraries.
 */
#ifndef VG_MEASURE_MACHINE_H
#define VG_MEASURE_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/** The library that runs the timing loop, as the record names it; version is NULL where the program
 * was built without. */
typedef struct vg_timing_library {
    const char *(*version)(void);
    const char *(*build_type)(void); /**< "release" or "debug" */
} vg_timing_library;

/** Set once, by main(): whoever measures does not know who loops. */
void vg_machine_set_timing_library(const vg_timing_library *library);

/** {host, cpu{model, vendor, arch, isa[usable], cores, threads, allowed_cpus, packages, numa_nodes,
 * hypervisor}, isa[{name, usable, reason}], caches[{level, type, size, line, ways, shared_by}],
 * os{kernel, distribution, thp, governor, driver, boost, aslr, cgroup_cpus, affinity,
 * memory_bytes},
 * openmp{runtimes, environment{}, wait_policy_set_by}, binding (see binding.h), software{onednn{version, year, current,
 * note}, benchmark{version, build_type, note}, hwloc, jansson, libc, compiler, flags{backend: ..}},
 * pmu{available, reason}, ftz, missing[], warnings[]}. What cannot be read is null. A new
 * reference. */
json_t *vg_machine_json(void);

/** Names of the OpenMP runtimes in the process, comma-separated, into @p text; returns how many. */
int vg_openmp_runtimes(char *text, size_t size);

/** "AMD EPYC 9354", or the architecture's name where the system does not say. */
const char *vg_cpu_model(void);

/** Megahertz the system reports for the first allowed CPU; 0 where it does not. */
double vg_cpu_mhz(void);

/** Whether a governor other than performance scales the clock. */
bool vg_cpu_scaling(void);

/** Total memory the process may use: the smaller of RAM and cgroup limit, in bytes. */
double vg_memory_limit(void);

#endif
