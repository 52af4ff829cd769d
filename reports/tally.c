/* SPDX-License-Identifier: Apache-2.0 */
/* Cases counted and averaged: extremes, tallies and what a tally is called. */
#include <math.h>

#include "reports/rows.h"

double vg_problem_contradiction(const vg_rows *rows, const vg_problem *c)
{
    if (c->verdict == VG_VERDICT_NONE || *c->crowded)
        return NAN;
    double medians = rows->rows[c->base].ns.mid / rows->rows[c->own].ns.mid;
    return vg_medians_contradict(medians, c->ratio, c->floor) ? medians : NAN;
}

void vg_extreme_keep(vg_extreme *list, const vg_problem *c, double sign)
{
    int at = list->count;
    while (at > 0 && sign * c->ratio.mid < sign * list->cases[at - 1]->ratio.mid)
        at--;
    if (at == 5)
        return;
    int last = list->count < 5 ? list->count++ : 4;
    for (int i = last; i > at; i--)
        list->cases[i] = list->cases[i - 1];
    list->cases[at] = c;
}

void vg_tally_add(vg_tally *tally, const vg_problem *c)
{
    ++*vg_verdict_pick(c->verdict, &tally->none, &tally->faster, &tally->slower, &tally->same,
                       &tally->ambiguous);
    if (c->verdict == VG_VERDICT_NONE)
        return;
    if (*c->crowded) {
        tally->crowded++;
        return;
    }
    double ln = log(c->ratio.mid);
    bool first = vg_tally_meant(tally) == 1;
    tally->sum_ln += ln;
    tally->sum_var += c->sd * c->sd;
    tally->floor = isnan(tally->floor) || c->floor <= tally->floor ? tally->floor : c->floor;
    tally->least = first ? c->ratio.mid : fmin(tally->least, c->ratio.mid);
    tally->most = first ? c->ratio.mid : fmax(tally->most, c->ratio.mid);
}

int vg_tally_count(const vg_tally *tally)
{
    return tally->faster + tally->slower + tally->same + tally->ambiguous;
}

int vg_tally_meant(const vg_tally *tally)
{
    return vg_tally_count(tally) - tally->crowded;
}

static vg_estimate mean_with(const vg_tally *tally, double least)
{
    int n = vg_tally_meant(tally);
    if (!n)
        return (vg_estimate){NAN, NAN, NAN};
    double mid = tally->sum_ln / n, half = 1.96 * sqrt(tally->sum_var) / n;
    half = half > least ? half : least; /* NaN stays */
    return (vg_estimate){exp(mid), exp(mid - half), exp(mid + half)};
}

vg_estimate vg_tally_mean(const vg_tally *tally)
{
    return mean_with(tally, log1p(tally->floor));
}

vg_verdict vg_tally_verdict(const vg_tally *tally)
{
    if (vg_tally_count(tally) != 1)
        return vg_verdict_of(mean_with(tally, 0), tally->floor);
    return tally->faster   ? VG_FASTER
           : tally->slower ? VG_SLOWER
           : tally->same   ? VG_SAME
                           : VG_AMBIGUOUS;
}
