/* SPDX-License-Identifier: Apache-2.0 */
/** @file act_sweep.h
 * Runs every usable row of one activation and direction over ranges of f32 bit patterns and keeps the
 * worst errors against the double oracle. Used by test_activation_ulp.c (a sample) and
 * exhaustive_ulp.c (all 2^32 inputs).
 */
#ifndef VG_ACT_SWEEP_H
#define VG_ACT_SWEEP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "oracle/oracle.h"
#include "vgbench/kernel.h"
#include "vgbench/plan.h"

enum { SWEEP_CHUNK = 1 << 14, SWEEP_ROWS = VG_BACKEND_COUNT };

typedef struct sweep_worst {
    double value;
    float at;
} sweep_worst;

typedef struct sweep_row {
    const vg_kernel *kernel;
    vg_task task;
    vg_plan plan;
    sweep_worst ulp;       /* forward, finite inputs: error in ulps of the result */
    sweep_worst ulp_right; /* the same for inputs >= -1 */
    sweep_worst abs_left;  /* forward, inputs < -1: absolute error */
    sweep_worst eps;       /* backward with dy = 1: error / (2^-24 S), S the oracle's magnitude */
    int64_t inputs, wrong_special; /* NaN in, no NaN out; infinity, not its limit */
} sweep_row;

typedef struct sweep {
    vg_op op;
    vg_dir dir;
    vg_params params;
    vg_team *team;
    int count;
    sweep_row rows[SWEEP_ROWS];
    _Alignas(64) float in[SWEEP_CHUNK];
    _Alignas(64) float dy[SWEEP_CHUNK];
    _Alignas(64) float out[SWEEP_CHUNK];
    double reference[SWEEP_CHUNK], magnitude[SWEEP_CHUNK];
} sweep;

/* Whether the comma list has the word; no list: all but oneDNN, whose errors are not ours. */
static int sweep_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    if (!list)
        return strcmp(word, "onednn") != 0;
    for (const char *p = list; (p = strstr(p, word)); p += length)
        if ((p == list || p[-1] == ',') && (p[length] == ',' || p[length] == '\0'))
            return 1;
    return 0;
}

/* Binds every usable row whose backend is in the comma list @p backends. */
static vg_status sweep_open(sweep *s, vg_op op, vg_dir dir, const char *backends)
{
    memset(s, 0, sizeof *s);
    s->op = op;
    s->dir = dir;
    s->params = vg_params_default;
    VG_TRY(vg_team_create(1, 0, &s->team));
    vg_shape shape = {.n = {1, SWEEP_CHUNK}};
    for (int b = 0; b < VG_BACKEND_COUNT; b++) {
        const vg_kernel *kernel = vg_kernel_find(op, dir, (vg_backend)b);
        if (!kernel || vg_kernel_usable(kernel) != VG_OK ||
            !sweep_listed(backends, vg_backend_name((vg_backend)b)))
            continue;
        sweep_row *row = &s->rows[s->count++];
        row->kernel = kernel;
        VG_TRY(vg_task_init(&row->task, kernel, &shape, &s->params));
        row->task.t[VG_X].p = s->in;
        row->task.t[VG_Y].p = dir == VG_DIR_fwd ? s->out : s->in;
        row->task.t[VG_DY].p = s->dy;
        row->task.t[VG_DX].p = s->out;
        VG_TRY(vg_task_prepare(&row->task, 1));
        VG_TRY(vg_plan_append(&row->plan, &row->task));
        VG_TRY(vg_team_reserve(s->team, row->plan.scratch));
    }
    for (int i = 0; i < SWEEP_CHUNK; i++)
        s->dy[i] = 1;
    return VG_OK;
}

static void sweep_close(sweep *s)
{
    for (int i = 0; i < s->count; i++) {
        vg_plan_release(&s->rows[i].plan);
        vg_task_release(&s->rows[i].task);
    }
    vg_team_destroy(s->team);
}

/* Backward from y: only what forward can give. */
static int sweep_takes(const sweep *s, float value)
{
    if (s->dir == VG_DIR_fwd || !vg_act_saves_output(s->op) || isnan(value))
        return 1;
    switch (s->op) {
    case VG_OP_relu:
        return value >= 0;
    case VG_OP_sigmoid:
        return value >= 0 && value <= 1;
    case VG_OP_tanh:
        return value >= -1 && value <= 1;
    case VG_OP_elu:
        return value >= -1;
    case VG_OP_selu:
        return value >= -1.7581f;
    default:
        return 1;
    }
}

