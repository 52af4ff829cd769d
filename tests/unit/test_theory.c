/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions against independently computed values: an mpmath/NumPy study with split-panel
 * quadrature on two grids, from the formulas of the papers named beside each table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/batch_moments.h"
#include "harness/moments.h"
#include "harness/random.h"
#include "harness/theory.h"
#include "vgbench/ops.h"

static const double LN10 = 2.302585092994046;

static void close_to(const char *what, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.10g, expected %.10g within %g", what, got, want, tolerance);
}

static vg_spec spec_of(const char *words)
{
    char copy[256], *rest = NULL;
    vg_spec spec;
    vg_spec_init(&spec);
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(w, '=');
        *equals = '\0';
        assert_int_equal(vg_spec_set(&spec, w, equals + 1), VG_OK);
    }
    assert_int_equal(vg_spec_resolve(&spec, VG_FOR_DECAY), VG_OK);
    return spec;
}

static void moments_of_the_activations(void **state)
{
    (void)state;
    enum { V, D, MEAN, KAPPA };
    static const struct {
        int act;
        double slope, q;
        int what;
        double value;
    } table[] = {
        {VG_OP_linear, 0, 2, V, 2},
        {VG_OP_sigmoid, 0, 1, V, 0.293379036},
        {VG_OP_sigmoid, 0, 1, D, 0.0448362414},
        {VG_OP_sigmoid, 0, 1, KAPPA, 1.13697673},
        {VG_OP_tanh, 0, 0.5, D, 0.592425793},
        {VG_OP_tanh, 0, 1, V, 0.39429449},
        {VG_OP_tanh, 0, 1, D, 0.464402902},
        {VG_OP_relu, 0, 0.5, D, 0.5},
        {VG_OP_relu, 0, 1, MEAN, 0.39894228},
        {VG_OP_leaky_relu, 0.01, 0.5, V, 0.250025},
        {VG_OP_leaky_relu, 0.01, 1, MEAN, 0.394952858},
        {VG_OP_prelu, 0.25, 2, V, 1.0625},
        {VG_OP_gelu, 0, 0.5, V, 0.189556542},
        {VG_OP_gelu, 0, 0.5, D, 0.407247969},
        {VG_OP_gelu, 0, 1, MEAN, 0.282094792},
        {VG_OP_gelu, 0, 1, KAPPA, 2.08833404},
        {VG_OP_gelu_tanh, 0, 2, V, 0.922144355},
        {VG_OP_elu, 0, 1, V, 0.644945417},
        {VG_OP_selu, 0, 1, V, 1},
        {VG_OP_selu, 0, 1, D, 1.07157499},
        {VG_OP_selu, 0, 2, D, 0.946689228},
        {VG_OP_selu, 0, 1, KAPPA, 1.31619654},
        {VG_OP_silu, 0, 2, V, 0.799153152},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        vg_moments m = vg_moments_at(table[i].act, table[i].slope, table[i].q);
        double got[] = {m.V, m.D, m.mean, m.kappa};
        close_to(vg_op_name((vg_op)table[i].act), got[table[i].what], table[i].value, 2e-8);
    }
    /* large q: where Gauss-Hermite of 64 nodes is wrong by a factor of two */
    close_to("tanh", 256 * vg_moments_at(VG_OP_tanh, 0, 243).D, 8.731, 0.05);
}

static void derivatives_are_differences(void **state)
{
    (void)state;
    for (int act = VG_OP_relu; act <= VG_OP_silu; act++) {
        double q = 0.7, e = 1e-4;
        vg_moments m = vg_moments_at(act, 0.1, q), up = vg_moments_at(act, 0.1, q + e),
                   down = vg_moments_at(act, 0.1, q - e);
        close_to("dV/dq", m.dV, (up.V - down.V) / (2 * e), 1e-6);
        close_to("dD/dq", m.dD, (up.D - down.D) / (2 * e), 1e-6);
        for (double x = -3.3; x < 3.4; x += 0.6)
            close_to("phi'", vg_phi_slope(act, 0.1, x),
                     (vg_phi(act, 0.1, x + e) - vg_phi(act, 0.1, x - e)) / (2 * e), 1e-6);
    }
}

