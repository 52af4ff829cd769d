/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the trainer: schedules, a step against the same step by hand, the rest of an epoch,
 * batch norm in inference, judgements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/train/events.h"
#include "harness/train/race.h"
#include "harness/train/run.h"
#include "harness/train/schedule.h"
#include "harness/train/step.h"
#include "lab.h"

static void near(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.9g, not %.9g", what, got, want);
}

/* --- schedules ----------------------------------------------------------------------------- */

static void schedules(void **state)
{
    (void)state;
    vg_spec constant = lab_spec("lr=0.1"), cosine = lab_spec("lr=0.1 schedule=cosine"),
            step = lab_spec("lr=0.1 schedule=step"),
            warm = lab_spec("lr=0.1 schedule=warmup_cosine"),
            given = lab_spec("lr=0.1 schedule=cosine warmup=10");
    near(vg_schedule_lr(&constant, 77, 100), 0.1, 0, "constant");
    near(vg_schedule_lr(&cosine, 0, 100), 0.1, 1e-12, "cosine, first");
    near(vg_schedule_lr(&cosine, 50, 100), 0.05, 1e-9, "cosine, half");
    near(vg_schedule_lr(&cosine, 99, 100), 0.05 * (1 + cos(0.99 * 3.14159265358979)), 1e-9,
         "cosine, last");
    near(vg_schedule_lr(&step, 49, 100), 0.1, 0, "step, first half");
    near(vg_schedule_lr(&step, 50, 100), 0.01, 1e-15, "step, third quarter");
    near(vg_schedule_lr(&step, 75, 100), 0.001, 1e-15, "step, last quarter");
    assert_int_equal(vg_schedule_warmup(&warm, 100), 5);
    near(vg_schedule_lr(&warm, 0, 100), 0.02, 1e-12, "first step of the warm-up");
    near(vg_schedule_lr(&warm, 4, 100), 0.1, 1e-12, "last step of the warm-up");
    near(vg_schedule_lr(&given, 9, 100), 0.1, 1e-12, "warmup=10");
    near(vg_schedule_lr(&given, 55, 100), 0.05, 1e-9, "half of what is left");
}

/* --- steps --------------------------------------------------------------------------------- */

typedef struct rig {
    vg_spec spec;
    vg_dataset *data;
    vg_team *team;
    vg_stepper *stepper;
} rig;

static rig open_rig(const char *words, int64_t samples, double validation)
{
    rig r = {.spec = lab_spec(words)};
    vg_dataset_options how = {.samples = samples, .validation = validation};
    if (vg_dataset_open(&r.spec, &how, &r.data) || vg_team_create((int)r.spec.threads, 0, &r.team) ||
        vg_stepper_create(&r.spec, r.data, r.team, true, &r.stepper) ||
        vg_stepper_reset(r.stepper, r.spec.seed))
        fail_msg("%s: %s", words, vg_status_message());
    return r;
}

static void close_rig(rig *r)
{
    vg_stepper_destroy(r->stepper);
    vg_team_destroy(r->team);
    vg_dataset_close(r->data);
}

static vg_step_result run_step(rig *r, int64_t step, int64_t first, int64_t rows, bool statistics)
{
    vg_step_result result;
    if (vg_stepper_run(r->stepper, step, r->data->train + first, rows, 0.05, statistics, &result))
        fail_msg("%s", vg_status_message());
    return result;
}

static float *copy_of(const float *p, int64_t n)
{
    float *copy = malloc((size_t)n * sizeof *copy);
    memcpy(copy, p, (size_t)n * sizeof *copy);
    return copy;
}

/* w - lr g, with the gradients that the step leaves behind. */
static void sgd_is_what_it_says(void **state)
{
    (void)state;
    rig r = open_rig("depth=3 width=24 batch=32 optimizer=sgd", 100, 0);
    vg_net *net = vg_stepper_net(r.stepper);
    int64_t n = vg_net_arena(net)->floats;
    float *before = copy_of(vg_net_values(net), n);
    vg_step_result result = run_step(&r, 0, 0, 32, true);
    double squares = 0;
    for (int64_t i = 0; i < n; i++) {
        double g = vg_net_grads(net)[i], w = vg_net_values(net)[i];
        squares += g * g;
        near(w, before[i] - (double)0.05f * g, 1e-6, "weight");
    }
    near(result.grad_norm, sqrt(squares), 1e-5 * sqrt(squares), "gradient norm");
    near(result.clip_factor, 1, 0, "clip factor without clipping");
    near(result.layers[1].mean_abs_dw / 0.05 * 24 * 24, 0, INFINITY, "mean |dW|");
    assert_true(result.layers[1].update_ratio > 0 && result.layers[1].update_ratio < 1);
    free(before);
    close_rig(&r);
}

/* Without statistics the optimizer acts piece by piece, on gradients that share memory: the weights
 * are the same bits after some steps, padding included, whoever works. */
