/* SPDX-License-Identifier: Apache-2.0 */
/** @file topology.h
 * Caches and cores. By hwloc (which honours HWLOC_XMLFILE and HWLOC_SYNTHETIC) where it is built
 * in, otherwise from the operating system; every hwloc call is in topology.c.
 */
#ifndef VG_MEASURE_TOPOLOGY_H
#define VG_MEASURE_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

enum { VG_MAX_CACHES = 8, VG_MAX_KINDS = 8 };

typedef struct vg_cache {
    int level;
    char type; /**< 'd' data, 'i' instruction, 'u' unified */
    int64_t bytes;
    int line;      /**< bytes; 0 unknown */
    int ways;      /**< 0 unknown, -1 fully associative */
    int shared_by; /**< processing units */
} vg_cache;

/** Cores of a hybrid CPU that are alike. */
typedef struct vg_core_kind {
    char cpus[64];  /**< of the operating system: "0-3,8" */
    int efficiency; /**< 0 for the most frugal, the more the faster; -1 unknown */
} vg_core_kind;

typedef struct vg_topology {
    int packages, cores, pus, numa_nodes; /**< of the allowed set */
    int core_kinds; /**< 1, or more on a hybrid CPU (performance and efficient cores) */
    vg_core_kind kinds[VG_MAX_KINDS]; /**< core_kinds of them where there is more than one */
    bool cores_known;                 /**< that PUs are told from cores */
    bool this_system;                 /**< not given by HWLOC_XMLFILE or HWLOC_SYNTHETIC */
    vg_cache caches[VG_MAX_CACHES];
    int cache_count;
    const char *source;  /**< "hwloc 2.9.0" or "sysfs" */
    const char *problem; /**< why the topology that was asked for is not this one, or NULL */
} vg_topology;

/** One processing unit; package, NUMA node and core in the order of the machine. */
typedef struct vg_pu {
    int os; /**< number of the operating system */
    int package, numa, core;
    bool allowed; /**< by the cpuset of the control group; not by the affinity of the process */
} vg_pu;

/** Every processing unit of the topology that hwloc sees now, also those that are not allowed, into
 * *pus (the caller frees it). Returns how many: 0 without hwloc, or where it fails. *this_system:
 * false for a topology given by HWLOC_XMLFILE or HWLOC_SYNTHETIC. */
int vg_topology_pus(vg_pu **pus, bool *this_system);

/** Read once, then kept. */
const vg_topology *vg_topology_get(void);

/** "data", "instruction" or "unified". */
const char *vg_cache_type(char type);

/** Bytes of the data or unified cache of @p level as one thread sees it, or 0. */
int64_t vg_cache_bytes(int level);

#endif
