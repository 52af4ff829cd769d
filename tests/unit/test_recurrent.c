/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers: the verifier catches the classic mistakes in them, bad shapes are refused, rounds of
 * a phase see what the round before has made, and a library's backward task works on the saved state of
 * its forward task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure/verify.h"
#include "vgbench/memory.h"
#include "vgbench/plan.h"

/* --- mutants ---------------------------------------------------------------------------------- */

typedef enum mutation {
    NONE,
    SWAP_GATES,         /* input and forget gate of lstm, reset and update gate of gru */
    FORGET_BIAS_HH,
    FORGET_STATE,       /* c_{t-1} of lstm, z h_{t-1} of gru */
    RESET_BEFORE,       /* gru: W_hn (r h) */
    RESET_SKIPS_BIAS,   /* gru: b_hn outside the reset */
    FORGET_CARRY,       /* of dh from the step behind */
    FORGET_CELL_CARRY,  /* of dc */
    FORGET_ACCUMULATION, /* the weights' gradient is that of the last step handled */
    STATE_AFTER,        /* dW_hh from h_t instead of h_{t-1} */
    ONLY_OUTSIDE,       /* dht is dhs */
} mutation;

static mutation mutant;

static float *row(const vg_task *task, vg_slot slot, int64_t r)
{
    return (float *)task->t[slot].p + r * task->t[slot].ld;
}

static float sigmoid(float x)
{
    float e = expf(-fabsf(x));
    return (x < 0 ? e : 1.0f) / (1.0f + e);
}

static const float *before(const vg_task *task, vg_slot slot, int64_t r)
{
    return r < task->shape.n[0] ? NULL : row(task, slot, r - task->shape.n[0]);
}

