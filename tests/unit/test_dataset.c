/* SPDX-License-Identifier: Apache-2.0 */
/* Data sets that are generated; split, order, standardisation and batches of any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data.h"
#include "harness/data/dataset.h"
#include "harness/sweep.h"

static vg_spec spec_of(const char *line)
{
    char copy[512], *words[32], *rest = NULL;
    int count = 0;
    strcpy(copy, line);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    vg_sweep sweep;
    vg_spec spec;
    assert_int_equal(vg_sweep_parse(count, words, &sweep), VG_OK);
    assert_int_equal(vg_sweep_point(&sweep, 0, &spec, NULL), VG_OK);
    vg_sweep_release(&sweep);
    if (vg_spec_resolve(&spec, VG_FOR_TRAIN) != VG_OK)
        fail_msg("%s: %s", line, vg_status_message());
    return spec;
}

static vg_dataset *open_with(const char *line, vg_dataset_options options)
{
    vg_spec spec = spec_of(line);
    vg_dataset *d;
    if (vg_dataset_open(&spec, &options, &d) != VG_OK)
        fail_msg("%s: %s", line, vg_status_message());
    return d;
}

static vg_dataset *open_set(const char *line, int64_t samples)
{
    return open_with(line, (vg_dataset_options){.samples = samples, .validation = 0.2});
}

/* The numbers that the decay laboratory has always been run on. */
static void data_of_the_laboratory_keep_their_bits(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        uint64_t hash;
    } want[] = {{"in_dim=16 data=teacher", UINT64_C(0xa7df4ded3b05b508)},
                {"in_dim=16 data=gaussians", UINT64_C(0x27544c4d4718e9a3)},
                {"in_dim=16 data=spirals", UINT64_C(0x40dc9fb16bc1321b)}};
    for (int i = 0; i < 3; i++) {
        vg_spec spec = spec_of(want[i].spec);
        vg_data d;
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        assert_int_equal(vg_data_make(&spec, 50, &d), VG_OK);
        const void *parts[] = {d.x, d.labels, d.target};
        size_t sizes[] = {50 * 16 * 4, 50 * 4, 50 * 10 * 4};
        for (int p = 0; p < 3; p++)
            for (size_t b = 0; b < sizes[p]; b++)
                hash = (hash ^ ((const uint8_t *)parts[p])[b]) * UINT64_C(0x100000001b3);
        if (hash != want[i].hash)
            fail_msg("%s: 0x%llx", want[i].spec, (unsigned long long)hash);
        vg_data_release(&d);
    }
}

static void adding_marks_two_numbers_and_wants_their_sum(void **state)
{
    (void)state;
    vg_dataset *d = open_set("model=lstm data=adding seq_len=21", 300);
    assert_int_equal(d->steps, 21);
    assert_int_equal(d->in_dim, 2);
    assert_int_equal(d->classes, 1);
    double mean = 0;
    for (int64_t s = 0; s < d->count; s++) {
        float sum = 0;
        int marks[2] = {0};
        for (int t = 0; t < 21; t++) {
            const float *x = d->x + (s * 21 + t) * 2;
            assert_true(x[0] >= 0 && x[0] <= 1 && (x[1] == 0 || x[1] == 1));
            marks[t >= 10] += x[1] == 1;
            sum += x[1] * x[0];
        }
        assert_true(marks[0] == 1 && marks[1] == 1);
        assert_true(d->target[s] == sum);
        mean += sum / 300;
    }
    assert_true(fabs(mean - 1) < 0.1); /* 4 standard errors of sqrt(1/6) / sqrt(300) */
    vg_dataset_close(d);
    d = open_set("model=rnn data=adding seq_len=5 loss=softmax_xent classes=4", 100);
    for (int64_t s = 0; s < d->count; s++)
        assert_true(d->labels[s] >= 0 && d->labels[s] < 4 &&
                    d->target[s * 4 + d->labels[s]] == 1);
    vg_dataset_close(d);
}

