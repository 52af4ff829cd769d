/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/stats.h"

#include <Random123/philox.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *sorted_copy(const double *values, size_t count)
{
    double *copy = malloc((count ? count : 1) * sizeof *copy);
    if (!copy)
        return NULL;
    memcpy(copy, values, count * sizeof *copy);
    qsort(copy, count, sizeof *copy, ascending);
    return copy;
}

static double quantile_of_sorted(const double *sorted, size_t count, double q)
{
    double position = q * (double)(count - 1);
    size_t below = (size_t)position;
    if (below + 1 >= count)
        return sorted[count - 1];
    return sorted[below] + (position - (double)below) * (sorted[below + 1] - sorted[below]);
}

double vg_stat_quantile(const double *values, size_t count, double q)
{
    double *sorted = count ? sorted_copy(values, count) : NULL;
    if (!sorted)
        return (double)NAN;
    double result = quantile_of_sorted(sorted, count, q);
    free(sorted);
    return result;
}

double vg_stat_median(const double *values, size_t count)
{
    return vg_stat_quantile(values, count, 0.5);
}

double vg_stat_mad(const double *values, size_t count)
{
    double *copy = count ? malloc(count * sizeof *copy) : NULL;
    if (!copy)
        return (double)NAN;
    double median = vg_stat_median(values, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = fabs(values[i] - median);
    double result = vg_stat_median(copy, count);
    free(copy);
    return result;
}

double vg_stat_geomean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += log(values[i]);
    return count ? exp(sum / (double)count) : (double)NAN;
}

/* --- bootstrap ------------------------------------------------------------------------------ */

uint64_t vg_stat_random(uint64_t seed, uint64_t index, uint64_t n)
{
    philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32), 0x62656e63, 0}};
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    philox4x32_ctr_t r = philox4x32(counter, key);
    uint64_t word = (uint64_t)r.v[0] << 32 | r.v[1];
    return (uint64_t)(((__uint128_t)word * n) >> 64);
}

/* Hoare's selection: afterwards values[k] is the k-th smallest, smaller ones before it. */
static double select_kth(double *values, size_t count, size_t k)
{
    size_t lo = 0, hi = count - 1;
    while (lo < hi) {
        double pivot = values[lo + (hi - lo) / 2];
        size_t i = lo, j = hi;
        for (;;) {
            /* NOLINTBEGIN(clang-analyzer-core.*): the pivot stops both before the ends */
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            /* NOLINTEND(clang-analyzer-core.*) */
            if (i >= j)
                break;
            double t = values[i];
            values[i++] = values[j];
            values[j--] = t;
        }
        if (values[j] > pivot)
            j--;
        if (k <= j)
            hi = j;
        else
            lo = j + 1;
    }
    return values[k];
}

static double median_in_place(double *values, size_t count)
{
    double upper = select_kth(values, count, count / 2);
    if (count % 2)
        return upper;
    double lower = values[0];
    for (size_t i = 1; i < count / 2; i++)
        lower = values[i] > lower ? values[i] : lower;
    return lower + (upper - lower) / 2;
}

/* Four indices from one Philox block: a resample costs less than its median. */
static void resample(const double *values, size_t count, uint64_t seed, uint32_t round,
                     double *drawn)
{
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    for (size_t i = 0; i < count; i += 4) {
        philox4x32_ctr_t counter = {{(uint32_t)i, round, 0x626f6f74, 0}};
        philox4x32_ctr_t r = philox4x32(counter, key);
        for (size_t j = 0; j < 4 && i + j < count; j++)
            drawn[i + j] = values[((uint64_t)r.v[j] * count) >> 32];
    }
}

