/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle against vectors that PyTorch computed in float64 (tests/golden/make_golden.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/oracle.h"

/* --- .npy, version 1, little-endian float64, one dimension ------------------------------------ */

typedef struct vector {
    double *values;
    int64_t size, used;
} vector;

static vector load(const char *name)
{
    char path[512], header[256] = "";
    unsigned char magic[10];
    snprintf(path, sizeof path, "%s/golden/%s.npy", VG_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: cannot be read", path);
    assert_int_equal(fread(magic, 1, sizeof magic, file), sizeof magic);
    size_t length = magic[8] + 256u * magic[9];
    assert_true(!memcmp(magic, "\x93NUMPY\x01", 7) && length < sizeof header);
    assert_int_equal(fread(header, 1, length, file), length);
    assert_non_null(strstr(header, "'<f8'"));
    long long size = 0;
    assert_int_equal(sscanf(strstr(header, "'shape': (") + 10, "%lld", &size), 1);
    vector v = {malloc((size_t)size * sizeof(double)), size, 0};
    assert_non_null(v.values);
    assert_int_equal(fread(v.values, sizeof(double), (size_t)size, file), size);
    fclose(file);
    return v;
}

static const double *take(vector *v, int64_t count)
{
    const double *at = v->values + v->used;
    v->used += count;
    assert_true(v->used <= v->size);
    return at;
}

/* --- cases ------------------------------------------------------------------------------------ */

/* Tensors of a file in their order. Slots from FORWARD, INFER, BACKWARD on are results of that
 * direction, the others inputs. */
enum { FORWARD = 100, INFER = 200, BACKWARD = 300, END = -1 };
#define F(slot) (FORWARD + (slot))
#define N(slot) (INFER + (slot))
#define B(slot) (BACKWARD + (slot))

typedef struct golden {
    vg_op op;
    int64_t n[VG_MAX_EXTENTS];
    int order[18];
} golden;

#define ELEMENTWISE {VG_X, VG_DY, F(VG_Y), B(VG_DX), END}
#define RECURRENT                                                                                  \
    {VG_X, VG_W_IH, VG_W_HH, VG_B_IH, VG_B_HH, VG_DHS, F(VG_HS), B(VG_DX), B(VG_DW_IH),            \
     B(VG_DW_HH), B(VG_DB_IH), B(VG_DB_HH), END}
static const golden cases[] = {
    {VG_OP_dense, {3, 4, 5},
     {VG_X, VG_W, VG_B, VG_DY, F(VG_Y), B(VG_DX), B(VG_DW), B(VG_DB), END}},
    {VG_OP_relu, {3, 5}, ELEMENTWISE},
    {VG_OP_linear, {3, 5}, ELEMENTWISE},
    {VG_OP_sigmoid, {3, 5}, ELEMENTWISE},
    {VG_OP_tanh, {3, 5}, ELEMENTWISE},
    {VG_OP_leaky_relu, {3, 5}, ELEMENTWISE},
    {VG_OP_prelu, {3, 5, 5}, {VG_X, VG_SLOPE, VG_DY, F(VG_Y), B(VG_DX), B(VG_DSLOPE), END}},
    {VG_OP_gelu, {3, 5}, ELEMENTWISE},
    {VG_OP_gelu_tanh, {3, 5}, ELEMENTWISE},
    {VG_OP_elu, {3, 5}, ELEMENTWISE},
    {VG_OP_selu, {3, 5}, ELEMENTWISE},
    {VG_OP_silu, {3, 5}, ELEMENTWISE},
    {VG_OP_batch_norm, {4, 6},
     {VG_X, VG_GAMMA, VG_BETA, VG_RUN_MEAN, VG_RUN_VAR, VG_DY, F(VG_Y), F(VG_RUN_MEAN),
      F(VG_RUN_VAR), N(VG_Y), B(VG_DX), B(VG_DGAMMA), B(VG_DBETA), END}},
    {VG_OP_layer_norm, {4, 6},
     {VG_X, VG_GAMMA, VG_BETA, VG_DY, F(VG_Y), B(VG_DX), B(VG_DGAMMA), B(VG_DBETA), END}},
    {VG_OP_group_norm, {4, 6, 2},
     {VG_X, VG_GAMMA, VG_BETA, VG_DY, F(VG_Y), B(VG_DX), B(VG_DGAMMA), B(VG_DBETA), END}},
    {VG_OP_rms_norm, {4, 6},
     {VG_X, VG_GAMMA, VG_DY, F(VG_Y), B(VG_DX), B(VG_DGAMMA), END}},
    {VG_OP_rezero, {3, 4},
     {VG_X, VG_H, VG_ALPHA, VG_DY, F(VG_Y), B(VG_DH), B(VG_DALPHA), END}},
    {VG_OP_highway, {3, 4},
     {VG_X, VG_H, VG_T, VG_DY, F(VG_Y), B(VG_DX), B(VG_DH), B(VG_DT), END}},
    {VG_OP_softmax_xent, {4, 5}, {VG_X, VG_LABELS, F(VG_LOSS), B(VG_DX), END}},
    {VG_OP_mse, {4, 5}, {VG_X, VG_TARGET, F(VG_LOSS), B(VG_DX), END}},
    {VG_OP_rnn, {2, 3, 4, 3}, RECURRENT},
    {VG_OP_lstm, {2, 3, 4, 3}, RECURRENT},
    {VG_OP_gru, {2, 3, 4, 3}, RECURRENT},
};

/* --- running one ------------------------------------------------------------------------------ */

typedef struct state {
    vg_oracle t;
    double *memory[3 * VG_SLOT_COUNT]; /* saved inputs, results and magnitudes */
    int allocated;
} state;

static double *array(state *s, int64_t size)
{
    double *a = calloc((size_t)size, sizeof *a);
    assert_non_null(a);
    assert_true((size_t)s->allocated < sizeof s->memory / sizeof *s->memory);
    return s->memory[s->allocated++] = a;
}

static int64_t size_of(const golden *g, vg_dir dir, const vg_shape *shape, vg_slot slot)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(g->op, dir, shape, list);
    for (int i = 0; i < count; i++)
        if (list[i].slot == slot)
            return list[i].rows * list[i].cols;
    return 0;
}

static int64_t size_anywhere(const golden *g, const vg_shape *shape, vg_slot slot)
{
    for (int dir = 0; dir < VG_DIR_COUNT; dir++)
        if (vg_op_has_dir(g->op, (vg_dir)dir) && size_of(g, (vg_dir)dir, shape, slot))
            return size_of(g, (vg_dir)dir, shape, slot);
    fail_msg("%s has no %s", vg_op_name(g->op), vg_slot_name(slot));
    return 0;
}

/* Runs a direction if the oracle knows it; what forward saves becomes an input. */
static void run(state *s, const golden *g, vg_dir dir, const vg_shape *shape)
{
    if (!vg_oracle_has(g->op, dir))
        return;
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(g->op, dir, shape, list);
    for (int i = 0; i < count; i++)
        if (list[i].access != VG_ACCESS_IN) {
            int64_t size = list[i].rows * list[i].cols;
            s->t.out[list[i].slot] = array(s, size);
            s->t.mag[list[i].slot] = array(s, size);
        }
    vg_params params = vg_params_default;
    assert_int_equal(vg_oracle_run(g->op, dir, shape, &params, &s->t), VG_OK);
    for (int i = 0; dir == VG_DIR_fwd && i < count; i++)
        if (list[i].access == VG_ACCESS_OUT)
            s->t.in[list[i].slot] = s->t.out[list[i].slot];
}

static void compare(const golden *g, vg_slot slot, const double *got, const double *want,
                    const double *mag, int64_t size)
{
    for (int64_t i = 0; i < size; i++) {
        double scale = fmax(fabs(want[i]), isfinite(mag[i]) ? mag[i] : 0);
        if (!(fabs(got[i] - want[i]) <= 1e-13 * fmax(scale, 1e-300)))
            fail_msg("%s: %s[%lld] is %.17g, PyTorch says %.17g", vg_op_name(g->op),
                     vg_slot_name(slot), (long long)i, got[i], want[i]);
    }
}

static void check(const golden *g)
{
    static const vg_dir backward[] = {VG_DIR_bwd, VG_DIR_bwd_data, VG_DIR_bwd_weights};
    vector v = load(vg_op_name(g->op));
    vg_shape shape = {0};
    memcpy(shape.n, g->n, sizeof shape.n);
    if (g->op == VG_OP_rnn)
        shape.act = VG_OP_tanh;
    state s = {.allocated = 0};
    for (int i = 0, stage = 0; g->order[i] != END; i++) {
        vg_slot slot = (vg_slot)(g->order[i] % 100);
        int64_t size = size_anywhere(g, &shape, slot);
        const double *values = take(&v, size);
        if (g->order[i] < FORWARD) {
            s.t.in[slot] = values;
            continue;
        }
        int now = g->order[i] / 100 * 100;
        if (now != stage && now == BACKWARD)
            for (int d = 0; d < 3; d++)
                run(&s, g, backward[d], &shape);
        else if (now != stage)
            run(&s, g, now == FORWARD ? VG_DIR_fwd : VG_DIR_infer, &shape);
        stage = now;
        assert_non_null(s.t.out[slot]);
        compare(g, slot, s.t.out[slot], values, s.t.mag[slot], size);
    }
    assert_int_equal(v.used, v.size);
    for (int i = 0; i < s.allocated; i++)
        free(s.memory[i]);
    free(v.values);
}

/* Three steps from moments of 0: the start, three gradients, the end. */
static void check_optimizer(vg_op op)
{
    enum { N = 7, STEPS = 3 };
    vector v = load(vg_op_name(op));
    vg_shape shape = {.n = {N}};
    double w[N], m1[N] = {0}, m2[N] = {0}, next[3][N], mag[3][N];
    memcpy(w, take(&v, N), sizeof w);
    vg_params params = vg_params_default;
    params.momentum = 0.9f;
    params.eps = 1e-8f;
    for (params.step = 1; params.step <= STEPS; params.step++) {
        vg_oracle t = {.in = {[VG_PARAM] = w, [VG_GRAD] = take(&v, N), [VG_M1] = m1, [VG_M2] = m2},
                       .out = {[VG_PARAM] = next[0], [VG_M1] = next[1], [VG_M2] = next[2]},
                       .mag = {[VG_PARAM] = mag[0], [VG_M1] = mag[1], [VG_M2] = mag[2]}};
        memset(next, 0, sizeof next);
        assert_int_equal(vg_oracle_run(op, VG_DIR_step, &shape, &params, &t), VG_OK);
        memcpy(w, next[0], sizeof w);
        memcpy(m1, next[1], sizeof m1);
        memcpy(m2, next[2], sizeof m2);
    }
    const golden g = {.op = op};
    compare(&g, VG_PARAM, w, take(&v, N), mag[0], N);
    assert_int_equal(v.used, v.size);
    free(v.values);
}

static void optimizers_agree_with_pytorch(void **unused)
{
    (void)unused;
    static const vg_op ops[] = {VG_OP_sgd, VG_OP_momentum, VG_OP_adam, VG_OP_adamw};
    for (int i = 0; i < 4; i++)
        check_optimizer(ops[i]);
}

static void oracle_agrees_with_pytorch(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(oracle_agrees_with_pytorch),
                                       cmocka_unit_test(optimizers_agree_with_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
