/* SPDX-License-Identifier: Apache-2.0 */
/** @file sampler.h
 * Times the rows of a case: verified first, then batch by batch in random order, round by round, so
 * that the k-th samples of all rows were taken side by side.
 */
#ifndef VG_MICRO_SAMPLER_H
#define VG_MICRO_SAMPLER_H

#include <stdbool.h>

#include "measure/cold.h"
#include "measure/verify.h"
#include "micro/cases.h"

typedef struct vg_sampling {
    int min_rounds, max_rounds;
    double batch_ns; /**< length of a batch; longer where one iteration is */
    double seconds;  /**< for the rounds of a case */
    bool verify;
    int64_t iterations; /**< of every batch; 0: by batch_ns, or what the library finds */
    bool native;        /**< Google Benchmark's own repetitions and reporters */
    uint64_t seed;
    vg_cold cold; /**< other than VG_COLD_NONE: one call per sample, by vgbench's own loop */
} vg_sampling;

extern const vg_sampling vg_sampling_default;

typedef struct vg_row_result {
    const vg_kernel *kernel;
    char name[320];
    char error[240]; /**< not timed: why; "" otherwise */
    char impl[160];
    int verified; /**< 1, 0, or -1: not checked */
    char verify_reason[120];
    double ulp_max, tolerance_used;
    int used_threads;
    double prepare_ns;
    double *samples, *cpu; /**< ns per iteration */
    int count, capacity;
    int64_t batch;
    vg_cold_check cold; /**< of a cold mode */
    int round; /**< rows of the same round number were sampled together */
} vg_row_result;

typedef struct vg_case_result {
    const vg_case *c;
    vg_row_result rows[VG_BACKEND_COUNT];
    int count;
    vg_cold cold;
    /* samples of the best row beside the rows of the second group (plain C), which are slow and get
     * rounds of their own */
    vg_row_result anchor;
} vg_case_result;

/** Times a case. A row that fails is a row with an error; the call fails for lack of memory
 * only. */
vg_status vg_case_time(const vg_case *c, const vg_sampling *sampling, vg_case_result *result);

/** Times @p kernel against itself, in two rigs. Samples land in *a and *b. */
vg_status vg_case_time_twice(const vg_case *c, const vg_kernel *kernel, const vg_sampling *sampling,
                             vg_row_result *a, vg_row_result *b);

void vg_row_result_release(vg_row_result *row);
void vg_case_result_release(vg_case_result *result);

/** Result of backend @p backend with samples, or NULL. */
const vg_row_result *vg_case_row(const vg_case_result *result, vg_backend backend);

/** The samples of the best row that pair with those of @p row. */
const vg_row_result *vg_case_partner(const vg_case_result *result, const vg_row_result *row);

/** Whether a row of a cold mode is so short that reading the clock is more than 1 % of a sample. */
bool vg_row_brief(const vg_row_result *row);

#endif
