/* SPDX-License-Identifier: Apache-2.0 */
/* The reductions of sums.h over the vector layer; included once per ISA. Converting to double bounds
 * them: two conversions per vector of floats, one per cycle and port, the tensor being in the L2
 * cache. */
#include <float.h>

#include "base/partition.h"
#include "monitor/sums.h"
#include "simd/vec.h"

typedef struct wide {
    vd low, high;
} wide;

VG_INLINE wide wide_zero(void)
{
    return (wide){vd_zero(), vd_zero()};
}

VG_INLINE wide wide_add(wide a, vf x)
{
    return (wide){vd_add(a.low, vd_lo(x)), vd_add(a.high, vd_hi(x))};
}

VG_INLINE wide wide_add_square(wide a, vf x)
{
    vd low = vd_lo(x), high = vd_hi(x);
    return (wide){vd_fma(low, low, a.low), vd_fma(high, high, a.high)};
}

VG_INLINE double wide_sum(wide a, wide b)
{
    return vd_reduce_add(vd_add(vd_add(a.low, a.high), vd_add(b.low, b.high)));
}

static void squares(const float *p, int64_t n, double *field)
{
    wide a = wide_zero(), b = wide_zero();
    int64_t i = 0;
    for (; i + 2 * VG_LANES <= n; i += 2 * VG_LANES) {
        a = wide_add_square(a, vf_load(p + i));
        b = wide_add_square(b, vf_load(p + i + VG_LANES));
    }
    for (; i < n; i += VG_LANES)
        a = wide_add_square(a, vf_load_n(p + i, (int)vg_min64(VG_LANES, n - i)));
    field[0] = wide_sum(a, b);
}

static void values(const float *p, int64_t n, double *field)
{
    wide sum = wide_zero(), square = wide_zero();
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES) {
        vf x = vf_load(p + i);
        sum = wide_add(sum, x);
        square = wide_add_square(square, x);
    }
    if (i < n) {
        vf x = vf_load_n(p + i, (int)(n - i));
        sum = wide_add(sum, x);
        square = wide_add_square(square, x);
    }
    field[0] = wide_sum(sum, wide_zero());
    field[1] = wide_sum(square, wide_zero());
}

/* Counts include the lanes that vf_load_n() filled with 0. */
typedef struct small_counts {
    int64_t zero, tiny, fp16, bf16;
} small_counts;

VG_INLINE void count_small(small_counts *c, vf x)
{
    vf a = vf_abs(x);
    vm fp16 = vf_le(a, vf_set1(0x1p-25f)); /* ties to even: to 0 in fp16 */
    int64_t under = vm_count(fp16);
    if (!under)
        return;
    c->fp16 += under;
    c->zero += vm_count(vf_eq(a, vf_zero()));
    c->tiny += vm_count(vf_lt(a, vf_set1(FLT_MIN)));
    c->bf16 += vm_count(vf_le(a, vf_set1(0x1p-134f)));
}

static void delta(const float *p, int64_t n, double *field)
{
    wide a = wide_zero(), b = wide_zero();
    small_counts c = {0, 0, 0, 0};
    int64_t i = 0;
    for (; i + 2 * VG_LANES <= n; i += 2 * VG_LANES) {
        vf x = vf_load(p + i), y = vf_load(p + i + VG_LANES);
        a = wide_add_square(a, x);
        b = wide_add_square(b, y);
        count_small(&c, x);
        count_small(&c, y);
    }
    for (; i < n; i += VG_LANES) {
        vf x = vf_load_n(p + i, (int)vg_min64(VG_LANES, n - i));
        a = wide_add_square(a, x);
        count_small(&c, x);
    }
    int64_t padding = (VG_LANES - n % VG_LANES) % VG_LANES;
    field[0] = wide_sum(a, b);
    field[1] = (double)(c.zero - padding);
    field[2] = (double)(c.tiny - c.zero);
    field[3] = (double)(c.fp16 - c.zero);
    field[4] = (double)(c.bf16 - c.zero);
}

