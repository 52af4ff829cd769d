/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/measure/stats.h"

#include <Random123/philox.h>
#include <math.h>
#include <stdbool.h>
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

double vg_stat_median_sorted(const double *sorted, size_t count)
{
    return count ? quantile_of_sorted(sorted, count, 0.5) : (double)NAN;
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

/* U of the first sample and the sum of t^3 - t over the ties; U is NAN for an empty sample or a value
 * that is not a number. */
static double rank_statistic(const double *a, size_t na, const double *b, size_t nb, double *ties)
{
    size_t n = na + nb;
    ranked *all = na && nb ? malloc(n * sizeof *all) : NULL;
    *ties = 0;
    if (!all)
        return (double)NAN;
    bool numbers = true;
    for (size_t i = 0; i < n; i++) {
        all[i] = i < na ? (ranked){a[i], 1} : (ranked){b[i - na], 0};
        numbers = numbers && !isnan(all[i].value);
    }
    qsort(all, n, sizeof *all, by_value);
    double rank_sum = 0;
    for (size_t i = 0, end; numbers && i < n; i = end) {
        for (end = i; end < n && all[end].value == all[i].value; end++) {
        }
        double t = (double)(end - i), rank = (double)(i + end + 1) / 2; /* mid-rank, from 1 */
        for (size_t k = i; k < end; k++)
            rank_sum += all[k].of_first ? rank : 0;
        *ties += t * t * t - t;
    }
    free(all);
    return numbers ? rank_sum - (double)na * ((double)na + 1) / 2 : (double)NAN;
}

static double asymptotic_p(double u, double x, double y, double ties)
{
    double mean = x * y / 2, total = x + y;
    double variance = x * y / 12 * (total + 1 - ties / (total * (total - 1)));
    if (!(variance > 0))
        return 1;
    double z = (fabs(u - mean) - 0.5) / sqrt(variance);
    return fmin(1, erfc((z > 0 ? z : 0) / sqrt(2)));
}

double vg_stat_mann_whitney(const double *a, size_t na, const double *b, size_t nb, double *u)
{
    double ties, u1 = rank_statistic(a, na, b, nb, &ties);
    if (isnan(u1))
        return u1;
    if (u)
        *u = u1;
    return asymptotic_p(u1, (double)na, (double)nb, ties);
}

enum { EXACT = 20 };

/* P(U <= u) under the null hypothesis; counts[i][j][v] rolls over i. */
static double exact_tail(int na, int nb, int u)
{
    static const int top = EXACT * EXACT;
    double now[EXACT + 1][EXACT * EXACT + 1] = {{0}};
    for (int j = 0; j <= nb; j++)
        now[j][0] = 1; /* no value of a: U = 0 in one way */
    for (int i = 1; i <= na; i++) {
        /* The largest of all is of a (it beats all j of b) or of b: ways(i, j, v) =
         * ways(i - 1, j, v - j) + ways(i, j - 1, v). In place, j ascending, v descending. */
        for (int j = 1; j <= nb; j++)
            for (int v = top; v >= 0; v--)
                now[j][v] = (v >= j ? now[j][v - j] : 0) + now[j - 1][v];
    }
    double below = 0, all = 0;
    for (int v = 0; v <= na * nb; v++) {
        all += now[nb][v];
        below += v <= u ? now[nb][v] : 0;
    }
    return below / all;
}

double vg_stat_rank_test(const double *a, size_t na, const double *b, size_t nb)
{
    double ties, u = rank_statistic(a, na, b, nb, &ties);
    if (isnan(u))
        return 1;
    if (ties == 0 && na <= EXACT && nb <= EXACT)
        return fmin(1, 2 * exact_tail((int)na, (int)nb,
                                      (int)fmin(u, (double)na * (double)nb - u)));
    return asymptotic_p(u, (double)na, (double)nb, ties);
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

typedef struct ordered {
    double p;
    size_t index;
} ordered;

static int by_p(const void *a, const void *b)
{
    const ordered *x = a, *y = b;
    if (x->p != y->p)
        return x->p > y->p ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

vg_status vg_stat_holm(double *p, size_t count)
{
    size_t tests = 0;
    ordered *order = malloc((count ? count : 1) * sizeof *order);
    if (!order)
        return vg_fail(VG_ENOMEM, "no memory for %zu p values", count);
    for (size_t i = 0; i < count; i++)
        if (!isnan(p[i]))
            order[tests++] = (ordered){p[i], i};
    qsort(order, tests, sizeof *order, by_p);
    double largest = 0; /* adjusted values never fall along the order */
    for (size_t k = 0; k < tests; k++) {
        largest = fmin(1, fmax(largest, order[k].p * (double)(tests - k)));
        p[order[k].index] = largest;
    }
    free(order);
    return VG_OK;
}
