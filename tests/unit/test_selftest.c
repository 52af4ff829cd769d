/* SPDX-License-Identifier: Apache-2.0 */
/* Is the verifier awake? Rows of our own, right ones and broken ones: it must pass the right ones
 * and catch every broken one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/verify.h"
#include "measure/verify_slope.h"

typedef enum mutation {
    NONE,
    DO_NOTHING,
    DROP_TAIL,         /* the elements behind the last whole vector of 8 */
    DROP_LAST_ROW,     /* of an odd number */
    WRONG_SIGN,        /* of one element in a thousand */
    WRITE_BEYOND_COLS, /* a whole vector where the row ends */
    WRITE_BEFORE,
    WRITE_INPUT,
    IGNORE_LD,
    ZERO_FIRST, /* clears y, which may be x */
    LOSE_NAN,
    FORGET_BIAS,
    FORGET_ACCUMULATION, /* only the last block of the sum counts */
    SUM_ONE_LESS,
    SUM_IN_HALF, /* partial sums rounded to 12 bits: right for whole numbers */
    SUM_BY_THREADS,
    OVERWRITE, /* instead of adding to what is there */
    SWAP_GAMMA_BETA,
    WRONG_EPS,
    UNBIASED_VARIANCE,
    NAIVE_VARIANCE, /* E x^2 - (E x)^2 */
    OFF_BY_ONE_GROUP,
    READ_BEHIND,
} mutation;

static mutation mutant;

static float *row(const vg_task *task, vg_slot slot, int64_t r)
{
    return (float *)task->t[slot].p + r * task->t[slot].ld;
}

static int one_unit(const vg_shape *shape, vg_phase *phase, vg_unit_fn *run)
{
    (void)shape;
    phase[0] = (vg_phase){.run = run, .units = 1};
    return 1;
}

/* --- relu ------------------------------------------------------------------------------------- */

static float relu(float x, int64_t index)
{
    if (mutant == LOSE_NAN)
        return x > 0 ? x : 0;
    float y = x <= 0 ? 0 : x;
    return mutant == WRONG_SIGN && index % 1000 == 999 ? -y : y;
}

static void relu_row(const float *x, float *y, int64_t width, int64_t index)
{
    int64_t last = mutant == DROP_TAIL ? width / 8 * 8 : width;
    if (mutant == WRITE_BEYOND_COLS)
        y[width] = 0;
    if (mutant == WRITE_BEFORE)
        y[-1] = 0;
    for (int64_t i = 0; mutant == ZERO_FIRST && i < width; i++)
        y[i] = 0;
    for (int64_t i = 0; i < last; i++)
        y[i] = relu(x[i], index + i);
}

static void relu_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)unit;
    (void)scratch;
    int64_t rows = task->shape.n[0], width = task->shape.n[1];
    volatile float sink = 0;
    if (mutant == DROP_LAST_ROW)
        rows = rows > 1 ? rows / 2 * 2 : rows;
    for (int64_t r = 0; mutant != DO_NOTHING && r < rows; r++) {
        float *x = row(task, VG_X, r), *y = row(task, VG_Y, r);
        if (mutant == IGNORE_LD)
            x = (float *)task->t[VG_X].p + r * width;
        if (mutant == READ_BEHIND)
            sink = x[width];
        relu_row(x, y, width, r * width);
        if (mutant == WRITE_INPUT && x != y)
            x[0] += 1;
    }
    (void)sink;
}

static int relu_phases(const vg_shape *shape, vg_phase *phase)
{
    return one_unit(shape, phase, relu_unit);
}

static const vg_kernel_impl relu_impl = {.phases = relu_phases};

/* --- dense, forward and the weights' gradient ------------------------------------------------- */

static float round_to_12_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x800) & ~UINT32_C(0xfff);
    memcpy(&x, &bits, sizeof bits);
    return x;
}

static float dot(const float *a, int64_t a_step, const float *b, int64_t b_step, int64_t n)
{
    enum { BLOCK = 16 };
    float sum = 0;
    for (int64_t i = 0; i < n - (mutant == SUM_ONE_LESS); i++) {
        if (mutant == FORGET_ACCUMULATION && i % BLOCK == 0)
            sum = 0;
        sum += a[i * a_step] * b[i * b_step];
        if (mutant == SUM_IN_HALF)
            sum = round_to_12_bits(sum);
    }
    return sum;
}

