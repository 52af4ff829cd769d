/* SPDX-License-Identifier: Apache-2.0 */
/* Comparison by simulation: runs of the same code must not raise alarms, a slow-down must be found.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/compare.h"

/* Fifty kernels of twenty shapes. */
enum { ROWS = 1000, SHAPES = 20, SAMPLES = 15 };

static uint64_t rng = 12345;

static double uniform(void)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return ((double)(rng >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* Standard deviation of a row's time from run to run. */
static double placement = 0.008;

/* One run: every row has a true time, a shift of its own in this run (alignment, clock: what an A/A
 * test sees), noise of samples, and now and then a sample that a neighbour disturbed. Every @p
 * stride-th of the rows is slower, @p slow_rows in all: 1 makes whole kernels slow, more scatters
 * them. */
static json_t *run_with(double slow_down, int slow_rows, int stride, double floor)
{
    json_t *list = json_array();
    for (int i = 0; i < ROWS; i++) {
        char kernel[100], op[20];
        double ns = 100.0 * (1 + i) * exp(placement * normal());
        json_t *samples = json_array();
        snprintf(op, sizeof op, "op%d", i / SHAPES);
        snprintf(kernel, sizeof kernel, "%s/fwd/avx2/batch:%d/width:16/threads:1", op, i + 1);
        ns *= i % stride == 0 && i / stride < slow_rows ? slow_down : 1;
        for (int k = 0; k < SAMPLES; k++) {
            double outlier = uniform() < 0.03 ? 1.3 : 1;
            json_array_append_new(samples, json_real(ns * exp(0.01 * normal()) * outlier));
        }
        json_array_append_new(list, json_pack("{ss ss ss ss ss ss si so}", "name", kernel,
                                              "run_type", "iteration", "kernel", kernel, "op",
                                              op, "dir", "fwd", "backend", "avx2",
                                              "omp_threads", 1, "samples_ns", samples));
    }
    return json_pack("{si s{} s{sf} so}", "schema_version", 1, "context", "noise", "floor", floor,
                     "benchmarks", list);
}

static json_t *run_of(double slow_down, int slow_rows, double floor)
{
    return run_with(slow_down, slow_rows, 1, floor);
}

static vg_comparison compare_with(double slow_down, int slow_rows, int stride, double floor,
                                  double min_effect)
{
    vg_compare_options options = {.min_effect = min_effect};
    vg_comparison k;
    json_t *old_doc = run_of(1, 0, floor);
    json_t *new_doc = run_with(slow_down, slow_rows, stride, floor);
    assert_int_equal(vg_compare_documents(old_doc, new_doc, &options, &k), VG_OK);
    json_decref(old_doc);
    json_decref(new_doc);
    return k; /* its counts and ratios are looked at afterwards, not its names */
}

static vg_comparison compare(double slow_down, int slow_rows, double floor, double min_effect)
{
    return compare_with(slow_down, slow_rows, 1, floor, min_effect);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What an A/A test of this simulated machine gives: the 95 % point of the deviations. */
static double measured_floor(void)
{
    vg_comparison k = compare(1, 0, 0, 0);
    double off[ROWS];
    for (int i = 0; i < ROWS; i++)
        off[i] = exp(fabs(log(k.rows[i].ratio.mid))) - 1;
    qsort(off, ROWS, sizeof *off, ascending);
    vg_comparison_release(&k);
    return off[ROWS * 95 / 100];
}

/* VG_TRIALS: how many comparisons; the floor is measured anew for every sixth. */
static void same_code_raises_no_alarm(void **state)
{
    const char *text = getenv("VG_TRIALS");
    int trials = text && atoi(text) > 0 ? atoi(text) : 6;
    int regressed[2] = {0}, rows = 0, row_alarms = 0, kernels = 0, kernel_alarms = 0;
    double floor = 0;
    for (int trial = 0; trial < trials; trial++) {
        floor = trial % 6 ? floor : measured_floor();
        vg_comparison k = compare(1, 0, floor, trial % 2 ? 0.03 : 0);
        assert_int_equal(k.count, ROWS);
        assert_int_equal(k.group_count, ROWS / SHAPES);
        rows += k.count;
        row_alarms += k.faster + k.slower;
        kernels += k.group_count;
        kernel_alarms += k.faster_groups + k.slower_groups;
        regressed[trial % 2] += vg_comparison_regressed(&k);
        vg_comparison_release(&k);
    }
    print_message("false alarms: %d of %d rows, %d of %d kernels; comparisons that would fail: %d of "
                  "%d, %d of %d without a least effect\n",
                  row_alarms, rows, kernel_alarms, kernels, regressed[1], trials / 2, regressed[0],
                  trials - trials / 2);
    assert_true(row_alarms <= rows / 100);
    assert_true(kernel_alarms <= kernels / 1000);
    /* --fail-on=regression, with its least effect and with --min-effect=0; none of six here */
    assert_true(regressed[1] <= trials / 50);
    assert_true(regressed[0] <= trials / 20);
}

static void without_its_gates_it_would_cry_wolf(void **state)
{
    /* The simulation is no soft target: by their intervals and tests many rows differ. With a floor
     * that was measured in a quiet moment what most rows moved by is the gate. */
    int by_themselves = 0;
    vg_comparison k = compare(1, 0, 0, 0);
    for (int i = 0; i < k.count; i++)
        by_themselves += (k.rows[i].ratio.lo > 1 || k.rows[i].ratio.hi < 1) && k.rows[i].p < k.alpha;
    assert_true(by_themselves > ROWS / 20);
    assert_true(k.faster + k.slower <= ROWS / 50);
    assert_true(fabs(k.spread / (sqrt(2) * placement) - 1) < 0.15);
    vg_comparison_release(&k);
}

/* Two rows in five twice as fast: that is no noise. */
static void what_many_rows_do_is_not_taken_for_noise(void **state)
{
    enum { CHANGED = ROWS * 2 / 5 };
    vg_comparison k = compare(0.5, CHANGED, 0.02, 0);
    assert_true(k.faster >= 99 * CHANGED / 100);
    assert_true(k.slower <= ROWS / 100);
    vg_comparison_release(&k);
}

/* What a user changes is a kernel: all its shapes move. */
static void a_slow_kernel_is_found(void **state)
{
    enum { KERNELS = 5, SLOW = KERNELS * SHAPES };
    double floor = measured_floor();
    for (int trial = 0; trial < 2; trial++) {
        vg_comparison k = compare(trial ? 1 / 1.05 : 1.05, SLOW, floor, 0);
        int rows = trial ? k.faster : k.slower, wrong = trial ? k.slower : k.faster;
        print_message("%d of %d kernels and %d of %d rows %s by 5 %% found, %d alarms to the other "
                      "side\n",
                      trial ? k.faster_groups : k.slower_groups, KERNELS, rows, SLOW,
                      trial ? "faster" : "slower", wrong);
        assert_int_equal(trial ? k.faster_groups : k.slower_groups, KERNELS);
        assert_int_equal(trial ? k.slower_groups : k.faster_groups, 0);
        assert_true(rows >= 95 * SLOW / 100 && rows <= SLOW + ROWS / 100);
        assert_true(wrong <= ROWS / 100);
        assert_int_equal(vg_comparison_regressed(&k), !trial);
        assert_true(k.found_group < 0.05 && k.found_row < 0.055 && k.found_row > k.found_group);
        vg_comparison_release(&k);
    }
}

/* Rows that slow down each in another kernel have nothing but themselves. */
static void scattered_rows_are_found(void **state)
{
    double floor = measured_floor();
    vg_comparison k = compare_with(1.05, 100, 10, floor, 0);
    print_message("%d of 100 scattered rows slower by 5 %% found\n", k.slower);
    assert_true(k.slower >= 80 && k.slower <= 110);
    assert_true(k.faster <= ROWS / 100);
    vg_comparison_release(&k);
    placement /= 2; /* on a machine half as noisy as ours */
    k = compare_with(1.05, 100, 10, floor / 2, 0);
    placement *= 2;
    print_message("%d of 100 scattered rows slower by 5 %% found at half the noise\n", k.slower);
    assert_true(k.slower >= 95);
    vg_comparison_release(&k);
    k = compare(1.10, 1, floor, 0.03); /* one among a thousand */
    assert_true(vg_comparison_regressed(&k));
    assert_true(k.rows[0].sure && k.rows[0].verdict == VG_SLOWER);
    assert_true(k.sure_slower <= 2); /* `sure` lets chance through once in all rows of a run */
    vg_comparison_release(&k);
}

static void an_unknown_floor_allows_no_verdict(void **state)
{
    json_t *a = run_of(1, 0, 0.01), *b = run_of(2, ROWS, 0.01);
    vg_compare_options options = {.min_effect = 0.03};
    vg_comparison k;
    json_object_del(b, "noise");
    assert_int_equal(vg_compare_documents(a, b, &options, &k), VG_OK);
    assert_int_equal(k.faster + k.slower + k.same, 0);
    assert_int_equal(k.ambiguous, ROWS);
    vg_comparison_release(&k);
    json_decref(a);
    json_decref(b);
}

static void set_clock(json_t *doc, double ghz, double trend)
{
    json_object_set_new(json_object_get(doc, "noise"), "drift",
                        json_pack("{sf sf sf}", "ghz", ghz, "ghz_trend", trend, "bandwidth_trend",
                                  trend / 2));
}

/* All rows slower by what the clock of the machine was slower, or moved by, are not the code's. */
static void drift_is_in_the_gate(void **state)
{
    json_t *a = run_of(1, 0, 0.01), *b = run_of(1.08, ROWS, 0.01);
    vg_compare_options options = {.min_effect = 0.03};
    for (int i = 0; i < 4; i++) {
        vg_comparison k;
        if (i)
            set_clock(a, 3.0, 0);
        if (i)
            set_clock(b, i == 2 ? 2.7 : 3.0, i == 3 ? -0.09 : 0);
        assert_int_equal(vg_compare_documents(a, b, &options, &k), VG_OK);
        assert_true(fabs(k.drift - (i == 2 ? log(3.0 / 2.7) : i == 3 ? 0.09 : 0)) < 1e-12);
        assert_int_equal(k.slower_groups, i < 2 ? ROWS / SHAPES : 0);
        assert_int_equal(vg_comparison_regressed(&k), i < 2);
        vg_comparison_release(&k);
    }
    json_decref(a);
    json_decref(b);
}

static void rows_without_partner_are_counted(void **state)
{
    json_t *a = run_of(1, 0, 0.01), *b = run_of(1, 0, 0.01);
    vg_compare_options options = {.min_effect = 0.03};
    vg_comparison k;
    for (int i = 0; i < 3; i++)
        json_array_remove(json_object_get(b, "benchmarks"), 0);
    json_array_remove(json_object_get(a, "benchmarks"), ROWS - 1);
    assert_int_equal(vg_compare_documents(a, b, &options, &k), VG_OK);
    assert_int_equal(k.only_old, 3);
    assert_int_equal(k.only_new, 1);
    assert_int_equal(k.count, ROWS - 4);
    vg_comparison_release(&k);
    json_decref(a);
    json_decref(b);
}

static json_t *net(const char *verdict, double ln_sq)
{
    return json_pack("{s{} si s[] s[{s{ss si si} s[] s{sf s[f,f]} sf ss}]}", "context",
                     "schema_version", 1, "benchmarks", "decay", "spec", "act", "tanh", "depth", 32,
                     "threads", 1, "layers", "rate", "ln_sq_per_layer", ln_sq, "ci95", ln_sq - 0.01,
                     ln_sq + 0.01, "survival", exp(16 * ln_sq), "verdict", verdict);
}

static void gradients_are_compared(void **state)
{
    static const struct {
        const char *verdict;
        double ln_sq;
        vg_net_change change;
    } cases[] = {{"healthy", -0.01, VG_NET_SAME},
                 {"healthy", -0.05, VG_NET_CHANGED},
                 {"vanishing", -0.01, VG_NET_WORSE}};
    json_t *old_doc = net("healthy", -0.01);
    vg_compare_options options = {.min_effect = 0.03};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *new_doc = net(cases[i].verdict, cases[i].ln_sq);
        vg_comparison k;
        vg_text text = {0};
        json_object_set_new(
            json_object_get(json_array_get(json_object_get(new_doc, "decay"), 0), "spec"),
            "threads", json_integer(2));
        assert_int_equal(vg_compare_documents(old_doc, new_doc, &options, &k), VG_OK);
        assert_int_equal(k.net_count, 1);
        assert_int_equal(k.nets[0].change, cases[i].change);
        assert_int_equal(vg_comparison_regressed(&k), cases[i].change == VG_NET_WORSE);
        assert_int_equal(vg_comparison_markdown(&k, "a|b", "<c>", &text), VG_OK);
        assert_null(strstr(text.p, "<c>"));
        free(text.p);
        vg_comparison_release(&k);
        json_decref(new_doc);
    }
    json_decref(old_doc);
}

static void survival_alone_is_a_change(void **state)
{
    json_t *a = net("healthy", -0.01), *b = net("healthy", -0.01);
    vg_compare_options options = {.min_effect = 0.03};
    static const struct {
        double factor;
        vg_net_change change;
    } cases[] = {{1.001, VG_NET_SAME}, {1.5, VG_NET_CHANGED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *record = json_array_get(json_object_get(b, "decay"), 0);
        vg_comparison k;
        json_object_set_new(record, "survival", json_real(exp(-0.16) * cases[i].factor));
        assert_int_equal(vg_compare_documents(a, b, &options, &k), VG_OK);
        assert_int_equal(k.nets[0].change, cases[i].change);
        vg_comparison_release(&k);
    }
    json_decref(a);
    json_decref(b);
}

/* @p kind "kernels": a row is known by its name; "steps": a network by its label. */
static json_t *counted(const char *kind, const char *state, int misses, const char *source)
{
    bool net = !strcmp(kind, "steps");
    return json_pack("{s{} si s[] s[{ss ss ss s[{ss s{si si}}]}]}", "context", "schema_version", 1,
                     "benchmarks", "profile", "kind", kind, "source", source, "tool",
                     "callgrind-3.19.0", "rows", net ? "label" : "kernel",
                     net ? "depth=4 norm=layer" : "relu/fwd/avx2/batch:1/width:8/threads:1", state,
                     "instructions", 1000, "l1_misses", misses);
}

static void simulated_counters_are_compared_by_equality(void **state)
{
    static const struct {
        const char *kind, *state;
        int misses, changes;
        const char *source;
        bool regressed;
    } cases[] = {{"kernels", "hot", 100, 0, "simulated", false},
                 {"kernels", "hot", 101, 1, "simulated", false},
                 {"kernels", "hot", 90, 1, "simulated", false},
                 {"kernels", "hot", 104, 1, "simulated", true},
                 {"kernels", "hot", 200, 0, "pmu", false},
                 {"kernels", "cold_weights", 104, 1, "simulated", true},
                 {"steps", "hot", 100, 0, "simulated", false},
                 {"steps", "hot", 101, 1, "simulated", false},
                 {"steps", "cold", 104, 1, "simulated", true},
                 {"steps", "hot", 200, 0, "pmu", false}};
    vg_compare_options options = {.min_effect = 0.03};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *a = counted(cases[i].kind, cases[i].state, 100, cases[i].source);
        json_t *b = counted(cases[i].kind, cases[i].state, cases[i].misses, cases[i].source);
        const char *row = !strcmp(cases[i].kind, "steps") ? "depth=4 norm=layer" : "relu/fwd/avx2/";
        vg_comparison k;
        vg_text text = {0};
        assert_int_equal(vg_compare_documents(a, b, &options, &k), VG_OK);
        assert_int_equal(json_array_size(k.count_changes), cases[i].changes);
        assert_int_equal(vg_comparison_regressed(&k), cases[i].regressed);
        assert_int_equal(vg_comparison_markdown(&k, "old", "new", &text), VG_OK);
        assert_int_equal(strstr(text.p, row) != NULL, cases[i].changes);
        json_decref(vg_comparison_json(&k, "old", "new"));
        free(text.p);
        vg_comparison_release(&k);
        json_decref(a);
        json_decref(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_code_raises_no_alarm),
        cmocka_unit_test(without_its_gates_it_would_cry_wolf),
        cmocka_unit_test(what_many_rows_do_is_not_taken_for_noise),
        cmocka_unit_test(a_slow_kernel_is_found),
        cmocka_unit_test(scattered_rows_are_found),
        cmocka_unit_test(an_unknown_floor_allows_no_verdict),
        cmocka_unit_test(drift_is_in_the_gate),
        cmocka_unit_test(rows_without_partner_are_counted),
        cmocka_unit_test(gradients_are_compared),
        cmocka_unit_test(survival_alone_is_a_change),
        cmocka_unit_test(simulated_counters_are_compared_by_equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
