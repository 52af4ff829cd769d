/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "harness/decay.h"
#include "harness/theory.h"

static const double LN10 = 2.302585092994046;

double vg_decay_signal(const vg_decay *d, int64_t s, int64_t l)
{
    const vg_block_stats *b = &d->stats[s * d->depth + l - 1];
    return d->trunk ? b->grad_out_l2 : b->delta_l2;
}

static double ln_square(double norm)
{
    return norm > 0 ? 2 * log(norm) : norm == 0 ? -(double)INFINITY : (double)NAN;
}

/* Two-sided 95 % quantile of Student's t; Cornish-Fisher for what the table does not have. */
static double student(int64_t freedom)
{
    static const double table[] = {0,     12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                                   2.306, 2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131};
    if (freedom < (int64_t)(sizeof table / sizeof *table))
        return table[freedom];
    double z = 1.959964, v = (double)freedom;
    return z + (z * z * z + z) / (4 * v) +
           (5 * pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * v * v);
}

double vg_seed_interval(const double *values, int64_t n)
{
    double sum = 0, square = 0;
    for (int64_t s = 0; s < n; s++)
        sum += values[s];
    for (int64_t s = 0; s < n; s++)
        square += (values[s] - sum / (double)n) * (values[s] - sum / (double)n);
    return n > 1 ? student(n - 1) * sqrt(square / (double)(n - 1) / (double)n) : (double)NAN;
}

static void average(vg_decay *d)
{
    for (int64_t l = 1; l <= d->depth; l++) {
        double sum = 0;
        for (int64_t s = 0; s < d->seeds; s++)
            sum += ln_square(vg_decay_signal(d, s, l));
        d->mean_ln[l] = sum / (double)d->seeds;
    }
}

/* Why no rate can be fitted over from..to, or NULL. Blocks before the window are gone in some seed. */
static const char *fault(const vg_decay *d, bool narrowed)
{
    for (int64_t l = 1; l <= d->depth; l++)
        if (isnan(d->mean_ln[l]) || d->mean_ln[l] > DBL_MAX)
            return d->recurrent ? "the states or their gradient are not finite"
                                : "the activations or the gradient are not finite";
    if (d->to - d->from + 1 < 3)
        return narrowed ? "fewer than 3 blocks have a signal above zero"
                        : "fewer than 3 blocks to fit";
    for (int64_t l = d->from; l <= d->to; l++)
        if (!isfinite(d->mean_ln[l]))
            return "the signal is zero at a block between others";
    return NULL;
}

/* The window of the fit, narrowed to blocks whose signal is above zero in every seed. */
static void find_window(vg_decay *d)
{
    d->from = d->depth < 8 ? 1 : 4;
    d->to = d->depth - 1;
    bool narrowed = false;
    while (d->from <= d->to && d->mean_ln[d->from] < -DBL_MAX) {
        d->from++;
        narrowed = true;
    }
    d->reason = fault(d, narrowed);
}

static vg_status fit(vg_decay *d)
{
    double *y = calloc((size_t)d->depth + 1, sizeof *y);
    if (!y)
        return vg_fail(VG_ENOMEM, "out of memory for the fit");
    double sum = 0;
    for (int64_t s = 0; s < d->seeds; s++) {
        for (int64_t l = d->from; l <= d->to; l++)
            y[l] = ln_square(vg_decay_signal(d, s, l));
        d->seed_rate[s] = vg_fit_rate(y, d->from, d->to, NULL);
        sum += d->seed_rate[s];
    }
    d->rate = sum / (double)d->seeds;
    double half = vg_seed_interval(d->seed_rate, d->seeds);
    d->ci95[0] = d->rate - half;
    d->ci95[1] = d->rate + half;
    free(y);
    return VG_OK;
}

vg_status vg_decay_fit(vg_decay *d)
{
    d->mean_ln = calloc((size_t)d->depth + 1, sizeof *d->mean_ln);
    d->seed_rate = calloc((size_t)d->seeds, sizeof *d->seed_rate);
    if (!d->mean_ln || !d->seed_rate)
        return vg_fail(VG_ENOMEM, "out of memory for the fit");
    d->rate = d->ci95[0] = d->ci95[1] = NAN;
    for (int64_t s = 0; s < d->seeds; s++)
        d->seed_rate[s] = NAN;
    average(d);
    d->survival = d->mean_ln[1] == -(double)INFINITY
                      ? 0
                      : exp((d->mean_ln[1] - d->mean_ln[d->depth]) / 2);
    find_window(d);
    return d->reason ? VG_OK : fit(d);
}

void vg_decay_release(vg_decay *d)
{
    free(d->stats);
    free(d->loss);
    free(d->jacobian);
    free(d->mean_ln);
    free(d->seed_rate);
    *d = (vg_decay){0};
}

double vg_decay_limit(const vg_decay *d, double spread)
{
    double band = isfinite(spread) ? 4 * spread
                                   : (d->ci95[1] - d->ci95[0]) / 2 * (double)(d->depth - 1);
    return 1 + (isfinite(band) ? band / (2 * LN10) : 0);
}

double vg_decay_decades(const vg_decay *d)
{
    return d->reason ? log10(d->survival) : d->rate * (double)(d->depth - 1) / (2 * LN10);
}

const char *vg_decay_verdict(const vg_decay *d, const vg_spec *spec, double spread)
{
    double decades = vg_decay_decades(d);
    double limit = vg_decay_limit(d, spread);
    if (isnan(decades))
        return "exploding";
    if (decades < -limit)
        return "vanishing";
    if (!(decades > limit))
        return "healthy";
    bool adds = spec->skip == VG_SKIP_residual || spec->skip == VG_SKIP_scaled ||
                spec->skip == VG_SKIP_rezero;
    bool finite = true;
    for (int64_t s = 0; s < d->seeds; s++)
        finite = finite && isfinite(d->loss[s]);
    return adds && spec->norm == VG_OP_none && finite ? "growing" : "exploding";
}
