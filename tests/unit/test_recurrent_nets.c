/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent networks: gradients against finite differences, exact cases, theory, verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "finite_difference.h"
#include "lab.h"
#include "results/results.h"

static void check(const char *more)
{
    char words[512];
    snprintf(words, sizeof words,
             "width=12 batch=6 classes=4 backend=scalar threads=1 seq_len=7 bias_std=0.1 %s", more);
    lab_check_gradients(words);
}

static void gradients_agree_with_finite_differences(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "model=rnn act=tanh data=recall",
        "model=rnn act=relu data=adding classes=1 depth=2",
        "model=rnn act=tanh data=adding classes=1 init_rec=lecun_normal gain=1.5 depth=3",
        "model=rnn act=relu data=recall init_rec=identity loss=mse",
        "model=lstm data=recall depth=2",
        "model=lstm data=adding classes=1 forget_bias=-1 init=torch_default init_rec=torch_default",
        "model=lstm data=recall loss=mse init=normal init_std=0.7 gain=2",
        "model=gru data=recall update_bias=1.5",
        "model=gru data=adding classes=1 depth=3 init_rec=xavier_uniform",
        "model=gru data=recall loss=mse init=normal init_std=0.7 loss_scale=64",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i]);
}

static double layer_of(const json_t *record, size_t t, const char *key)
{
    return vg_json_get_number(json_array_get(json_object_get(record, "layers"), t), key);
}

/* With zero weights only the gate carries the gradient: sigmoid(b) per step. */
static void zero_weights_leave_the_gate(void **state)
{
    (void)state;
    static const double biases[] = {0, 1, 3};
    for (int i = 0; i < 3; i++) {
        char words[256];
        double gate = 1 / (1 + exp(-biases[i]));
        int T = 40;
        snprintf(words, sizeof words,
                 "backend=scalar model=gru seq_len=%d update_bias=%g init=zeros init_rec=zeros width=16 batch=8 "
                 "seeds=2", T, biases[i]);
        json_t *record = lab_record(words);
        double expected = pow(gate, T - 1), survival = vg_json_get_number(record, "survival");
        if (!(fabs(survival / expected - 1) <= 1e-5 * T))
            fail_msg("%s: survival %g, expected %g", words, survival, expected);
        assert_true(json_is_true(json_object_get(json_object_get(record, "theory"), "within")));
        json_decref(record);
        /* lstm: dL/dh_t is zero but for the last step, the path goes through the cells */
        snprintf(words, sizeof words,
                 "backend=scalar model=lstm seq_len=%d forget_bias=%g init=zeros init_rec=zeros width=16 batch=8 "
                 "seeds=2", T, biases[i]);
        record = lab_record(words);
        double cells = layer_of(record, 0, "grad_cell_l2") /
                       layer_of(record, (size_t)T - 1, "grad_cell_l2");
        if (!(fabs(cells / expected - 1) <= 1e-5 * T))
            fail_msg("%s: cell path %g, expected %g", words, cells, expected);
        assert_true(layer_of(record, 3, "carry_mean") > 0);
        json_decref(record);
    }
}

/* Orthogonal recurrence of gain g and inputs too small for tanh to bend: g^T. */
static void orthogonal_recurrence_is_an_isometry(void **state)
{
    (void)state;
    json_t *record = lab_record("backend=scalar model=rnn seq_len=80 init=normal init_std=1e-5 width=32 batch=8 "
                                "seeds=2");
    assert_true(fabs(vg_json_get_number(record, "survival") - 1) < 1e-4);
    assert_string_equal(vg_json_get_text(record, "verdict", ""), "healthy");
    double radius = vg_json_get_number(json_object_get(record, "recurrent"), "spectral_radius");
    assert_true(fabs(radius - 1) < 1e-5);
    json_decref(record);
    record = lab_record("backend=scalar model=rnn seq_len=80 init=normal init_std=1e-5 width=32 batch=8 seeds=2 "
                        "gain=0.9");
    assert_true(fabs(vg_json_get_number(record, "survival") / pow(0.9, 79) - 1) < 1e-3);
    assert_string_equal(vg_json_get_text(record, "verdict", ""), "vanishing");
    json_decref(record);
}

