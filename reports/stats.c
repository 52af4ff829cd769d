/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/stats.h"

/* More processes than this are no protocol of ours, but a strange file: they are pooled. */
enum { MAX_PROCESSES = 256 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* --- random draws ----------------------------------------------------------------------------- */

static uint64_t next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double uniform(uint64_t *state)
{
    return ((double)(next(state) >> 11) + 0.5) * 0x1p-53;
}

static double normal(uint64_t *state)
{
    double r = sqrt(-2 * log(uniform(state)));
    return r * cos(6.283185307179586 * uniform(state));
}

/* Marsaglia and Tsang 2000, shape >= 1. */
static double gamma_draw(uint64_t *state, double shape)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = normal(state), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(uniform(state)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

/* The median of a resample of n out of n, without resampling: the resample's k-th order statistic
 * is sorted[floor(n B)] with B the k-th of n uniforms, which is Beta(k, n + 1 - k). */
static double resampled_median(const double *sorted, int n, uint64_t *state)
{
    int k = (n + 1) / 2;
    double g = gamma_draw(state, k), h = gamma_draw(state, n + 1 - k);
    double u = g / (g + h);
    int i = (int)(u * n);
    double low = sorted[i < n ? i : n - 1];
    if (n % 2)
        return low;
    /* The next order statistic is the least of the n - k uniforms left above u. */
    u += (1 - u) * (1 - pow(uniform(state), 1.0 / (n - k)));
    i = (int)(u * n);
    return 0.5 * (low + sorted[i < n ? i : n - 1]);
}

uint64_t vg_seed_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash;
}

/* --- samples ---------------------------------------------------------------------------------- */

vg_status vg_samples_init(vg_samples *s, const double *x, const int *process, int n)
{
    *s = (vg_samples){.n = n, .groups = 0};
    if (n <= 0)
        return VG_OK;
    s->x = malloc((size_t)n * sizeof *s->x);
    s->sorted = malloc((size_t)n * sizeof *s->sorted);
    s->start = malloc(((size_t)n + 1) * sizeof *s->start);
    char *taken = calloc((size_t)n, 1);
    if (!s->x || !s->sorted || !s->start || !taken) {
        free(taken);
        vg_samples_release(s);
        return vg_fail(VG_ENOMEM, "no memory for %d samples", n);
    }
    int filled = 0;
    for (int i = 0; i < n; i++) {
        if (taken[i])
            continue;
        if (s->groups == MAX_PROCESSES) { /* start again, pooled */
            free(taken);
            vg_samples_release(s);
            return vg_samples_init(s, x, NULL, n);
        }
        s->start[s->groups++] = filled;
        for (int j = i; j < n; j++) {
            if (!taken[j] && (!process || process[j] == process[i])) {
                taken[j] = 1;
                s->x[filled++] = x[j];
            }
        }
        int first = s->start[s->groups - 1];
        qsort(s->x + first, (size_t)(filled - first), sizeof *s->x, ascending);
    }
    s->start[s->groups] = filled;
    free(taken);
    memcpy(s->sorted, s->x, (size_t)n * sizeof *s->x);
    qsort(s->sorted, (size_t)n, sizeof *s->sorted, ascending);
    return VG_OK;
}

void vg_samples_release(vg_samples *s)
{
    free(s->x);
    free(s->sorted);
    free(s->start);
    *s = (vg_samples){0};
}

vg_estimate vg_samples_median(const vg_samples *s)
{
    vg_estimate ci = {vg_stat_median_sorted(s->sorted, s->n), NAN, NAN};
    if (s->n < 2)
        return ci;
    /* Ranks l and n + 1 - l cover the median with P = 1 - 2 P(Bin(n, 1/2) < l). */
    int l = (int)floor(0.5 * s->n - 0.98 * sqrt(s->n));
    l = s->n < 6 || l < 0 ? 0 : l;
    ci.lo = s->sorted[l];
    ci.hi = s->sorted[s->n - 1 - l];
    for (int g = 0; s->groups > 1 && g < s->groups; g++) {
        double m = vg_stat_median_sorted(s->x + s->start[g], s->start[g + 1] - s->start[g]);
        ci.lo = fmin(ci.lo, m);
        ci.hi = fmax(ci.hi, m);
    }
    return ci;
}

static double group_draw(const vg_samples *s, int g, uint64_t *state)
{
    return resampled_median(s->x + s->start[g], s->start[g + 1] - s->start[g], state);
}

static double group_ratio(const vg_samples *a, const vg_samples *b, int g)
{
    return log(vg_stat_median_sorted(a->x + a->start[g], a->start[g + 1] - a->start[g])) -
           log(vg_stat_median_sorted(b->x + b->start[g], b->start[g + 1] - b->start[g]));
}

double vg_bootstrap_ratio(const vg_samples *a, const vg_samples *b, uint64_t seed, double *ln,
                          int draws)
{
    uint64_t state = seed;
    if (a->n < 2 || b->n < 2) {
        for (int i = 0; i < draws; i++)
            ln[i] = NAN;
        return a->n && b->n ? log(vg_stat_median_sorted(a->sorted, a->n) /
                                  vg_stat_median_sorted(b->sorted, b->n))
                            : NAN;
    }
    int groups = a->groups == b->groups ? a->groups : 1;
    if (groups == 1) {
        for (int i = 0; i < draws; i++)
            ln[i] = log(resampled_median(a->sorted, a->n, &state)) -
                    log(resampled_median(b->sorted, b->n, &state));
        return log(vg_stat_median_sorted(a->sorted, a->n) / vg_stat_median_sorted(b->sorted, b->n));
    }
    double mid = 0, widen = sqrt((double)groups / (groups - 1));
    for (int g = 0; g < groups; g++)
        mid += group_ratio(a, b, g) / groups;
    for (int i = 0; i < draws; i++) {
        double sum = 0;
        for (int k = 0; k < groups; k++) {
            int g = (int)(uniform(&state) * groups);
            sum += log(group_draw(a, g, &state)) - log(group_draw(b, g, &state));
        }
        ln[i] = mid + widen * (sum / groups - mid);
    }
    return mid;
}

double vg_bootstrap_median(const vg_samples *s, uint64_t seed, double *values, int draws)
{
    uint64_t state = seed;
    double mid = 0, widen = 1;
    int groups = s->groups;
    if (groups <= 1) {
        groups = 1;
        mid = vg_stat_median_sorted(s->sorted, s->n);
    } else {
        widen = sqrt((double)groups / (groups - 1));
        for (int g = 0; g < groups; g++)
            mid +=
                vg_stat_median_sorted(s->x + s->start[g], s->start[g + 1] - s->start[g]) / groups;
    }
    for (int i = 0; i < draws; i++) {
        double sum = 0;
        for (int k = 0; k < groups && s->n > 1; k++)
            sum += group_draw(s, groups > 1 ? (int)(uniform(&state) * groups) : 0, &state);
        values[i] = s->n > 1 ? mid + widen * (sum / groups - mid) : NAN;
    }
    return mid;
}

vg_estimate vg_draws_interval(double *draws, int n, double mid)
{
    vg_estimate ci = {mid, NAN, NAN};
    if (n < 1 || isnan(draws[0]))
        return ci;
    qsort(draws, (size_t)n, sizeof *draws, ascending);
    ci.lo = draws[(int)(0.025 * (n - 1))];
    ci.hi = draws[(int)ceil(0.975 * (n - 1))];
    return ci;
}

/* --- verdict ---------------------------------------------------------------------------------- */

static vg_verdict same_or_not(vg_estimate ratio, double floor)
{
    double band = 1 + fmin(floor, VG_SAME_AT_MOST);
    if (isnan(floor))
        return VG_AMBIGUOUS;
    return ratio.lo >= 1 / band && ratio.hi <= band ? VG_SAME : VG_AMBIGUOUS;
}

vg_verdict vg_verdict_of(vg_estimate ratio, double floor)
{
    if (!isfinite(ratio.mid))
        return VG_VERDICT_NONE;
    if (ratio.lo > 1 + floor)
        return VG_FASTER;
    if (ratio.hi < 1 / (1 + floor))
        return VG_SLOWER;
    return same_or_not(ratio, floor);
}

vg_verdict vg_verdict_gated(vg_estimate ratio, double gate)
{
    if (!isfinite(ratio.mid))
        return VG_VERDICT_NONE;
    if (ratio.lo > 1 && ratio.mid > 1 + gate)
        return VG_FASTER;
    if (ratio.hi < 1 && ratio.mid < 1 / (1 + gate))
        return VG_SLOWER;
    return same_or_not(ratio, gate);
}

bool vg_medians_contradict(double medians, vg_estimate ratio, double floor)
{
    double slack = 1 + (isnan(floor) ? 0 : floor);
    return medians < ratio.lo / slack || medians > ratio.hi * slack;
}

const char *vg_verdict_name(vg_verdict verdict)
{
    static const char *const names[] = {"n/a", "FASTER", "SLOWER", "SAME", "AMBIGUOUS"};
    return names[verdict];
}

int *vg_verdict_pick(vg_verdict verdict, int *none, int *faster, int *slower, int *same,
                     int *ambiguous)
{
    switch (verdict) {
    case VG_FASTER:
        return faster;
    case VG_SLOWER:
        return slower;
    case VG_SAME:
        return same;
    case VG_AMBIGUOUS:
        return ambiguous;
    default:
        return none;
    }
}