static void sweep_keep(sweep_worst *worst, double value, float at)
{
    if (!(value <= worst->value))
        *worst = (sweep_worst){value, at};
}

/* Of the float binade of |reference|; subnormals have that of the smallest normal. */
static double sweep_ulp(double reference)
{
    uint64_t bits, smallest = (uint64_t)(1023 - 126) << 52;
    memcpy(&bits, &reference, sizeof bits);
    bits &= UINT64_C(0x7ff) << 52;
    bits = (bits < smallest ? smallest : bits) - (UINT64_C(23) << 52);
    memcpy(&reference, &bits, sizeof reference);
    return reference;
}

/* Four fifths of all floats are below 2^-40 or beyond 200, where the first term of a series or the
 * limit is the function to 2^-40 of itself: that spares the oracle's transcendental functions. */
static int sweep_far(const sweep *s, float x)
{
    float size = fabsf(x);
    int by_input = s->dir == VG_DIR_fwd || !vg_act_saves_output(s->op);
    return by_input && isfinite(x) && (size < 0x1p-40f || size > 200);
}

static double sweep_far_value(const sweep *s, double x)
{
    int tiny = fabs(x) < 1;
    if (s->dir == VG_DIR_bwd)
        return tiny ? 0.5 : x > 0;
    switch (s->op) {
    case VG_OP_sigmoid:
        return tiny ? 0.5 : x > 0;
    case VG_OP_tanh:
        return tiny ? x : copysign(1, x);
    case VG_OP_elu:
        return tiny || x > 0 ? x : -1;
    case VG_OP_selu:
        return x > 0 ? 1.0507009873554805 * x : 1.7580993408473766 * (tiny ? x : -1);
    default: /* gelu, gelu_tanh, silu */
        return tiny ? x / 2 : x > 0 ? x : 0;
    }
}

static void sweep_refer(sweep *s, int i)
{
    double x = s->in[i], slope = s->params.slope;
    int smooth = s->op >= VG_OP_sigmoid && s->op != VG_OP_leaky_relu && s->op != VG_OP_prelu;
    if (smooth && sweep_far(s, s->in[i])) {
        s->reference[i] = sweep_far_value(s, x);
        s->magnitude[i] = 1;
    } else if (s->dir == VG_DIR_fwd) {
        s->reference[i] = vg_oracle_act(s->op, x, slope, &s->magnitude[i]);
    } else {
        s->reference[i] = vg_oracle_act_gradient(s->op, x, 1, slope, &s->magnitude[i]);
    }
}

static void sweep_judge(const sweep *s, sweep_row *row, int i)
{
    float x = s->in[i], got = s->out[i];
    double want = s->reference[i];
    row->inputs++;
    if (got == (float)want && row->ulp.value >= 0.5 && fabsf(x) < 0x1p126f)
        return; /* rounded right: no new maximum */
    if (!isfinite(x) || isinf((float)want)) {
        if (isnan(want) ? !isnan(got) : !(got == (float)want))
            row->wrong_special += isfinite(s->magnitude[i]);
        return;
    }
    /* overflow a float too early: what the row meant is 2^128 */
    double value = isinf(got) ? copysign(0x1p128, got) : got, error = fabs(value - want);
    if (s->dir == VG_DIR_bwd) {
        double bound = s->magnitude[i] * 0x1p-24;
        sweep_keep(&row->eps, error == 0 ? 0 : bound > 0 ? error / bound : error / sweep_ulp(want), x);
        return;
    }
    sweep_keep(&row->ulp, error / sweep_ulp(want), x);
    if (x >= -1)
        sweep_keep(&row->ulp_right, error / sweep_ulp(want), x);
    else
        sweep_keep(&row->abs_left, error, x);
}

/* Bit patterns first, first + step, ... below @p end. */
static vg_status sweep_range(sweep *s, uint64_t first, uint64_t end, uint64_t step)
{
    while (first < end) {
        int n = 0;
        for (; n < SWEEP_CHUNK && first < end; first += step) {
            uint32_t bits = (uint32_t)first;
            memcpy(&s->in[n], &bits, sizeof bits);
            if (sweep_takes(s, s->in[n]))
                n++;
        }
        for (int i = n; i < SWEEP_CHUNK; i++)
            s->in[i] = 0;
        for (int i = 0; i < n; i++)
            sweep_refer(s, i);
        for (int r = 0; r < s->count; r++) {
            VG_TRY(vg_team_run(s->team, &s->rows[r].plan, NULL));
            for (int i = 0; i < n; i++)
                sweep_judge(s, &s->rows[r], i);
        }
    }
    return VG_OK;
}

#endif