static float dot(const float *a, const float *b, int64_t n)
{
    float sum = 0;
    for (int64_t i = 0; a && i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static float x_part(const vg_task *task, int64_t r, int64_t w)
{
    return dot(row(task, VG_X, r), row(task, VG_W_IH, w), task->shape.n[2]) +
           row(task, VG_B_IH, 0)[w];
}

static float h_part(const vg_task *task, int64_t r, int64_t w)
{
    return dot(before(task, VG_HS, r), row(task, VG_W_HH, w), task->shape.n[3]) +
           (mutant == FORGET_BIAS_HH ? 0 : row(task, VG_B_HH, 0)[w]);
}

static float sum_of(const vg_task *task, int64_t r, int64_t w)
{
    return x_part(task, r, w) + h_part(task, r, w);
}

static void lstm_forward(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t n = task->shape.n[3], input = mutant == SWAP_GATES ? n : 0;
    (void)unit;
    (void)scratch;
    for (int64_t r = 0; r < task->shape.n[0] * task->shape.n[1]; r++)
        for (int64_t j = 0; j < n; j++) {
            const float *c = before(task, VG_CS, r);
            float *gates = row(task, VG_GATES, r) + j;
            gates[0] = sigmoid(sum_of(task, r, input + j));
            gates[n] = sigmoid(sum_of(task, r, n - input + j));
            gates[2 * n] = tanhf(sum_of(task, r, 2 * n + j));
            gates[3 * n] = sigmoid(sum_of(task, r, 3 * n + j));
            float kept = gates[n] * (c && mutant != FORGET_STATE ? c[j] : 0);
            row(task, VG_CS, r)[j] = kept + gates[0] * gates[2 * n];
            row(task, VG_HS, r)[j] = gates[3 * n] * tanhf(row(task, VG_CS, r)[j]);
        }
}

/* W_hn (r h) + b_hn, what the reset before the multiplication would give. */
static float reset_before(const vg_task *task, int64_t r, int64_t w)
{
    const float *h = before(task, VG_HS, r);
    float sum = row(task, VG_B_HH, 0)[w];
    for (int64_t k = 0; h && k < task->shape.n[3]; k++)
        sum += row(task, VG_W_HH, w)[k] * sigmoid(sum_of(task, r, k)) * h[k];
    return sum;
}

static void gru_forward(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t n = task->shape.n[3], reset = mutant == SWAP_GATES ? n : 0;
    (void)unit;
    (void)scratch;
    for (int64_t r = 0; r < task->shape.n[0] * task->shape.n[1]; r++)
        for (int64_t j = 0; j < n; j++) {
            const float *h = before(task, VG_HS, r);
            float *gates = row(task, VG_GATES, r) + j;
            gates[0] = sigmoid(sum_of(task, r, reset + j));
            gates[n] = sigmoid(sum_of(task, r, n - reset + j));
            gates[3 * n] = h_part(task, r, 2 * n + j);
            float inner = gates[0] * gates[3 * n];
            if (mutant == RESET_BEFORE)
                inner = reset_before(task, r, 2 * n + j);
            if (mutant == RESET_SKIPS_BIAS) {
                float bias = row(task, VG_B_HH, 0)[2 * n + j];
                inner = gates[0] * (gates[3 * n] - bias) + bias;
            }
            gates[2 * n] = tanhf(x_part(task, r, 2 * n + j) + inner);
            float kept = gates[n] * (h && mutant != FORGET_STATE ? h[j] : 0);
            row(task, VG_HS, r)[j] = (1 - gates[n]) * gates[2 * n] + kept;
        }
}

static void add_product(const vg_task *task, vg_slot slot, int64_t w, float a, const float *b,
                        int64_t n)
{
    for (int64_t k = 0; b && k < n; k++) {
        float *d = row(task, slot, w) + k;
        *d = a * b[k] + (mutant == FORGET_ACCUMULATION ? 0 : *d);
    }
}

/* Gradients of the four sums of one unit. */
static void lstm_unit_back(const vg_task *task, int64_t r, int64_t j, float *dc, float da[4])
{
    int64_t n = task->shape.n[3];
    const float *gates = row(task, VG_GATES, r) + j, *c = before(task, VG_CS, r);
    float i = gates[0], f = gates[n], g = gates[2 * n], o = gates[3 * n];
    float tanh_c = tanhf(row(task, VG_CS, r)[j]);
    float dh = row(task, VG_DHT, r)[j];
    float d = (mutant == FORGET_CELL_CARRY ? 0 : *dc) + dh * o * (1 - tanh_c * tanh_c);
    da[0] = d * g * (i * (1 - i));
    da[1] = d * (c ? c[j] : 0) * (f * (1 - f));
    da[2] = d * i * (1 - g * g);
    da[3] = dh * tanh_c * (o * (1 - o));
    *dc = d * f;
}

static void spread(const vg_task *task, int64_t r, int64_t w, float da, float *next)
{
    int64_t in = task->shape.n[2], n = task->shape.n[3];
    for (int64_t k = 0; k < in; k++)
        row(task, VG_DX, r)[k] += da * row(task, VG_W_IH, w)[k];
    for (int64_t k = 0; k < n; k++)
        next[k] += da * row(task, VG_W_HH, w)[k];
    row(task, VG_DB_IH, 0)[w] += da;
    row(task, VG_DB_HH, 0)[w] += da;
    add_product(task, VG_DW_IH, w, da, row(task, VG_X, r), in);
    const float *h = before(task, VG_HS, r);
    add_product(task, VG_DW_HH, w, da, mutant == STATE_AFTER && h ? row(task, VG_HS, r) : h, n);
}

static void zero(const vg_task *task, vg_slot slot, int64_t rows, int64_t cols)
{
    for (int64_t r = 0; r < rows; r++)
        memset(row(task, slot, r), 0, (size_t)cols * sizeof(float));
}

/* dh and dc of one sequence, then dh of the step before. */
static void sequence_back(const vg_task *task, int64_t b, float *dh, float *dc, float *next)
{
    int64_t batch = task->shape.n[0], n = task->shape.n[3];
    memset(dh, 0, (size_t)n * sizeof *dh);
    memset(dc, 0, (size_t)n * sizeof *dc);
    for (int64_t r = (task->shape.n[1] - 1) * batch + b; r >= 0; r -= batch) {
        memset(next, 0, (size_t)n * sizeof *next);
        for (int64_t j = 0; j < n; j++) {
            float da[4];
            row(task, VG_DHT, r)[j] = row(task, VG_DHS, r)[j] + dh[j];
            lstm_unit_back(task, r, j, &dc[j], da);
            if (mutant == ONLY_OUTSIDE)
                row(task, VG_DHT, r)[j] = row(task, VG_DHS, r)[j];
            for (int64_t g = 0; g < 4; g++)
                spread(task, r, g * n + j, da[g], next);
        }
        for (int64_t j = 0; j < n; j++)
            dh[j] = mutant == FORGET_CARRY ? 0 : next[j];
    }
}

static void lstm_backward(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t batch = task->shape.n[0], in = task->shape.n[2], n = task->shape.n[3];
    (void)unit;
    zero(task, VG_DX, batch * task->shape.n[1], in);
    zero(task, VG_DW_IH, 4 * n, in);
    zero(task, VG_DW_HH, 4 * n, n);
    zero(task, VG_DB_IH, 1, 4 * n);
    zero(task, VG_DB_HH, 1, 4 * n);
    float *dh = scratch;
    for (int64_t b = 0; b < batch; b++)
        sequence_back(task, b, dh, dh + n, dh + 2 * n);
}

static size_t scratch_bytes(const vg_shape *shape)
{
    return 3 * sizeof(float) * (size_t)shape->n[3];
}

static int lstm_forward_phases(const vg_shape *shape, vg_phase *phase)
{
    (void)shape;
    phase[0] = (vg_phase){.run = lstm_forward, .units = 1};
    return 1;
}

static int gru_forward_phases(const vg_shape *shape, vg_phase *phase)
{
    (void)shape;
    phase[0] = (vg_phase){.run = gru_forward, .units = 1};
    return 1;
}

static int lstm_backward_phases(const vg_shape *shape, vg_phase *phase)
{
    (void)shape;
    phase[0] = (vg_phase){.run = lstm_backward, .units = 1};
    return 1;
}

static const vg_kernel_impl impls[] = {
    {.phases = lstm_forward_phases},
    {.phases = gru_forward_phases},
    {.phases = lstm_backward_phases, .scratch = scratch_bytes},
};
static const vg_kernel rows[] = {
    {VG_OP_lstm, VG_DIR_fwd, VG_BACKEND_scalar, 0, &impls[0]},
    {VG_OP_gru, VG_DIR_fwd, VG_BACKEND_scalar, 0, &impls[1]},
    {VG_OP_lstm, VG_DIR_bwd, VG_BACKEND_scalar, 0, &impls[2]},
};
enum { LSTM, GRU, LSTM_BACK, ROWS };

static const struct {
    int row;
    mutation mutation;
    const char *what;
} mutants[] = {
    {LSTM, SWAP_GATES, "swaps the input and the forget gate"},
    {LSTM, FORGET_BIAS_HH, "forgets b_hh"},
    {LSTM, FORGET_STATE, "forgets c_{t-1}"},
    {GRU, SWAP_GATES, "swaps the reset and the update gate"},
    {GRU, FORGET_BIAS_HH, "forgets b_hh"},
    {GRU, FORGET_STATE, "forgets h_{t-1}"},
    {GRU, RESET_BEFORE, "resets before the multiplication"},
    {GRU, RESET_SKIPS_BIAS, "keeps b_hn out of the reset"},
    {LSTM_BACK, FORGET_CARRY, "forgets what later steps send to h"},
    {LSTM_BACK, FORGET_CELL_CARRY, "forgets what later steps send to c"},
    {LSTM_BACK, FORGET_ACCUMULATION, "keeps the weights' gradient of one step"},
    {LSTM_BACK, STATE_AFTER, "takes h_t for h_{t-1}"},
    {LSTM_BACK, ONLY_OUTSIDE, "gives dhs for dht"},
};

static int64_t failures_of(int which, mutation change, vg_verify_result *result)
{
    static const vg_shape shapes[] = {{.n = {2, 3, 5, 4}}, {.n = {3, 4, 7, 9}}};
    *result = (vg_verify_result){0};
    mutant = change;
    for (int i = 0; i < 2; i++) {
        vg_verify_options options = {.fill = VG_FILL_REAL, .pad = i, .seed = 3};
        assert_int_equal(vg_verify_case(&rows[which], &shapes[i], &options, result), VG_OK);
    }
    mutant = NONE;
    return result->failures;
}

static void every_mutant_is_caught(void **state)
{
    (void)state;
    vg_verify_result result;
    int escaped = 0;
    for (int i = 0; i < ROWS; i++)
        if (failures_of(i, NONE, &result))
            fail_msg("%s", result.text);
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++)
        if (failures_of(mutants[i].row, mutants[i].mutation, &result) == 0) {
            print_error("not caught: %s\n", mutants[i].what);
            escaped++;
        }
    assert_int_equal(escaped, 0);
}

/* --- bad input -------------------------------------------------------------------------------- */

static void bad_shapes_are_refused(void **state)
{
    (void)state;
    static const struct {
        vg_op op;
        const char *words, *says;
    } bad[] = {
        {VG_OP_lstm, "2 0 3 4", "seq=0"},
        {VG_OP_gru, "0 2 3 4", "batch=0"},
        {VG_OP_gru, "2 2 3", "hidden is missing"},
        {VG_OP_lstm, "2 2 3 4 act:tanh", "no such attribute"},
        {VG_OP_rnn, "2 2 3 4", "act:relu"},
        {VG_OP_rnn, "2 2 3 4 act:gelu", "allowed are tanh and relu"},
        {VG_OP_rnn, "2000000000 2000000000 2000000000 2000000000 act:tanh", "address space"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vg_shape shape;
        assert_int_not_equal(vg_shape_parse(bad[i].op, bad[i].words, &shape), VG_OK);
        if (!strstr(vg_status_message(), bad[i].says))
            fail_msg("'%s': %s", bad[i].words, vg_status_message());
    }
    vg_shape none = {.n = {2, 0, 3, 4}};
    vg_task task;
    const vg_kernel *kernel = vg_kernel_find(VG_OP_lstm, VG_DIR_fwd, VG_BACKEND_scalar);
    assert_int_equal(vg_task_init(&task, kernel, &none, &vg_params_default), VG_EINVAL);
}

/* --- rounds ----------------------------------------------------------------------------------- */

enum { UNITS = 7, ROUNDS = 50 };
static uint32_t made[ROUNDS][UNITS];

/* A number from those of all units in the round before. */
static void mix_round(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t round = unit / UNITS;
    uint32_t value = (uint32_t)unit + 1;
    (void)task;
    (void)scratch;
    for (int u = 0; round > 0 && u < UNITS; u++)
        value = value * 2654435761u + made[round - 1][u];
    made[round][unit % UNITS] = value;
}

static void rounds_see_the_round_before(void **state)
{
    (void)state;
    uint32_t first[ROUNDS][UNITS];
    for (int threads = 1; threads <= 3; threads++) {
        vg_team *team;
        vg_plan plan = {0};
        vg_task task = {0};
        vg_phase phase = {.run = mix_round, .units = UNITS, .rounds = ROUNDS, .cost_ns = 1e9};
        memset(made, 0, sizeof made);
        assert_int_equal(vg_team_create(threads, 0, &team), VG_OK);
        assert_int_equal(vg_plan_append_phase(&plan, &task, &phase, 0), VG_OK);
        assert_int_equal(vg_team_run(team, &plan, NULL), VG_OK);
        if (threads == 1)
            memcpy(first, made, sizeof first);
        assert_memory_equal(first, made, sizeof first);
        vg_plan_release(&plan);
        vg_team_destroy(team);
    }
}

/* --- a library's backward task ---------------------------------------------------------------- */

typedef struct net {
    float *tensors[VG_SLOT_COUNT];
    vg_task task[2]; /* forward, backward */
} net;

static void prepare_pass(net *n, vg_op op, int pass, vg_backend backend, const vg_shape *shape)
{
    const vg_kernel *kernel = vg_kernel_find(op, pass ? VG_DIR_bwd : VG_DIR_fwd, backend);
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(op, kernel->dir, shape, list);
    vg_task *task = &n->task[pass];
    assert_int_equal(vg_task_init(task, kernel, shape, &vg_params_default), VG_OK);
    for (int i = 0; i < count; i++) {
        float **p = &n->tensors[list[i].slot];
        if (!*p)
            *p = calloc((size_t)(list[i].rows * list[i].cols), sizeof **p);
        assert_non_null(*p);
        task->t[list[i].slot].p = *p;
    }
    size_t bytes = vg_task_workspace_bytes(task);
    if (bytes)
        assert_int_equal(vg_alloc(bytes, 0, &task->workspace), VG_OK);
    task->forward = pass ? &n->task[0] : NULL;
    assert_int_equal(vg_task_prepare(task, 1), VG_OK);
}

/* Only after everything is prepared the inputs get their values, as in a network. */
static void fill_and_run(net *n, vg_op op, const vg_shape *shape)
{
    for (int pass = 0; pass < 2; pass++) {
        vg_tensor_spec list[VG_MAX_TENSORS];
        int count = vg_op_tensors(op, pass ? VG_DIR_bwd : VG_DIR_fwd, shape, list);
        for (int i = 0; i < count; i++) {
            bool made_by_forward = list[i].slot == VG_HS || list[i].slot == VG_CS ||
                                   list[i].slot == VG_GATES;
            uint32_t random = (uint32_t)list[i].slot * 40503u + 1;
            for (int64_t k = 0; list[i].access == VG_ACCESS_IN && !made_by_forward &&
                                k < list[i].rows * list[i].cols; k++) {
                random = random * 1664525u + 1013904223u;
                n->tensors[list[i].slot][k] = (float)(random >> 8) * 0x1p-24f - 0.5f;
            }
        }
        vg_team *team;
        vg_plan plan = {0};
        assert_int_equal(vg_team_create(1, 0, &team), VG_OK);
        assert_int_equal(vg_plan_append(&plan, &n->task[pass]), VG_OK);
        assert_int_equal(vg_team_reserve(team, plan.scratch), VG_OK);
        assert_int_equal(vg_team_run(team, &plan, NULL), VG_OK);
        vg_plan_release(&plan);
        vg_team_destroy(team);
    }
}

static void release(net *n)
{
    for (int pass = 1; pass >= 0; pass--) {
        vg_task_release(&n->task[pass]);
        vg_free(n->task[pass].workspace);
    }
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++)
        free(n->tensors[slot]);
}

static void backward_reads_the_state_of_its_forward_task(void **state)
{
    (void)state;
    static const vg_slot slots[] = {VG_DX, VG_DW_IH, VG_DW_HH};
    for (int op = VG_OP_rnn; op <= VG_OP_gru; op++) {
        if (!vg_kernel_find((vg_op)op, VG_DIR_bwd, VG_BACKEND_onednn))
            skip();
        vg_shape shape = {.n = {3, 4, 5, 6}, .act = op == VG_OP_rnn ? VG_OP_tanh : 0};
        net ours = {{0}, {{0}}}, theirs = {{0}, {{0}}};
        for (int pass = 0; pass < 2; pass++) {
            prepare_pass(&ours, (vg_op)op, pass, VG_BACKEND_scalar, &shape);
            prepare_pass(&theirs, (vg_op)op, pass, VG_BACKEND_onednn, &shape);
        }
        fill_and_run(&ours, (vg_op)op, &shape);
        fill_and_run(&theirs, (vg_op)op, &shape);
        for (int s = 0; s < 3; s++)
            for (int64_t i = 0; i < 3 * 5; i++) {
                float want = ours.tensors[slots[s]][i], got = theirs.tensors[slots[s]][i];
                if (!(fabsf(got - want) <= 1e-5f))
                    fail_msg("%s: %s[%d] is %g, not %g", vg_op_name((vg_op)op),
                             vg_slot_name(slots[s]), (int)i, (double)got, (double)want);
            }
        release(&ours);
        release(&theirs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mutant_is_caught),
        cmocka_unit_test(bad_shapes_are_refused),
        cmocka_unit_test(rounds_see_the_round_before),
        cmocka_unit_test(backward_reads_the_state_of_its_forward_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