/* |f'|; @p act is constant where this is inlined. */
VG_INLINE vf slope_of(vg_op act, vf v, vf below)
{
    const vf one = vf_set1(1);
    vf s = v;
    if (act == VG_OP_relu || act == VG_OP_prelu)
        s = vf_select(vf_gt(v, vf_zero()), one, below);
    else if (act == VG_OP_linear)
        s = one;
    else if (act == VG_OP_sigmoid)
        s = vf_mul(v, vf_sub(one, v));
    else if (act == VG_OP_tanh)
        s = vf_fnma(v, v, one);
    return vf_abs(s);
}

static void through(vg_op act, const float *y, const float *g, int64_t n, double *field)
{
    wide a = wide_zero();
    int64_t i = 0;
    for (; i < n; i += VG_LANES) {
        int left = (int)vg_min64(VG_LANES, n - i);
        vf v = left == VG_LANES ? vf_load(y + i) : vf_load_n(y + i, left);
        vf d = left == VG_LANES ? vf_load(g + i) : vf_load_n(g + i, left);
        vf s = act == VG_OP_tanh ? slope_of(VG_OP_tanh, v, vf_zero())
                                 : slope_of(VG_OP_relu, v, vf_zero());
        a = wide_add_square(a, vf_mul(s, d));
    }
    field[0] = wide_sum(a, wide_zero());
}

typedef struct slope_totals {
    wide sum, square;
    vf most;
    int64_t flat;
} slope_totals;

/* Columns c .. c+n-1 of all rows: what is known of a unit stays in a register. */
VG_INLINE void slope_columns(const vg_slope_view *v, vg_op act, int64_t c, int n, slope_totals *t,
                             uint8_t *alive)
{
    vf below = vf_set1(v->below), most = t->most;
    wide sum = t->sum, square = t->square;
    const vf flat_limit = vf_set1(v->saturated_below), dead_limit = vf_set1(v->dead_below);
    vm awake = vf_lt(vf_zero(), vf_zero()), inside = vm_first(n);
    int64_t flat = 0;
    if (act == VG_OP_prelu)
        below = v->slope_step ? vf_load_n(v->slopes + c, n) : vf_set1(v->slopes[0]);
    for (int64_t r = 0; r < v->rows; r++) {
        const float *p = v->p + r * v->cols + c;
        vf s = slope_of(act, n == VG_LANES ? vf_load(p) : vf_load_n(p, n), below);
        if (n < VG_LANES)
            s = vf_select(inside, s, vf_zero());
        sum = wide_add(sum, s);
        square = wide_add_square(square, s);
        most = vf_max(s, most);
        flat += vm_count(vm_and(inside, vf_lt(s, flat_limit)));
        awake = vm_or(awake, vm_not(vf_lt(s, dead_limit)));
    }
    float lanes[VG_LANES];
    vf_store(lanes, vf_select(awake, vf_set1(1), vf_zero()));
    for (int k = 0; k < n; k++)
        alive[c + k] = lanes[k] != 0;
    *t = (slope_totals){sum, square, most, t->flat + flat};
}

VG_INLINE void slopes_of(const vg_slope_view *v, vg_op act, double *field, uint8_t *alive)
{
    slope_totals t = {wide_zero(), wide_zero(), vf_zero(), 0};
    int64_t c = 0;
    for (; c + VG_LANES <= v->cols; c += VG_LANES)
        slope_columns(v, act, c, VG_LANES, &t, alive);
    if (c < v->cols)
        slope_columns(v, act, c, (int)(v->cols - c), &t, alive);
    field[0] = wide_sum(t.sum, wide_zero());
    field[1] = wide_sum(t.square, wide_zero());
    field[2] = vf_reduce_max(t.most);
    field[3] = (double)t.flat;
}