static void dense_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)unit;
    (void)scratch;
    const float *bias = task->t[VG_B].p;
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        for (int64_t o = 0; o < task->shape.n[2]; o++)
            row(task, VG_Y, r)[o] =
                dot(row(task, VG_X, r), 1, row(task, VG_W, o), 1, task->shape.n[1]) +
                (mutant == FORGET_BIAS ? 0 : bias[o]);
}

static int dense_phases(const vg_shape *shape, vg_phase *phase)
{
    return one_unit(shape, phase, dense_unit);
}

static const vg_kernel_impl dense_impl = {.phases = dense_phases};

static vg_status remember_threads(vg_task *task, int threads)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): a number, never followed */
    task->state = (void *)(intptr_t)threads;
    return VG_OK;
}

/* The sum over the batch in as many pieces as there are threads. */
static float sum_of(const vg_task *task, const float *dy, const float *x)
{
    int64_t batch = task->shape.n[0], dy_step = task->t[VG_DY].ld, x_step = x ? task->t[VG_X].ld : 0;
    int64_t pieces = mutant == SUM_BY_THREADS ? (intptr_t)task->state : 1;
    static const float one = 1;
    float sum = 0;
    for (int64_t p = 0; p < pieces; p++) {
        int64_t from = batch * p / pieces, to = batch * (p + 1) / pieces;
        sum += dot(dy + from * dy_step, dy_step, x ? x + from * x_step : &one, x_step, to - from);
    }
    return sum;
}

static void weights_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)unit;
    (void)scratch;
    for (int64_t o = 0; o < task->shape.n[2]; o++) {
        const float *dy = (const float *)task->t[VG_DY].p + o;
        for (int64_t i = 0; i < task->shape.n[1]; i++)
            row(task, VG_DW, o)[i] = sum_of(task, dy, (const float *)task->t[VG_X].p + i);
        ((float *)task->t[VG_DB].p)[o] = sum_of(task, dy, NULL);
    }
}

static int weights_phases(const vg_shape *shape, vg_phase *phase)
{
    return one_unit(shape, phase, weights_unit);
}

static const vg_kernel_impl weights_impl = {.phases = weights_phases, .prepare = remember_threads};

/* --- add, backward: dx += dy ------------------------------------------------------------------ */

static void add_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)unit;
    (void)scratch;
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        for (int64_t i = 0; i < task->shape.n[1]; i++) {
            float *dx = row(task, VG_DX, r) + i;
            *dx = row(task, VG_DY, r)[i] + (mutant == OVERWRITE ? 0 : *dx);
        }
}

static int add_phases(const vg_shape *shape, vg_phase *phase)
{
    return one_unit(shape, phase, add_unit);
}

static const vg_kernel_impl add_impl = {.phases = add_phases};

/* --- group norm ------------------------------------------------------------------------------- */

static float variance(const float *x, float mean, int64_t n)
{
    float sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += mutant == NAIVE_VARIANCE ? x[i] * x[i] : (x[i] - mean) * (x[i] - mean);
    if (mutant == NAIVE_VARIANCE)
        return sum / (float)n - mean * mean;
    return sum / (float)(mutant == UNBIASED_VARIANCE && n > 1 ? n - 1 : n);
}

static void normalise(const vg_task *task, int64_t r, int64_t g, int64_t n)
{
    int64_t groups = task->shape.n[2], from = g * n;
    if (mutant == OFF_BY_ONE_GROUP && g + 1 < groups)
        from++;
    const float *x = row(task, VG_X, r) + from;
    float sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    float mean = sum / (float)n;
    float eps = mutant == WRONG_EPS ? 1e-6f : task->params->eps;
    float rstd = 1 / sqrtf(variance(x, mean, n) + eps);
    const float *gamma = task->t[VG_GAMMA].p, *beta = task->t[VG_BETA].p;
    if (mutant == SWAP_GAMMA_BETA) {
        gamma = task->t[VG_BETA].p;
        beta = task->t[VG_GAMMA].p;
    }
    for (int64_t i = g * n; i < (g + 1) * n; i++)
        row(task, VG_Y, r)[i] = (row(task, VG_X, r)[i] - mean) * rstd * gamma[i] + beta[i];
    row(task, VG_MEAN, r)[g] = mean;
    row(task, VG_RSTD, r)[g] = rstd;
}