/* chi at blocks 1 and 10, and log10 G(50): Schoenholz 2017, Poole 2016. */
static void plain_networks_layer_by_layer(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        double chi1, chi10, lg50, c;
    } table[] = {
        {"act=relu init=he_normal", 1, 1, 0, 5},
        {"act=relu init=xavier_normal", 0.5, 0.5, -14.750, 5},
        {"act=relu init=standard_uniform", 0.166667, 0.166667, -38.129, 5},
        {"act=linear init=lecun_normal", 1, 1, 0, 2},
        {"act=sigmoid init=xavier_normal", 0.0448362414, 0.0557207068, -61.5444954, 2.0752},
        {"act=sigmoid init=xavier_normal gain=4", 0.255950, 0.398879, -19.774, 4.8763},
        {"act=tanh init=xavier_normal", 0.464402902, 0.902824685, -1.83477608, 2.6991},
        {"act=tanh init=he_normal", 0.699017, 1.10413376, 1.769, 4.3665},
        {"act=tanh init=standard_uniform", 0.222369, 0.333327, -23.633, 2.0173},
        {"act=prelu init=he_normal", 1.0625, 1.0625, 1.290, 4.3356},
        {"act=gelu init=he_normal", 0.979024, 0.848195, -11.1374273, NAN},
        {"act=gelu init=xavier_normal", 0.455851, 0.250008, -28.861, 2.3414},
        {"act=elu init=xavier_normal", 0.668102001, 0.842443307, -2.455, 2.7005},
        {"act=selu init=lecun_normal", 1.07157499, 1.07157499, 1.47110592, 4.2385},
        {"act=selu init=torch_default", 0.432769468, NAN, -9.65116056, NAN},
        {"act=silu init=he_normal", 0.853745, 0.52095802, -13.467, 5.68},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        vg_spec spec = spec_of(table[i].words);
        spec.depth = 50;
        vg_theory t;
        assert_int_equal(vg_theory_predict(&spec, &t), VG_OK);
        assert_true(t.valid);
        double lg = 0;
        for (int l = 1; l < 50; l++)
            lg += t.step[l].ln_chi / LN10;
        close_to(table[i].words, exp(t.step[1].ln_chi), table[i].chi1, 2e-6);
        if (!isnan(table[i].chi10))
            close_to(table[i].words, exp(t.step[10].ln_chi), table[i].chi10, 2e-6);
        close_to(table[i].words, lg, table[i].lg50, 1e-3);
        vg_theory_release(&t);
        spec.depth = 32;
        assert_int_equal(vg_theory_predict(&spec, &t), VG_OK);
        double c = pow(vg_theory_spread(&t), 2) * 256 / 31;
        if (!isnan(table[i].c))
            close_to(table[i].words, c / table[i].c, 1, 0.25);
        vg_theory_release(&t);
    }
}

/* Hanin & Nica 2018: ReLU 5/n with Gaussian weights, 3/n with orthogonal ones; linear 2/n and 0. */
static void spread_of_orthogonal_weights(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        double c;
    } table[] = {{"act=linear init=orthogonal", 0},
                 {"act=relu init=orthogonal gain=1.41421356", 2.5},
                 {"act=tanh init=orthogonal gain=1.6666667", 3}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        vg_spec spec = spec_of(table[i].words);
        vg_theory t;
        assert_int_equal(vg_theory_predict(&spec, &t), VG_OK);
        double c = pow(vg_theory_spread(&t), 2) * 256 / 31;
        close_to(table[i].words, c, table[i].c, 0.25 * table[i].c + 1e-9);
        vg_theory_release(&t);
    }
}

/* Yang 2019. */
static void batch_norm_at_finite_batch(void **state)
{
    (void)state;
    static const struct {
        int act, batch;
        double chi;
    } table[] = {
        {VG_OP_linear, 16, 14.0 / 13}, {VG_OP_linear, 256, 254.0 / 253},
        {VG_OP_relu, 32, 1.52195283},  {VG_OP_relu, 64, 1.49306294},
        {VG_OP_relu, 256, 1.47323426}, {VG_OP_sigmoid, 64, 1.04879473},
        {VG_OP_tanh, 64, 1.19226433},  {VG_OP_gelu, 32, 1.37123744},
        {VG_OP_elu, 64, 1.09638051},   {VG_OP_selu, 16, 1.14791426},
        {VG_OP_silu, 16, 1.31271201},  {VG_OP_silu, 64, 1.233609},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        close_to(vg_op_name((vg_op)table[i].act),
                 vg_batch_norm_chi(table[i].act, 0, table[i].batch, NULL), table[i].chi, 2e-6);
}

/* chi of the last step at width 4096, where the finite-group factor is 1 + 2.4e-4 at most. */
static void norms_of_rows(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        double chi;
    } table[] = {
        {"act=relu norm=layer", 1},
        {"act=sigmoid norm=layer", 0.152827},
        {"act=gelu norm=rms", 1.0720316},
        {"act=silu norm=group", 1.06663424},
        {"act=relu init=he_normal norm=layer norm_at=post", 1.46694221},
        {"act=sigmoid init=he_normal norm=layer norm_at=post", 1.08234761},
        {"act=tanh init=lecun_normal norm=layer norm_at=pre", 1.17780723},
        {"act=relu init=he_normal norm=rms norm_at=post", 1},
        {"act=selu init=he_normal norm=rms norm_at=pre", 1.09919839},
        {"act=silu init=he_normal norm=rms norm_at=post", 1.06831269},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        vg_spec spec = spec_of(table[i].words);
        spec.width = spec.in_dim = 4096;
        vg_theory t;
        assert_int_equal(vg_theory_predict(&spec, &t), VG_OK);
        assert_true(t.valid);
        double chi = exp(t.step[31].ln_chi);
        close_to(table[i].words, chi / table[i].chi, 1, 2.5e-3);
        vg_theory_release(&t);
    }
}

/* log10 ||dx_0||^2 / ||dx_L||^2: Yang & Schoenholz 2017, De & Smith 2020, Xiong 2020, Srivastava
 * 2015. */
