/* SPDX-License-Identifier: Apache-2.0 */
/* Measured rates against published predictions, and exact cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/fixes.h"
#include "lab.h"
#include "results/results.h"

static double number(const json_t *record, const char *part, const char *key)
{
    return vg_json_get_number(part ? json_object_get(record, part) : record, key);
}

/* |r - ln chi + c/(2n)| <= 4 sqrt(c / (n dL S)) + 1e-4: Hanin & Nica 2018 for the spread. */
static void rates_of_plain_networks(void **state)
{
    (void)state;
    enum { N = 192, L = 44, SEEDS = 4 };
    static const struct {
        const char *words;
        double chi, c;
    } table[] = {
        {"act=relu init=he_normal", 1, 5},
        {"act=relu init=xavier_normal", 0.5, 5},
        {"act=relu init=xavier_uniform", 0.5, 5},
        {"act=relu init=standard_uniform", 1.0 / 6, 5},
        {"act=linear init=lecun_normal", 1, 2},
        {"act=tanh init=he_normal", 1.1055, 4.37},
        {"act=tanh init=standard_uniform", 1.0 / 3, 2.02},
        {"act=sigmoid init=xavier_normal", 0.0557207068, 2.08},
        {"act=selu init=lecun_normal", 1.07157499, 4.24},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[256];
        snprintf(words, sizeof words, "depth=%d width=%d batch=32 seeds=%d %s", L, N, SEEDS,
                 table[i].words);
        json_t *record = lab_record(words);
        double rate = number(record, "rate", "ln_sq_per_layer");
        double expected = log(table[i].chi) - table[i].c / (2 * N);
        double band = 4 * sqrt(table[i].c / (N * (L - 4.0) * SEEDS)) + 1e-3;
        if (!(fabs(rate - expected) <= band))
            fail_msg("%s: %g per layer, expected %g within %g", words, rate, expected, band);
        assert_true(json_is_true(json_object_get(json_object_get(record, "theory"), "within")));
        json_decref(record);
    }
}

/* Weight gradients stay flat where delta dies (Glorot & Bengio 2010, eq. 14): the reason why the
 * signal is delta. */
static void weight_gradients_hide_the_decay(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=32 width=128 batch=32 act=relu init=xavier_normal seeds=4");
    const json_t *layers = json_object_get(record, "layers");
    const json_t *first = json_array_get(layers, 0), *last = json_array_get(layers, 31);
    double delta = log10(vg_json_get_number(first, "delta_l2") /
                         vg_json_get_number(last, "delta_l2"));
    double weight = log10(vg_json_get_number(first, "grad_weight_l2") /
                          vg_json_get_number(last, "grad_weight_l2"));
    assert_true(delta < -3.5 && delta > -6.5);
    assert_true(fabs(weight) < 0.6);
    assert_string_equal(vg_json_get_text(record, "verdict", ""), "vanishing");
    json_decref(record);
}

static void orthogonal_linear_networks_are_exact(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=11 act=linear init=orthogonal gain=0.5 seeds=2 batch=64");
    double survival = number(record, NULL, "survival");
    assert_true(fabs(survival / 9.765625e-4 - 1) <= 1e-5);
    json_decref(record);
    record = lab_record("depth=100 act=linear init=orthogonal seeds=1 width=64 batch=16");
    assert_true(fabs(number(record, NULL, "survival") - 1) <= 1e-5);
    assert_string_equal(vg_json_get_text(record, "verdict", ""), "healthy");
    json_decref(record);
}

/* Bachlechner 2020: alpha = 0 makes every block the identity. */
static void rezero_is_one_to_the_last_bit(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=40 width=48 batch=16 skip=rezero act=tanh seeds=2");
    assert_true(number(record, NULL, "survival") == 1);
    assert_true(number(record, "rate", "ln_sq_per_layer") == 0 ||
                fabs(number(record, "rate", "ln_sq_per_layer")) < 1e-14);
    json_decref(record);
}

static void norms_and_skips_agree_with_theory(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "act=relu norm=batch batch=48",
        "act=sigmoid norm=batch batch=48",
        "act=sigmoid norm=layer",
        "act=relu norm=layer norm_at=post",
        "act=relu skip=residual",
        "act=relu skip=scaled",
        "act=relu skip=residual norm=layer norm_at=pre",
        "act=sigmoid skip=residual norm=layer norm_at=post",
        "act=tanh skip=highway gate_bias=-3",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[256];
        snprintf(words, sizeof words, "depth=20 width=192 batch=32 seeds=4 %s", cases[i]);
        json_t *record = lab_record(words), *theory = json_object_get(record, "theory");
        if (!json_is_true(json_object_get(theory, "within")))
            fail_msg("%s: %g measured, %g predicted", words,
                     number(record, "rate", "ln_sq_per_layer"),
                     number(record, "theory", "ln_sq_per_layer"));
        json_decref(record);
    }
}

