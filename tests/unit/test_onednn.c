/* SPDX-License-Identifier: Apache-2.0 */
/* What verify does not look at: that the oneDNN rows refuse relaxed arithmetic, follow tensors that
 * move and parameters that change, keep inputs they were only timed on, run from several threads,
 * and say which way was chosen. Numbers are checked against plain loops in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vgbench/memory.h"
#include "vgbench/onednn.h"
#include "vgbench/plan.h"

typedef struct instance {
    vg_task task;
    vg_params params;
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count;
} instance;

static float *tensor(const instance *it, vg_slot slot)
{
    return it->task.t[slot].p;
}

static float value_of(vg_slot slot, int64_t i)
{
    uint32_t h = (uint32_t)(i * 2654435761u + (uint32_t)slot * 40503u);
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    return (float)(h % 4096) / 2048 - 1;
}

static void make(instance *it, vg_op op, vg_dir dir, const char *words)
{
    vg_shape shape;
    memset(it, 0, sizeof *it);
    it->params = vg_params_default;
    assert_int_equal(vg_shape_parse(op, words, &shape), VG_OK);
    const vg_kernel *kernel = vg_kernel_find(op, dir, VG_BACKEND_onednn);
    assert_non_null(kernel);
    assert_int_equal(vg_task_init(&it->task, kernel, &shape, &it->params), VG_OK);
    it->count = vg_op_tensors(op, dir, &shape, it->list);
    for (int i = 0; i < it->count; i++) {
        vg_slot slot = it->list[i].slot;
        int64_t n = it->list[i].rows * it->list[i].cols;
        void *memory;
        assert_int_equal(vg_alloc((size_t)n * sizeof(float), (unsigned)i, &memory), VG_OK);
        it->task.t[slot].p = memory;
        for (int64_t j = 0; j < n; j++)
            ((float *)memory)[j] = value_of(slot, j);
    }
}

static void destroy(instance *it)
{
    vg_task_release(&it->task);
    for (int i = 0; i < it->count; i++)
        vg_free(it->task.t[it->list[i].slot].p);
}

static void run(instance *it, int threads)
{
    vg_plan plan = {0};
    vg_team *team;
    assert_int_equal(vg_plan_append(&plan, &it->task), VG_OK);
    assert_int_equal(vg_team_create(threads, 0, &team), VG_OK);
    assert_int_equal(vg_team_run(team, &plan, NULL), VG_OK);
    vg_team_destroy(team);
    vg_plan_release(&plan);
}

/* Largest |got - want| / (eps (k + 2) sum of magnitudes) of y = x W^T + b */
static double dense_error(const instance *it)
{
    int64_t batch = it->task.shape.n[0], in = it->task.shape.n[1], out = it->task.shape.n[2];
    double worst = 0;
    for (int64_t r = 0; r < batch; r++)
        for (int64_t o = 0; o < out; o++) {
            double want = (double)tensor(it, VG_B)[o], mag = fabs(want);
            for (int64_t i = 0; i < in; i++) {
                double x = (double)tensor(it, VG_X)[r * in + i];
                double term = x * (double)tensor(it, VG_W)[o * in + i];
                want += term;
                mag += fabs(term);
            }
            double error = fabs((double)tensor(it, VG_Y)[r * out + o] - want);
            double share = error / (0x1p-24 * (double)(in + 2) * mag);
            if (!(share <= worst))
                worst = share;
        }
    return worst;
}

static void dense_is_right_in_both_classes(void **state)
{
    static const char *const shapes[] = {
        "1 1 1", "1 17 1", "5 1 3", "33 65 31", "100 300 200", "100 300 200 weights:packed",
        "7 129 257 weights:packed", "64 64 1 weights:packed",
    };
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int threads = 1; threads <= 2; threads++) {
            instance it;
            make(&it, VG_OP_dense, VG_DIR_fwd, shapes[i]);
            assert_int_equal(vg_task_prepare(&it.task, threads), VG_OK);
            assert_true(it.task.prepare_ns > 0);
            memset(tensor(&it, VG_Y), 0xff, (size_t)(it.task.shape.n[0] * it.task.shape.n[2]) * 4);
            run(&it, threads);
            double error = dense_error(&it);
            if (!(error <= 1))
                fail_msg("dense %s, %d threads: %g of the bound", shapes[i], threads, error);
            destroy(&it);
        }
}

/* Packed weights that changed are packed again by a second prepare. */
static void packed_weights_are_packed_again(void **state)
{
    (void)state;
    instance it;
    make(&it, VG_OP_dense, VG_DIR_fwd, "48 96 80 weights:packed");
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    for (int64_t i = 0; i < 96 * 80; i++)
        tensor(&it, VG_W)[i] = value_of(VG_DW, i);
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    run(&it, 1);
    double error = dense_error(&it);
    assert_true(error <= 1);
    destroy(&it);
}

