/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle on trial: every backward pass against central differences of its forward pass, and
 * both against vectors that PyTorch computed (tests/golden/make_golden.py). */
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

/* One op instance in doubles. */
typedef struct problem {
    vg_op op;
    vg_shape shape;
    vg_params params;
    double *in[VG_SLOT_COUNT], *out[VG_SLOT_COUNT], *mag[VG_SLOT_COUNT];
    int64_t size[VG_SLOT_COUNT];
} problem;

static uint64_t random_state;

static double uniform(double low, double high)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(random_state >> 11) * 0x1p-53;
}

static double value_of(const problem *p, vg_slot slot)
{
    switch (slot) {
    case VG_LABELS:
        return floor(uniform(0, (double)p->shape.n[1]));
    case VG_T:
        return uniform(0.05, 0.95);
    case VG_SLOPE:
        return uniform(0.1, 0.4);
    case VG_RUN_VAR:
        return uniform(0.5, 1.5);
    default:
        return uniform(-2, 2);
    }
}

static double *array(int64_t size)
{
    double *a = calloc((size_t)size, sizeof *a);
    assert_non_null(a);
    return a;
}

/* Binds every tensor of a direction, filling the inputs that are new. */
static void bind(problem *p, vg_dir dir)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(p->op, dir, &p->shape, list);
    for (int i = 0; i < count; i++) {
        vg_slot slot = list[i].slot;
        p->size[slot] = list[i].rows * list[i].cols;
        if (list[i].access != VG_ACCESS_OUT && !p->in[slot]) {
            p->in[slot] = array(p->size[slot]);
            for (int64_t k = 0; k < p->size[slot]; k++)
                p->in[slot][k] = value_of(p, slot);
        }
        if (list[i].access != VG_ACCESS_IN && !p->out[slot]) {
            p->out[slot] = array(p->size[slot]);
            p->mag[slot] = array(p->size[slot]);
        }
    }
}

static void run(problem *p, vg_dir dir)
{
    vg_oracle t;
    memcpy(t.in, p->in, sizeof t.in);
    memcpy(t.out, p->out, sizeof t.out);
    memcpy(t.mag, p->mag, sizeof t.mag);
    assert_int_equal(vg_oracle_run(p->op, dir, &p->shape, &p->params, &t), VG_OK);
}

/* What the forward pass saves is what the backward pass reads. */
static void save_forward(problem *p)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(p->op, VG_DIR_fwd, &p->shape, list);
    for (int i = 0; i < count; i++) {
        vg_slot slot = list[i].slot;
        if (list[i].access != VG_ACCESS_OUT)
            continue;
        free(p->in[slot]);
        p->in[slot] = array(p->size[slot]);
        memcpy(p->in[slot], p->out[slot], (size_t)p->size[slot] * sizeof(double));
    }
}

static void release(problem *p)
{
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++) {
        free(p->in[slot]);
        free(p->out[slot]);
        free(p->mag[slot]);
    }
}

/* --- central differences ---------------------------------------------------------------------- */

static const struct {
    vg_slot gradient, variable;
} gradients[] = {
    {VG_DX, VG_X},         {VG_DW, VG_W},         {VG_DB, VG_B},
    {VG_DSLOPE, VG_SLOPE}, {VG_DGAMMA, VG_GAMMA}, {VG_DBETA, VG_BETA},
    {VG_DH, VG_H},         {VG_DT, VG_T},         {VG_DALPHA, VG_ALPHA},
    {VG_DW_IH, VG_W_IH},   {VG_DW_HH, VG_W_HH},   {VG_DB_IH, VG_B_IH},
    {VG_DB_HH, VG_B_HH},
};

/* The scalar whose gradient the backward pass computes: the loss, or dy . y. */
static double objective(problem *p)
{
    run(p, VG_DIR_fwd);
    if (p->out[VG_LOSS])
        return p->out[VG_LOSS][0] * (double)p->params.loss_scale;
    vg_slot y = p->out[VG_HS] ? VG_HS : VG_Y, dy = p->out[VG_HS] ? VG_DHS : VG_DY;
    double sum = 0;
    for (int64_t i = 0; i < p->size[y]; i++)
        sum += p->in[dy][i] * p->out[y][i];
    return sum;
}

/* Fourth order in h: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h. Small, to step over no kink. */
static double difference(problem *p, double *x)
{
    const double h = 1e-5;
    double keep = *x, f[4];
    static const int at[4] = {1, -1, 2, -2};
    for (int i = 0; i < 4; i++) {
        *x = keep + at[i] * h;
        f[i] = objective(p);
    }
    *x = keep;
    return (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h);
}

static void check_gradient(problem *p, vg_dir dir, vg_slot gradient, vg_slot variable, int *checked)
{
    for (int64_t i = 0; i < p->size[gradient]; i++) {
        double got = p->out[gradient][i];
        if (p->in[gradient]) /* dx adds to what is there */
            got -= p->in[gradient][i];
        double want = difference(p, &p->in[variable][i]);
        double scale = fmax(fabs(want), 0.1);
        if (!(fabs(got - want) <= 1e-6 * scale))
            fail_msg("%s/%s act %s norm %s: %s[%lld] is %.10g, differences say %.10g",
                     vg_op_name(p->op), vg_dir_name(dir), vg_op_name((vg_op)p->shape.act),
                     vg_op_name((vg_op)p->shape.norm), vg_slot_name(gradient), (long long)i, got,
                     want);
        ++*checked;
    }
}

