/* SPDX-License-Identifier: Apache-2.0 */
/* What times of unchanged code differ by between two runs: a process lays its memory out anew, and the
 * machine has other neighbours. The A/A floors are of one run and cannot see it; the rows can. */
#include <math.h>
#include <stdlib.h>

#include "bench/measure/stats.h"
#include "reports/compare.h"

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The densest half of sorted values (the shorth, Rousseeuw & Leroy 1988, with its correction for few values):
 * fewer than half of the rows may have changed in earnest, and it is still that of the others. */
static double densest_half(const double *sorted, int n, double *middle)
{
    int half = n / 2 + 1;
    double least = INFINITY;
    for (int i = 0; i + half <= n; i++) {
        double low = sorted[i], width = sorted[i + half - 1] - low;
        if (width < least) {
            least = width;
            *middle = low + width / 2;
        }
    }
    return 1.4826 * (1 + 5.0 / (n - 1)) * least / 2;
}

/* One step from there: the plain estimate of what lies within 2.5 of these deviations, which of a normal
 * distribution is less than its own. */
double vg_spread_of(double *ln, int n)
{
    const double cut = 0.9546; /* sqrt(1 - 2 z phi(z) / (2 Phi(z) - 1)), z = 2.5 */
    double middle = 0, sum = 0, squares = 0, first;
    int kept = 0;
    if (n < VG_SPREAD_LEAST)
        return 0;
    qsort(ln, (size_t)n, sizeof *ln, ascending);
    first = densest_half(ln, n, &middle);
    for (int i = 0; i < n; i++) {
        double off = ln[i] - middle;
        if (!(fabs(off) <= 2.5 * first))
            continue;
        kept++;
        sum += off;
        squares += off * off;
    }
    return kept > 1 ? sqrt((squares - sum * sum / kept) / (kept - 1)) / cut : first;
}

/* Rows of @p threads threads; 0: all. */
static double rows_spread(const vg_comparison *k, double *ln, int threads)
{
    int n = 0;
    for (int i = 0; i < k->count; i++)
        if (!k->rows[i].why && isfinite(k->rows[i].ratio.mid) &&
            (!threads || k->rows[i].threads == threads))
            ln[n++] = log(k->rows[i].ratio.mid);
    return vg_spread_of(ln, n);
}

vg_status vg_spread_widen(vg_comparison *k)
{
    double *ln = calloc((size_t)k->count + 1, sizeof *ln);
    int threads = 0;
    double spread = 0;
    if (!ln)
        return vg_fail(VG_ENOMEM, "no memory for %d rows", k->count);
    k->spread = rows_spread(k, ln, 0);
    for (int i = 0; i < k->count; i++) {
        vg_compared *c = &k->rows[i];
        if (c->threads != threads) { /* rows come sorted by it, or nearly */
            threads = c->threads;
            spread = rows_spread(k, ln, threads);
            spread = spread > 0 ? spread : k->spread;
        }
        /* fmax would make an unknown floor known */
        double floor = expm1(vg_tail_z(0.025) * spread);
        c->floor = c->floor < floor ? floor : c->floor;
        c->gate = c->gate < sqrt(2) * floor ? sqrt(2) * floor : c->gate;
    }
    free(ln);
    return VG_OK;
}
