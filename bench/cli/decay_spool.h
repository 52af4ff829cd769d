/* SPDX-License-Identifier: Apache-2.0 */
/** @file decay_spool.h
 * The records of a sweep on disk until its outputs are written: a sweep of any length takes the memory
 * of one point. The spool is a file without a name, which goes with the process.
 */
#ifndef VG_CLI_DECAY_SPOOL_H
#define VG_CLI_DECAY_SPOOL_H

#include <jansson.h>
#include <stdio.h>

#include "vgbench/status.h"

typedef struct vg_spool {
    FILE *file; /**< a record a line */
    long long count;
} vg_spool;

vg_status vg_spool_open(vg_spool *spool);
vg_status vg_spool_add(vg_spool *spool, const json_t *record);

/** Calls @p each with every record in turn. */
vg_status vg_spool_each(vg_spool *spool, vg_status (*each)(const json_t *record, void *data),
                        void *data);

/** Writes @p results (an object) with the records as its `decay` to @p path, atomically. */
vg_status vg_spool_save(vg_spool *spool, const json_t *results, const char *path);

void vg_spool_close(vg_spool *spool);

#endif
