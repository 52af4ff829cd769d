/* SPDX-License-Identifier: Apache-2.0 */
/** @file entries.h
 * Timed cases as entries of a result document, and as rows of the table.
 */
#ifndef VG_MICRO_ENTRIES_H
#define VG_MICRO_ENTRIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/options.h"
#include "measure/binding.h"
#include "measure/noise.h"
#include "micro/sampler.h"
#include "reports/stats.h"

/** What the table and the entries of a case need beside the samples. */
typedef struct vg_entry_context {
    const vg_noise *noise;
    const char *max_isa; /**< cap of the process, or NULL */
    uint64_t seed;       /**< of the bootstrap */
    int resamples;
} vg_entry_context;

/** One line of the comparison of a case. */
typedef struct vg_case_comparison {
    const vg_row_result *best, *base; /**< base: oneDNN; either may be NULL */
    double best_ns, best_lo, best_hi, base_ns, base_lo, base_hi;
    double ratio, lo, hi; /**< time of base / time of best; NAN without both */
    bool contradicted;    /**< the ratio of the two medians says another thing */
    double rate;          /**< FLOP/s or bytes/s of best */
    bool by_flops;
    double roof_fraction, ulp_max;
    vg_verdict verdict;
    const char *max_isa; /**< cap of both, or NULL */
    char crowded[VG_CROWDED_TEXT]; /**< "8 threads on 2 CPUs": why nothing is called; or "" */
} vg_case_comparison;

/** Appends one entry per row of the case to @p benchmarks. */
vg_status vg_entries_add(json_t *benchmarks, const vg_case_result *result,
                         const vg_entry_context *context);

vg_status vg_compare_case(const vg_case_result *result, const vg_entry_context *context,
                          vg_case_comparison *comparison);

/** @p width: columns of the longest vg_case_format(). */
void vg_bench_table_head(FILE *out, vg_format format, int width, vg_cold cold);
void vg_bench_table_row(FILE *out, vg_format format, int width, bool color,
                        const vg_case_result *result, const vg_case_comparison *comparison);

/** Counts of verdicts and the geometric mean of the ratios, per thread count. */
void vg_bench_table_foot(FILE *out, const vg_case_comparison *comparisons, const int *threads,
                         int count);

#endif