static void networks_with_skips(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int depth;
        double lg;
    } table[] = {
        {"act=relu skip=residual", 10, 3.01029996},
        {"act=relu skip=scaled", 50, 0.430008588},
        {"act=relu skip=residual alpha=0.1", 50, 0.216068689},
        {"act=relu skip=residual norm=layer norm_at=pre", 10, 1.04139269},
        {"act=relu skip=residual norm=layer norm_at=post", 50, 0},
        {"act=relu skip=residual norm=batch batch=4096", 10, 0.910614422},
        {"act=sigmoid init=lecun_normal skip=residual", 50, 0.488097149},
        {"act=sigmoid init=lecun_normal skip=residual norm=layer norm_at=pre", 20, 0.135189251},
        {"act=sigmoid init=lecun_normal skip=residual norm=layer norm_at=post", 20, -1.85355178},
        {"act=tanh init=lecun_normal skip=residual", 50, 3.13391255},
        {"act=tanh init=lecun_normal skip=scaled", 10, 0.185161902},
        {"act=tanh init=lecun_normal skip=residual norm=layer norm_at=pre", 100, 1.87638531},
        {"act=relu skip=highway gate_bias=-2", 10, -1.02450349},
        {"act=relu skip=highway gate_bias=-4", 100, -1.74278667},
        {"act=tanh init=lecun_normal skip=highway gate_bias=-1", 50, -10.8302944},
        {"act=tanh init=lecun_normal skip=highway gate_bias=-3", 100, -4.24447257},
        {"act=relu skip=rezero", 10, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        vg_spec spec = spec_of(table[i].words);
        spec.width = spec.in_dim = 1 << 20; /* the table is of infinite width */
        spec.depth = table[i].depth;
        if (spec.skip == VG_SKIP_scaled)
            spec.alpha = 1 / sqrt(spec.depth);
        vg_theory t;
        assert_int_equal(vg_theory_predict(&spec, &t), VG_OK);
        double lg = 0;
        for (int l = 0; l < spec.depth; l++)
            lg += t.step[l].ln_chi / LN10;
        close_to(table[i].words, lg, table[i].lg, 2e-3);
        vg_theory_release(&t);
    }
}

/* What m values lose and gain in phi, norm and their backward pass, by drawing them: the mean of
 * sum_i phi'_i^2 (1 - 1/m - xhat_i^2/m) / (m s^2), gradients being white. */
static double drawn_gain(int act, int m, int draws)
{
    const vg_random normal = {.seed = 1, .what = VG_STREAM_THEORY};
    double total = 0;
    for (int d = 0; d < draws; d++) {
        double mean = 0, square = 0, gain = 0;
        for (int i = 0; i < m; i++) {
            double phi = vg_phi(act, 0, vg_random_normal(&normal, (uint64_t)(d * m + i)));
            mean += phi / m;
            square += phi * phi / m;
        }
        double variance = square - mean * mean;
        for (int i = 0; i < m; i++) {
            double z = vg_random_normal(&normal, (uint64_t)(d * m + i));
            double off = vg_phi(act, 0, z) - mean, slope = vg_phi_slope(act, 0, z);
            gain += slope * slope * (1 - 1.0 / m - off * off / variance / m);
        }
        total += gain / m / variance / draws;
    }
    return total;
}

static void norms_of_few_values_behind_the_activation(void **state)
{
    (void)state;
    static const int acts[] = {VG_OP_linear, VG_OP_relu, VG_OP_tanh, VG_OP_gelu, VG_OP_elu};
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        for (int m = 16; m <= 64; m *= 2) {
            char words[128];
            snprintf(words, sizeof words,
                     "act=%s norm=batch norm_at=pre batch=%d width=256 init=lecun_normal",
                     vg_op_name((vg_op)acts[i]), m);
            vg_spec spec = spec_of(words);
            vg_theory t;
            assert_int_equal(vg_theory_predict(&spec, &t), VG_OK);
            /* the next order, at most relu's (kurtosis 5.4: 5.4^2 / 3); 20,000 draws: 0.2 % */
            close_to(words, t.step[1].ln_chi, log(drawn_gain(acts[i], m, 20000)),
                     10.0 / m / m + 2e-3);
            vg_theory_release(&t);
        }
}

static void what_is_not_random_is_not_predicted(void **state)
{
    (void)state;
    vg_spec spec = spec_of("init=identity");
    vg_theory t;
    assert_int_equal(vg_theory_predict(&spec, &t), VG_OK);
    assert_false(t.valid);
    assert_non_null(t.reason);
    vg_theory_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_of_the_activations),
        cmocka_unit_test(derivatives_are_differences),
        cmocka_unit_test(plain_networks_layer_by_layer),
        cmocka_unit_test(spread_of_orthogonal_weights),
        cmocka_unit_test(batch_norm_at_finite_batch),
        cmocka_unit_test(norms_of_rows),
        cmocka_unit_test(norms_of_few_values_behind_the_activation),
        cmocka_unit_test(networks_with_skips),
        cmocka_unit_test(what_is_not_random_is_not_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
