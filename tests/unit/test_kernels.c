/* SPDX-License-Identifier: Apache-2.0 */
/* Every kernel row that runs here, against the oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "measure/verify.h"

static bool verify(const vg_kernel *kernel, vg_verify_result *result)
{
    vg_status status = vg_verify_row(kernel, VG_TIER_CI, result);
    bool ok = status == VG_OK && result->failures == 0 && result->cases > 0;
    if (!ok)
        print_error("%s/%s/%s: %lld of %lld cases failed: %s\n", vg_op_name(kernel->op),
                    vg_dir_name(kernel->dir), vg_backend_name(kernel->backend),
                    (long long)result->failures, (long long)result->cases,
                    status ? vg_status_message() : result->text);
    return ok;
}

static void every_usable_row_agrees_with_the_oracle(void **state)
{
    (void)state;
    int rows = 0, unusable = 0, failed = 0;
    int64_t cases = 0, values = 0;
    bool seen[VG_OP_COUNT][VG_DIR_COUNT] = {{false}};
    int pairs = 0;
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        if (vg_kernel_usable(kernel) != VG_OK) {
            unusable++;
            continue;
        }
        vg_verify_result result;
        failed += !verify(kernel, &result);
        rows++;
        cases += result.cases;
        values += result.values;
        pairs += !seen[kernel->op][kernel->dir];
        seen[kernel->op][kernel->dir] = true;
    }
    printf("%d rows (%d more not usable here) of %d ops x directions, %lld runs, %lld values\n",
           rows, unusable, pairs, (long long)cases, (long long)values);
    assert_true(rows > 0);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_usable_row_agrees_with_the_oracle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
