/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/measure/stats.h"
#include "reports/stats.h"

/* Exact values by counting all ways to share the ranks out, others by the formula with ties and
 * continuity correction; both computed apart from this code. */
static void rank_test_agrees_with_enumeration(void **state)
{
    const double a[] = {1, 2, 3}, b[] = {4, 5, 6}, c[] = {2.5, 3.5, 7};
    assert_true(fabs(vg_stat_rank_test(a, 3, b, 3) - 0.1) < 1e-12);
    assert_true(fabs(vg_stat_rank_test(b, 3, a, 3) - 0.1) < 1e-12);
    assert_true(fabs(vg_stat_rank_test(a, 3, c, 3) - 0.2) < 1e-12);
    const double f[] = {1, 2, 3, 4.5, 5.5}, g[] = {4, 5, 6, 7, 8, 9};
    assert_true(fabs(vg_stat_rank_test(f, 5, g, 6) - 0.030303030303) < 1e-10);
    const double d[] = {1, 1, 2, 2, 3, 3, 4}, e[] = {2, 3, 4, 4, 5, 5, 5, 6};
    assert_true(fabs(vg_stat_rank_test(d, 7, e, 8) - 0.015984685125) < 1e-10);
    double x[30], y[25];
    for (int i = 0; i < 30; i++)
        x[i] = i;
    for (int i = 0; i < 25; i++)
        y[i] = i + 4.5;
    assert_true(fabs(vg_stat_rank_test(x, 30, y, 25) - 0.402759694254) < 1e-10);
}

static void holm_adjusts_in_order(void **state)
{
    double p[] = {0.04, 0.001, 0.03, 0.02};
    assert_int_equal(vg_stat_holm(p, 4), VG_OK);
    const double expected[] = {0.06, 0.004, 0.06, 0.06};
    for (int i = 0; i < 4; i++)
        assert_true(fabs(p[i] - expected[i]) < 1e-12);
}

static double draw(uint32_t *state)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        *state = *state * 1664525u + 1013904223u;
        sum += *state / 4294967296.0;
    }
    return sum - 6;
}

/* 95 % intervals must hold the truth about 95 % of the time: of a median, of a ratio within one
 * process, of a ratio over five processes whose own shifts are larger than the noise within. */
static void intervals_cover_the_truth(void **state)
{
    enum { TRIALS = 600, N = 25, GROUPS = 5 };
    uint32_t rng = 7;
    int median = 0, ratio = 0, grouped = 0;
    static double x[N], y[N], draws[1000];
    int who[N];
    for (int t = 0; t < TRIALS; t++) {
        vg_samples a, b, c, d;
        for (int i = 0; i < N; i++) {
            x[i] = 100 * exp(0.02 * draw(&rng));
            y[i] = 130 * exp(0.02 * draw(&rng));
            who[i] = i % GROUPS;
        }
        assert_int_equal(vg_samples_init(&a, x, NULL, N), VG_OK);
        assert_int_equal(vg_samples_init(&b, y, NULL, N), VG_OK);
        vg_estimate m = vg_samples_median(&a);
        median += m.lo <= 100 && 100 <= m.hi;
        double mid = vg_bootstrap_ratio(&b, &a, (uint64_t)t, draws, 1000);
        vg_estimate r = vg_draws_interval(draws, 1000, mid);
        ratio += r.lo <= log(1.3) && log(1.3) <= r.hi;
        double shift[GROUPS];
        for (int g = 0; g < GROUPS; g++)
            shift[g] = exp(0.05 * draw(&rng));
        for (int i = 0; i < N; i++)
            y[i] *= shift[who[i]];
        assert_int_equal(vg_samples_init(&c, x, who, N), VG_OK);
        assert_int_equal(vg_samples_init(&d, y, who, N), VG_OK);
        mid = vg_bootstrap_ratio(&d, &c, (uint64_t)t, draws, 1000);
        r = vg_draws_interval(draws, 1000, mid);
        grouped += r.lo <= log(1.3) && log(1.3) <= r.hi;
        vg_samples_release(&a);
        vg_samples_release(&b);
        vg_samples_release(&c);
        vg_samples_release(&d);
    }
    assert_true(median > 0.92 * TRIALS);
    assert_true(ratio > 0.92 * TRIALS && ratio < 0.995 * TRIALS);
    assert_true(grouped > 0.86 * TRIALS); /* five processes are few */
}

