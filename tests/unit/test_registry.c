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

/* A task of highway's backward pass: dx may be dy, dh and dt may be nothing else. */
enum { ROWS = 3, COLS = 5, LD = 2 * COLS };

static vg_task bound_task(const vg_shape *shape, float *memory)
{
    static vg_params params;
    vg_task task;
    vg_tensor_spec list[VG_MAX_TENSORS];
    const vg_kernel *kernel = vg_kernel_find(VG_OP_highway, VG_DIR_bwd, VG_BACKEND_scalar);
    params = vg_params_default;
    assert_int_equal(vg_task_init(&task, kernel, shape, &params), VG_OK);
    int count = vg_op_tensors(kernel->op, kernel->dir, shape, list);
    for (int i = 0; i < count; i++)
        task.t[list[i].slot] = (vg_tensor){memory + i * ROWS * LD, LD};
    return task;
}

static void refused(vg_task *task, const char *message)
{
    assert_int_equal(vg_task_prepare(task, 1), VG_EINVAL);
    assert_non_null(strstr(vg_status_message(), message));
}

static void forbidden_aliasing_is_refused(void **state)
{
    (void)state;
    float memory[8 * ROWS * LD];
    const vg_shape shape = {.n = {ROWS, COLS, 1, 1, 1, 1}};
    vg_task task = bound_task(&shape, memory);
    assert_int_equal(vg_task_prepare(&task, 1), VG_OK);
    task.t[VG_DX] = task.t[VG_DY]; /* the same matrix, and the op says it may be */
    assert_int_equal(vg_task_prepare(&task, 1), VG_OK);
    task.t[VG_DX].ld = COLS; /* the same memory, but not the same matrix */
    refused(&task, "highway/bwd: dx shares memory with dy; only dy may be the same matrix");
    task = bound_task(&shape, memory);
    task.t[VG_DH] = task.t[VG_DY];
    refused(&task, "highway/bwd: dh shares memory with dy; it needs memory of its own");
    task = bound_task(&shape, memory);
    task.t[VG_DX].p = (float *)task.t[VG_X].p + (ROWS - 1) * LD + COLS - 1; /* the last element */
    refused(&task, "dx shares memory with x");
    task = bound_task(&shape, memory);
    task.t[VG_DT].p = task.t[VG_DH].p; /* two outputs */
    refused(&task, "memory");
}

static void columns_of_one_buffer_may_interleave(void **state)
{
    (void)state;
    float memory[8 * ROWS * LD];
    const vg_shape shape = {.n = {ROWS, COLS, 1, 1, 1, 1}};
    vg_task task = bound_task(&shape, memory);
    task.t[VG_DX].p = (float *)task.t[VG_X].p + COLS;
    assert_int_equal(vg_task_prepare(&task, 1), VG_OK);
    task.t[VG_DX].p = (float *)task.t[VG_X].p + COLS - 1;
    refused(&task, "dx shares memory with x");
    task.t[VG_T] = task.t[VG_X]; /* inputs may be anything */
    task.t[VG_DX].p = (float *)task.t[VG_X].p + COLS;
    assert_int_equal(vg_task_prepare(&task, 1), VG_OK);
}

/* One element is never worth a vector, a matrix of 64 x 64 always is. */
static void small_shapes_run_the_scalar_row(void **state)
{
    (void)state;
    int asked = 0;
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i), *plain;
        if (!kernel->impl->too_small || kernel->op != VG_OP_add)
            continue;
        vg_task task;
        vg_shape shape = {.n = {1, 1, 1, 1, 1, 1}};
        plain = vg_kernel_find(kernel->op, kernel->dir, VG_BACKEND_scalar);
        assert_int_equal(vg_task_init(&task, kernel, &shape, &vg_params_default), VG_OK);
        assert_ptr_equal(task.impl, plain->impl);
        assert_ptr_equal(task.kernel, kernel);
        char text[80];
        vg_task_describe(&task, text, sizeof text);
        assert_string_equal(text, plain->impl->impl);
        shape = (vg_shape){.n = {64, 64, 1, 1, 1, 1}};
        assert_int_equal(vg_task_init(&task, kernel, &shape, &vg_params_default), VG_OK);
        assert_ptr_equal(task.impl, kernel->impl);
        asked++;
    }
    assert_true(asked == 0 || asked % 2 == 0); /* forward and backward, on every vector ISA */
    if (vg_kernel_find(VG_OP_add, VG_DIR_fwd, VG_BACKEND_avx2) ||
        vg_kernel_find(VG_OP_add, VG_DIR_fwd, VG_BACKEND_neon))
        assert_true(asked > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_a_name_and_tensors_for_each_row),
        cmocka_unit_test(rows_are_unique),
        cmocka_unit_test(forbidden_aliasing_is_refused),
        cmocka_unit_test(columns_of_one_buffer_may_interleave),
        cmocka_unit_test(small_shapes_run_the_scalar_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
