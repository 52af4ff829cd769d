/* SPDX-License-Identifier: Apache-2.0 */
/** @file stats.h
 * Statistics of timing samples: a library of its own (vgstats), for what measures and what reports,
 * that needs nothing but vg_status. No outlier is removed anywhere: medians and intervals of the whole
 * sample. Functions that take no scratch memory sort a copy; NAN where a statistic does not exist.
 */
#ifndef VG_MEASURE_STATS_H
#define VG_MEASURE_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

typedef struct vg_interval {
    double lo, hi;
} vg_interval;

/** Quantile q in [0, 1] by linear interpolation (type 7 of Hyndman and Fan 1996, as numpy). */
double vg_stat_quantile(const double *values, size_t count, double q);
double vg_stat_median(const double *values, size_t count);
/** Of values that are ascending already: no copy. */
double vg_stat_median_sorted(const double *sorted, size_t count);

/** Median absolute deviation from the median, unscaled. */
double vg_stat_mad(const double *values, size_t count);

/** Geometric mean of positive values. */
double vg_stat_geomean(const double *values, size_t count);

/** Percentile bootstrap interval of the median at @p level (0.95) with @p resamples drawn by Philox
 * from @p seed: the same numbers everywhere. Fewer than 2 values give NANs. */
vg_status vg_stat_median_ci(const double *values, size_t count, double level, int resamples,
                            uint64_t seed, vg_interval *interval);

/** Median of a[k] / b[k] over the pairs, and its bootstrap interval (pairs are drawn together). */
vg_status vg_stat_ratio_ci(const double *a, const double *b, size_t count, double level,
                           int resamples, uint64_t seed, double *ratio, vg_interval *interval);

/** Two-sided p of the Mann-Whitney U test, normal approximation with tie and continuity
 * correction (as scipy.stats.mannwhitneyu, method "asymptotic"); @p u: U of the first sample. */
double vg_stat_mann_whitney(const double *a, size_t na, const double *b, size_t nb, double *u);

/** Two-sided p of the same test, exact where both samples have at most 20 values and there are no
 * ties, else by the approximation; 1 for an empty sample or a value that is not a number. */
double vg_stat_rank_test(const double *a, size_t na, const double *b, size_t nb);

/** Hodges-Lehmann estimate of the shift: median of all a[i] - b[j]. */
double vg_stat_hodges_lehmann(const double *a, size_t na, const double *b, size_t nb);

/** Holm's step-down adjustment of p values, in place. NANs are left out and stay. VG_ENOMEM. */
vg_status vg_stat_holm(double *p, size_t count);

/** Uniform in [0, n) from a Philox counter: @p index of stream @p seed. */
uint64_t vg_stat_random(uint64_t seed, uint64_t index, uint64_t n);

#endif
