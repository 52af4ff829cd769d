/* SPDX-License-Identifier: Apache-2.0 */
/* Backward passes of norms where factors are far apart: a standard deviation of 1e17, gradients of 1e-30,
 * weights of 1e17. A product of two that goes to zero before it meets the third is a wrong gradient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/verify.h"

typedef struct hard_case {
    vg_op op;
    vg_shape shape;
    int seeds[3]; /* whose fills bring them together */
} hard_case;

static const hard_case cases[] = {
    {VG_OP_layer_norm, {.n = {1, 257, 1, 1, 1, 1}}, {7, 8, 11}},
    {VG_OP_rms_norm, {.n = {1, 257, 1, 1, 1, 1}}, {7, 8, 194}},
    {VG_OP_group_norm, {.n = {1, 257, 1, 1, 1, 1}}, {7, 8, 11}},
    {VG_OP_add_norm, {.n = {1, 257, 1, 1, 1, 1}, .norm = VG_OP_layer_norm}, {7, 8, 27}},
    {VG_OP_norm_act,
     {.n = {260, 32, 1, 1, 1, 1}, .act = VG_OP_silu, .norm = VG_OP_rms_norm},
     {2, 12, 20}},
};

static void factors_far_apart(void **state)
{
    (void)state;
    int rows = 0, failed = 0;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int i = 0; i < vg_kernel_count(); i++) {
            const vg_kernel *kernel = vg_kernel_at(i);
            if (kernel->op != cases[c].op || kernel->dir != VG_DIR_bwd ||
                kernel->backend == VG_BACKEND_onednn || vg_kernel_usable(kernel) != VG_OK)
                continue;
            vg_verify_result result = {0};
            for (int s = 0; s < 3; s++) {
                vg_verify_options options = {.fill = VG_FILL_HARD,
                                             .seed = (uint64_t)cases[c].seeds[s]};
                assert_int_equal(vg_verify_case(kernel, &cases[c].shape, &options, &result), VG_OK);
            }
            if (result.failures)
                print_error("%s\n", result.text);
            failed += result.failures != 0;
            rows++;
        }
    assert_true(rows > 0);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(factors_far_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
