/* SPDX-License-Identifier: Apache-2.0 */
/* Sharp predictions a gradient-decay harness is judged by, in the order of what they catch per second:
 *
 *  1 gradients against finite differences      test_net_gradients.c, test_recurrent_nets.c; in float64
 *                                              scripts/ci/check_pytorch.sh
 *  2 orthogonal linear networks                here
 *  3 ReZero, Fixup: exactly 1                  test_decay.c, here
 *  4 lstm, gru with zero weights               test_recurrent_nets.c
 *  5 rates of ReLU networks, flat weights      test_decay.c, here
 *  6 the makemore print-out                    here
 *  7 polynomial laws of tanh and elu           here
 *  8 batch norm: 0.4008 and 0.4637             here
 *  9 layer norm and batch norm with sigmoid    here
 * 10 pre-norm, scaled, post-norm residual      here
 * 11 scale invariances                         test_net_gradients.c (loss), test_decay.c (norms), here (clip)
 * 12 variance over seeds                       here
 * 13 layer of exact zeros, FTZ on and off      here
 * 14 verdicts                                  test_decay.c, here (what weight gradients would say) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/jacobian.h"
#include "harness/theory.h"
#include "lab.h"
#include "results/results.h"

static double rate_of(const json_t *record)
{
    return vg_json_get_number(json_object_get(record, "rate"), "ln_sq_per_layer");
}

static double layer_of(const json_t *record, int64_t l, const char *key)
{
    return vg_json_get_number(json_array_get(json_object_get(record, "layers"), (size_t)l - 1), key);
}

static void near(const char *what, double got, double expected, double band)
{
    if (!(fabs(got - expected) <= band))
        fail_msg("%s: %.6g, expected %.6g within %.2g", what, got, expected, band);
}

/* 2 */
static void orthogonal_linear(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=100 act=linear init=orthogonal gain=1.1 seeds=1 width=48 "
                                "batch=8");
    near("1.1^99", vg_json_get_number(record, "survival") / pow(1.1, 99), 1, 1e-4);
    json_decref(record);
}

/* 3: Zhang 2019: the last matrix of every branch is zero */
static void fixup_is_one_to_the_last_bit(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=40 width=48 batch=16 skip=residual init2=zeros act=relu seeds=2");
    assert_true(vg_json_get_number(record, "survival") == 1);
    json_decref(record);
}

/* 5 */
static void weight_gradients_are_flat(void **state)
{
    (void)state;
    static const char *const inits[] = {"he_normal", "xavier_normal", "standard_uniform"};
    for (int i = 0; i < 3; i++) {
        char words[160];
        snprintf(words, sizeof words, "depth=50 width=128 batch=4 seeds=5 act=relu init=%s", inits[i]);
        json_t *record = lab_record(words);
        /* sd of log10 of the ratio, one seed: the two walks of forward and backward, 5/n a layer */
        double band = 4 * sqrt(5.0 * 49 / 128 / 5) / log(10) / 2 * sqrt(2);
        near(words, log10(layer_of(record, 1, "grad_weight_l2") /
                          layer_of(record, 50, "grad_weight_l2")), 0, band);
        json_decref(record);
    }
}

/* 6: Karpathy, makemore part 3: std of the tanh layers, per cent with |t| > 0.97, ratio of the
 * gradients of the first and the last; mean of 20 seeds */