static void tensors_may_move(void **state)
{
    (void)state;
    instance it;
    make(&it, VG_OP_dense, VG_DIR_fwd, "32 64 48");
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    void *moved, *old = it.task.t[VG_X].p;
    assert_int_equal(vg_alloc(32 * 64 * sizeof(float), 3, &moved), VG_OK);
    for (int64_t i = 0; i < 32 * 64; i++)
        ((float *)moved)[i] = value_of(VG_DX, i);
    it.task.t[VG_X].p = moved;
    run(&it, 1);
    double error = dense_error(&it);
    assert_true(error <= 1);
    vg_free(old);
    destroy(&it);
}

/* The times of prepare are taken on the task's tensors: what is read and written must come back. */
static void prepare_keeps_the_inputs(void **state)
{
    (void)state;
    instance it;
    make(&it, VG_OP_selu, VG_DIR_bwd, "16 40");
    vg_free(it.task.t[VG_DX].p);
    it.task.t[VG_DX].p = it.task.t[VG_DY].p; /* in place */
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    for (int64_t i = 0; i < 16 * 40; i++)
        assert_true(tensor(&it, VG_DY)[i] == value_of(VG_DY, i));
    vg_task_release(&it.task);
    vg_free(it.task.t[VG_Y].p);
    vg_free(it.task.t[VG_DY].p);
}

static void a_changed_slope_is_followed(void **state)
{
    (void)state;
    instance it;
    make(&it, VG_OP_leaky_relu, VG_DIR_fwd, "4 33");
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    it.params.slope = 0.5f;
    run(&it, 1);
    for (int64_t i = 0; i < 4 * 33; i++) {
        float x = value_of(VG_X, i);
        assert_true(tensor(&it, VG_Y)[i] == (x > 0 ? x : 0.5f * x));
    }
    destroy(&it);
}

static void relaxed_arithmetic_is_refused(void **state)
{
    (void)state;
    instance it;
    make(&it, VG_OP_tanh, VG_DIR_fwd, "4 4");
    setenv("ONEDNN_DEFAULT_FPMATH_MODE", "BF16", 1);
    vg_status status = vg_task_prepare(&it.task, 1);
    unsetenv("ONEDNN_DEFAULT_FPMATH_MODE");
    assert_int_equal(status, VG_EUNSUPPORTED);
    assert_non_null(strstr(vg_status_message(), "ONEDNN_DEFAULT_FPMATH_MODE"));
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    destroy(&it);
}

static void *one_thread(void *argument)
{
    instance *it = argument;
    for (int i = 0; i < 20; i++)
        run(it, 1);
    return NULL;
}

static void rows_run_side_by_side(void **state)
{
    enum { THREADS = 3 };
    (void)state;
    instance it[THREADS];
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
        make(&it[i], VG_OP_dense, VG_DIR_fwd, i == 1 ? "24 40 56" : "40 24 72");
        assert_int_equal(vg_task_prepare(&it[i].task, 1), VG_OK);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, one_thread, &it[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        double error = dense_error(&it[i]);
        assert_true(error <= 1);
        destroy(&it[i]);
    }
}

/* The same text in every run: how long creation took is a number of its own. */
static void the_record_names_the_implementation(void **state)
{
    (void)state;
    char text[256], again[256];
    instance it;
    make(&it, VG_OP_dense, VG_DIR_bwd_weights, "64 64 64");
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    vg_task_describe(&it.task, text, sizeof text);
    assert_non_null(strchr(text, ','));
    assert_true(it.task.prepare_ns > 0);
    destroy(&it);
    make(&it, VG_OP_dense, VG_DIR_bwd_weights, "64 64 64");
    assert_int_equal(vg_task_prepare(&it.task, 1), VG_OK);
    vg_task_describe(&it.task, again, sizeof again);
    assert_string_equal(text, again);
    assert_null(strstr(text, " ms"));
    destroy(&it);
    int major = atoi(vg_onednn_version());
    assert_true(major == 2 || major == 3);
}

int main(void)
{
    if (!*vg_onednn_version()) { /* built without */
        print_message("no oneDNN in this build\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_is_right_in_both_classes),
        cmocka_unit_test(packed_weights_are_packed_again),
        cmocka_unit_test(tensors_may_move),
        cmocka_unit_test(prepare_keeps_the_inputs),
        cmocka_unit_test(a_changed_slope_is_followed),
        cmocka_unit_test(relaxed_arithmetic_is_refused),
        cmocka_unit_test(rows_run_side_by_side),
        cmocka_unit_test(the_record_names_the_implementation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
