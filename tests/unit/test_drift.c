/* SPDX-License-Identifier: Apache-2.0 */
/* Drift over a run: looks, their range and trend, and what a clock costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "measure/clock.h"
#include "measure/drift.h"
#include "results/results.h"

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9))
        fail_msg("got %.17g, wanted %.17g", got, wanted);
}

static double member(const vg_drift *drift, const char *key)
{
    json_t *json = vg_drift_json(drift);
    double value = vg_json_get_number(json, key);
    json_decref(json);
    return value;
}

static void range_and_trend(void **state)
{
    (void)state;
    vg_drift d = {.count = 9};
    for (int i = 0; i < 9; i++)
        d.probes[i] = (vg_drift_probe){.s = i, .ghz = 4 - 0.1 * i, .bytes_per_s = 1e11};
    near(member(&d, "ghz"), 3.6);
    near(member(&d, "ghz_range"), (4 - 0.08) / (3.2 + 0.08) - 1);
    near(member(&d, "ghz_trend"), 3.3 / 3.9 - 1);
    near(member(&d, "bandwidth_range"), 0);
    near(vg_drift_range(&d), member(&d, "ghz_range"));
    for (int i = 0; i < 9; i++)
        d.probes[i].ghz = (double)NAN; /* no chain of known latency on this CPU */
    assert_true(isnan(member(&d, "ghz_trend")));
    near(vg_drift_range(&d), 0);
    d.count = 2;
    assert_true(isnan(vg_drift_range(&d)));
}

/* A long run keeps its first look and covers all its time, in ever fewer looks. */
static void a_long_run_is_thinned(void **state)
{
    (void)state;
    vg_drift d = {.count = 0};
    vg_drift_look_now(&d);
    assert_int_equal(d.count, 1);
    for (int i = 1; i < VG_DRIFT_MAX; i++)
        d.probes[d.count++] = (vg_drift_probe){.s = i, .ghz = 1, .bytes_per_s = 1};
    double every = d.every_ns;
    vg_drift_look_now(&d);
    assert_int_equal(d.count, VG_DRIFT_MAX / 2 + 1);
    near(d.every_ns, 2 * every);
    near(d.probes[0].s, 0);
    near(d.probes[1].s, 2);
    near(d.probes[VG_DRIFT_MAX / 2 - 1].s, VG_DRIFT_MAX - 2);
    vg_drift_look(&d); /* too early for the next */
    assert_int_equal(d.count, VG_DRIFT_MAX / 2 + 1);
    assert_true(d.probes[d.count - 1].bytes_per_s > 1e6);
    vg_drift_release(&d);
}

static void the_clock_is_measured(void **state)
{
    (void)state;
    json_t *timer = vg_clock_timer_json();
    double overhead = vg_json_get_number(timer, "overhead_ns");
    assert_true(overhead > 0 && overhead < 1e5);
    near(vg_json_get_number(timer, "share_of_10us"), 2 * overhead / 1e4);
    json_decref(timer);
    double ghz = vg_clock_ghz(3);
    assert_true(isnan(ghz) || (ghz > 0.001 && ghz < 12)); /* emulators are slow */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_and_trend),
        cmocka_unit_test(a_long_run_is_thinned),
        cmocka_unit_test(the_clock_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