/* GELU and SiLU with He weights: deviations of q grow, and the linear walk is 4 to 10 standard
 * deviations off. */
static void heavy_tails_are_followed(void **state)
{
    (void)state;
    static const char *const cases[] = {"act=gelu depth=16", "act=gelu depth=32", "act=gelu depth=48",
                                        "act=silu depth=32"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[256];
        snprintf(words, sizeof words, "width=128 batch=1 seeds=24 init=he_normal %s", cases[i]);
        json_t *record = lab_record(words), *theory = json_object_get(record, "theory");
        assert_true(fabs(number(record, "theory", "deviation_sd")) < 4);
        assert_true(number(record, "theory", "slack") == 0);
        assert_true(json_is_true(json_object_get(theory, "within")));
        json_decref(record);
    }
}

/* The scale of the weights in front of a norm is nothing. */
static void norms_forget_the_scale(void **state)
{
    (void)state;
    json_t *a = lab_record("depth=12 width=64 batch=32 norm=batch seeds=2 act=relu gain=1");
    json_t *b = lab_record("depth=12 width=64 batch=32 norm=batch seeds=2 act=relu gain=4");
    assert_true(fabs(number(a, "rate", "ln_sq_per_layer") -
                     number(b, "rate", "ln_sq_per_layer")) < 1e-3);
    json_decref(a);
    json_decref(b);
}

static void verdicts(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"depth=50 act=relu init=he_normal batch=1", "healthy"},
        {"depth=50 act=relu init=xavier_normal", "vanishing"},
        {"depth=50 act=relu init=he_normal skip=residual", "growing"},
        {"depth=50 act=relu norm=batch", "exploding"},
        {"depth=50 act=tanh init=xavier_normal gain=3", "exploding"},
        {"depth=300 act=linear init=he_normal", "exploding"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[256];
        snprintf(words, sizeof words, "width=128 batch=32 seeds=3 %s", table[i][0]);
        json_t *record = lab_record(words);
        if (strcmp(vg_json_get_text(record, "verdict", ""), table[i][1]))
            fail_msg("%s is called %s", words, vg_json_get_text(record, "verdict", ""));
        json_decref(record);
    }
}

/* An overflow is kept as exploding, with the block where it began. */
static void overflow_names_its_block(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=300 width=64 batch=16 act=relu gain=10 seeds=2");
    assert_string_equal(vg_json_get_text(record, "verdict", ""), "exploding");
    const json_t *findings = json_object_get(record, "findings");
    assert_int_equal(json_array_size(findings), 2);
    const json_t *finding = json_array_get(findings, 1);
    assert_string_equal(vg_json_get_text(finding, "code", ""), "non_finite");
    int64_t block = (int64_t)json_integer_value(json_object_get(finding, "layer"));
    /* 10 per block from a norm of 1 to 3.4e38 */
    assert_true(block >= 36 && block <= 42);
    assert_true(json_is_null(json_object_get(record, "loss")));
    json_decref(record);
}

static void short_networks_say_why_there_is_no_rate(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=3 width=32 batch=16 seeds=2");
    assert_true(json_is_null(json_object_get(record, "rate")));
    assert_non_null(json_object_get(record, "rate_reason"));
    json_decref(record);
    record = lab_record("depth=7 width=32 batch=16 seeds=2");
    assert_true(number(record, "rate", "from") == 1 && number(record, "rate", "to") == 6);
    json_decref(record);
    record = lab_record("depth=8 width=32 batch=16 seeds=2");
    assert_true(number(record, "rate", "from") == 4 && number(record, "rate", "to") == 7);
    json_decref(record);
    /* all zero: nothing to fit, and no NaN */
    record = lab_record("depth=12 width=32 batch=16 seeds=2 init=zeros act=relu");
    assert_true(json_is_null(json_object_get(record, "rate")));
    char *text = json_dumps(record, 0);
    assert_null(strstr(text, "NaN"));
    assert_string_equal(vg_json_get_text(record, "verdict", ""), "vanishing");
    free(text);
    json_decref(record);
}