static void same_seed_same_draws(void **state)
{
    const double x[] = {1, 2, 3, 4, 5, 6, 7}, y[] = {2, 3, 4, 5, 6, 7, 9};
    double first[50], second[50];
    vg_samples a, b;
    assert_int_equal(vg_samples_init(&a, x, NULL, 7), VG_OK);
    assert_int_equal(vg_samples_init(&b, y, NULL, 7), VG_OK);
    vg_bootstrap_ratio(&a, &b, vg_seed_of("row"), first, 50);
    vg_bootstrap_ratio(&a, &b, vg_seed_of("row"), second, 50);
    assert_memory_equal(first, second, sizeof first);
    vg_bootstrap_ratio(&a, &b, vg_seed_of("other"), second, 50);
    assert_memory_not_equal(first, second, sizeof first);
    vg_samples_release(&a);
    vg_samples_release(&b);
}

static void verdict_needs_interval_and_floor(void **state)
{
    static const struct {
        vg_estimate ratio;
        double floor;
        vg_verdict within, between; /* one run, two runs */
    } cases[] = {
        {{1.10, 1.05, 1.15}, 0.02, VG_FASTER, VG_FASTER},
        {{0.90, 0.85, 0.95}, 0.02, VG_SLOWER, VG_SLOWER},
        {{1.03, 1.01, 1.05}, 0.02, VG_AMBIGUOUS, VG_FASTER},
        {{1.01, 1.005, 1.015}, 0.02, VG_SAME, VG_SAME},
        {{1.10, 0.95, 1.25}, 0.02, VG_AMBIGUOUS, VG_AMBIGUOUS},
        {{1.015, 1.005, 1.03}, 0.02, VG_AMBIGUOUS, VG_AMBIGUOUS},
        {{0.80, 0.75, 0.85}, 0.90, VG_AMBIGUOUS, VG_AMBIGUOUS},
        {{1.10, 1.05, 1.15}, NAN, VG_AMBIGUOUS, VG_AMBIGUOUS},
        {{1.10, NAN, NAN}, 0.02, VG_AMBIGUOUS, VG_AMBIGUOUS},
        {{NAN, NAN, NAN}, 0.02, VG_VERDICT_NONE, VG_VERDICT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(vg_verdict_of(cases[i].ratio, cases[i].floor), cases[i].within);
        assert_int_equal(vg_verdict_gated(cases[i].ratio, cases[i].floor), cases[i].between);
    }
}

static void strange_samples_are_survived(void **state)
{
    vg_samples s;
    double one[] = {3}, draws[10];
    assert_int_equal(vg_samples_init(&s, NULL, NULL, 0), VG_OK);
    assert_true(isnan(vg_samples_median(&s).mid));
    vg_samples_release(&s);
    assert_int_equal(vg_samples_init(&s, one, NULL, 1), VG_OK);
    assert_true(vg_samples_median(&s).mid == 3);
    assert_true(vg_bootstrap_ratio(&s, &s, 1, draws, 10) == 0);
    assert_true(isnan(vg_draws_interval(draws, 10, 0).lo));
    vg_samples_release(&s);
    double *many = calloc(5000, sizeof *many);
    int *who = calloc(5000, sizeof *who);
    for (int i = 0; i < 5000; i++) {
        many[i] = 1 + i;
        who[i] = i;
    }
    assert_int_equal(vg_samples_init(&s, many, who, 5000), VG_OK);
    assert_int_equal(s.groups, 1);
    vg_samples_release(&s);
    free(many);
    free(who);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_test_agrees_with_enumeration),
        cmocka_unit_test(holm_adjusts_in_order),
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(same_seed_same_draws),
        cmocka_unit_test(verdict_needs_interval_and_floor),
        cmocka_unit_test(strange_samples_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