static void rates_agree_with_theory(void **state)
{
    (void)state;
    static const struct {
        const char *words, *verdict;
    } table[] = {
        {"model=rnn", "vanishing"},
        {"model=rnn init_rec=lecun_normal", ""},
        {"model=rnn act=relu", "vanishing"},
        {"model=rnn data=recall init=normal init_std=0.5", "vanishing"},
        {"model=rnn data=recall init=normal init_std=0.5 gain=1.6666667", ""},
        {"model=gru", "vanishing"},
        {"model=gru update_bias=2", "vanishing"},
        {"model=lstm", ""},
        {"model=lstm forget_bias=0", "vanishing"},
        {"model=rnn depth=3", "vanishing"}, /* stacked: driven by the state below */
        {"model=gru depth=2", "vanishing"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[256];
        snprintf(words, sizeof words, "backend=scalar width=96 batch=16 seq_len=60 seeds=4 %s", table[i].words);
        json_t *record = lab_record(words), *theory = json_object_get(record, "theory");
        if (!json_is_true(json_object_get(theory, "within")))
            fail_msg("%s: %g measured, %g predicted", words,
                     vg_json_get_number(json_object_get(record, "rate"), "ln_sq_per_layer"),
                     vg_json_get_number(theory, "ln_sq_per_layer"));
        const char *verdict = vg_json_get_text(record, "verdict", "");
        if (table[i].verdict[0] && strcmp(verdict, table[i].verdict))
            fail_msg("%s is called %s", words, verdict);
        json_decref(record);
    }
}

/* A finding never names a block where there is none, and a zero signal is no NaN. */
static void findings_speak_of_steps(void **state)
{
    (void)state;
    json_t *record = lab_record("backend=scalar model=gru seq_len=60 width=32 batch=8 seeds=2");
    char *text = json_dumps(json_object_get(record, "findings"), 0);
    assert_non_null(strstr(text, "per step"));
    assert_null(strstr(text, "non_finite"));
    free(text);
    json_decref(record);
    record = lab_record("backend=scalar model=lstm seq_len=20 width=16 batch=8 seeds=2 init=zeros init_rec=zeros");
    text = json_dumps(record, 0);
    assert_null(strstr(text, "nan"));
    assert_true(json_is_null(json_object_get(record, "rate")));
    free(text);
    json_decref(record);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const models[] = {"rnn", "lstm", "gru"};
    for (int m = 0; m < 3; m++) {
        vg_block_stats stats[2][9];
        lab_net lab[2];
        for (int i = 0; i < 2; i++) {
            char words[128];
            snprintf(words, sizeof words, "backend=scalar model=%s seq_len=9 width=64 batch=70 depth=2 threads=%d",
                     models[m], i ? 5 : 1);
            lab[i] = lab_run(words, false, true);
            for (int t = 1; t <= 9; t++)
                vg_net_stats(lab[i].net, t, &stats[i][t - 1]);
        }
        assert_memory_equal(stats[0], stats[1], sizeof stats[0]);
        assert_memory_equal(vg_net_grads(lab[0].net), vg_net_grads(lab[1].net),
                            (size_t)vg_net_arena(lab[0].net)->floats * sizeof(float));
        lab_release(&lab[0]);
        lab_release(&lab[1]);
    }
}

/* Gradients of all parameters after a second seed: what is prepared for the first must not stay. */
static lab_net second_seed(const char *words, const char *backend)
{
    char text[256];
    snprintf(text, sizeof text, "%s backend=%s", words, backend);
    lab_net lab = lab_run(text, false, false);
    assert_int_equal(vg_net_init(lab.net, lab.spec.seed + 1), VG_OK);
    assert_int_equal(vg_net_run(lab.net), VG_OK);
    return lab;
}

static void onednn_gives_the_same_gradients(void **state)
{
    (void)state;
    static const char *const nets[] = {"model=rnn", "model=rnn act=relu", "model=lstm",
                                       "model=gru depth=2"};
    if (vg_backend_usable(VG_BACKEND_onednn) != VG_OK)
        skip();
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        char words[128];
        double error = 0, size = 0;
        snprintf(words, sizeof words, "%s seq_len=9 width=16 batch=6 data=recall", nets[i]);
        lab_net own = second_seed(words, "scalar"), theirs = second_seed(words, "onednn");
        for (int64_t k = 0; k < (int64_t)vg_net_arena(own.net)->floats; k++) {
            double x = vg_net_grads(own.net)[k], y = vg_net_grads(theirs.net)[k];
            error += (x - y) * (x - y);
            size += x * x;
        }
        lab_release(&own);
        lab_release(&theirs);
        if (!(sqrt(error / size) <= 1e-5))
            fail_msg("%s: %g", words, sqrt(error / size));
    }
}

/* Its cells give no gradient of the states between: that is said, not called vanishing. */
static void onednn_is_not_watched_in_time(void **state)
{
    (void)state;
    json_t *record = NULL;
    if (vg_backend_usable(VG_BACKEND_onednn) != VG_OK)
        skip();
    vg_spec spec = lab_spec("model=lstm seq_len=9 width=16 batch=6 backend=onednn");
    assert_int_equal(vg_decay_measure(&spec, &(vg_decay_options){0}, &record), VG_EUNSUPPORTED);
    assert_null(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree_with_finite_differences),
        cmocka_unit_test(zero_weights_leave_the_gate),
        cmocka_unit_test(orthogonal_recurrence_is_an_isometry),
        cmocka_unit_test(rates_agree_with_theory),
        cmocka_unit_test(findings_speak_of_steps),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(onednn_gives_the_same_gradients),
        cmocka_unit_test(onednn_is_not_watched_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