/* Who pastes a line into a net without a gate has one. */
static void lines_build_what_they_use(void **state)
{
    (void)state;
    int count, gates = 0;
    const vg_fix *fixes = vg_fixes(&count);
    for (int i = 0; i < count; i++) {
        bool gate = strstr(fixes[i].change, "skip=highway");
        gates += gate;
        if (gate &&
            (!strstr(fixes[i].torch, "nn.Linear(") || !strstr(fixes[i].torch, "(1 - t) * x") ||
             !strstr(fixes[i].keras, "Dense(") || !strstr(fixes[i].keras, "(1 - t) * x")))
            fail_msg("%s: %s, %s", fixes[i].change, fixes[i].torch, fixes[i].keras);
        if (strstr(fixes[i].change, "skip=rezero") &&
            (!strstr(fixes[i].torch, "alpha = ") || !strstr(fixes[i].keras, "alpha = ")))
            fail_msg("%s: %s, %s", fixes[i].change, fixes[i].torch, fixes[i].keras);
    }
    assert_int_equal(gates, 2);
}

/* Names of one rule are one network where the matrices are square. */
static void two_names_of_one_network(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"init=lecun_normal", "init=xavier_normal", true},
        {"init=lecun_normal", "init=xavier_uniform", false},
        {"init=standard_uniform", "init=torch_default", false},
        {"model=rnn init=lecun_normal", "model=rnn init=xavier_normal", false},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        vg_spec a = lab_spec(pairs[i].a), b = lab_spec(pairs[i].b);
        json_t *x = vg_fix_network(&a), *y = vg_fix_network(&b);
        assert_int_equal(json_equal(x, y), pairs[i].same);
        json_decref(x);
        json_decref(y);
    }
}

static json_t *of(const char *verdict, double survival)
{
    return json_pack("{s:s, s:f, s:s, s:i}", "verdict", verdict, "survival", survival, "name", "", "fix", 0);
}

/* 42 times as much gradient is nearer to all of it than 2e-33. */
static void the_matrix_is_ranked_by_distance(void **state)
{
    (void)state;
    json_t *healthy = of("healthy", 0.2), *grown = of("exploding", 42), *gone = of("vanishing", 2e-33);
    assert_true(vg_fix_compare(healthy, grown) < 0 && vg_fix_compare(healthy, gone) < 0);
    assert_true(vg_fix_compare(grown, gone) < 0 && vg_fix_compare(gone, grown) > 0);
    json_decref(healthy);
    json_decref(grown);
    json_decref(gone);
}

/* No formula: what the seeds do not agree on is no finding. */
static void the_seeds_decide_where_theory_is_silent(void **state)
{
    (void)state;
    double loss[] = {2, 2, 2};
    vg_spec spec = lab_spec("depth=8");
    vg_decay d = {.depth = 256, .seeds = 3, .loss = loss, .rate = 2 * log(1.026),
                  .ci95 = {2 * log(0.991), 2 * log(1.063)}};
    assert_string_equal(vg_decay_verdict(&d, &spec, NAN), "healthy");
    d.ci95[0] = 2 * log(1.02);
    d.ci95[1] = 2 * log(1.032);
    assert_string_equal(vg_decay_verdict(&d, &spec, NAN), "exploding");
    d.rate = 2 * log(0.9);
    assert_string_equal(vg_decay_verdict(&d, &spec, NAN), "vanishing");
    d.ci95[0] = d.ci95[1] = NAN; /* one seed */
    assert_string_equal(vg_decay_verdict(&d, &spec, NAN), "vanishing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_of_plain_networks),
        cmocka_unit_test(weight_gradients_hide_the_decay),
        cmocka_unit_test(two_names_of_one_network),
        cmocka_unit_test(the_matrix_is_ranked_by_distance),
        cmocka_unit_test(the_seeds_decide_where_theory_is_silent),
        cmocka_unit_test(orthogonal_linear_networks_are_exact),
        cmocka_unit_test(rezero_is_one_to_the_last_bit),
        cmocka_unit_test(norms_and_skips_agree_with_theory),
        cmocka_unit_test(heavy_tails_are_followed),
        cmocka_unit_test(norms_forget_the_scale),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(overflow_names_its_block),
        cmocka_unit_test(short_networks_say_why_there_is_no_rate),
        cmocka_unit_test(lines_build_what_they_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
