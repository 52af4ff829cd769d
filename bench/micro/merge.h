/* SPDX-License-Identifier: Apache-2.0 */
/** @file merge.h
 * The same cases timed by several processes become one set of entries. The process is the unit of
 * analysis: placement of code and data differs between processes, not within one.
 */
#ifndef VG_MICRO_MERGE_H
#define VG_MICRO_MERGE_H

#include <jansson.h>
#include <stdint.h>

#include "vgbench/status.h"

/** Adds document @p pass of process @p number (from 0) to @p results: samples are appended with
 * their process in samples_process, ratios are collected, A/A pairs and roofs too. */
vg_status vg_merge_pass(json_t *results, const json_t *pass, int number);

/** After the last pass: medians, ratios (median over the processes), intervals (bootstrap over the
 * processes) and verdicts of all merged entries. */
vg_status vg_merge_finish(json_t *results, int processes, uint64_t seed);

#endif
