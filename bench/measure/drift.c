/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/drift.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "measure/clock.h"
#include "measure/stats.h"
#include "results/results.h"
#include "vgbench/memory.h"

enum { BYTES = 256 << 10, PASSES = 15, GHZ_ROUNDS = 3, LEAST_LOOKS = 3 };
static const double EVERY_NS = 2e8; /* a look takes about 1 ms */

/* Median rate of passes over memory that lies in the second level of any CPU of today. */
static double bandwidth(const void *memory)
{
    const volatile uint64_t *words = memory;
    double ns[PASSES];
    for (int pass = 0; pass < PASSES; pass++) {
        double begin = vg_clock_ns();
        uint64_t sum = 0;
        for (size_t i = 0; i < BYTES / sizeof *words; i += 8) /* a load of every line */
            sum += words[i];
        (void)sum;
        ns[pass] = vg_clock_ns() - begin;
    }
    return 1e9 * BYTES / vg_stat_median(ns, PASSES);
}

/* Every other look goes, the first stays. */
static void thin(vg_drift *d)
{
    for (int i = 0; 2 * i < d->count; i++)
        d->probes[i] = d->probes[2 * i];
    d->count = (d->count + 1) / 2;
    d->every_ns *= 2;
}

void vg_drift_look_now(vg_drift *d)
{
    double now = vg_clock_ns();
    if (!d->count) {
        d->begin_ns = now;
        d->every_ns = EVERY_NS;
        if (!vg_alloc(BYTES, 0, &d->memory))
            memset(d->memory, 1, BYTES);
    }
    if (!d->memory)
        return;
    if (d->count == VG_DRIFT_MAX)
        thin(d);
    d->probes[d->count++] = (vg_drift_probe){.s = 1e-9 * (now - d->begin_ns),
                                             .ghz = vg_clock_ghz(GHZ_ROUNDS),
                                             .bytes_per_s = bandwidth(d->memory)};
    d->last_ns = vg_clock_ns();
}

void vg_drift_look(vg_drift *d)
{
    if (!d->count || vg_clock_ns() - d->last_ns >= d->every_ns)
        vg_drift_look_now(d);
}

typedef struct series {
    double values[VG_DRIFT_MAX];
    size_t count;
} series;

static series series_of(const vg_drift *d, int which)
{
    series s = {.count = 0};
    for (int i = 0; i < d->count; i++) {
        double value = which ? d->probes[i].bytes_per_s : d->probes[i].ghz;
        if (value > 0)
            s.values[s.count++] = value;
    }
    return s;
}

static double range_of(const series *s)
{
    if (s->count < LEAST_LOOKS)
        return (double)NAN;
    return vg_stat_quantile(s->values, s->count, 0.9) / vg_stat_quantile(s->values, s->count, 0.1) - 1;
}

static double trend_of(const series *s)
{
    size_t third = s->count / 3;
    if (s->count < LEAST_LOOKS)
        return (double)NAN;
    return vg_stat_median(s->values + s->count - third, third) / vg_stat_median(s->values, third) -
           1;
}

double vg_drift_range(const vg_drift *d)
{
    series ghz = series_of(d, 0), bytes = series_of(d, 1);
    return fmax(range_of(&ghz), range_of(&bytes)); /* the other where one is NAN */
}

json_t *vg_drift_json(const vg_drift *d)
{
    static const char *const names[] = {"ghz", "bandwidth"};
    json_t *json = json_object(), *looks = json_array();
    for (int i = 0; i < d->count; i++) {
        json_t *one = json_object();
        vg_json_set_number(one, "s", d->probes[i].s);
        vg_json_set_number(one, "ghz", d->probes[i].ghz);
        vg_json_set_number(one, "bytes_per_s", d->probes[i].bytes_per_s);
        json_array_append_new(looks, one);
    }
    vg_json_set_number(json, "range", vg_drift_range(d));
    for (int which = 0; which < 2; which++) {
        char key[32];
        series s = series_of(d, which);
        snprintf(key, sizeof key, "%s_range", names[which]);
        vg_json_set_number(json, key, range_of(&s));
        snprintf(key, sizeof key, "%s_trend", names[which]);
        vg_json_set_number(json, key, trend_of(&s));
        if (!which)
            vg_json_set_number(json, "ghz", s.count ? vg_stat_median(s.values, s.count) : (double)NAN);
    }
    json_object_set_new(json, "looks", looks);
    if (d->count < LEAST_LOOKS)
        vg_json_set_text(json, "reason", "the run was too short for three looks");
    return json;
}

void vg_drift_release(vg_drift *d)
{
    vg_free(d->memory);
    *d = (vg_drift){.count = 0};
}
