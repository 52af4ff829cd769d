/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/diagnose.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "harness/moments.h"
#include "results/results.h"
#include "vgbench/ops.h"

static const double PI = 3.14159265358979323846;

/* --- what is normal ------------------------------------------------------------------------ */

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

/* Expectation over z ~ N(0,1) of f(z, parameter), on [-8, 8]. */
static double expectation(double (*f)(double z, const double *parameter), const double *parameter)
{
    enum { PANELS = 16 };
    double node[VG_GAUSS_NODES], weight[VG_GAUSS_NODES], half = 8.0 / PANELS, sum = 0;
    vg_gauss_legendre(node, weight);
    for (int p = 0; p < PANELS; p++)
        for (int i = 0; i < VG_GAUSS_NODES; i++) {
            double z = -8 + half * (2 * p + 1 + node[i]);
            sum += half * weight[i] * exp(-z * z / 2) / sqrt(2 * PI) * f(z, parameter);
        }
    return sum;
}

static double all_below_zero(double z, const double *parameter)
{
    return pow(normal_cdf(parameter[0] * z), parameter[1]);
}

double vg_expected_dead(int64_t layer, int64_t batch)
{
    double c = 0;
    for (int64_t l = 1; l < layer; l++)
        c = (sqrt(1 - c * c) + (PI - acos(c)) * c) / PI;
    if (c > 1 - 1e-12)
        return 0.5;
    double parameter[] = {sqrt(c / (1 - c)), (double)batch};
    return expectation(all_below_zero, parameter);
}

static double is_flat(double z, const double *parameter)
{
    return fabs(vg_phi_slope((int)parameter[0], parameter[1], z)) < parameter[2];
}

double vg_expected_saturated(int act, double slope)
{
    double most = 0;
    for (double x = -6; x <= 6; x += 0.01)
        most = fmax(most, fabs(vg_phi_slope(act, slope, x)));
    double parameter[] = {act, slope, 0.05 * most};
    return expectation(is_flat, parameter);
}

/* --- findings ------------------------------------------------------------------------------ */

typedef struct examined {
    const vg_spec *spec;
    const vg_decay *d;
    json_t *findings;
} examined;

VG_PRINTF(5, 6)
static void found(examined *e, const char *code, int64_t layer, double values[2], const char *why,
                  ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(text, sizeof text, why, arguments);
    va_end(arguments);
    json_t *finding = json_object();
    vg_json_set_text(finding, "code", code);
    json_object_set_new(finding, "layer", layer ? json_integer(layer) : json_null());
    vg_json_set_number(finding, "value", values[0]);
    vg_json_set_number(finding, "limit", values[1]);
    vg_json_set_text(finding, "why", text);
    json_array_append_new(e->findings, finding);
}

/* Seed average of a field at block l. */
static double average(const examined *e, int64_t l, size_t field)
{
    double sum = 0;
    for (int64_t s = 0; s < e->d->seeds; s++)
        sum += *(const double *)((const char *)&e->d->stats[s * e->d->depth + l - 1] + field);
    return sum / (double)e->d->seeds;
}

#define AVERAGE(l, field) average(e, l, offsetof(vg_block_stats, field))

static void find_decay(examined *e, double spread)
{
    const vg_decay *d = e->d;
    const char *verdict = vg_decay_verdict(d, e->spec, spread);
    double decades = vg_decay_decades(d);
    double limit = vg_decay_limit(d, spread);
    double values[] = {decades, verdict[0] == 'v' ? -limit : limit};
    if (verdict[0] == 'h')
        return;
    const char *unit = d->recurrent ? "step" : "block";
    if (verdict[0] == 'v' && d->reason)
        found(e, verdict, 1, values, "%.3g of the gradient is left after %lld %ss", d->survival,
              (long long)d->depth, unit);
    else if (verdict[0] == 'v')
        found(e, verdict, 1, values,
              "the gradient is multiplied by %.3g per %s on its way to the %s: %.3g decades over "
              "%lld %ss",
              exp(d->rate / 2), unit, d->recurrent ? "first step" : "input", decades,
              (long long)d->depth, unit);
    else if (verdict[0] == 'g')
        found(e, verdict, 1, values,
              "every block of an unscaled residual stack adds to the gradient: trainable with a "
              "norm, or scaled by 1/sqrt(depth)");
    else if (d->reason)
        found(e, verdict, 1, values, "the gradient grows until it is no number any more");
    else
        found(e, verdict, 1, values, "the gradient grows by %.3g per %s on its way to the %s",
              exp(d->rate / 2), unit, d->recurrent ? "first step" : "input");
}

/* Whether the forward or the backward pass overflowed, and in which block it began: then nothing else
 * is worth saying. */