static void recall_asks_for_the_first_symbol(void **state)
{
    (void)state;
    vg_dataset *d = open_set("model=gru data=recall seq_len=7 classes=5", 200);
    int seen[5] = {0};
    for (int64_t s = 0; s < d->count; s++) {
        for (int t = 0; t < 7; t++) {
            float sum = 0;
            for (int k = 0; k < 5; k++)
                sum += d->x[(s * 7 + t) * 5 + k];
            assert_true(sum == 1);
        }
        assert_true(d->x[s * 35 + d->labels[s]] == 1);
        seen[d->labels[s]]++;
    }
    for (int k = 0; k < 5; k++)
        assert_true(seen[k] > 15 && seen[k] < 75);
    vg_dataset_close(d);
}

static void parts_are_disjoint_whole_and_repeatable(void **state)
{
    (void)state;
    vg_dataset *a = open_set("in_dim=3 width=8 data=gaussians", 101),
               *b = open_set("in_dim=3 width=8 data=gaussians", 101),
               *c = open_set("in_dim=3 width=8 data=gaussians data_seed=2", 101);
    assert_int_equal(a->train_count, 81);
    assert_int_equal(a->validation_count, 20);
    char seen[101] = {0};
    for (int64_t i = 0; i < 101; i++)
        seen[a->train[i]]++; /* the lists lie one behind the other */
    for (int i = 0; i < 101; i++)
        assert_int_equal(seen[i], 1);
    for (int64_t i = 1; i < a->train_count; i++)
        assert_true(a->train[i - 1] < a->train[i]);
    assert_memory_equal(a->train, b->train, 101 * sizeof *a->train);
    assert_memory_not_equal(a->validation, c->validation, 20 * sizeof *a->validation);
    vg_dataset_close(a);
    vg_dataset_close(b);
    vg_dataset_close(c);
    a = open_with("in_dim=3 width=8", (vg_dataset_options){.samples = 7});
    assert_int_equal(a->train_count, 7);
    vg_dataset_close(a);
}

static void order_is_a_permutation_of_seed_and_epoch(void **state)
{
    (void)state;
    vg_dataset *d = open_set("in_dim=2 width=8 data=spirals", 500);
    enum { N = 400 };
    int32_t order[4][N];
    int64_t which[4][2] = {{1, 0}, {1, 1}, {2, 0}, {1, 0}};
    assert_int_equal(d->train_count, N);
    for (int k = 0; k < 4; k++) {
        vg_dataset_order(d, which[k][0], which[k][1], order[k]);
        char seen[500] = {0};
        for (int i = 0; i < N; i++)
            seen[order[k][i]]++;
        for (int i = 0; i < N; i++)
            assert_int_equal(seen[d->train[i]], 1);
    }
    assert_memory_equal(order[0], order[3], sizeof order[0]);
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    assert_memory_not_equal(order[0], order[2], sizeof order[0]);
    vg_dataset_close(d);
}

static void batches_take_what_the_list_says(void **state)
{
    (void)state;
    vg_dataset *d = open_set("model=lstm data=recall seq_len=3 classes=4", 50);
    enum { ROWS = 8, LD = 16, STEP = 5 };
    float x[ROWS * LD], major[3 * ROWS * STEP], target[ROWS * 4];
    int32_t labels[ROWS], index[] = {9, 3, 3, 40, 7};
    for (int i = 0; i < ROWS * LD; i++)
        x[i] = -1;
    vg_batch batch = {.x = x, .ld = LD, .labels = labels, .target = target};
    vg_dataset_gather(d, index, 0, 2, &batch);
    vg_dataset_gather(d, index, 2, 5, &batch);
    for (int r = 0; r < ROWS; r++)
        for (int k = 0; k < LD; k++)
            assert_true(x[r * LD + k] == (r < 5 && k < 12 ? d->x[index[r] * 12 + k] : -1));
    vg_batch time_major = {.x = major, .ld = STEP, .rows = ROWS, .time_major = true};
    vg_dataset_gather(d, index, 0, 5, &time_major);
    for (int r = 0; r < 5; r++) {
        assert_int_equal(labels[r], d->labels[index[r]]);
        for (int c = 0; c < 4; c++)
            assert_true(target[r * 4 + c] == (c == labels[r]));
        for (int t = 0; t < 3; t++)
            assert_memory_equal(major + (t * ROWS + r) * STEP, x + r * LD + t * 4,
                                4 * sizeof(float));
    }
    assert_int_equal(vg_dataset_batches(40, 8), 5);
    assert_int_equal(vg_dataset_batches(41, 8), 6);
    vg_dataset_close(d);
}

