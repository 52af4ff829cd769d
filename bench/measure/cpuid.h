/* SPDX-License-Identifier: Apache-2.0 */
/** @file cpuid.h
 * The data and instruction caches as CPUID lists them, and whether a topology agrees. A hypervisor
 * may answer for another CPU, or not at all.
 */
#ifndef VG_MEASURE_CPUID_H
#define VG_MEASURE_CPUID_H

#include <stdbool.h>
#include <stddef.h>

#include "measure/topology.h"

/** Registers eax, ebx, ecx, edx of a leaf; false where the CPU has no such leaf. */
typedef bool (*vg_cpuid_ask)(void *user, unsigned leaf, unsigned index, unsigned regs[4]);

/** Level, type and size of every cache of the first leaf that lists any: 4 (Intel), 0x8000001d or
 * 0x80000005 with 0x80000006 (AMD). Returns how many, and sets *leaf; 0 where none says anything. */
int vg_cpuid_caches(vg_cpuid_ask ask, void *user, vg_cache caches[VG_MAX_CACHES], unsigned *leaf);

/** The same of this CPU: 0 where it is none with CPUID. */
int vg_cpuid_caches_here(vg_cache caches[VG_MAX_CACHES], unsigned *leaf);

typedef enum vg_cpuid_verdict {
    VG_CPUID_NOTHING, /**< CPUID lists no caches */
    VG_CPUID_AGREES,
    VG_CPUID_DIFFERS
} vg_cpuid_verdict;

/** @p text: "agrees with ...", "differs from ...: L1 data has 32 KiB there, 48 KiB by CPUID" or
 * "says nothing ...": where caches are only in one of the two, that is a difference. */
vg_cpuid_verdict vg_cpuid_compare(const vg_topology *topology, const vg_cache *caches, int count,
                                  unsigned leaf, char *text, size_t size);

#endif
