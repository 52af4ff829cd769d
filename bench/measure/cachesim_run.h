/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a simulation and the files they write. */
#ifndef VG_MEASURE_CACHESIM_RUN_H
#define VG_MEASURE_CACHESIM_RUN_H

#include "measure/cachesim.h"

/* A folder of its own; the names have the same length in every run, because the arguments lie on
 * the stack of the simulated program. */
typedef struct vg_sim_files {
    char dir[64];
    int processes; /* whose files may be there */
} vg_sim_files;

vg_status vg_sim_files_make(vg_sim_files *files);
void vg_sim_files_remove(vg_sim_files *files);

/* Runs all processes of one pass and waits for them; @p last stands as the last level. */
vg_status vg_sim_processes(const vg_sim_request *request, const vg_sim_cache *last,
                           vg_sim_files *files);

/* The list and callgrind's output of one process; the caller frees both. */
vg_status vg_sim_load(const vg_sim_files *files, int process, json_t **list, char **text,
                      size_t *size);

#endif