static void makemore(void **state)
{
    (void)state;
    static const struct {
        double gain, std[5], saturated[5], ratio;
    } table[] = {
        {5.0 / 3, {.759, .693, .669, .659, .654}, {20.93, 9.83, 7.00, 6.04, 5.66}, 1.321},
        {1, {.628, .486, .408, .358, .322}, {3.64, .09, 0, 0, 0}, 0.544},
        {3, {.863, .842, .838, .837, .837}, {48.55, 41.91, 40.74, 40.52, 40.48}, 3.397},
        {0.5, {.417, .200, .099, .049, .025}, {0, 0, 0, 0, 0}, 0.0592},
    };
    enum { SEEDS = 20 };
    for (int g = 0; g < 4; g++) {
        double std[5] = {0}, saturated[5] = {0}, ln_ratio = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            char words[160];
            snprintf(words, sizeof words, "depth=5 width=100 batch=32 act=tanh init=lecun_normal "
                     "gain=%.9g seed=%d data_seed=%d", table[g].gain, seed, seed);
            lab_net lab = lab_run(words, true, true);
            vg_block_stats stats[5];
            for (int l = 0; l < 5; l++) {
                vg_net_stats(lab.net, l + 1, &stats[l]);
                std[l] += stats[l].out_std / SEEDS;
            }
            ln_ratio += log(stats[0].grad_out_l2 / stats[4].grad_out_l2) / SEEDS;
            vg_named *list;
            int count;
            assert_int_equal(vg_net_tensors(lab.net, &list, &count), VG_OK);
            for (int i = 0; i < count; i++) {
                int l;
                char tail[16];
                if (sscanf(list[i].name, "layer%d.%15s", &l, tail) != 2 || strcmp(tail, "out"))
                    continue;
                for (int64_t k = 0; k < 3200; k++)
                    saturated[l - 1] += (fabsf(list[i].p[k]) > 0.97f) * 100.0 / 3200 / SEEDS;
            }
            free(list);
            lab_release(&lab);
        }
        near("ln of the gradient ratio", ln_ratio, log(table[g].ratio), 0.2);
        for (int l = 0; l < 5; l++) {
            near("std", std[l], table[g].std[l], 0.01);
            near("per cent saturated", saturated[l], table[g].saturated[l], 2);
        }
    }
}

/* 7: G(100) / G(50) of the squared gradient: tanh 0.493, elu 0.243 */
static void polynomial_laws(void **state)
{
    (void)state;
    static const struct {
        const char *act;
        double ratio, c;
    } table[] = {{"tanh", 0.493, 2.70}, {"elu", 0.243, 2.70}};
    enum { N = 256, SEEDS = 6 };
    for (int i = 0; i < 2; i++) {
        double predicted[2], measured[2];
        for (int k = 0; k < 2; k++) {
            char words[160];
            snprintf(words, sizeof words, "depth=%d width=%d batch=4 seeds=%d act=%s "
                     "init=xavier_normal", k ? 100 : 50, N, SEEDS, table[i].act);
            json_t *record = lab_record(words);
            vg_spec spec = lab_spec(words);
            vg_theory theory;
            assert_int_equal(vg_theory_predict(&spec, &theory), VG_OK);
            predicted[k] = 0;
            for (int64_t l = 1; l < spec.depth; l++)
                predicted[k] += theory.step[l].ln_chi;
            measured[k] = 2 * log(vg_json_get_number(record, "survival"));
            vg_theory_release(&theory);
            json_decref(record);
        }
        near(table[i].act, exp(predicted[1] - predicted[0]), table[i].ratio, 0.002);
        double mean = log(table[i].ratio) - table[i].c * 50 / (2 * N);
        double sd = sqrt(table[i].c * 148 / N / SEEDS);
        near(table[i].act, measured[1] - measured[0], mean, 4 * sd);
    }
}

/* 8, 9: exact slopes of ln ||delta||^2 towards the input */
static void norms(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        double slope, band;
    } table[] = {
        {"norm=batch act=relu batch=64", 0.4008, 0.03},
        {"norm=batch act=relu batch=16", 0.4637, 0.03},
        {"norm=batch act=relu batch=64 init=xavier_normal gain=3", 0.4008, 0.03},
        {"norm=batch act=linear batch=16", 0.0741, 0.02}, /* ln(14/13) */
        /* 4 sqrt(c / (n dL S)), c = 3 kappa + 1 = 4.4: samples are alike, the batch averages nothing */
        {"norm=layer act=sigmoid batch=64", -1.878, 0.08},
        {"norm=batch act=sigmoid batch=64", 0.0476, 0.02},
        {"norm=layer act=relu batch=64", 0, 0.03},
        {"norm=layer norm_at=post act=relu batch=64", 0.3832, 0.03}, /* ln(pi/(pi-1)) */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[200];
        snprintf(words, sizeof words, "depth=20 width=256 seeds=3 %s", table[i].words);
        json_t *record = lab_record(words);
        near(words, rate_of(record), table[i].slope, table[i].band);
        json_decref(record);
    }
}

