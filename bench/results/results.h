/* SPDX-License-Identifier: Apache-2.0 */
/** @file results.h
 * The result document (results.json): one jansson object, described by reports/schema/.
 *
 *   schema_version  1              suite    "quick", "standard", "publish" or the subcommand
 *   generator       {name, version}         command  as it should be typed again
 *   partial         true where a run was interrupted; absent otherwise
 *   elapsed_s       what `vgbench run` took to measure, in seconds
 *   context, benchmarks            as Google Benchmark writes them, with the keys below
 *   machine         of vg_machine_json()    verify   array, one entry per row
 *   noise           {floor, quantile, n, samples, ratios[], pairs[{kernel, ratio}],
 *                   by_threads{"1": ..}}; .012 = 1.2 %
 *   roofline        {roofs: [{name, kind: "flops"|"bandwidth", value, unit, threads, n, ci95}]}
 *   decay, train, race, profile    arrays of records
 *
 * Keys of a benchmark entry beside Google Benchmark's (name, run_name, run_type, repetitions,
 * repetition_index, threads, iterations, real_time (median), cpu_time, time_unit "ns"):
 *   kernel      canonical name         op dir backend   words      family      "dense", ...
 *   shape       {batch: 64, in: 64, out: 64, weights: "plain"}
 *   omp_threads used                   omp_threads_asked           max_isa     where capped
 *   cold_cache  "wei" or "all" where flushed                       cold_check  the proof of it
 *   impl        what ran               reference    true: reference code of oneDNN
 *   verified    true, false or null with verify_reason
 *   ulp_max     number or null         tolerance_used  largest error as a part of what is allowed
 *   samples_ns  mean time of an iteration, per batch, in the order measured; the k-th samples of
 *               the backends of one case were taken side by side
 *   ci95_ns [lo, hi] of the median     mad_ns       batch (iterations per sample)
 *   prepare_ns  creation and packing, outside the time
 *   flops bytes per iteration, of the model in ops.c    gflops gbps  at the median
 *   roof        {kind: "flops"|"bandwidth", value, unit}           roof_fraction
 *   ratios      [{base: "onednn", ratio, ci95 [lo, hi], pairs, p, verdict}]: time of base / time of
 *               this row, above 1: this row is faster; verdict FASTER SLOWER SAME AMBIGUOUS
 *   comparison  "within-process" or "processes:5"
 * A row without a time has error_occurred: true, error_message, and real_time 0.
 *
 * Numbers that are not finite are never written: they become null.
 */
#ifndef VG_RESULTS_H
#define VG_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "results/save.h"
#include "vgbench/status.h"

enum { VG_SCHEMA_VERSION = 1 };

/** A document with schema_version, generator, suite, command, context, machine, empty benchmarks.
 * The caller frees it. */
json_t *vg_results_new(const char *suite, const char *command);

/** The context object of Google Benchmark: date, host, CPUs, caches, load. */
json_t *vg_results_context(void);

/** Reads and validates a document. One-line messages that name the file: VG_EIO (cannot be read),
 * VG_EFORMAT (not JSON, truncated, newer schema, a key of the wrong type). A plain Google Benchmark
 * file (no schema_version) is taken, with empty sections. */
vg_status vg_results_load(const char *path, json_t **results);

/** Validates a document in memory; @p what names it in messages. */
vg_status vg_results_check(const json_t *results, const char *what);

/** What a document is called beside others: "dir/results.json" by its folder, "sid.json" by itself.
 * The caller frees it; NULL without memory. */
char *vg_results_name(const char *path);

/** Writes a document: a temporary file beside @p path, then rename. Path "-" is stdout. */
vg_status vg_results_save(const json_t *results, const char *path);

/* --- building ------------------------------------------------------------------------------ */

/** A number, or null where it is not finite. */
json_t *vg_json_number(double value);

/** Sets key to the number (null where not finite), the text (null where NULL). */
void vg_json_set_number(json_t *object, const char *key, double value);
void vg_json_set_text(json_t *object, const char *key, const char *text);

/** [lo, hi]; an array of @p count numbers. */
json_t *vg_json_interval(double lo, double hi);
json_t *vg_json_numbers(const double *values, size_t count);

/** The number of @p key, or NAN where it is absent or null. */
double vg_json_get_number(const json_t *object, const char *key);
/** An end (0: low, 1: high) of an interval, or NAN where it is absent or null. */
double vg_json_bound(const json_t *interval, int end);
/** The text of @p key, or @p otherwise. */
const char *vg_json_get_text(const json_t *object, const char *key, const char *otherwise);

#endif
