/* SPDX-License-Identifier: Apache-2.0 */
/* The bits of every own row are the same for any number of threads, on shapes that cut badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/verify_bench.h"
#include "measure/verify_shapes.h"

static const int teams[] = {1, 2, 3, 5, 8};
enum { TEAMS = sizeof teams / sizeof *teams };

/* Runs the row with every team on one shape. Returns whether all agreed; *ran: whether it ran. */
static bool same_bits(const vg_kernel *kernel, const vg_shape *shape, bool *ran)
{
    vg_bench bench = {.kernel = kernel};
    vg_verify_result result = {0};
    float *outputs[TEAMS] = {NULL};
    bool same = true;
    for (int i = 0; i < TEAMS; i++) {
        vg_verify_options options = {.fill = VG_FILL_REAL, .threads = teams[i], .seed = 5, .pad = 3};
        assert_int_equal(vg_bench_run(&bench, shape, &options, &result), VG_OK);
        *ran = result.cases > 0;
        if (!*ran)
            break;
        size_t bytes = vg_bench_output_floats(&bench) * sizeof(float);
        outputs[i] = malloc(bytes);
        assert_non_null(outputs[i]);
        vg_bench_copy_outputs(&bench, outputs[i]);
        same = same && !memcmp(outputs[0], outputs[i], bytes);
    }
    if (result.failures)
        print_error("%s\n", result.text);
    for (int i = 0; i < TEAMS; i++)
        free(outputs[i]);
    vg_bench_release(&bench);
    return same && result.failures == 0;
}

static void outputs_do_not_depend_on_threads(void **state)
{
    (void)state;
    int runs = 0, failed = 0, rows = 0;
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        if (kernel->backend == VG_BACKEND_onednn || vg_kernel_usable(kernel) != VG_OK)
            continue;
        bool any = false;
        vg_shape shape;
        for (int index = 0; vg_verify_thread_shape(kernel->op, index, &shape); index++) {
            bool ran;
            if (!same_bits(kernel, &shape, &ran)) {
                char name[256];
                vg_kernel_format(kernel, &shape, 0, name, sizeof name);
                print_error("%s: other bits with other numbers of threads\n", name);
                failed++;
            }
            any = any || ran;
            runs += ran ? TEAMS : 0;
        }
        assert_true(any);
        rows++;
    }
    printf("%d rows, %d runs with 1, 2, 3, 5 and 8 threads\n", rows, runs);
    assert_true(rows > 0);
    assert_int_equal(failed, 0);
}

/* Cuts and copies that only large products take: A crosswise and B packed because its rows
 * crowd L1; C along its rows, with all of B packed; units of rows first. */
static void large_weight_gradients_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const vg_backend own[] = {VG_BACKEND_avx2, VG_BACKEND_avx512, VG_BACKEND_neon};
    static const vg_shape shapes[] = {
        {.n = {33, 512, 520}}, {.n = {2, 1250, 1260}}, {.n = {67, 771, 260}}};
    int runs = 0;
    for (int b = 0; b < 3; b++) {
        const vg_kernel *kernel = vg_kernel_find(VG_OP_dense, VG_DIR_bwd_weights, own[b]);
        for (int i = 0; i < 3 && kernel && vg_kernel_usable(kernel) == VG_OK; i++) {
            bool ran;
            assert_true(same_bits(kernel, &shapes[i], &ran));
            runs += ran;
        }
    }
    if (!runs)
        skip(); /* neither AVX2 nor NEON here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_do_not_depend_on_threads),
        cmocka_unit_test(large_weight_gradients_do_not_depend_on_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
