/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/precision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/net.h"
#include "measure/clock.h"
#include "measure/stats.h"
#include "results/results.h"

enum { PAIRS_MAX = 41, PAIRS_MIN = 7 };
static const double BUDGET_S = 1.0;

/* A network of the spec's first seed on a team of its own, run once. */
typedef struct side {
    vg_team *team;
    vg_net *net;
    vg_plan part; /* what is timed; NULL steps: the whole plan */
} side;

static void side_release(side *s)
{
    vg_net_destroy(s->net);
    if (s->team)
        vg_team_destroy(s->team);
    free(s->part.steps);
    *s = (side){0};
}

static vg_status side_make(const vg_spec *spec, int ftz, bool monitor, side *s)
{
    vg_net_options options = {.monitor = monitor};
    *s = (side){0};
    vg_status status = vg_team_create((int)spec->threads, ftz, &s->team);
    if (status == VG_OK)
        status = vg_net_make(spec, &options, s->team, &s->net);
    if (status == VG_OK)
        status = vg_net_run(s->net);
    if (status != VG_OK)
        side_release(s);
    return status;
}

/* The steps of the backward pass alone: they find everything as the last run left it. */
static vg_status only_backward(side *s)
{
    const vg_plan *whole = vg_net_plan(s->net);
    s->part = *whole;
    s->part.count = 0;
    s->part.steps = calloc((size_t)whole->count, sizeof *s->part.steps);
    if (!s->part.steps)
        return vg_fail(VG_ENOMEM, "out of memory for the steps of the backward pass");
    for (int i = 0; i < whole->count; i++)
        if (whole->steps[i].part == VG_PART_backward)
            s->part.steps[s->part.count++] = whole->steps[i];
    return VG_OK;
}

static vg_status time_of(const side *s, double *ms)
{
    vg_team_wake(s->team);
    double begin = vg_clock_s();
    VG_TRY(vg_team_run(s->team, s->part.steps ? &s->part : vg_net_plan(s->net), NULL));
    *ms = 1e3 * (vg_clock_s() - begin);
    return VG_OK;
}

typedef struct pairs {
    double a[PAIRS_MAX], b[PAIRS_MAX], ratio[PAIRS_MAX];
    int count;
} pairs;

/* ABAB: what disturbs one disturbs the other. */
static vg_status sample(const side *a, const side *b, pairs *p)
{
    double begin = vg_clock_s();
    p->count = 0;
    while (p->count < PAIRS_MAX && (p->count < PAIRS_MIN || vg_clock_s() - begin < BUDGET_S)) {
        int i = p->count++;
        VG_TRY(time_of(a, &p->a[i]));
        VG_TRY(time_of(b, &p->b[i]));
        p->ratio[i] = p->a[i] / p->b[i];
    }
    return VG_OK;
}

static void set_ratio(json_t *object, const char *name, const char *interval_name, const pairs *p)
{
    vg_interval ci = {NAN, NAN};
    size_t n = (size_t)p->count;
    vg_stat_median_ci(p->ratio, n, 0.95, 1000, 1, &ci);
    vg_json_set_number(object, name, vg_stat_median(p->ratio, n));
    json_object_set_new(object, interval_name, vg_json_interval(ci.lo, ci.hi));
    json_object_set_new(object, "n", json_integer(p->count));
}

/* --- what is small ------------------------------------------------------------------------- */

enum { ZERO, SUBNORMAL, FP16, BF16, FRACTIONS };

/* Of what would be there: the zeros of silent ReLU units are no loss. */
static double fraction(const vg_net *net, int64_t entry, int which)
{
    vg_block_stats s;
    vg_net_stats(net, entry, &s);
    bool relu = vg_net_spec(net)->act == VG_OP_relu && vg_net_spec(net)->model == VG_MODEL_mlp;
    double silent = relu ? 1 - s.slope_abs_mean : 0;
    double gone = s.zero - silent;
    if (which == SUBNORMAL)
        gone = s.subnormal;
    else if (which == FP16)
        gone += s.underflow_fp16;
    else if (which == BF16)
        gone += s.underflow_bf16;
    return silent < 1 ? fmax(0, gone / (1 - silent)) : 0;
}