static void norm_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)unit;
    (void)scratch;
    int64_t groups = task->shape.n[2];
    for (int64_t r = 0; r < task->shape.n[0]; r++)
        for (int64_t g = 0; g < groups; g++)
            normalise(task, r, g, task->shape.n[1] / groups);
}

static int norm_phases(const vg_shape *shape, vg_phase *phase)
{
    return one_unit(shape, phase, norm_unit);
}

static const vg_kernel_impl norm_impl = {.phases = norm_phases};

/* --- the tests -------------------------------------------------------------------------------- */

static const vg_kernel rows[] = {
    {VG_OP_relu, VG_DIR_fwd, VG_BACKEND_scalar, 0, &relu_impl},
    {VG_OP_dense, VG_DIR_fwd, VG_BACKEND_scalar, 0, &dense_impl},
    {VG_OP_dense, VG_DIR_bwd_weights, VG_BACKEND_scalar, 0, &weights_impl},
    {VG_OP_add, VG_DIR_bwd, VG_BACKEND_scalar, 0, &add_impl},
    {VG_OP_group_norm, VG_DIR_fwd, VG_BACKEND_scalar, 0, &norm_impl},
};
enum { RELU, DENSE, WEIGHTS, ADD, NORM, ROWS };

static void right_rows_pass(void **state)
{
    (void)state;
    mutant = NONE;
    for (int i = 0; i < ROWS; i++) {
        vg_verify_result result;
        assert_int_equal(vg_verify_row(&rows[i], VG_TIER_CI, &result), VG_OK);
        if (result.failures)
            fail_msg("%s", result.text);
        assert_true(result.cases > 50);
    }
}

static const struct {
    int row;
    mutation mutation;
    const char *what;
} mutants[] = {
    {RELU, DO_NOTHING, "does nothing"},
    {RELU, DROP_TAIL, "drops the tail"},
    {RELU, DROP_LAST_ROW, "drops the last row"},
    {RELU, WRONG_SIGN, "wrong sign, once in 1000 elements"},
    {RELU, WRITE_BEFORE, "writes before the first element"},
    {RELU, WRITE_BEYOND_COLS, "writes behind the last element"},
    {RELU, READ_BEHIND, "reads behind the last element"},
    {RELU, WRITE_INPUT, "writes to its input"},
    {RELU, IGNORE_LD, "takes ld for cols"},
    {RELU, ZERO_FIRST, "clears an output that is its input"},
    {RELU, LOSE_NAN, "turns NaN into 0"},
    {DENSE, FORGET_BIAS, "forgets the bias"},
    {DENSE, FORGET_ACCUMULATION, "forgets to accumulate between blocks"},
    {DENSE, SUM_ONE_LESS, "sums one term less"},
    {DENSE, SUM_IN_HALF, "sums with 12 bits"},
    {WEIGHTS, FORGET_ACCUMULATION, "forgets to accumulate between blocks"},
    {WEIGHTS, SUM_BY_THREADS, "sums in as many pieces as there are threads"},
    {ADD, OVERWRITE, "overwrites what it should add to"},
    {NORM, SWAP_GAMMA_BETA, "swaps gamma and beta"},
    {NORM, WRONG_EPS, "has an eps of its own"},
    {NORM, UNBIASED_VARIANCE, "divides by n - 1"},
    {NORM, NAIVE_VARIANCE, "E x^2 - (E x)^2"},
    {NORM, OFF_BY_ONE_GROUP, "begins its groups one too late"},
};

/* In a process of its own, because an access beyond the guard pages ends it. (All rows here have one
 * unit, so that no OpenMP team exists that would not survive the fork.) */
