/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a simulation and the files they write. */
#ifndef VG_MEASURE_CACHESIM_RUN_H
#define VG_MEASURE_CACHESIM_RUN_H

#include "measure/cachesim.h"

/* A folder of its own; the names have the same length in every run, because the arguments lie on
 * the stack of the simulated program. */
typedef struct vg_sim_files {
    char dir[64];
    int jobs; /* whose files may be there */
} vg_sim_files;

vg_status vg_sim_files_make(vg_sim_files *files);
void vg_sim_files_remove(vg_sim_files *files);

/* Runs the shares of the rows, each once for every outer level, @p request->parallel side by side, and
 * waits for them. Job i is share i % processes with outer level i / processes. */
vg_status vg_sim_processes(const vg_sim_request *request, vg_sim_files *files);

/* The list and callgrind's output of one job; the caller frees both. */
vg_status vg_sim_load(const vg_sim_files *files, int job, json_t **list, char **text,
                      size_t *size);

#endif
