/* SPDX-License-Identifier: Apache-2.0 */
/** @file profile.h
 * The records of `vgbench profile`: what each holds is in reports/schema/profile.schema.json.
 */
#ifndef VG_CLI_PROFILE_H
#define VG_CLI_PROFILE_H

#include <jansson.h>
#include <stdio.h>

#include "cli/options.h"
#include "harness/spec.h"
#include "measure/cold.h"
#include "micro/cases.h"

typedef struct vg_profile_query {
    const char *filter, *shapes;
    bool scaling, working_set;
    int64_t largest_mib;  /**< working_set: largest tensor; 0: by the caches */
    const char *counters; /**< "auto", "pmu", "sim", "none" */
    vg_cold cold;         /**< caches that counts and times are shown of */
    vg_words words;       /**< a spec of networks, or none */
    const vg_options *options;
} vg_profile_query;

/** Cache behaviour of every selected kernel row: a record of kind "kernels". */
vg_status vg_profile_kernels(const vg_profile_query *query, json_t **record);
void vg_profile_kernels_table(FILE *out, vg_format format, const json_t *record);

/** Forward and backward pass of every network of the spec: a record of kind "steps". */
vg_status vg_profile_steps(const vg_profile_query *query, json_t **record);
void vg_profile_steps_table(FILE *out, vg_format format, const json_t *record);

/** Time of rows or networks on 1 thread and on more: a record of kind "scaling". */
vg_status vg_profile_scaling(const vg_profile_query *query, json_t **record);
void vg_profile_scaling_table(FILE *out, vg_format format, const json_t *record);

/** Time of rows on growing tensors: a record of kind "working_set". */
vg_status vg_profile_sets(const vg_profile_query *query, json_t **record);
void vg_profile_sets_table(FILE *out, vg_format format, const json_t *record);

/** Says what stands in the way of what was asked for: a topology that cannot be read, more threads
 * than CPUs. Everything goes on. */
void vg_profile_conditions(const vg_options *options);

/** VG_EINVAL where valgrind cannot run a backend of the list: it knows no AVX-512. */
vg_status vg_profile_can_simulate(const char *backends);

/** Whether counts come from "pmu", "sim" or "none". VG_EUNSUPPORTED where pmu was asked for by name
 * and is not there; the message says why, and the source is none. */
vg_status vg_profile_source(const char *wanted, const char **source);

/** The reason for no counts where none were asked for. */
extern const char vg_profile_no_counts[];

/** Says under a table how its counts were simulated; nothing where they were not. */
void vg_profile_simulated_note(FILE *out, const json_t *record);

/** Runs `vgbench simulate` with @p words, in @p shares of the rows, as many side by side as there are
 * CPUs, and sets source, tool, isa, caches and rows of @p record;
 * a simulation that cannot be had is its `reason`, and rows is empty. */
vg_status vg_profile_simulate(const char *const words[], int shares, json_t *record);

/** Counts the rows of @p cases on the CPU's own counters into @p record. */
vg_status vg_profile_pmu(const vg_case_list *cases, vg_cold cold, bool quiet, json_t *record);

/** "hot", "cold_weights", "cold": the member of a row that holds the counts of a mode. */
const char *vg_profile_state(vg_cold mode);

/** Times the rows of @p cases, which are those of @p record, with hot and with cold caches in turn:
 * `cold_cache` of each, with the proof that it was cold. */
vg_status vg_profile_cold_rows(const vg_case_list *cases, vg_cold mode, bool quiet, json_t *record);

/** The same of a forward and backward pass. */
vg_status vg_profile_cold_step(const vg_spec *spec, vg_cold mode, json_t *row);

/** Misses of a level as bytes into it, under the names that simulated counts have. */
void vg_profile_add_bytes(json_t *counts);

/** {kernel, op, dir, backend, elements, flops, bytes}: what is known of a row before it runs. */
json_t *vg_profile_entry(const vg_kernel *kernel, const vg_shape *shape, int threads);

/* --- tables --------------------------------------------------------------------------------- */

/** A row of cells in the given format; the first is padded to @p width, as text tables need. */
void vg_profile_row(FILE *out, vg_format format, int width, const char *const cells[], int count);
/** The line below the head that Markdown needs. */
void vg_profile_rule(FILE *out, vg_format format, int count);
/** "1234", "12.3k", "1.23M": short enough for a column; plain digits for CSV. */
const char *vg_profile_count(double value, vg_format format, char text[32]);

#endif