static void moments(const vg_dataset *d, int64_t feature, double *mean, double *sd)
{
    double sum = 0, square = 0, n = (double)d->train_count;
    for (int64_t i = 0; i < d->train_count; i++) {
        double v = d->x[d->train[i] * d->in_dim + feature];
        sum += v;
        square += v * v;
    }
    *mean = sum / n;
    *sd = sqrt(square / n - *mean * *mean);
}

static void standardisation_is_fitted_on_the_training_part(void **state)
{
    (void)state;
    vg_dataset *d = open_with("in_dim=5 width=8 data=gaussians",
                              (vg_dataset_options){.samples = 200,
                                                   .validation = 0.3,
                                                   .standardise = VG_STANDARDISE_feature});
    for (int k = 0; k < 5; k++) {
        double mean, sd;
        moments(d, k, &mean, &sd);
        assert_true(fabs(mean) < 1e-6 && fabs(sd - 1) < 1e-6);
    }
    vg_dataset_close(d);
    d = open_with("in_dim=5 width=8 data=gaussians",
                  (vg_dataset_options){.samples = 200, .standardise = VG_STANDARDISE_global});
    double sum = 0, square = 0, first, sd;
    for (int i = 0; i < 1000; i++) {
        sum += d->x[i] / 1000;
        square += d->x[i] * d->x[i] / 1000;
    }
    moments(d, 0, &first, &sd);
    assert_true(fabs(sum) < 1e-6 && fabs(square - 1) < 1e-6);
    assert_true(fabs(first) > 1e-3); /* the features keep their own means */
    vg_dataset_close(d);
}

static void refuses(const char *line, vg_dataset_options options, const char *part)
{
    vg_spec spec = spec_of(line);
    vg_dataset *d;
    assert_int_not_equal(vg_dataset_open(&spec, &options, &d), VG_OK);
    assert_null(d);
    if (!strstr(vg_status_message(), part))
        fail_msg("%s: '%s' does not name '%s'", line, vg_status_message(), part);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    refuses("width=8", (vg_dataset_options){.validation = 1}, "validation=1");
    refuses("width=8", (vg_dataset_options){.validation = NAN}, "validation=");
    refuses("width=8", (vg_dataset_options){.samples = 1, .validation = 0.5}, "none to train on");
    refuses("model=lstm data=adding in_dim=3", (vg_dataset_options){0}, "in_dim=2");
    refuses("model=lstm data=adding classes=2", (vg_dataset_options){0}, "classes=1");
    refuses("model=lstm data=recall in_dim=4", (vg_dataset_options){0}, "needs as many");
    refuses("width=8 data=idx:/nonexistent", (vg_dataset_options){0}, "/nonexistent");
    refuses("width=2147483647 data=teacher", (vg_dataset_options){.samples = 2147483647},
            "too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_the_laboratory_keep_their_bits),
        cmocka_unit_test(adding_marks_two_numbers_and_wants_their_sum),
        cmocka_unit_test(recall_asks_for_the_first_symbol),
        cmocka_unit_test(parts_are_disjoint_whole_and_repeatable),
        cmocka_unit_test(order_is_a_permutation_of_seed_and_epoch),
        cmocka_unit_test(batches_take_what_the_list_says),
        cmocka_unit_test(standardisation_is_fitted_on_the_training_part),
        cmocka_unit_test(what_makes_no_sense_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
