/* SPDX-License-Identifier: Apache-2.0 */
/* Known values: the formulas in Python floats, R for Holm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "measure/stats.h"

static void near(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("got %.17g, wanted %.17g +- %g", got, wanted, tolerance);
}

static const double a[] = {1.1, 2.2, 2.2, 3.5, 4.0, 5.9, 7.0};
static const double b[] = {0.5, 1.1, 2.2, 2.3, 3.0, 3.1};

static void quantiles(void **state)
{
    (void)state;
    near(vg_stat_median(a, 7), 3.5, 0);
    near(vg_stat_median(b, 6), 2.25, 1e-15);
    near(vg_stat_quantile(a, 7, 0.3), 2.2, 1e-15);
    near(vg_stat_quantile(a, 7, 0), 1.1, 0);
    near(vg_stat_quantile(a, 7, 1), 7.0, 0);
    near(vg_stat_quantile(b, 6, 0.25), 1.375, 1e-15);
    near(vg_stat_mad(a, 7), 1.3, 1e-15);
    near(vg_stat_geomean(a, 7), 3.1501474055623877, 1e-14);
    assert_true(isnan(vg_stat_median(a, 0)));
}

static void mann_whitney_with_ties(void **state)
{
    (void)state;
    double u;
    double p = vg_stat_mann_whitney(a, 7, b, 6, &u);
    near(u, 30.5, 0);
    near(p, 0.19544556230712617, 1e-14);
    const double same[] = {2, 2, 2};
    near(vg_stat_mann_whitney(same, 3, same, 3, &u), 1, 0);
    near(u, 4.5, 0);
    assert_true(isnan(vg_stat_mann_whitney(a, 0, b, 6, NULL)));
    const double odd[] = {1, (double)NAN, 3};
    assert_true(isnan(vg_stat_mann_whitney(odd, 3, b, 6, NULL)));
    near(vg_stat_rank_test(odd, 3, b, 6), 1, 0);
}

static void hodges_lehmann(void **state)
{
    (void)state;
    const double shifted[] = {3, 4, 5}, base[] = {1, 2, 3};
    near(vg_stat_hodges_lehmann(shifted, 3, base, 3), 2, 0);
    near(vg_stat_hodges_lehmann(base, 3, shifted, 3), -2, 0);
}

static void holm(void **state)
{
    (void)state;
    double p[] = {0.01, 0.04, NAN, 0.03, 0.005}; /* R: p.adjust(c(.01,.04,.03,.005), "holm") */
    vg_stat_holm(p, 5);
    near(p[0], 0.03, 1e-15);
    near(p[1], 0.06, 1e-15);
    assert_true(isnan(p[2]));
    near(p[3], 0.06, 1e-15);
    near(p[4], 0.02, 1e-15);
}

/* The interval of the median of a normal sample has the known width 2 x 1.96 x 1.2533 sd/sqrt(n),
 * and covers the true median about as often as it says. */
static void bootstrap_covers(void **state)
{
    (void)state;
    enum { TRIALS = 200, N = 101 };
    int covered = 0;
    double width = 0;
    for (int t = 0; t < TRIALS; t++) {
        double x[N];
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int k = 0; k < 12; k++)
                sum += (double)vg_stat_random(77, (uint64_t)((t * N + i) * 12 + k), 1u << 30);
            x[i] = 10 + sum / (1u << 30) - 6; /* variance 1 */
        }
        vg_interval ci;
        assert_int_equal(vg_stat_median_ci(x, N, 0.95, 400, 5, &ci), VG_OK);
        covered += ci.lo <= 10 && 10 <= ci.hi;
        width += (ci.hi - ci.lo) / TRIALS;
    }
    assert_in_range(covered, 178, 200);
    near(width, 2 * 1.96 * 1.2533 / sqrt(N), 0.06);
}

static void ratios_are_paired(void **state)
{
    (void)state;
    double x[40], y[40], ratio;
    vg_interval ci;
    for (int i = 0; i < 40; i++) { /* a drift of 100 times that both share cancels */
        y[i] = 1 + 100 * i;
        x[i] = 1.25 * y[i];
    }
    assert_int_equal(vg_stat_ratio_ci(x, y, 40, 0.95, 500, 1, &ratio, &ci), VG_OK);
    near(ratio, 1.25, 1e-12);
    near(ci.lo, 1.25, 1e-12);
    near(ci.hi, 1.25, 1e-12);
    vg_interval again;
    const double z[] = {3, 1, 4, 1, 5, 9, 2, 6};
    vg_stat_median_ci(z, 8, 0.95, 300, 9, &ci);
    vg_stat_median_ci(z, 8, 0.95, 300, 9, &again);
    assert_true(ci.lo == again.lo && ci.hi == again.hi);
    vg_stat_median_ci(z, 1, 0.95, 300, 9, &ci);
    assert_true(isnan(ci.lo));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles),        cmocka_unit_test(mann_whitney_with_ties),
        cmocka_unit_test(hodges_lehmann),   cmocka_unit_test(holm),
        cmocka_unit_test(bootstrap_covers), cmocka_unit_test(ratios_are_paired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
