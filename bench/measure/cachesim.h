/* SPDX-License-Identifier: Apache-2.0 */
/** @file cachesim.h
 * Simulated counters: rows run once under callgrind with caches of the geometry that topology.h
 * gives. They are counts of a model (two levels at a time, LRU, no prefetch, write-allocate), not
 * of the machine, but the same in every run. One thread; what valgrind knows of the CPU decides the
 * path: AVX2 on x86-64, NEON on AArch64.
 */
#ifndef VG_MEASURE_CACHESIM_H
#define VG_MEASURE_CACHESIM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "measure/topology.h"
#include "vgbench/status.h"

/** A cache as it is and as it is simulated. */
typedef struct vg_sim_cache {
    vg_cache real;
    int64_t bytes; /**< sets x ways x line; the number of sets a power of two */
    int ways, line;
    bool exact; /**< the same as the real one */
} vg_sim_cache;

enum { VG_SIM_LEVELS = 3, VG_SIM_PROCESSES_MAX = 64 };

/** The caches to simulate: first-level instruction and data, and every further level there is. */
typedef struct vg_sim_geometry {
    vg_sim_cache i1, d1, outer[VG_SIM_LEVELS - 1];
    int outers;
} vg_sim_geometry;

/** From @p topology. What it does not know (no ways, fully associative) becomes 8 ways in the first
 * level and 16 further out. VG_EUNSUPPORTED where it knows no first-level data cache. */
vg_status vg_sim_geometry_of(const vg_topology *topology, vg_sim_geometry *geometry);

/** [{level, type, size, ways, line, simulated_size, simulated_ways, exact}] */
json_t *vg_sim_geometry_json(const vg_sim_geometry *geometry);

/** Backend whose rows run under valgrind on this architecture: "avx2", "neon" or "scalar". */
const char *vg_sim_backend(void);

typedef struct vg_sim_request {
    const char *const *words; /**< of `vgbench simulate`, NULL-terminated */
    int processes;            /**< shares of the rows: 1 .. VG_SIM_PROCESSES_MAX */
    int parallel;             /**< processes side by side */
    const vg_sim_geometry *geometry;
    const char *valgrind; /**< program; NULL: "valgrind" on the PATH */
} vg_sim_request;

/** Runs the rows that @p request->words ask for; one pass for every level beyond the first. *rows
 * becomes an array in the order of the rows, {place, kernel, impl, cold{}, hot{}} or {place,
 * kernel, error}; cold (every cache empty) and hot (the run after it) are {instructions, loads,
 * stores, l1i_misses, l1_misses, l2_misses, l3_misses, l1_bytes, l2_bytes, l3_bytes}: data misses
 * of a level, and the bytes that they bring into it. @p creator (64 bytes) becomes
 * "callgrind-3.19.0". VG_EUNSUPPORTED where valgrind cannot be run, VG_EEXTERNAL where it failed. */
vg_status vg_sim_run(const vg_sim_request *request, json_t **rows, char creator[64]);

#endif
