/* SPDX-License-Identifier: Apache-2.0 */
/** @file stats.h
 * Samples by process, bootstrap intervals of ratios, verdicts; over the statistics of
 * bench/measure/stats.h. No outlier is ever removed.
 * Everything is deterministic: random draws come from a generator seeded by the caller.
 */
#ifndef VG_REPORTS_STATS_H
#define VG_REPORTS_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "vgbench/status.h"

typedef struct vg_estimate {
    double mid, lo, hi; /**< estimate and 95 % interval; NaN where there is none */
} vg_estimate;

/** Samples of one row, in groups by process. */
typedef struct vg_samples {
    double *x;  /**< grouped by process, ascending within a group; owned */
    int *start; /**< group g is x[start[g] .. start[g + 1]); owned */
    int n, groups;
    double *sorted; /**< all n ascending; owned (may be x itself) */
} vg_samples;

/** Copies @p n values; @p process says which process took each, NULL: all from one. */
vg_status vg_samples_init(vg_samples *s, const double *x, const int *process, int n);
void vg_samples_release(vg_samples *s);

/** Median and its distribution-free 95 % interval by order statistics (the whole range below six
 * samples). With several processes the interval is over the processes' medians where that is
 * wider. */
vg_estimate vg_samples_median(const vg_samples *s);

/** @p draws bootstrap values of ln(median of @p a / median of @p b), ascending order not implied.
 *
 * One process: medians of resamples. Several on both sides: the process is the unit; processes are
 * drawn jointly (one process ran both, interleaved), then resampled within, and the spread is
 * widened by sqrt(k / (k - 1)) for the small number k of processes.
 * Returns the estimate ln ratio. */
double vg_bootstrap_ratio(const vg_samples *a, const vg_samples *b, uint64_t seed, double *ln,
                          int draws);

/** @p draws bootstrap values of the median of @p s (of the mean of the processes' medians, the
 * process being the unit, where there are several; widened as above). Returns the estimate. */
double vg_bootstrap_median(const vg_samples *s, uint64_t seed, double *values, int draws);

/** 2.5 % and 97.5 % points of @p n draws (which are sorted in place) and the estimate @p mid. */
vg_estimate vg_draws_interval(double *draws, int n, double mid);

/** A seed from a name, for draws that depend on nothing else. */
uint64_t vg_seed_of(const char *name);

/** Verdict on a ratio (higher is faster): beyond the floor and sure of its side, within the floor,
 * or neither. */
typedef enum vg_verdict {
    VG_VERDICT_NONE = 0, /**< no comparison */
    VG_FASTER,
    VG_SLOWER,
    VG_SAME,
    VG_AMBIGUOUS
} vg_verdict;

/** The widest floor within which a ratio may still be called SAME: 5 %. */
#define VG_SAME_AT_MOST 0.05

/** Within one run: FASTER or SLOWER where the whole interval lies beyond the floor; SAME where it
 * lies within 1/(1 + floor) .. 1 + floor, and within 5 % if the floor is wider; AMBIGUOUS
 * otherwise, and always where the floor is unknown (NaN). */
vg_verdict vg_verdict_of(vg_estimate ratio, double floor);

/** Between two runs, where a rank test decides as well: FASTER or SLOWER where the interval
 * excludes 1 and the estimate lies beyond the gate; SAME and AMBIGUOUS as above. */
vg_verdict vg_verdict_gated(vg_estimate ratio, double gate);
const char *vg_verdict_name(vg_verdict verdict);

/** Whether the ratio of two medians lies further outside the interval of the ratio of pairs than
 * the floor (NaN: none) explains: the times jumped between levels while they were taken. */
bool vg_medians_contradict(double medians, vg_estimate ratio, double floor);
/** Which of the five counters is that of @p verdict. */
int *vg_verdict_pick(vg_verdict verdict, int *none, int *faster, int *slower, int *same,
                     int *ambiguous);

#endif
