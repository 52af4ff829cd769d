/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the activations over a stratified sample of all f32 inputs: every exponent and sign, 499
 * fractions each, and the neighbourhoods where formulas change. exhaustive_ulp.c takes all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "act_sweep.h"

static sweep s;

/* Where a piece ends, a clamp begins or the result leaves the normal numbers. */
static const float edges[] = {
    0x1p-4f, 0x1p-3f, 0.25f, 0.34657359f, 0.9f,  1.0f,   1.0397208f, 2.0f,   4.0f,     5.890625f, 6.5625f, 7.0f,
    8.0f,    9.01f,       9.5f,  10.0f,  17.3f,      24.0f,  69.0f,    87.0f,     87.3365f, 88.0f,
    88.7228f, 91.8f,      103.2f, 103.97f, 104.0f,   108.7f, 110.0f,   120.0f,    0.4375f, 0.90625f,
};
enum { EDGES = sizeof edges / sizeof *edges, AROUND = 300 };

static void sample(vg_op op, vg_dir dir)
{
    assert_int_equal(sweep_open(&s, op, dir, NULL), VG_OK);
    assert_true(s.count > 0);
    assert_int_equal(sweep_range(&s, 0, UINT64_C(1) << 32, (1 << 23) / 499), VG_OK);
    for (int i = 0; i < EDGES; i++)
        for (int sign = 0; sign < 2; sign++) {
            uint32_t bits;
            memcpy(&bits, &edges[i], sizeof bits);
            bits |= (uint32_t)sign << 31;
            assert_int_equal(sweep_range(&s, bits - AROUND, bits + AROUND, 1), VG_OK);
        }
}

/* Largest ulp of a forward row: own vector rows, and the plain rows, which go by libm. */
static double forward_limit(vg_op op)
{
    switch (op) {
    case VG_OP_relu:
    case VG_OP_linear:
        return 0;
    case VG_OP_leaky_relu:
        return 0.5;
    case VG_OP_tanh:
        return 1.2;
    default:
        return 2.0;
    }
}

static void forward_keeps_its_ulps(void **state)
{
    (void)state;
    for (int op = VG_OP_relu; op <= VG_OP_silu; op++) {
        if (op == VG_OP_prelu)
            continue;
        sample((vg_op)op, VG_DIR_fwd);
        int gelu = op == VG_OP_gelu || op == VG_OP_gelu_tanh;
        for (int r = 0; r < s.count; r++) {
            const sweep_row *row = &s.rows[r];
            const sweep_worst *worst = gelu ? &row->ulp_right : &row->ulp;
            if (!(worst->value <= forward_limit((vg_op)op)))
                fail_msg("%s %s: %.3f ulp at %.9g", vg_op_name((vg_op)op),
                         vg_backend_name(row->kernel->backend), worst->value, (double)worst->at);
            if (gelu && !(row->abs_left.value <= 1.2e-7))
                fail_msg("%s %s: error %.3g at %.9g", vg_op_name((vg_op)op),
                         vg_backend_name(row->kernel->backend), row->abs_left.value,
                         (double)row->abs_left.at);
            assert_int_equal(row->wrong_special, 0);
        }
        sweep_close(&s);
    }
}

static void backward_keeps_its_bound(void **state)
{
    (void)state;
    vg_shape shape = {.n = {1, SWEEP_CHUNK}};
    for (int op = VG_OP_relu; op <= VG_OP_silu; op++) {
        if (op == VG_OP_prelu)
            continue;
        sample((vg_op)op, VG_DIR_bwd);
        vg_tolerance tolerance = vg_op_tolerance((vg_op)op, VG_DIR_bwd, &shape, VG_DX);
        double limit = fmax(tolerance.mag_eps, 0.5);
        for (int r = 0; r < s.count; r++) {
            const sweep_row *row = &s.rows[r];
            if (!(row->eps.value <= limit))
                fail_msg("%s %s: %.3f of %.3f eps at %.9g", vg_op_name((vg_op)op),
                         vg_backend_name(row->kernel->backend), row->eps.value, limit,
                         (double)row->eps.at);
            assert_int_equal(row->wrong_special, 0);
        }
        sweep_close(&s);
    }
}

static void run_rows(vg_team *team, const vg_kernel *kernel, int64_t rows, int64_t cols, float *x,
                     float *y)
{
    vg_task task;
    vg_plan plan = {0};
    vg_shape shape = {.n = {rows, cols}};
    assert_int_equal(vg_task_init(&task, kernel, &shape, &vg_params_default), VG_OK);
    task.t[VG_X].p = x;
    task.t[VG_Y].p = y;
    assert_int_equal(vg_plan_append(&plan, &task), VG_OK);
    assert_int_equal(vg_team_run(team, &plan, NULL), VG_OK);
    vg_plan_release(&plan);
}

/* Large contiguous tensors are stored past the caches, from an aligned vector on: same bits. */
static void large_tensors_have_the_bits_of_small_ones(void **state)
{
    (void)state;
    enum { ROWS = 2051, COLS = 2047, LEAD = 3 };
    size_t n = (size_t)ROWS * COLS;
    float *x = malloc(n * sizeof *x), *small = malloc(n * sizeof *small);
    float *large = malloc((LEAD + n + 1) * sizeof *large);
    assert_true(x && large && small);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i % 8191) * 0x1p-9f - 8;
    large[LEAD + n] = 42;
    const vg_kernel *kernel = vg_kernel_find(VG_OP_tanh, VG_DIR_fwd, vg_backend_best());
    vg_team *team;
    assert_int_equal(vg_team_create(2, 0, &team), VG_OK);
    run_rows(team, kernel, ROWS, COLS, x, large + LEAD);
    for (int64_t r = 0; r < ROWS; r++)
        run_rows(team, kernel, 1, COLS, x + r * COLS, small + r * COLS);
    assert_memory_equal(large + LEAD, small, n * sizeof *small);
    assert_true(large[LEAD + n] == 42);
    vg_team_destroy(team);
    free(x);
    free(large);
    free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_keeps_its_ulps),
        cmocka_unit_test(backward_keeps_its_bound),
        cmocka_unit_test(large_tensors_have_the_bits_of_small_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
