/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one kernel (operation, direction, backend, threads) taken together: a change of the code
 * moves all its shapes, while placement and alignment move each on its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/stats.h"
#include "reports/compare.h"

/* Fewer rows say no more than each for itself. */
enum { LEAST_ROWS = 3 };

/* The floor is the 95 % point of |ln ratio| of A/A pairs. */
static const double floor_z = 1.959963985;

double vg_tail_z(double tail)
{
    double lo = 0, hi = 40;
    for (int i = 0; i < 80; i++) {
        double z = 0.5 * (lo + hi);
        if (0.5 * erfc(z / sqrt(2)) > tail)
            lo = z;
        else
            hi = z;
    }
    return lo;
}

static vg_compared_group *group_of(vg_comparison *k, json_t *places, const char *name)
{
    json_t *place = json_object_get(places, name);
    if (place)
        return &k->groups[json_integer_value(place)];
    if (json_object_set_new(places, name, json_integer(k->group_count)))
        return NULL;
    vg_compared_group *g = &k->groups[k->group_count];
    *g = (vg_compared_group){.name = strdup(name), .ratio = {NAN, NAN, NAN}, .p = 1};
    if (!g->name)
        return NULL;
    k->group_count++;
    return g;
}

/* "relu/fwd/avx2, 1 thr." */
static char *name_of(const vg_row *row)
{
    vg_text name = {0};
    vg_text_printf(&name, "%s/%s/%s, %d thr.", row->op, row->dir, row->backend, row->threads);
    if (*row->max_isa)
        vg_text_printf(&name, ", cap %s", row->max_isa);
    if (*row->cold)
        vg_text_printf(&name, ", cold %s", row->cold);
    if (name.failed)
        free(name.p);
    return name.failed ? NULL : name.p;
}

vg_status vg_groups_add(vg_comparison *k, json_t *places, const vg_row *row, vg_compared *c)
{
    char *name = name_of(row);
    vg_compared_group *g = name ? group_of(k, places, name) : NULL;
    free(name);
    if (!g)
        return vg_fail(VG_ENOMEM, "no memory for the kernels");
    c->group = (int)(g - k->groups);
    return VG_OK;
}

/* Mean of ln ratio with a standard error that is never better than what the floor allows. */
static void sum_up(vg_comparison *k, vg_compared_group *g, int index)
{
    double sum = 0, squares = 0, variance = 0;
    for (int i = 0; i < k->count; i++) {
        const vg_compared *c = &k->rows[i];
        if (c->group != index || c->why || !isfinite(c->ratio.mid))
            continue;
        double ln = log(c->ratio.mid), sigma = log1p(c->floor) / floor_z;
        g->n++;
        sum += ln;
        squares += ln * ln;
        variance += sigma * sigma;
    }
    if (g->n < LEAST_ROWS)
        return;
    double mean = sum / g->n, spread = (squares - g->n * mean * mean) / (g->n - 1);
    g->floor = expm1(floor_z * sqrt(variance / g->n));
    double se = sqrt(fmax(spread, variance / g->n) / g->n);
    if (isnan(variance))
        return;
    g->ratio = (vg_estimate){exp(mean), exp(mean - 1.96 * se), exp(mean + 1.96 * se)};
    g->gate = fmax(k->min_effect, hypot(g->floor, k->drift)); /* drift does not average out */
    g->p = erfc(fabs(mean) / se / sqrt(2));
}

/* Rows of a kernel are timed one after the other and move together when the machine does, which the
 * spread of rows does not show: what most kernels moved by between the runs does. */
static void widen(vg_comparison *k, double *ln)
{
    int n = 0;
    for (int i = 0; i < k->group_count; i++)
        if (isfinite(k->groups[i].ratio.mid))
            ln[n++] = log(k->groups[i].ratio.mid);
    k->spread_groups = vg_spread_of(ln, n);
    if (k->spread_groups == 0)
        return;
    for (int i = 0; i < k->group_count; i++) {
        vg_compared_group *g = &k->groups[i];
        double mean = log(g->ratio.mid), se = log(g->ratio.hi / g->ratio.mid) / 1.96;
        if (!isfinite(mean))
            continue;
        se = fmax(se, k->spread_groups);
        g->ratio = (vg_estimate){exp(mean), exp(mean - 1.96 * se), exp(mean + 1.96 * se)};
        g->gate = fmax(g->gate, expm1(floor_z * k->spread_groups));
        g->p = erfc(fabs(mean) / se / sqrt(2));
    }
}

vg_status vg_groups_judge(vg_comparison *k)
{
    double *p = calloc((size_t)k->group_count + 1, sizeof *p);
    if (!p)
        return vg_fail(VG_ENOMEM, "no memory for %d kernels", k->group_count);
    for (int i = 0; i < k->group_count; i++)
        sum_up(k, &k->groups[i], i);
    if (!k->by_backend)
        widen(k, p);
    for (int i = 0; i < k->group_count; i++)
        p[i] = k->groups[i].p;
    vg_status status = vg_stat_holm(p, k->group_count);
    for (int i = 0; i < k->group_count && status == VG_OK; i++) {
        vg_compared_group *g = &k->groups[i];
        g->p = p[i];
        g->verdict = vg_verdict_gated(g->ratio, g->gate);
        if ((g->verdict == VG_FASTER || g->verdict == VG_SLOWER) && !(g->p < k->alpha))
            g->verdict = VG_AMBIGUOUS;
        k->slower_groups += g->verdict == VG_SLOWER;
        k->faster_groups += g->verdict == VG_FASTER;
    }
    free(p);
    return status;
}

/* --- power ------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return vg_stat_median_sorted(values, n);
}

/* A change passes the gate in 9 of 10 cases if it lies 1.28 deviations beyond it. */
static double found(double gate, double floor, double rows)
{
    return expm1(log1p(gate) + 1.2816 * log1p(floor) / floor_z / sqrt(rows));
}

vg_status vg_comparison_power(vg_comparison *k)
{
    double *values = calloc((size_t)k->count + 1, sizeof *values);
    int n = 0;
    if (!values)
        return vg_fail(VG_ENOMEM, "no memory for %d rows", k->count);
    for (int i = 0; i < k->count; i++)
        if (!k->rows[i].why && isfinite(k->rows[i].gate))
            values[n++] = found(k->rows[i].gate, k->rows[i].floor, 1);
    k->found_row = middle(values, n);
    n = 0;
    for (int i = 0; i < k->group_count; i++)
        if (isfinite(k->groups[i].ratio.mid))
            values[n++] = found(k->groups[i].gate, k->groups[i].floor, k->groups[i].n);
    k->found_group = middle(values, n);
    free(values);
    return VG_OK;
}