vg_status vg_stat_median_ci(const double *values, size_t count, double level, int resamples,
                            uint64_t seed, vg_interval *interval)
{
    *interval = (vg_interval){(double)NAN, (double)NAN};
    if (count < 2 || resamples < 2)
        return VG_OK;
    double *memory = malloc((count + (size_t)resamples) * sizeof *memory);
    if (!memory)
        return vg_fail(VG_ENOMEM, "bootstrap: out of memory for %zu samples", count);
    double *medians = memory + count;
    for (int r = 0; r < resamples; r++) {
        resample(values, count, seed, (uint32_t)r, memory);
        medians[r] = median_in_place(memory, count);
    }
    qsort(medians, (size_t)resamples, sizeof *medians, ascending);
    interval->lo = quantile_of_sorted(medians, (size_t)resamples, (1 - level) / 2);
    interval->hi = quantile_of_sorted(medians, (size_t)resamples, (1 + level) / 2);
    free(memory);
    return VG_OK;
}

vg_status vg_stat_ratio_ci(const double *a, const double *b, size_t count, double level,
                           int resamples, uint64_t seed, double *ratio, vg_interval *interval)
{
    double *ratios = malloc((count ? count : 1) * sizeof *ratios);
    if (!ratios)
        return vg_fail(VG_ENOMEM, "bootstrap: out of memory for %zu pairs", count);
    for (size_t i = 0; i < count; i++)
        ratios[i] = a[i] / b[i];
    *ratio = vg_stat_median(ratios, count);
    vg_status status = vg_stat_median_ci(ratios, count, level, resamples, seed, interval);
    free(ratios);
    return status;
}

/* --- tests ---------------------------------------------------------------------------------- */

typedef struct ranked {
    double value;
    int of_first;
} ranked;

static int by_value(const void *a, const void *b)
{
    double x = ((const ranked *)a)->value, y = ((const ranked *)b)->value;
    return (x > y) - (x < y);
}

double vg_stat_mann_whitney(const double *a, size_t na, const double *b, size_t nb, double *u)
{
    size_t n = na + nb;
    ranked *all = na && nb ? malloc(n * sizeof *all) : NULL;
    if (!all)
        return (double)NAN;
    for (size_t i = 0; i < n; i++)
        all[i] = i < na ? (ranked){a[i], 1} : (ranked){b[i - na], 0};
    qsort(all, n, sizeof *all, by_value);
    double rank_sum = 0, ties = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && all[end].value == all[i].value; end++) {
        }
        double t = (double)(end - i), rank = (double)(i + end + 1) / 2; /* mid-rank, from 1 */
        for (size_t k = i; k < end; k++)
            rank_sum += all[k].of_first ? rank : 0;
        ties += t * t * t - t;
    }
    free(all);
    double x = (double)na, y = (double)nb, total = x + y;
    double u1 = rank_sum - x * (x + 1) / 2, mean = x * y / 2;
    double variance = x * y / 12 * (total + 1 - ties / (total * (total - 1)));
    if (u)
        *u = u1;
    if (!(variance > 0))
        return 1;
    double z = (fabs(u1 - mean) - 0.5) / sqrt(variance);
    return fmin(1, erfc((z > 0 ? z : 0) / sqrt(2)));
}

double vg_stat_hodges_lehmann(const double *a, size_t na, const double *b, size_t nb)
{
    double *shifts = na && nb ? malloc(na * nb * sizeof *shifts) : NULL;
    if (!shifts)
        return (double)NAN;
    for (size_t i = 0; i < na; i++)
        for (size_t j = 0; j < nb; j++)
            shifts[i * nb + j] = a[i] - b[j];
    double median = median_in_place(shifts, na * nb);
    free(shifts);
    return median;
}

void vg_stat_holm(double *p, size_t count)
{
    size_t tests = 0, *order = malloc((count ? count : 1) * sizeof *order);
    if (!order)
        return;
    for (size_t i = 0; i < count; i++) {
        if (isnan(p[i]))
            continue;
        size_t k = tests++;
        for (; k > 0 && p[order[k - 1]] > p[i]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    double largest = 0; /* adjusted values never fall along the order */
    for (size_t k = 0; k < tests; k++) {
        double adjusted = fmin(1, p[order[k]] * (double)(tests - k));
        largest = fmax(largest, adjusted);
        p[order[k]] = largest;
    }
    free(order);
}
