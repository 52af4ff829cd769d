/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers, as vgbench/ops.h defines them, with a running error analysis beside them: the
 * magnitude S of a result is the bound of its error in units of K u (K: mag_eps of vg_op_tolerance(),
 * which says how; u = 2^-24). */
#include <math.h>
#include <stdlib.h>

#include "oracle/oracle.h"

/* A value and its S. */
typedef struct num {
    double v, s;
} num;

static num exact(double v)
{
    return (num){v, 0};
}

static num add(num a, num b)
{
    return (num){a.v + b.v, a.s + b.s};
}

/* A sum of what was rounded on its own. */
static num rounded_sum(num a, num b)
{
    num sum = add(a, b);
    return (num){sum.v, sum.s + fabs(sum.v)};
}

static num product(num a, num b, double unit)
{
    const double subnormal = 0x1p-126;
    double v = a.v * b.v;
    return (num){v, fabs(a.v) * b.s + fabs(b.v) * a.s + unit * a.s * b.s + fabs(v) + subnormal};
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double relu(double x)
{
    return x <= 0 ? 0 : x; /* NaN stays */
}

/* f monotone. */
static num apply(double (*f)(double), num a, double unit)
{
    double v = f(a.v), e = unit * a.s;
    double s = e > 0 ? fmax(fabs(f(a.v + e) - v), fabs(f(a.v - e) - v)) / unit : 0;
    return (num){v, s + fabs(v)};
}

/* What both directions need. */
typedef struct layer {
    vg_op op;
    const vg_oracle *t;
    int64_t batch, seq, in, hidden, rows; /* rows: of the weights */
    double (*f)(double);
    double unit; /* K u */
    num *x_part, *h_part; /* [rows]: the two sums of a cell, or their gradients */
    num *h, *c;           /* [batch][hidden]: states of the step before; their gradients */
} layer;

static num *numbers(int64_t count)
{
    num *n = calloc((size_t)count, sizeof *n);
    if (!n)
        abort();
    return n;
}

static layer open_layer(vg_op op, vg_dir dir, const vg_shape *s, const vg_oracle *t)
{
    layer l = {.op = op,
               .t = t,
               .batch = s->n[0],
               .seq = s->n[1],
               .in = s->n[2],
               .hidden = s->n[3],
               .rows = vg_op_gates(op) * s->n[3],
               .f = s->act == VG_OP_relu ? relu : tanh};
    l.unit = vg_op_tolerance(op, dir, s, dir == VG_DIR_fwd ? VG_HS : VG_DX).mag_eps * 0x1p-24;
    l.x_part = numbers(l.rows);
    l.h_part = numbers(l.rows);
    l.h = numbers(l.batch * l.hidden);
    l.c = numbers(l.batch * l.hidden);
    return l;
}

static void close_layer(layer *l)
{
    free(l->x_part);
    free(l->h_part);
    free(l->h);
    free(l->c);
}

static void put(const layer *l, vg_slot slot, int64_t at, num value)
{
    l->t->out[slot][at] = value.v;
    l->t->mag[slot][at] = value.s;
}

static num get(const layer *l, vg_slot slot, int64_t at)
{
    return exact(l->t->in[slot][at]);
}

/* --- forward ---------------------------------------------------------------------------------- */

/* W_ih x + b_ih and W_hh h + b_hh of one sequence. h_0 = 0 adds nothing, whatever the weights are. */
static void sums(layer *l, int64_t step, int64_t b)
{
    for (int64_t r = 0; r < l->rows; r++) {
        num bias_ih = get(l, VG_B_IH, r), bias_hh = get(l, VG_B_HH, r);
        num x = {bias_ih.v, fabs(bias_ih.v)}, h = {bias_hh.v, fabs(bias_hh.v)};
        for (int64_t i = 0; i < l->in; i++)
            x = add(x, product(get(l, VG_W_IH, r * l->in + i),
                               get(l, VG_X, (step * l->batch + b) * l->in + i), l->unit));
        for (int64_t j = 0; step > 0 && j < l->hidden; j++)
            h = add(h, product(get(l, VG_W_HH, r * l->hidden + j), l->h[b * l->hidden + j],
                               l->unit));
        l->x_part[r] = x;
        l->h_part[r] = h;
    }
}

static num gate(const layer *l, double (*f)(double), int index, int64_t j)
{
    int64_t r = index * l->hidden + j;
    return apply(f, add(l->x_part[r], l->h_part[r]), l->unit);
}

static num lstm_unit(layer *l, int64_t row, int64_t b, int64_t j)
{
    num i = gate(l, sigmoid, 0, j), f = gate(l, sigmoid, 1, j);
    num g = gate(l, tanh, 2, j), o = gate(l, sigmoid, 3, j);
    num *c = &l->c[b * l->hidden + j];
    *c = add(product(f, *c, l->unit), product(i, g, l->unit));
    int64_t at = row * 4 * l->hidden + j;
    put(l, VG_GATES, at, i);
    put(l, VG_GATES, at + l->hidden, f);
    put(l, VG_GATES, at + 2 * l->hidden, g);
    put(l, VG_GATES, at + 3 * l->hidden, o);
    put(l, VG_CS, row * l->hidden + j, *c);
    return product(o, apply(tanh, *c, l->unit), l->unit);
}

static num gru_unit(layer *l, int64_t row, int64_t b, int64_t j)
{
    num r = gate(l, sigmoid, 0, j), z = gate(l, sigmoid, 1, j);
    num hn = l->h_part[2 * l->hidden + j], xn = l->x_part[2 * l->hidden + j];
    num n = apply(tanh, add(xn, product(r, hn, l->unit)), l->unit);
    int64_t at = row * 4 * l->hidden + j;
    put(l, VG_GATES, at, r);
    put(l, VG_GATES, at + l->hidden, z);
    put(l, VG_GATES, at + 2 * l->hidden, n);
    put(l, VG_GATES, at + 3 * l->hidden, hn);
    num rest = rounded_sum(exact(1), (num){-z.v, z.s}), before = l->h[b * l->hidden + j];
    return add(product(rest, n, l->unit), product(z, before, l->unit));
}

static void forward(layer *l)
{
    num *now = numbers(l->batch * l->hidden);
    for (int64_t step = 0; step < l->seq; step++) {
        for (int64_t b = 0; b < l->batch; b++) {
            int64_t row = step * l->batch + b;
            sums(l, step, b);
            for (int64_t j = 0; j < l->hidden; j++) {
                num h = l->op == VG_OP_rnn    ? gate(l, l->f, 0, j)
                        : l->op == VG_OP_lstm ? lstm_unit(l, row, b, j)
                                              : gru_unit(l, row, b, j);
                put(l, VG_HS, row * l->hidden + j, h);
                now[b * l->hidden + j] = h;
            }
        }
        for (int64_t i = 0; i < l->batch * l->hidden; i++)
            l->h[i] = now[i];
    }
    free(now);
}

/* --- backward --------------------------------------------------------------------------------- */

static num one_minus(num a)
{
    return rounded_sum(exact(1), (num){-a.v, a.s});
}

/* d f' for f = sigmoid and tanh, from y = f(a). */
static num through_sigmoid(const layer *l, num d, num y)
{
    return product(d, product(y, one_minus(y), l->unit), l->unit);
}

static num through_tanh(const layer *l, num d, num y)
{
    return product(d, one_minus(product(y, y, l->unit)), l->unit);
}

static void set_both(layer *l, int index, int64_t j, num value)
{
    l->x_part[index * l->hidden + j] = l->h_part[index * l->hidden + j] = value;
}

/* Each takes dL/dh of a unit, sets the gradients of its sums and returns what reaches h_{t-1} without
 * passing W_hh. */

static num rnn_unit_back(layer *l, int64_t row, int64_t j, num dh)
{
    num h = get(l, VG_HS, row * l->hidden + j);
    if (l->f == relu)
        set_both(l, 0, j, h.v <= 0 ? exact(0) : dh);
    else
        set_both(l, 0, j, through_tanh(l, dh, h));
    return exact(0);
}

static num lstm_unit_back(layer *l, int64_t row, int64_t b, int64_t j, num dh)
{
    int64_t at = row * 4 * l->hidden + j;
    num i = get(l, VG_GATES, at), f = get(l, VG_GATES, at + l->hidden);
    num g = get(l, VG_GATES, at + 2 * l->hidden), o = get(l, VG_GATES, at + 3 * l->hidden);
    num tanh_c = apply(tanh, get(l, VG_CS, row * l->hidden + j), l->unit);
    num before = exact(0), *carry = &l->c[b * l->hidden + j];
    if (row >= l->batch)
        before = get(l, VG_CS, (row - l->batch) * l->hidden + j);
    num dc = rounded_sum(*carry, through_tanh(l, product(dh, o, l->unit), tanh_c));
    set_both(l, 0, j, through_sigmoid(l, product(dc, g, l->unit), i));
    set_both(l, 1, j, through_sigmoid(l, product(dc, before, l->unit), f));
    set_both(l, 2, j, through_tanh(l, product(dc, i, l->unit), g));
    set_both(l, 3, j, through_sigmoid(l, product(dh, tanh_c, l->unit), o));
    *carry = product(dc, f, l->unit);
    return exact(0);
}

static num gru_unit_back(layer *l, int64_t row, int64_t j, num dh)
{
    int64_t at = row * 4 * l->hidden + j;
    num r = get(l, VG_GATES, at), z = get(l, VG_GATES, at + l->hidden);
    num n = get(l, VG_GATES, at + 2 * l->hidden), hn = get(l, VG_GATES, at + 3 * l->hidden);
    num before = exact(0);
    if (row >= l->batch)
        before = get(l, VG_HS, (row - l->batch) * l->hidden + j);
    num difference = {before.v - n.v, fabs(before.v - n.v)};
    num dn = through_tanh(l, product(dh, one_minus(z), l->unit), n);
    set_both(l, 0, j, through_sigmoid(l, product(dn, hn, l->unit), r));
    set_both(l, 1, j, through_sigmoid(l, product(dh, difference, l->unit), z));
    l->x_part[2 * l->hidden + j] = dn;
    l->h_part[2 * l->hidden + j] = product(dn, r, l->unit);
    return product(dh, z, l->unit);
}

static void add_to(const layer *l, vg_slot slot, int64_t at, num value)
{
    l->t->out[slot][at] += value.v;
    l->t->mag[slot][at] += value.s;
}

/* dx, and the shares of one sequence and step in the gradients of the weights. */
static void weights_back(layer *l, int64_t row)
{
    for (int64_t r = 0; r < l->rows; r++) {
        num dx = l->x_part[r], dh = l->h_part[r];
        add_to(l, VG_DB_IH, r, (num){dx.v, dx.s + fabs(dx.v)});
        add_to(l, VG_DB_HH, r, (num){dh.v, dh.s + fabs(dh.v)});
        for (int64_t i = 0; i < l->in; i++) {
            add_to(l, VG_DX, row * l->in + i,
                   product(get(l, VG_W_IH, r * l->in + i), dx, l->unit));
            add_to(l, VG_DW_IH, r * l->in + i,
                   product(get(l, VG_X, row * l->in + i), dx, l->unit));
        }
        for (int64_t j = 0; row >= l->batch && j < l->hidden; j++)
            add_to(l, VG_DW_HH, r * l->hidden + j,
                   product(get(l, VG_HS, (row - l->batch) * l->hidden + j), dh, l->unit));
    }
}

static void clear(const layer *l, vg_slot slot, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        l->t->out[slot][i] = l->t->mag[slot][i] = 0;
}

static void sequence_step_back(layer *l, int64_t row, int64_t b)
{
    num *carry = l->h + b * l->hidden; /* what later steps send to h_t */
    for (int64_t j = 0; j < l->hidden; j++) {
        num outside = get(l, VG_DHS, row * l->hidden + j);
        num dh = rounded_sum(outside, carry[j]);
        put(l, VG_DHT, row * l->hidden + j, dh);
        carry[j] = l->op == VG_OP_rnn    ? rnn_unit_back(l, row, j, dh)
                   : l->op == VG_OP_lstm ? lstm_unit_back(l, row, b, j, dh)
                                         : gru_unit_back(l, row, j, dh);
    }
    for (int64_t r = 0; r < l->rows; r++)
        for (int64_t j = 0; j < l->hidden; j++)
            carry[j] = add(carry[j],
                           product(get(l, VG_W_HH, r * l->hidden + j), l->h_part[r], l->unit));
    weights_back(l, row);
}

static void backward(layer *l)
{
    clear(l, VG_DX, l->seq * l->batch * l->in);
    clear(l, VG_DW_IH, l->rows * l->in);
    clear(l, VG_DW_HH, l->rows * l->hidden);
    clear(l, VG_DB_IH, l->rows);
    clear(l, VG_DB_HH, l->rows);
    for (int64_t step = l->seq - 1; step >= 0; step--)
        for (int64_t b = 0; b < l->batch; b++)
            sequence_step_back(l, step * l->batch + b, b);
}

void vg_oracle_recurrent(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                         const vg_oracle *tensors)
{
    (void)params;
    layer l = open_layer(op, dir, shape, tensors);
    if (dir == VG_DIR_fwd)
        forward(&l);
    else
        backward(&l);
    close_layer(&l);
}
