/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers in plain C: what the cells have in common. A unit takes a few sequences through
 * all of their steps; the gradients of the weights are a second phase over what the first has kept.
 * recurrent_plain_rows.h makes the unit functions of a cell of these. */
#ifndef VG_RECURRENT_PLAIN_H
#define VG_RECURRENT_PLAIN_H

#include "activation/act_plain.h"
#include "base/partition.h"
#include "recurrent/recurrent.h"

enum { VG_PLAIN_SEQUENCES = 4 /* of a unit */, VG_PLAIN_ROWS = 8 /* of the weights, of a unit */ };

/** Makes h_t (and what is saved) from x_part = W_ih x + b_ih and h_part = W_hh h + b_hh. */
typedef void vg_cell_fn(const vg_task *task, const vg_layer *l, int64_t row, const float *x_part,
                        const float *h_part, const float *zeros);

/** Turns dh, the gradient of h_t, into da, the gradients of the sums, and sets carry to what reaches
 * h_{t-1} beside W_hh. dc: carried from step to step. */
typedef void vg_cell_back_fn(const vg_task *task, const vg_layer *l, int64_t row, const float *dh,
                             float *da, float *carry, float *dc, const float *zeros);

VG_INLINE float vg_plain_dot(int64_t n, const float *x, const float *y)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* y += a x */
VG_INLINE void vg_plain_axpy(int64_t n, float a, const float *restrict x, float *restrict y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

VG_INLINE void vg_plain_clear(int64_t n, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = 0;
}

/* Row of the step before, or @p first. */
VG_INLINE const float *vg_plain_before(const vg_task *task, vg_slot slot, int64_t row,
                                       const float *first)
{
    return row < task->shape.n[0] ? first : vg_row(task, slot, row - task->shape.n[0]);
}

/* --- forward ---------------------------------------------------------------------------------- */

/* One step of one sequence; nothing is multiplied by h_0 = 0. */
VG_INLINE void vg_plain_step(const vg_task *task, const vg_layer *l, vg_cell_fn *cell, int64_t row,
                             float *x_part, float *h_part, const float *zeros)
{
    const float *x = vg_row(task, VG_X, row), *h = vg_plain_before(task, VG_HS, row, NULL);
    for (int64_t r = 0; r < l->gates; r++) {
        x_part[r] = vg_plain_dot(l->in, x, vg_row(task, VG_W_IH, r)) + vg_vector(task, VG_B_IH)[r];
        h_part[r] = (h ? vg_plain_dot(l->hidden, h, vg_row(task, VG_W_HH, r)) : 0) +
                    vg_vector(task, VG_B_HH)[r];
    }
    cell(task, l, row, x_part, h_part, zeros);
}

VG_INLINE void vg_plain_forward(const vg_task *task, vg_op op, vg_cell_fn *cell, int64_t unit,
                                void *scratch)
{
    vg_layer l = vg_layer_of(op, &task->shape);
    float *x_part = scratch, *h_part = x_part + l.gates, *zeros = h_part + l.gates;
    int64_t last = vg_min64((unit + 1) * VG_PLAIN_SEQUENCES, l.batch);
    vg_plain_clear(l.hidden, zeros);
    for (int64_t b = unit * VG_PLAIN_SEQUENCES; b < last; b++)
        for (int64_t step = 0; step < l.seq; step++)
            vg_plain_step(task, &l, cell, step * l.batch + b, x_part, h_part, zeros);
}

/* --- back-propagation through time ------------------------------------------------------------ */

VG_INLINE float *vg_plain_kept(const vg_task *task, const vg_layer *l, int64_t row)
{
    return (float *)task->workspace + row * l->saved;
}

/* scratch: the gradient carried to h, that carried to c, zeros. */
VG_INLINE void vg_plain_step_back(const vg_task *task, const vg_layer *l, vg_cell_back_fn *cell,
                                  int64_t row, float *scratch)
{
    float *carry = scratch, *dc = carry + l->hidden, *zeros = dc + l->hidden;
    float *dht = vg_row(task, VG_DHT, row), *dx = vg_row(task, VG_DX, row);
    float *da = vg_plain_kept(task, l, row);
    const float *dhs = vg_row(task, VG_DHS, row);
    for (int64_t j = 0; j < l->hidden; j++)
        dht[j] = dhs[j] + carry[j];
    cell(task, l, row, dht, da, carry, dc, zeros);
    vg_plain_clear(l->in, dx);
    for (int64_t r = 0; r < l->gates; r++)
        vg_plain_axpy(l->in, da[r], vg_row(task, VG_W_IH, r), dx);
    for (int64_t r = 0; row >= l->batch && r < l->gates; r++)
        vg_plain_axpy(l->hidden, da[vg_recurrent_column(l, r)], vg_row(task, VG_W_HH, r), carry);
}

VG_INLINE void vg_plain_backward(const vg_task *task, vg_op op, vg_cell_back_fn *cell,
                                 int64_t unit, void *scratch)
{
    vg_layer l = vg_layer_of(op, &task->shape);
    int64_t last = vg_min64((unit + 1) * VG_PLAIN_SEQUENCES, l.batch);
    for (int64_t b = unit * VG_PLAIN_SEQUENCES; b < last; b++) {
        vg_plain_clear(3 * l.hidden, scratch);
        for (int64_t step = l.seq - 1; step >= 0; step--)
            vg_plain_step_back(task, &l, cell, step * l.batch + b, scratch);
    }
}

VG_INLINE void vg_plain_weights(const vg_task *task, vg_op op, int64_t unit)
{
    vg_layer l = vg_layer_of(op, &task->shape);
    int64_t last = vg_min64((unit + 1) * VG_PLAIN_ROWS, l.gates);
    for (int64_t r = unit * VG_PLAIN_ROWS; r < last; r++) {
        float *dw_ih = vg_row(task, VG_DW_IH, r), *dw_hh = vg_row(task, VG_DW_HH, r);
        float db_ih = 0, db_hh = 0;
        vg_plain_clear(l.in, dw_ih);
        vg_plain_clear(l.hidden, dw_hh);
        for (int64_t row = 0; row < l.seq * l.batch; row++) {
            const float *da = vg_plain_kept(task, &l, row);
            const float *h = vg_plain_before(task, VG_HS, row, NULL);
            float da_x = da[r], da_h = da[vg_recurrent_column(&l, r)];
            db_ih += da_x;
            db_hh += da_h;
            vg_plain_axpy(l.in, da_x, vg_row(task, VG_X, row), dw_ih);
            if (h)
                vg_plain_axpy(l.hidden, da_h, h, dw_hh);
        }
        vg_vector(task, VG_DB_IH)[r] = db_ih;
        vg_vector(task, VG_DB_HH)[r] = db_hh;
    }
}

/* --- phases and memory ------------------------------------------------------------------------ */

VG_INLINE int vg_plain_forward_phases(vg_op op, const vg_shape *shape, vg_unit_fn *run,
                                      vg_phase *phase)
{
    *phase = (vg_phase){.run = run,
                        .units = vg_ceil_div(shape->n[0], VG_PLAIN_SEQUENCES),
                        .cost_ns = 0.1 * vg_op_flops(op, VG_DIR_fwd, shape)};
    return 1;
}

VG_INLINE int vg_plain_backward_phases(vg_op op, const vg_shape *shape, vg_unit_fn *run,
                                       vg_unit_fn *weights, vg_phase *phase)
{
    double half = 0.05 * vg_op_flops(op, VG_DIR_bwd, shape);
    phase[0] = (vg_phase){
        .run = run, .units = vg_ceil_div(shape->n[0], VG_PLAIN_SEQUENCES), .cost_ns = half};
    phase[1] = (vg_phase){.run = weights,
                          .units = vg_ceil_div(vg_op_gates(op) * shape->n[3], VG_PLAIN_ROWS),
                          .cost_ns = half};
    return 2;
}

VG_INLINE size_t vg_plain_forward_scratch(vg_op op, const vg_shape *shape)
{
    vg_layer l = vg_layer_of(op, shape);
    return sizeof(float) * (size_t)(2 * l.gates + l.hidden);
}

VG_INLINE size_t vg_plain_backward_scratch(const vg_shape *shape)
{
    return sizeof(float) * 3 * (size_t)shape->n[3];
}

VG_INLINE size_t vg_plain_workspace(vg_op op, const vg_shape *shape)
{
    vg_layer l = vg_layer_of(op, shape);
    return sizeof(float) * (size_t)(l.seq * l.batch * l.saved);
}

#endif
