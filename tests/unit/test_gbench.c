/* SPDX-License-Identifier: Apache-2.0 */
/* Both timing loops give the same time for the same row, rows are restored between batches, rounds
 * are paired. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "measure/rig.h"
#include "measure/stats.h"
#include "micro/entries.h"
#include "micro/gbench.h"
#include "micro/merge.h"
#include "micro/sampler.h"
#include "results/results.h"

static void make_case(vg_case *c, const char *shape, vg_op op, vg_dir dir)
{
    *c = (vg_case){.op = op, .dir = dir, .threads = 1};
    assert_int_equal(vg_shape_parse(op, shape, &c->shape), VG_OK);
    for (int b = 0; b < VG_BACKEND_COUNT; b++) {
        const vg_kernel *kernel = vg_kernel_find(op, dir, (vg_backend)b);
        if (kernel && !vg_kernel_usable(kernel))
            c->rows[c->row_count++] = kernel;
    }
    assert_true(c->row_count > 0);
}

static vg_sampling brief(void)
{
    vg_sampling s = vg_sampling_default;
    s.seconds = 0.01;
    s.min_rounds = 9;
    return s;
}

static void every_row_has_as_many_samples_as_its_partner(void **state)
{
    (void)state;
    vg_case c;
    vg_case_result result;
    vg_sampling sampling = brief();
    make_case(&c, "32 64", VG_OP_relu, VG_DIR_bwd);
    assert_int_equal(vg_case_time(&c, &sampling, &result), VG_OK);
    for (int i = 0; i < result.count; i++) {
        const vg_row_result *row = &result.rows[i], *partner = vg_case_partner(&result, row);
        if (row->error[0])
            fail_msg("%s: %s", row->name, row->error);
        assert_true(row->count >= 9);
        assert_int_equal(row->verified, 1);
        if (partner)
            assert_int_equal(partner->count, row->count);
        for (int k = 0; k < row->count; k++)
            assert_true(row->samples[k] > 0 && row->samples[k] < 1e8);
    }
    vg_case_result_release(&result);
}

typedef struct spin {
    int begun, run;
} spin;

static void begin(void *context)
{
    ((spin *)context)->begun++;
}

/* About 20 us, by the clock. */
static void run(void *context)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    do {
        clock_gettime(CLOCK_MONOTONIC, &b);
    } while ((b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec < 20000);
    ((spin *)context)->run++;
}

typedef struct seen {
    int count[2];
    double least;
    int64_t iterations;
} seen;

static void sample(void *user, int row, double real_ns, double cpu_ns, int64_t iterations)
{
    seen *s = user;
    assert_in_range(row, 0, 1);
    assert_true(cpu_ns >= 0);
    s->count[row]++;
    s->least = real_ns < s->least ? real_ns : s->least;
    s->iterations = iterations;
}

static void rounds_of_the_library(void **state)
{
    (void)state;
    if (!vg_gbench_version())
        skip();
    char program[] = "test", *argv[] = {program, NULL};
    spin a = {0, 0}, b = {0, 0};
    seen s = {{0, 0}, INFINITY, 0};
    const vg_gbench_row rows[2] = {
        {.name = "a", .begin = begin, .run = run, .context = &a, .iterations = 3},
        {.name = "b", .begin = begin, .run = run, .context = &b, .iterations = 3}};
    assert_int_equal(vg_gbench_initialize(1, argv), VG_OK);
    assert_int_equal(vg_gbench_register(rows, 2), VG_OK);
    for (int round = 0; round < 5; round++)
        assert_int_equal(vg_gbench_round(sample, &s), VG_OK);
    assert_int_equal(s.count[0], 5);
    assert_int_equal(s.count[1], 5);
    assert_int_equal(s.iterations, 3);
    assert_int_equal(a.begun, 5);
    assert_int_equal(a.run, 15);
    assert_int_equal(b.run, 15);
    assert_true(s.least >= 20000);
}

static void a_row_that_fails_verification_has_no_time(void **state)
{
    (void)state;
    vg_case c;
    vg_case_result result = {.count = 1};
    vg_entry_context context = {NULL, NULL, 1, 100};
    json_t *entries = json_array();
    make_case(&c, "8 16", VG_OP_relu, VG_DIR_fwd);
    result.c = &c;
    result.rows[0].kernel = c.rows[0];
    snprintf(result.rows[0].error, sizeof result.rows[0].error, "verification failed: x");
    assert_int_equal(vg_entries_add(entries, &result, &context), VG_OK);
    const json_t *e = json_array_get(entries, 0);
    assert_true(json_is_true(json_object_get(e, "error_occurred")));
    assert_string_equal(vg_json_get_text(e, "error_message", ""), "verification failed: x");
    assert_null(json_object_get(e, "samples_ns"));
    assert_true(json_is_false(json_object_get(e, "verified")));
    json_decref(entries);
}

static json_t *pass_with(double ns, double ratio)
{
    return json_pack("{s:[{s:s, s:f, s:i, s:f, s:[f, f], s:[{s:s, s:f}]}], s:{s:[{s:s, s:f}]}}",
                     "benchmarks", "kernel", "a/threads:1", "real_time", ns, "omp_threads_asked", 1,
                     "gflops", 1.0, "samples_ns", ns, ns, "ratios", "base", "onednn", "ratio", ratio,
                     "noise", "pairs", "kernel", "a/threads:1", "ratio", 1.01);
}

static void processes_are_the_unit_of_merged_results(void **state)
{
    (void)state;
    static const double ns[5] = {10, 12, 11, 14, 10}, ratios[5] = {1.2, 1.3, 1.25, 1.22, 1.28};
    json_t *results = json_pack("{s:[]}", "benchmarks");
    for (int i = 0; i < 5; i++) {
        json_t *pass = pass_with(ns[i], ratios[i]);
        assert_int_equal(vg_merge_pass(results, pass, i), VG_OK);
        json_decref(pass);
    }
    assert_int_equal(vg_merge_finish(results, 5, 1), VG_OK);
    const json_t *entries = json_object_get(results, "benchmarks"), *e = json_array_get(entries, 0);
    assert_int_equal(json_array_size(entries), 1);
    assert_int_equal(json_array_size(json_object_get(e, "samples_ns")), 10);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(e, "samples_process"), 9)), 4);
    assert_true(vg_json_get_number(e, "real_time") == 11);
    const json_t *r = json_array_get(json_object_get(e, "ratios"), 0);
    assert_true(vg_json_get_number(r, "ratio") == 1.25);
    const json_t *ci = json_object_get(r, "ci95");
    assert_true(json_number_value(json_array_get(ci, 0)) >= 1.2);
    assert_true(json_number_value(json_array_get(ci, 1)) <= 1.3);
    assert_string_equal(vg_json_get_text(r, "verdict", ""), "FASTER");
    assert_string_equal(vg_json_get_text(e, "comparison", ""), "processes:5");
    json_decref(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_as_many_samples_as_its_partner),
        cmocka_unit_test(rounds_of_the_library),
        cmocka_unit_test(a_row_that_fails_verification_has_no_time),
        cmocka_unit_test(processes_are_the_unit_of_merged_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