/* 10: ||dL/dh_0||^2 / ||dL/dh_L||^2 over L blocks, from the blocks' outputs: L - 1 of them */
static void residual_networks(void **state)
{
    (void)state;
    enum { L = 20 };
    static const struct {
        const char *words;
        double G;
    } table[] = {
        /* v = 1 with He: the last L - 1 of L blocks multiply (1 + L) / 2 of 1 + L */
        {"skip=residual norm=layer norm_at=pre", (1 + L) / 2.0},
        {"skip=scaled", 2.526950195}, /* (1 + 1/L)^(L-1) */
        {"skip=residual norm=layer norm_at=post", 1},
        {"skip=residual", 524288}, /* 2^(L-1) */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[200];
        snprintf(words, sizeof words,
                 "depth=%d width=256 batch=8 seeds=4 act=relu init=he_normal %s", L, table[i].words);
        json_t *record = lab_record(words);
        near(words, 2 * log(vg_json_get_number(record, "survival")), log(table[i].G), 0.35);
        json_decref(record);
    }
}

/* 11: a global clip is one factor for all layers */
static void clipping_preserves_ratios(void **state)
{
    (void)state;
    lab_net lab = lab_run("depth=6 width=32 batch=16 act=tanh init=standard_uniform", false, false);
    int64_t n = vg_net_arena(lab.net)->floats;
    float *g = vg_net_grads(lab.net), *before = malloc((size_t)n * sizeof *before), stats[2];
    memcpy(before, g, (size_t)n * sizeof *before);
    vg_params params = vg_params_default;
    params.clip_norm = 1e-3f;
    vg_shape shape = {.n = {n}};
    vg_task task;
    const vg_kernel *kernel = vg_kernel_find(VG_OP_clip, VG_DIR_step, vg_backend_best());
    assert_int_equal(vg_task_init(&task, kernel, &shape, &params), VG_OK);
    task.t[VG_GRAD].p = g;
    task.t[VG_STATS].p = stats;
    size_t bytes = vg_task_workspace_bytes(&task);
    assert_int_equal(vg_alloc(bytes ? bytes : 64, 0, &task.workspace), VG_OK);
    vg_plan plan = {0};
    assert_int_equal(vg_plan_append(&plan, &task), VG_OK);
    assert_int_equal(vg_team_reserve(lab.team, plan.scratch), VG_OK);
    assert_int_equal(vg_team_run(lab.team, &plan, NULL), VG_OK);
    assert_true(stats[1] < 1);
    for (int64_t i = 0; i < n; i++)
        assert_true(g[i] == before[i] * stats[1]);
    vg_plan_release(&plan);
    vg_free(task.workspace);
    free(before);
    lab_release(&lab);
}

/* 12: Var ln G = c (L - 1) / n over seeds, within the 0.1 % and 99.9 % points of chi-square */
static void variance_over_seeds(void **state)
{
    (void)state;
    enum { N = 64, L = 20, SEEDS = 60 };
    static const struct {
        const char *words;
        double c;
    } table[] = {{"act=relu init=he_normal", 5},
                 {"act=linear init=lecun_normal", 2},
                 {"act=relu init=xavier_uniform", 5},
                 {"act=tanh init=he_normal", 4.37}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[160];
        snprintf(words, sizeof words, "depth=%d width=%d batch=1 seeds=%d %s", L, N, SEEDS,
                 table[i].words);
        json_t *record = lab_record(words), *one;
        double sum = 0, square = 0;
        size_t k;
        json_array_foreach(json_object_get(record, "by_seed"), k, one) {
            double ln = 2 * log(vg_json_get_number(one, "survival"));
            sum += ln;
            square += ln * ln;
        }
        double variance = (square - sum * sum / SEEDS) / (SEEDS - 1);
        double ratio = variance / (table[i].c * (L - 1) / N);
        if (!(ratio > 30.34 / 59 && ratio < 98.3 / 59)) /* 59 degrees of freedom */
            fail_msg("%s: variance %g times what is predicted", words, ratio);
        json_decref(record);
    }
}

/* 13: from |delta| of the last block, the layers that fp32 has room for at the measured decades per
 * layer; the monitor names the layer */