static bool is_caught(int which, mutation change)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        close(STDERR_FILENO); /* of sanitizers */
        mutant = change;
        vg_verify_result result;
        vg_status status = vg_verify_row(&rows[which], VG_TIER_CI, &result);
        _exit(status == VG_OK && result.failures > 0 && result.text[0] ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

static void every_mutant_is_caught(void **state)
{
    (void)state;
    int escaped = 0;
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++)
        if (!is_caught(mutants[i].row, mutants[i].mutation)) {
            print_error("not caught: %s\n", mutants[i].what);
            escaped++;
        }
    assert_int_equal(escaped, 0);
}

static void write_into_the_gap_is_caught(void **state)
{
    (void)state;
    mutant = WRITE_BEYOND_COLS;
    vg_shape shape = {.n = {3, 7}};
    vg_verify_options options = {.place = VG_PLACE_START, .pad = 5};
    vg_verify_result result = {0};
    assert_int_equal(vg_verify_case(&rows[RELU], &shape, &options, &result), VG_OK);
    mutant = NONE;
    assert_int_equal(result.failures, 1);
    assert_non_null(strstr(result.text, "gap of y"));
}

static void the_row_that_faults_is_named(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL);
        mutant = READ_BEHIND;
        vg_shape shape = {.n = {3, 7}};
        vg_verify_options options = {.fill = VG_FILL_REAL};
        vg_verify_result result = {0};
        vg_verify_case(&rows[RELU], &shape, &options, &result);
        _exit(0);
    }
    close(ends[1]);
    char text[512] = "";
    size_t used = 0;
    for (ssize_t n = 1; n > 0 && used + 1 < sizeof text; used += n > 0 ? (size_t)n : 0)
        n = read(ends[0], text + used, sizeof text - 1 - used);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_non_null(strstr(text, "by relu/fwd/scalar/batch:3/width:7"));
}

static vg_status refuse(const vg_shape *shape)
{
    (void)shape;
    return vg_fail(VG_EUNSUPPORTED, "never");
}

static void a_row_without_cases_fails(void **state)
{
    (void)state;
    vg_kernel_impl impl = {.phases = relu_phases, .supports = refuse};
    vg_kernel kernel = {VG_OP_relu, VG_DIR_fwd, VG_BACKEND_scalar, 0, &impl};
    vg_verify_result result;
    assert_int_equal(vg_verify_row(&kernel, VG_TIER_CI, &result), VG_OK);
    assert_int_equal(result.cases, 0);
    assert_true(result.failures > 0);
    assert_non_null(strstr(result.text, "not one case"));
}

/* Slopes that no sigmoid, tanh or relu has, at any size of dy; what says nothing is let pass. */
static void slopes_beyond_their_bound_are_caught(void **state)
{
    (void)state;
    double max = 0;
    assert_true(vg_slope_holds(VG_OP_sigmoid, -8, -2, &max) && max == 0.25);
    assert_false(vg_slope_holds(VG_OP_sigmoid, -8, -2.0001f, &max));
    assert_true(vg_slope_holds(VG_OP_tanh, 1e20, 1e20f, &max));
    assert_false(vg_slope_holds(VG_OP_tanh, 1e20, 1.0001e20f, &max));
    assert_true(max > 1 && max < 1.001);
    assert_true(vg_slope_holds(VG_OP_relu, 3, 3, &max) && vg_slope_holds(VG_OP_relu, 3, 0, &max));
    assert_false(vg_slope_holds(VG_OP_relu, 3, 1.5f, &max));
    assert_true(vg_slope_holds(VG_OP_relu, 1e-40, 1, &max));
    assert_true(vg_slope_holds(VG_OP_relu, 0, (float)NAN, &max));
    assert_true(vg_slope_holds(VG_OP_tanh, INFINITY, INFINITY, &max) && max < 1.001);
    vg_kernel forward = {VG_OP_relu, VG_DIR_fwd, VG_BACKEND_scalar, 0, NULL},
              other = {VG_OP_silu, VG_DIR_bwd, VG_BACKEND_scalar, 0, NULL};
    assert_true(isnan(vg_slope_bound(&forward)) && isnan(vg_slope_bound(&other)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_rows_pass),
        cmocka_unit_test(every_mutant_is_caught),
        cmocka_unit_test(write_into_the_gap_is_caught),
        cmocka_unit_test(the_row_that_faults_is_named),
        cmocka_unit_test(a_row_without_cases_fails),
        cmocka_unit_test(slopes_beyond_their_bound_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
