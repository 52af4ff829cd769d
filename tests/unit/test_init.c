/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/data.h"
#include "harness/init.h"
#include "harness/random.h"

static void close_to(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, expected %.17g within %g", got, want, tolerance);
}

/* Known-answer vectors of Random123 (kat_vectors, philox4x32 10). */
static void philox_is_philox(void **state)
{
    (void)state;
    /* counter 0, key 0 gives 6627e8d5 e169c58d bc57ac4c 9b00dbd8 */
    vg_random zero = {0, 0, 0};
    uint64_t k = (UINT64_C(0x6627e8d5) << 32 | 0xe169c58d) >> 12;
    assert_true(vg_random_uniform(&zero, 0) == ((double)k + 0.5) * 0x1p-52);
    k = (UINT64_C(0xbc57ac4c) << 32 | 0x9b00dbd8) >> 12;
    assert_true(vg_random_uniform(&zero, 1) == ((double)k + 0.5) * 0x1p-52);
}

/* References: mpmath to 30 digits. */
static void quantile_is_the_inverse_of_the_normal_distribution(void **state)
{
    (void)state;
    static const double points[][2] = {{0.5, 0},
                                       {0.75, 0.67448975019608174},
                                       {0.975, 1.9599639845400542},
                                       {0.999, 3.0902323061678135},
                                       {1e-10, -6.3613409024040562},
                                       {1e-15, -7.9413453261709979}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        close_to(vg_normal_quantile(points[i][0]), points[i][1], 4e-15);
    for (double x = 1e-12; x < 1e12; x *= 1.37)
        close_to(vg_portable_log(x), log(x), 2e-15 * (1 + fabs(log(x))));
    for (double x = -9; x < 9; x += 0.37) {
        double s, c;
        vg_portable_sincos(x, &s, &c);
        close_to(s, sin(x), 1e-12);
        close_to(c, cos(x), 1e-12);
    }
}

static void numbers_depend_on_position_only(void **state)
{
    (void)state;
    vg_random r = {42, VG_STREAM_WEIGHT, 3};
    float all[101], part[101];
    vg_random_fill_normal(&r, 0, 101, 1, all);
    for (int cut = 0; cut <= 7; cut++) {
        vg_random_fill_normal(&r, 0, cut, 1, part);
        vg_random_fill_normal(&r, (uint64_t)cut, 101 - cut, 1, part + cut);
        assert_memory_equal(all, part, sizeof all);
    }
    /* frozen: these bits are the same on every machine and compiler */
    assert_true(vg_random_normal(&r, 0) == vg_normal_quantile(vg_random_uniform(&r, 0)));
}

static void moments_are_those_of_the_rule(void **state)
{
    (void)state;
    enum { OUT = 300, IN = 200 };
    static float w[OUT * IN];
    vg_random r = {7, VG_STREAM_WEIGHT, 1};
    for (int rule = VG_INIT_he_normal; rule <= VG_INIT_normal; rule++) {
        assert_int_equal(vg_init_matrix((vg_init)rule, OUT, IN, 1.5, 0.02, &r, w), VG_OK);
        double sum = 0, square = 0;
        for (int i = 0; i < OUT * IN; i++) {
            sum += w[i];
            square += (double)w[i] * w[i];
        }
        double variance = vg_init_variance((vg_init)rule, OUT, IN, 1.5, 0.02) / IN;
        if (rule == VG_INIT_orthogonal) /* orthonormal columns: squares add up to IN gain^2 */
            variance = 1.5 * 1.5 / OUT;
        close_to(square / (OUT * IN) / variance, 1, 0.03);
        close_to(sum / (OUT * IN), 0, 5 * sqrt(variance / (OUT * IN)));
    }
}

static void orthogonal_is_orthogonal(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {5, 5}, {64, 64}, {40, 24}, {24, 40}, {1, 7}, {9, 1}};
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
        int out = sizes[n][0], in = sizes[n][1], less = out < in ? out : in;
        float *w = malloc(sizeof(float) * (size_t)(out * in));
        vg_random r = {3, VG_STREAM_WEIGHT, 2};
        assert_int_equal(vg_init_matrix(VG_INIT_orthogonal, out, in, 0.5, 0, &r, w), VG_OK);
        for (int a = 0; a < less; a++)
            for (int b = 0; b < less; b++) {
                double sum = 0;
                for (int i = 0; i < (out < in ? in : out); i++)
                    sum += out < in ? (double)w[a * in + i] * w[b * in + i]
                                    : (double)w[i * in + a] * w[i * in + b];
                close_to(sum, a == b ? 0.25 : 0, 1e-7);
            }
        free(w);
    }
}

/* Q R = A with positive diagonal of R: the factor is unique, so it must reproduce A. */
static void orthonormalise_is_a_qr(void **state)
{
    (void)state;
    enum { M = 13, N = 9 };
    double a[M * N], q[M * N], work[2 * N];
    vg_random r = {11, 0, 0};
    for (int i = 0; i < M * N; i++)
        q[i] = a[i] = vg_random_normal(&r, (uint64_t)i);
    vg_orthonormalise(q, M, N, work);
    for (int j = 0; j < N; j++) {
        double rebuilt[M] = {0};
        for (int k = 0; k < N; k++) {
            double rkj = 0;
            for (int i = 0; i < M; i++)
                rkj += q[k * M + i] * a[j * M + i];
            if (k == j)
                assert_true(rkj > 0);
            if (k > j)
                close_to(rkj, 0, 1e-13);
            for (int i = 0; i < M; i++)
                rebuilt[i] += rkj * q[k * M + i];
        }
        for (int i = 0; i < M; i++)
            close_to(rebuilt[i], a[j * M + i], 1e-13);
    }
}

static void data_has_mean_square_one(void **state)
{
    (void)state;
    static const char *const kinds[] = {"teacher", "gaussians", "spirals"};
    for (int k = 0; k < 3; k++) {
        vg_spec spec;
        vg_spec_init(&spec);
        assert_int_equal(vg_spec_set(&spec, "data", kinds[k]), VG_OK);
        assert_int_equal(vg_spec_set(&spec, "in_dim", "17"), VG_OK);
        assert_int_equal(vg_spec_resolve(&spec, VG_FOR_DECAY), VG_OK);
        vg_data data;
        assert_int_equal(vg_data_make(&spec, 64, &data), VG_OK);
        double square = 0;
        for (int i = 0; i < 64 * 17; i++)
            square += (double)data.x[i] * data.x[i];
        close_to(square / (64 * 17), 1, 1e-6);
        int seen = 0;
        for (int i = 0; i < 64; i++) {
            assert_in_range(data.labels[i], 0, 9);
            seen |= 1 << data.labels[i];
        }
        assert_true(seen & (seen - 1)); /* more than one class */
        vg_data_release(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_is_philox),
        cmocka_unit_test(quantile_is_the_inverse_of_the_normal_distribution),
        cmocka_unit_test(numbers_depend_on_position_only),
        cmocka_unit_test(moments_are_those_of_the_rule),
        cmocka_unit_test(orthogonal_is_orthogonal),
        cmocka_unit_test(orthonormalise_is_a_qr),
        cmocka_unit_test(data_has_mean_square_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