/* The entry nearest to the output with at least @p limit of @p which, or null. */
static json_t *first_from(const vg_net *net, int which, double limit)
{
    for (int64_t l = vg_net_entries(net); l >= 1; l--)
        if (fraction(net, l, which) >= limit)
            return json_integer(l);
    return json_null();
}

static json_t *format_json(const vg_net *net, const char *name, int which, double scale)
{
    json_t *format = json_object(), *gone = json_array();
    vg_json_set_text(format, "format", name);
    vg_json_set_number(format, "loss_scale", scale);
    for (int64_t l = 1; l <= vg_net_entries(net); l++)
        json_array_append_new(gone, vg_json_number(fraction(net, l, which)));
    json_object_set_new(format, "gone", gone);
    json_object_set_new(format, "half_from", first_from(net, which, 0.5));
    return format;
}

static vg_status add_formats(const vg_spec *spec, json_t *precision)
{
    json_t *formats = json_array();
    json_object_set_new(precision, "formats", formats);
    for (int scaled = 0; scaled < 2; scaled++) {
        vg_spec one = *spec;
        side s;
        if (scaled)
            one.loss_scale = VG_LOSS_SCALE;
        VG_TRY(side_make(&one, 0, true, &s));
        if (!scaled)
            json_array_append_new(formats, format_json(s.net, "fp32", ZERO, one.loss_scale));
        json_array_append_new(formats, format_json(s.net, "fp16", FP16, one.loss_scale));
        json_array_append_new(formats, format_json(s.net, "bf16", BF16, one.loss_scale));
        side_release(&s);
    }
    return VG_OK;
}

static vg_status add_zeros(const vg_spec *spec, json_t *ftz)
{
    for (int flush = 0; flush < 2; flush++) {
        side s;
        VG_TRY(side_make(spec, flush, true, &s));
        if (!flush)
            json_object_set_new(ftz, "subnormal_from", first_from(s.net, SUBNORMAL, 0.5));
        json_object_set_new(ftz, flush ? "zero_from_ftz" : "zero_from", first_from(s.net, ZERO, 1));
        side_release(&s);
    }
    return VG_OK;
}

static vg_status add_times(const vg_spec *spec, json_t *ftz)
{
    side keeps = {0}, flushes = {0};
    pairs p;
    vg_status status = side_make(spec, 0, false, &keeps);
    if (status == VG_OK)
        status = side_make(spec, 1, false, &flushes);
    if (status == VG_OK)
        status = only_backward(&keeps);
    if (status == VG_OK)
        status = only_backward(&flushes);
    if (status == VG_OK)
        status = sample(&keeps, &flushes, &p);
    if (status == VG_OK) {
        vg_json_set_number(ftz, "backward_ms", vg_stat_median(p.a, (size_t)p.count));
        vg_json_set_number(ftz, "backward_ms_ftz", vg_stat_median(p.b, (size_t)p.count));
        set_ratio(ftz, "slowdown", "slowdown_ci95", &p);
    }
    side_release(&keeps);
    side_release(&flushes);
    return status;
}

vg_status vg_precision_measure(const vg_spec *spec, json_t **out)
{
    json_t *precision = json_object(), *ftz = json_object();
    json_object_set_new(precision, "ftz", ftz);
    vg_status status = add_times(spec, ftz);
    if (status == VG_OK)
        status = add_zeros(spec, ftz);
    if (status == VG_OK)
        status = add_formats(spec, precision);
    if (status != VG_OK) {
        json_decref(precision);
        precision = NULL;
    }
    *out = precision;
    return status;
}

vg_status vg_monitor_overhead(const vg_spec *spec, json_t **out)
{
    side watched = {0}, bare = {0};
    pairs p;
    *out = NULL;
    vg_status status = side_make(spec, spec->ftz, true, &watched);
    if (status == VG_OK)
        status = side_make(spec, spec->ftz, false, &bare);
    if (status == VG_OK)
        status = sample(&watched, &bare, &p);
    if (status == VG_OK) {
        *out = json_object();
        set_ratio(*out, "ratio", "ratio_ci95", &p);
    }
    side_release(&watched);
    side_release(&bare);
    return status;
}