static void slopes(const vg_slope_view *v, double *field, uint8_t *alive)
{
    switch (v->act) {
    case VG_OP_relu:
    case VG_OP_leaky_relu:
        slopes_of(v, VG_OP_relu, field, alive);
        break;
    case VG_OP_prelu:
        slopes_of(v, VG_OP_prelu, field, alive);
        break;
    case VG_OP_linear:
        slopes_of(v, VG_OP_linear, field, alive);
        break;
    case VG_OP_sigmoid:
        slopes_of(v, VG_OP_sigmoid, field, alive);
        break;
    case VG_OP_tanh:
        slopes_of(v, VG_OP_tanh, field, alive);
        break;
    default:
        slopes_of(v, VG_OP_none, field, alive);
    }
}

typedef struct cell_totals {
    wide carry, square;
    int64_t flat;
} cell_totals;

VG_INLINE int64_t count_flat(vf gate, vf limit, vm inside)
{
    return vm_count(vm_and(inside, vf_lt(vf_mul(gate, vf_sub(vf_set1(1), gate)), limit)));
}

/* n units from column c of a row. */
VG_INLINE void lstm_units(const vg_cell_view *v, int64_t row, int64_t c, int n, cell_totals *t)
{
    const float *gate = v->gates + row * 4 * v->width + c;
    int64_t at = row * v->width + c;
    const vf limit = vf_set1(v->flat_below), zero = vf_zero();
    vm inside = vm_first(n);
    vf in = vf_load_n(gate, n), keep = vf_load_n(gate + v->width, n);
    vf out = vf_load_n(gate + 3 * v->width, n);
    vf y = vf_select(vf_gt(out, zero), vf_div(vf_load_n(v->h + at, n), out), zero);
    vf through = vf_mul(out, vf_fnma(y, y, vf_set1(1)));
    vf cell = vf_fma(vf_load_n(v->total + at, n), through, vf_load_n(v->carried + at, n));
    cell = vf_select(inside, cell, zero); /* beyond the row 0 / 0 */
    vf_store_n(v->carried + at, n, vf_mul(cell, keep));
    t->carry = wide_add(t->carry, keep);
    t->square = wide_add_square(t->square, cell);
    t->flat += count_flat(in, limit, inside) + count_flat(keep, limit, inside) +
               count_flat(out, limit, inside);
}

VG_INLINE void gru_units(const vg_cell_view *v, int64_t row, int64_t c, int n, cell_totals *t)
{
    const float *gate = v->gates + row * 4 * v->width + c;
    const vf limit = vf_set1(v->flat_below);
    vm inside = vm_first(n);
    vf reset = vf_load_n(gate, n), update = vf_load_n(gate + v->width, n);
    t->carry = wide_add(t->carry, update);
    t->flat += count_flat(reset, limit, inside) + count_flat(update, limit, inside);
}

static void give_cell(const cell_totals *t, double *field)
{
    field[0] = wide_sum(t->carry, wide_zero());
    field[1] = (double)t->flat;
    field[2] = wide_sum(t->square, wide_zero());
}

static void lstm(const vg_cell_view *v, double *field)
{
    cell_totals t = {wide_zero(), wide_zero(), 0};
    for (int64_t r = 0; r < v->rows; r++) {
        int64_t c = 0;
        for (; c + VG_LANES <= v->width; c += VG_LANES)
            lstm_units(v, r, c, VG_LANES, &t);
        if (c < v->width)
            lstm_units(v, r, c, (int)(v->width - c), &t);
    }
    give_cell(&t, field);
}

static void gru(const vg_cell_view *v, double *field)
{
    cell_totals t = {wide_zero(), wide_zero(), 0};
    for (int64_t r = 0; r < v->rows; r++) {
        int64_t c = 0;
        for (; c + VG_LANES <= v->width; c += VG_LANES)
            gru_units(v, r, c, VG_LANES, &t);
        if (c < v->width)
            gru_units(v, r, c, (int)(v->width - c), &t);
    }
    give_cell(&t, field);
}

extern const vg_sums VG_FN(vg_sums);
const vg_sums VG_FN(vg_sums) = {squares, values, delta, through, slopes, lstm, gru};