static bool has_output(vg_op op, vg_dir dir, const vg_shape *shape, vg_slot slot)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(op, dir, shape, list);
    for (int i = 0; i < count; i++)
        if (list[i].slot == slot && list[i].access != VG_ACCESS_IN)
            return true;
    return false;
}

/* The identity gradient that add leaves to its caller has no tensor. */
static bool is_variable(const problem *p, vg_slot variable)
{
    return p->in[variable] && !(p->op == VG_OP_add && variable == VG_H);
}

static int check_op(vg_op op, const vg_shape *shape)
{
    static const vg_dir backward[] = {VG_DIR_bwd, VG_DIR_bwd_data, VG_DIR_bwd_weights};
    int checked = 0;
    random_state = (uint64_t)op * 1000003u + (uint64_t)(shape->act * 64 + shape->norm);
    assert_int_equal(vg_shape_check(op, shape), VG_OK);
    problem p = {.op = op, .shape = *shape, .params = vg_params_default};
    p.params.loss_scale = 4;
    p.params.alpha = 0.75f;
    p.params.slope = 0.125f;
    bind(&p, VG_DIR_fwd);
    for (int d = 0; d < 3; d++)
        if (vg_oracle_has(op, backward[d]))
            bind(&p, backward[d]);
    run(&p, VG_DIR_fwd);
    save_forward(&p);
    for (int d = 0; d < 3; d++) {
        if (!vg_oracle_has(op, backward[d]))
            continue;
        run(&p, backward[d]);
        for (size_t i = 0; i < sizeof gradients / sizeof *gradients; i++)
            if (has_output(op, backward[d], shape, gradients[i].gradient) &&
                is_variable(&p, gradients[i].variable))
                check_gradient(&p, backward[d], gradients[i].gradient, gradients[i].variable,
                               &checked);
    }
    release(&p);
    return checked;
}

static vg_shape small_shape(vg_op op)
{
    switch (vg_op_family(op)) {
    case VG_FAMILY_DENSE:
        return (vg_shape){.n = {3, 4, 5}};
    case VG_FAMILY_RECURRENT:
        return (vg_shape){.n = {2, 4, 3, 5}};
    default:
        return (vg_shape){.n = {5, 6, op == VG_OP_group_norm ? 2 : vg_op_extents(op) > 2}};
    }
}

static int check_variants(vg_op op)
{
    int checked = 0;
    for (int act = VG_OP_relu; act <= VG_OP_silu; act++)
        for (int norm = VG_OP_batch_norm; norm <= VG_OP_rms_norm; norm++) {
            vg_shape shape = small_shape(op);
            if (vg_op_has_act(op))
                shape.act = act;
            if (vg_op_has_norm(op)) {
                shape.norm = norm;
                shape.n[2] = norm == VG_OP_group_norm ? 3 : 1;
            }
            bool first_act = vg_op_has_act(op) || act == VG_OP_relu;
            bool first_norm = vg_op_has_norm(op) || norm == VG_OP_batch_norm;
            if (first_act && first_norm && vg_shape_check(op, &shape) == VG_OK)
                checked += check_op(op, &shape);
        }
    return checked;
}

static void backward_agrees_with_differences_of_forward(void **state)
{
    (void)state;
    int ops = 0, checked = 0;
    for (int op = 1; op < VG_OP_COUNT; op++) {
        bool backward = vg_oracle_has((vg_op)op, VG_DIR_bwd) ||
                        vg_oracle_has((vg_op)op, VG_DIR_bwd_data);
        if (!backward)
            continue;
        int found = check_variants((vg_op)op);
        if (found == 0)
            fail_msg("%s: no gradient was checked", vg_op_name((vg_op)op));
        checked += found;
        ops++;
    }
    vg_shape per_channel = {.n = {5, 6, 6}};
    checked += check_op(VG_OP_prelu, &per_channel);
    printf("%d derivatives of %d ops\n", checked, ops);
    assert_true(ops > 10);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void activations_have_their_limits(void **state)
{
    (void)state;
    for (int op = VG_OP_relu; op <= VG_OP_silu; op++) {
        double mag;
        assert_true(isnan(vg_oracle_act((vg_op)op, NAN, 0.25, &mag)));
        double top = vg_oracle_act((vg_op)op, INFINITY, 0.25, &mag);
        bool bounded = op == VG_OP_sigmoid || op == VG_OP_tanh;
        assert_true(bounded ? top == 1 : isinf(top));
        assert_false(isnan(vg_oracle_act((vg_op)op, -INFINITY, 0.25, &mag)));
        for (double x = 1; x < 1e300; x *= 10)
            assert_false(isnan(vg_oracle_act_gradient((vg_op)op, -x, 1, 0.25, &mag)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backward_agrees_with_differences_of_forward),
        cmocka_unit_test(activations_have_their_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
