/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vgbench/kernel.h"

static void every_op_has_a_name_and_tensors_for_each_row(void **state)
{
    (void)state;
    assert_true(vg_kernel_count() > 0);
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        assert_non_null(vg_op_name(kernel->op));
        assert_true(vg_op_has_dir(kernel->op, kernel->dir));
        vg_shape shape = {.n = {1, 1, 1, 1, 1, 1}};
        vg_tensor_spec list[VG_MAX_TENSORS];
        assert_true(vg_op_tensors(kernel->op, kernel->dir, &shape, list) > 0);
        assert_non_null(kernel->impl->phases);
    }
}

static void rows_are_unique(void **state)
{
    (void)state;
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        assert_ptr_equal(kernel, vg_kernel_find(kernel->op, kernel->dir, kernel->backend));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_a_name_and_tensors_for_each_row),
        cmocka_unit_test(rows_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