static void lean_steps_are_the_steps(void **state)
{
    (void)state;
    static const char *const nets[] = {
        "depth=4 width=100 batch=600 act=relu optimizer=adamw", /* large enough for a team */
        "depth=3 width=40 batch=32 act=prelu in_dim=24 optimizer=adam",
        "depth=3 width=32 batch=32 act=linear in_dim=20 optimizer=momentum",
        "depth=3 width=48 batch=70 norm=batch optimizer=adamw",
        "depth=3 width=48 batch=32 norm=layer skip=residual norm_at=pre act=gelu final_norm=1",
        "depth=3 width=40 batch=32 norm=group skip=scaled norm_at=post block_layers=1",
        "depth=3 width=40 batch=32 skip=rezero act=tanh optimizer=sgd",
        "depth=3 width=40 batch=32 skip=highway norm=rms",
        "model=rnn depth=2 width=24 batch=8 seq_len=6",
        "model=lstm depth=2 width=24 batch=8 seq_len=6",
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        for (int threads = 1; threads <= 3; threads++) {
            char words[160];
            snprintf(words, sizeof words, "%s threads=1", nets[i]);
            rig whole = open_rig(words, 600, 0);
            snprintf(words, sizeof words, "%s threads=%d", nets[i], threads);
            rig lean = open_rig(words, 600, 0);
            int64_t rows = whole.spec.batch, n = vg_net_arena(vg_stepper_net(lean.stepper))->floats;
            for (int step = 0; step < 3; step++) {
                run_step(&whole, step, 0, rows, true);
                run_step(&lean, step, 0, rows, false);
            }
            if (memcmp(vg_net_values(vg_stepper_net(whole.stepper)),
                       vg_net_values(vg_stepper_net(lean.stepper)), (size_t)n * sizeof(float)))
                fail_msg("%s: the lean step changes the weights in another way", words);
            close_rig(&whole);
            close_rig(&lean);
        }
}

/* The rest of an epoch is a batch of its own size: its loss is that of those samples alone. */
static void partial_batches(void **state)
{
    (void)state;
    static const char *const nets[] = {"norm=none", "norm=batch", "norm=layer skip=residual"};
    for (int i = 0; i < 3; i++) {
        char words[128];
        snprintf(words, sizeof words, "depth=3 width=24 batch=32 optimizer=sgd %s", nets[i]);
        rig whole = open_rig(words, 71, 0);
        snprintf(words, sizeof words, "depth=3 width=24 batch=7 optimizer=sgd %s", nets[i]);
        rig small = open_rig(words, 71, 0);
        vg_step_result a = run_step(&whole, 0, 64, 7, false), b = run_step(&small, 0, 64, 7, true);
        near(a.loss, b.loss, 0, words);
        int64_t n = vg_net_arena(vg_stepper_net(whole.stepper))->floats;
        assert_memory_equal(vg_net_values(vg_stepper_net(whole.stepper)),
                            vg_net_values(vg_stepper_net(small.stepper)),
                            (size_t)n * sizeof(float));
        close_rig(&whole);
        close_rig(&small);
    }
}

/* After many passes over one batch the running statistics are those of the batch, up to Bessel's
 * correction, so that inference on it gives nearly its training loss. */
static void batch_norm_runs_on_its_statistics(void **state)
{
    (void)state;
    rig r = open_rig("depth=2 width=16 batch=64 norm=batch optimizer=sgd", 64, 0);
    vg_step_result result;
    vg_score at_first, later;
    assert_int_equal(vg_stepper_score(r.stepper, r.data->train, 64, &at_first), VG_OK);
    for (int i = 0; i < 200; i++)
        assert_int_equal(vg_stepper_run(r.stepper, 0, r.data->train, 64, 0, false, &result), VG_OK);
    assert_int_equal(vg_stepper_score(r.stepper, r.data->train, 64, &later), VG_OK);
    near(later.loss, result.loss, 0.05 * result.loss, "loss in inference");
    assert_true(fabs(at_first.loss - result.loss) > fabs(later.loss - result.loss));
    close_rig(&r);
}

/* The last batch of a validation is partial, too: means over the samples, whatever the batch. */
static void scores_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    rig a = open_rig("depth=2 width=16 batch=8 norm=layer", 50, 0);
    rig b = open_rig("depth=2 width=16 batch=50 norm=layer", 50, 0);
    vg_score x, y;
    assert_int_equal(vg_stepper_score(a.stepper, a.data->train, 50, &x), VG_OK);
    assert_int_equal(vg_stepper_score(b.stepper, b.data->train, 50, &y), VG_OK);
    near(x.loss, y.loss, 1e-6, "loss");
    near(x.accuracy, y.accuracy, 0, "accuracy");
    close_rig(&a);
    close_rig(&b);
}

/* --- judgements ---------------------------------------------------------------------------- */