static bool find_non_finite(examined *e)
{
    for (int64_t l = 1; l <= e->d->depth; l++)
        if (!isfinite(AVERAGE(l, out_std))) {
            double values[] = {NAN, NAN};
            found(e, "non_finite", l, values,
                  "the activations are not finite from %s %lld on, and so is the loss",
                  e->d->recurrent ? "step" : "block", (long long)l);
            return true;
        }
    for (int64_t l = e->d->depth; l >= 1; l--)
        if (!isfinite(e->d->trunk ? AVERAGE(l, grad_out_l2) : AVERAGE(l, delta_l2))) {
            double values[] = {NAN, NAN};
            found(e, "non_finite", l, values, "the gradient is not finite from %s %lld down",
                  e->d->recurrent ? "step" : "block", (long long)l);
            return true;
        }
    return false;
}

static void find_saturation(examined *e)
{
    double normal = vg_expected_saturated(e->spec->act, e->spec->slope), most = 0;
    int64_t at = 0;
    for (int64_t l = 1; l <= e->d->depth; l++)
        if (AVERAGE(l, saturated) > most) {
            most = AVERAGE(l, saturated);
            at = l;
        }
    double values[] = {most, normal + 0.25};
    if (most > values[1])
        found(e, "saturated", at, values,
              "%.0f %% of the slopes are below a twentieth of the largest; %.0f %% would be normal",
              100 * most, 100 * normal);
}

static void find_dead(examined *e)
{
    double worst = 0.25, values[2] = {0};
    int64_t at = 0;
    for (int64_t l = 1; l <= e->d->depth; l++) {
        double normal = e->spec->act == VG_OP_relu ? vg_expected_dead(l, e->spec->batch) : 0;
        double dead = AVERAGE(l, dead);
        if (dead - normal > worst) {
            worst = dead - normal;
            at = l;
            values[0] = dead;
            values[1] = normal + 0.25;
        }
    }
    if (at)
        found(e, "dead", at, values,
              "%.0f %% of the units pass no gradient on the whole batch, where up to %.0f %% is "
              "normal at this depth",
              100 * values[0], 100 * (values[1] - 0.25));
}

static void find_variance(examined *e)
{
    double first = AVERAGE(1, out_std), least = INFINITY, most = 0;
    int64_t low = 0, high = 0;
    /* a state starts at 0 and fills up, the slower the better it remembers: nothing to compare with */
    if (e->d->recurrent)
        return;
    for (int64_t l = 1; l <= e->d->depth; l++) {
        double ratio = AVERAGE(l, out_std) / first;
        if (ratio < least) {
            least = ratio;
            low = l;
        }
        if (ratio > most) {
            most = ratio;
            high = l;
        }
    }
    double small[] = {least, 0.01}, large[] = {most, 100};
    if (least < 0.01)
        found(e, "collapsed_variance", low, small,
              "the activations vary %.2g times as much as in the first block", least);
    if (most > 100)
        found(e, "exploded_variance", high, large,
              "the activations vary %.2g times as much as in the first block", most);
}

static void find_correlation(examined *e)
{
    /* states of a recurrent layer share the mean of their inputs: alike without being lost */
    double values[] = {e->d->correlation, 0.999};
    if (!e->d->recurrent && e->d->correlation > 0.999)
        found(e, "correlated", e->d->depth, values,
              "all samples look the same to the head: their correlation is 1 - %.2g",
              1 - e->d->correlation);
}

/* The block nearest to the output where more than @p limit of delta_l is affected. */
static void find_fraction(examined *e, const char *code, size_t field, double limit,
                          const char *what)
{
    for (int64_t l = e->d->depth; l >= 1; l--) {
        double values[] = {average(e, l, field), limit};
        if (values[0] > limit) {
            found(e, code, l, values, "from this %s %s",
                  e->d->recurrent ? "step back to the first" : "block down to the input", what);
            return;
        }
    }
}

json_t *vg_findings(const vg_spec *spec, const vg_decay *decay, double spread)
{
    examined e = {spec, decay, json_array()};
    find_decay(&e, spread);
    if (find_non_finite(&e))
        return e.findings;
    find_saturation(&e);
    find_dead(&e);
    find_variance(&e);
    find_correlation(&e);
    find_fraction(&e, "subnormal", offsetof(vg_block_stats, subnormal), 0.01,
                  "gradients are subnormal floats: imprecise, and slow on some CPUs");
    find_fraction(&e, "underflow_fp16", offsetof(vg_block_stats, underflow_fp16), 0.25,
                  "gradients would become 0 in fp16 without loss scaling");
    find_fraction(&e, "underflow_bf16", offsetof(vg_block_stats, underflow_bf16), 0.25,
                  "gradients would become 0 in bf16");
    return e.findings;
}
