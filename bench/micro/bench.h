/* SPDX-License-Identifier: Apache-2.0 */
/** @file bench.h
 * Times a list of cases and fills a result document: noise floor first, then case by case.
 */
#ifndef VG_MICRO_BENCH_H
#define VG_MICRO_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/options.h"
#include "micro/cases.h"
#include "micro/sampler.h"

typedef struct vg_bench_request {
    const vg_case_list *cases;
    vg_sampling sampling;
    int noise_cases; /**< A/A pairs per thread count */
    int resamples;   /**< of every bootstrap */
    double deadline; /**< vg_clock_s() after which no case is begun; 0: none */
    const char *max_isa;
    bool quiet, color;
    FILE *table;                  /**< NULL: no table */
    vg_format format;             /**< of the table */
    FILE *copies[VG_MAX_OUTPUTS]; /**< further tables, without colour: -o FILE.md, FILE.csv */
    vg_format copy_formats[VG_MAX_OUTPUTS];
    int copy_count;
    /** Called after every case, to save what there is; may be NULL. */
    void (*after_case)(void *user, json_t *results);
    void *user;
} vg_bench_request;

typedef struct vg_bench_summary {
    int cases, rows;
    int failed;   /**< own rows that did not verify */
    int foreign;  /**< rows of a library that did not: nobody wins there, and nothing has failed */
    int warm;     /**< rows that a cold mode could not make cold, or that have no weights */
    int above;    /**< rows above their measured roof */
    int brief;    /**< rows of a cold mode that are near the resolution of the clock */
    int left_out; /**< cases behind the deadline or an interrupt */
} vg_bench_summary;

/** Appends to results.benchmarks; sets results.noise and results.roofline. */
vg_status vg_bench_cases(const vg_bench_request *request, json_t *results,
                         vg_bench_summary *summary);

#endif