/* Feeds the rules a healthy net whose losses are made up. */
static json_t *judged(const double *losses, int count, double update)
{
    vg_spec spec = lab_spec("depth=10 width=32 batch=64");
    vg_layer_step layers[10];
    vg_events events;
    json_t *list = json_array();
    assert_int_equal(vg_events_begin(&spec, &events), VG_OK);
    for (int l = 0; l < 10; l++)
        layers[l] = (vg_layer_step){.block = {.delta_l2 = 1, .grad_out_l2 = 1, .out_std = 1},
                                    .update_ratio = update};
    for (int i = 0; i < count; i++) {
        vg_step_result r = {.loss = losses[i], .layers = layers, .entries = 10};
        vg_events_judge(&events, i + 1, &r, losses[i], 1, list);
    }
    vg_events_end(&events);
    return list;
}

static bool has(const json_t *list, const char *code)
{
    size_t i;
    json_t *event;
    json_array_foreach((json_t *)list, i, event)
        if (!strcmp(json_string_value(json_object_get(event, "code")), code))
            return true;
    return false;
}

static void judgements(void **state)
{
    (void)state;
    double falling[60], flat[60], wild[60];
    for (int i = 0; i < 60; i++) {
        falling[i] = 2.3 * exp(-0.05 * i);
        flat[i] = 2.3;
        wild[i] = i < 30 ? 2.3 - 0.07 * i : 20;
    }
    json_t *list = judged(falling, 60, 1e-3);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    list = judged(flat, 60, 1e-6);
    assert_true(has(list, "lr_too_low") && has(list, "plateau") && !has(list, "vanishing"));
    json_decref(list);
    list = judged(flat, 60, 1e-3);
    assert_true(!has(list, "lr_too_low") && has(list, "plateau"));
    json_decref(list);
    list = judged(wild, 60, 1e-3);
    assert_true(has(list, "diverging"));
    json_decref(list);
}

/* --- race ---------------------------------------------------------------------------------- */

/* --- the record ---------------------------------------------------------------------------- */

/* A run of 5,000 epochs keeps the first, the last, and no more than 1,000, in order. */
static void a_long_run_is_thinned(void **state)
{
    json_t *list = json_array();
    int64_t before = -1;
    (void)state;
    for (int64_t i = 0; i < 5000; i++) {
        vg_train_keep(list, json_integer(i));
        assert_true(json_array_size(list) <= 1000);
        assert_int_equal(json_integer_value(json_array_get(list, 0)), 0);
        assert_int_equal(json_integer_value(json_array_get(list, json_array_size(list) - 1)), i);
    }
    assert_true(json_array_size(list) >= 500);
    for (size_t k = 0; k < json_array_size(list); k++) {
        assert_true(json_integer_value(json_array_get(list, k)) > before);
        before = json_integer_value(json_array_get(list, k));
    }
    json_decref(list);
}

/* The row of a network that reaches its target at the first validation. */
static json_t *race_row(double onednn_limit)
{
    static const char *const words[][2] = {{"depth", "3"},      {"width", "16"},  {"batch", "32"},
                                           {"steps", "6"},      {"seeds", "2"},   {"threads", "1"},
                                           {"target_loss", "99"}};
    vg_racer racer = {.change = "as it is"};
    vg_race_options how = {.data = {.samples = 200, .validation = 0.2},
                           .no_rates = true,
                           .onednn_limit = onednn_limit};
    json_t *row = NULL;
    vg_spec_init(&racer.spec);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_equal(vg_spec_set(&racer.spec, words[i][0], words[i][1]), VG_OK);
    assert_int_equal(vg_race_run(&racer, &how, &row), VG_OK);
    return row;
}

static void the_race_does_not_wait_for_onednn(void **state)
{
    (void)state;
    if (vg_backend_usable(VG_BACKEND_onednn) != VG_OK)
        skip();
    json_t *row = race_row(1e-9), *side = json_object_get(row, "onednn");
    json_t *stopped = json_object_get(side, "stopped");
    double own = json_number_value(json_object_get(json_object_get(row, "own"), "time_s"));
    near(json_number_value(json_object_get(side, "time_s_above")), 1e-9 * own, 1e-12 * own, "limit");
    assert_true(json_is_null(json_object_get(side, "time_s")));
    assert_int_equal(json_array_size(stopped), 1); /* the second seed is left out */
    assert_string_equal(json_string_value(json_array_get(stopped, 0)), "limit");
    json_decref(row);
    row = race_row(1e9);
    side = json_object_get(row, "onednn");
    assert_null(json_object_get(side, "time_s_above"));
    assert_int_equal(json_integer_value(json_object_get(side, "reached")), 2);
    json_decref(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules),
        cmocka_unit_test(sgd_is_what_it_says),
        cmocka_unit_test(lean_steps_are_the_steps),
        cmocka_unit_test(partial_batches),
        cmocka_unit_test(batch_norm_runs_on_its_statistics),
        cmocka_unit_test(scores_do_not_depend_on_the_batch),
        cmocka_unit_test(judgements),
        cmocka_unit_test(a_long_run_is_thinned),
        cmocka_unit_test(the_race_does_not_wait_for_onednn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
