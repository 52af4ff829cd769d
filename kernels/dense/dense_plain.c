/* SPDX-License-Identifier: Apache-2.0 */
/* Dense layer in plain C: what the SIMD rows are measured against. There is no packed layout:
 * weights:packed runs the same loops on the same row-major matrix. */
#include "activation/act_plain.h"
#include "base/partition.h"
#include "simd/vec.h"
#include "vgbench/kernel.h"

enum { ROWS = 8 /* rows of the output per unit */ };

static const float *in_row(const vg_task *task, vg_slot slot, int64_t row)
{
    return (const float *)task->t[slot].p + row * task->t[slot].ld;
}

static float *out_row(const vg_task *task, vg_slot slot, int64_t row)
{
    return (float *)task->t[slot].p + row * task->t[slot].ld;
}

/* y += a x */
static void axpy(int64_t n, float a, const float *restrict x, float *restrict y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

static float dot(int64_t n, const float *x, const float *y)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void clear(int64_t n, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = 0;
}

/* dense_bias_act, which is told by shape.act: y = f(z), and z is kept where f saves its input. */
static void activate(const vg_task *task, int64_t row, float *y)
{
    vg_op act = (vg_op)task->shape.act;
    if (!act)
        return;
    float *pre = vg_act_saves_output(act) ? NULL : out_row(task, VG_PRE, row);
    for (int64_t o = 0; o < task->shape.n[2]; o++) {
        if (pre)
            pre[o] = y[o];
        y[o] = vg_act_forward_one(act, y[o], task->params->slope);
    }
}

/* dL/dz of one output: dy, or dy f'(saved). */
static float gradient(const vg_task *task, int64_t row, int64_t o)
{
    vg_op act = (vg_op)task->shape.act;
    float dy = in_row(task, VG_DY, row)[o];
    if (!act)
        return dy;
    vg_slot saved = vg_act_saves_output(act) ? VG_Y : VG_PRE;
    return vg_act_backward_one(act, in_row(task, saved, row)[o], dy, task->params->slope);
}

static void fwd_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t in = task->shape.n[1], out = task->shape.n[2];
    const float *bias = task->t[VG_B].p;
    int64_t last = vg_min64((unit + 1) * ROWS, task->shape.n[0]);
    for (int64_t i = unit * ROWS; i < last; i++) {
        const float *x = in_row(task, VG_X, i);
        float *y = out_row(task, VG_Y, i);
        for (int64_t o = 0; o < out; o++)
            y[o] = dot(in, x, in_row(task, VG_W, o)) + bias[o];
        activate(task, i, y);
    }
}

static void bwd_data_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t in = task->shape.n[1], out = task->shape.n[2];
    int64_t last = vg_min64((unit + 1) * ROWS, task->shape.n[0]);
    for (int64_t i = unit * ROWS; i < last; i++) {
        float *dx = out_row(task, VG_DX, i);
        clear(in, dx);
        for (int64_t o = 0; o < out; o++)
            axpy(in, gradient(task, i, o), in_row(task, VG_W, o), dx);
    }
}

static void bwd_weights_unit(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t batch = task->shape.n[0], in = task->shape.n[1];
    float *db = task->t[VG_DB].p;
    int64_t last = vg_min64((unit + 1) * ROWS, task->shape.n[2]);
    for (int64_t o = unit * ROWS; o < last; o++) {
        float *dw = out_row(task, VG_DW, o), sum = 0;
        clear(in, dw);
        for (int64_t i = 0; i < batch; i++) {
            float g = gradient(task, i, o);
            sum += g;
            axpy(in, g, in_row(task, VG_X, i), dw);
        }
        db[o] = sum;
    }
}

static int one_phase(const vg_shape *shape, int64_t rows, vg_unit_fn *run, vg_phase *phase)
{
    double macs = (double)shape->n[0] * (double)shape->n[1] * (double)shape->n[2];
    *phase = (vg_phase){
        .run = run, .units = vg_ceil_div(rows, ROWS), .cost_ns = 0.1 * macs};
    return 1;
}

/* fwd and bwd_data go by rows of the batch, so that plain layers need no barrier between them. */
static int fwd_phases(const vg_shape *shape, vg_phase *phase)
{
    one_phase(shape, shape->n[0], fwd_unit, phase);
    phase->row_block = ROWS;
    return 1;
}

static int bwd_data_phases(const vg_shape *shape, vg_phase *phase)
{
    one_phase(shape, shape->n[0], bwd_data_unit, phase);
    phase->row_block = ROWS;
    return 1;
}

static int bwd_weights_phases(const vg_shape *shape, vg_phase *phase)
{
    return one_phase(shape, shape->n[2], bwd_weights_unit, phase);
}

const vg_kernel_impl VG_FN(vg_dense_fwd) = {.impl = "plain C, dot products",
                                            .phases = fwd_phases};
const vg_kernel_impl VG_FN(vg_dense_bwd_data) = {.impl = "plain C, sums of rows",
                                                 .phases = bwd_data_phases};
const vg_kernel_impl VG_FN(vg_dense_bwd_weights) = {.impl = "plain C, sums of rows",
                                                    .phases = bwd_weights_phases};

static vg_status no_prelu(const vg_shape *shape)
{
    if (shape->act == VG_OP_prelu)
        return vg_fail(VG_EUNSUPPORTED, "dense_bias_act act:prelu: its slopes have gradients of "
                                        "their own; use dense and prelu");
    return VG_OK;
}

const vg_kernel_impl VG_FN(vg_dense_bias_act_fwd) = {
    .impl = "plain C, dot products", .phases = fwd_phases, .supports = no_prelu};
const vg_kernel_impl VG_FN(vg_dense_bias_act_bwd_data) = {
    .impl = "plain C, sums of rows", .phases = bwd_data_phases, .supports = no_prelu};
const vg_kernel_impl VG_FN(vg_dense_bias_act_bwd_weights) = {
    .impl = "plain C, sums of rows", .phases = bwd_weights_phases, .supports = no_prelu};