static void exact_zeros(void **state)
{
    (void)state;
    enum { L = 80 };
    static const double PER_LAYER = 0.627, SMALLEST[2] = {1.401298e-45 / 2, 1.175494e-38};
    for (int ftz = 0; ftz < 2; ftz++) {
        char words[200];
        snprintf(words, sizeof words, "depth=%d width=128 batch=16 act=sigmoid init=xavier_normal ftz=%d",
                 L, ftz);
        vg_spec spec = lab_spec(words);
        vg_net_options options = {.monitor = true};
        vg_team *team;
        vg_net *net;
        assert_int_equal(vg_team_create(1, ftz, &team), VG_OK);
        assert_int_equal(vg_net_create(&spec, &options, team, &net), VG_OK);
        assert_int_equal(vg_net_load_own(net), VG_OK);
        assert_int_equal(vg_net_init(net, 1), VG_OK);
        assert_int_equal(vg_net_run(net), VG_OK);
        vg_block_stats top, stats;
        vg_net_stats(net, L, &top);
        double typical = top.delta_l2 / sqrt(16.0 * 128);
        int expected = L - (int)lround(log10(typical / SMALLEST[ftz]) / PER_LAYER), half = L;
        do
            vg_net_stats(net, half, &stats);
        while (stats.zero < 0.5 && --half > 0);
        near(ftz ? "first layer of zeros, flushed" : "first layer of zeros", half, expected, 2);
        vg_net_destroy(net);
        vg_team_destroy(team);
    }
}

/* 14: by weight gradients alone (AutoTrainer: ratio below 1e-3 and the first below 1e-4) the ReLU net
 * with Xavier weights is healthy; the sigmoid net is not */
static void rule_table(void **state)
{
    (void)state;
    json_t *record = lab_record("depth=50 width=128 batch=16 act=relu init=xavier_normal seeds=3");
    double ratio = layer_of(record, 1, "grad_weight_l2") / layer_of(record, 50, "grad_weight_l2");
    assert_true(ratio > 1e-3);
    assert_true(log10(vg_json_get_number(record, "survival")) < -6.4);
    assert_string_equal(vg_json_get_text(record, "verdict", ""), "vanishing");
    json_decref(record);
}

/* The eigenvalues behind Glorot's singular values: the second difference has 2 - 2 cos(k pi/(n+1)). */
static void eigenvalues(void **state)
{
    (void)state;
    enum { N = 40 };
    double a[N * N] = {0}, value[N], work[N], sum = 0, reflected[N];
    for (int i = 0; i < N; i++) {
        a[i * N + i] = 2;
        if (i)
            a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
        reflected[i] = sin(i + 1.0);
        sum += reflected[i] * reflected[i];
    }
    /* H A H with H = I - 2 v v^T / |v|^2: no longer tridiagonal, the same eigenvalues */
    for (int side = 0; side < 2; side++)
        for (int r = 0; r < N; r++) {
            double dot = 0;
            for (int k = 0; k < N; k++)
                dot += reflected[k] * (side ? a[k * N + r] : a[r * N + k]);
            for (int k = 0; k < N; k++)
                *(side ? &a[k * N + r] : &a[r * N + k]) -= 2 * dot / sum * reflected[k];
        }
    assert_true(vg_symmetric_eigenvalues(a, N, value, work));
    for (int k = 1; k <= N; k++) {
        double expected = 2 - 2 * cos(k * 3.14159265358979323846 / (N + 1)), best = 1;
        for (int i = 0; i < N; i++)
            best = fmin(best, fabs(value[i] - expected));
        near("eigenvalue", best, 0, 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orthogonal_linear),
        cmocka_unit_test(fixup_is_one_to_the_last_bit),
        cmocka_unit_test(weight_gradients_are_flat),
        cmocka_unit_test(makemore),
        cmocka_unit_test(polynomial_laws),
        cmocka_unit_test(norms),
        cmocka_unit_test(residual_networks),
        cmocka_unit_test(clipping_preserves_ratios),
        cmocka_unit_test(variance_over_seeds),
        cmocka_unit_test(exact_zeros),
        cmocka_unit_test(rule_table),
        cmocka_unit_test(eigenvalues),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
