/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/monitor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "kernels/base/partition.h"
#include "vgbench/memory.h"

/* Vectors of the compiler, at the baseline ISA: SSE2 or NEON. The accumulators and their order are
 * fixed, so the sums are the same bits whatever the compiler makes of them. */
typedef float vf4 __attribute__((vector_size(16)));
typedef double vd2 __attribute__((vector_size(16)));
typedef int32_t vi4 __attribute__((vector_size(16)));

/* |x| as bits: comparisons of magnitudes are comparisons of integers. */
#define MAGNITUDE 0x7fffffff

static inline vf4 load4(const float *p)
{
    vf4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The last 1 to 3 floats; past the end zeros, which change no sum. */
static vf4 load_tail(const float *p, int64_t left)
{
    float v[4] = {0};
    for (int64_t i = 0; i < left && i < 4; i++)
        v[i] = p[i];
    return load4(v);
}

static inline vf4 load(const float *p, int64_t left)
{
    return left >= 4 ? load4(p) : load_tail(p, left);
}

/* Two floats as doubles. GCC makes scalar conversions of the generic form on SSE2. */
static inline vd2 low(vf4 v)
{
#if defined(__SSE2__)
    return (vd2)_mm_cvtps_pd((__m128)v);
#else
    return __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1), vd2);
#endif
}

static inline vd2 high(vf4 v)
{
#if defined(__SSE2__)
    return (vd2)_mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v));
#else
    return __builtin_convertvector(__builtin_shufflevector(v, v, 2, 3), vd2);
#endif
}

static double sum4(vd2 a, vd2 b)
{
    vd2 s = a + b;
    return s[0] + s[1];
}

static void squares(const float *p, int64_t n, double *field)
{
    vd2 a = {0}, b = {0}, c = {0}, d = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        vf4 v = load4(p + i), w = load4(p + i + 4);
        a += low(v) * low(v);
        b += high(v) * high(v);
        c += low(w) * low(w);
        d += high(w) * high(w);
    }
    for (; i < n; i += 4) {
        vf4 v = load(p + i, n - i);
        a += low(v) * low(v);
        b += high(v) * high(v);
    }
    field[0] = sum4(a + c, b + d);
}

double vg_sum_squares(const float *p, int64_t n)
{
    double sum;
    squares(p, n, &sum);
    return sum;
}

static void values(const float *p, int64_t n, double *field)
{
    vd2 sum = {0}, sum2 = {0}, a = {0}, b = {0};
    for (int64_t i = 0; i < n; i += 4) {
        vf4 v = load(p + i, n - i);
        vd2 x = low(v), y = high(v);
        sum += x;
        sum2 += y;
        a += x * x;
        b += y * y;
    }
    field[0] = sum4(sum, sum2);
    field[1] = sum4(a, b);
}

static int64_t count4(vi4 v)
{
    return -((int64_t)v[0] + v[1] + v[2] + v[3]); /* true is -1 */
}

/* Squares, and counts of what is small. */
static void delta(const float *p, int64_t n, double *field)
{
    vd2 a = {0}, b = {0};
    vi4 zero = {0}, tiny = {0}, fp16 = {0}, bf16 = {0};
    for (int64_t i = 0; i < n; i += 4) {
        vf4 v = load(p + i, n - i);
        vd2 x = low(v), y = high(v);
        a += x * x;
        b += y * y;
        vi4 bits = (vi4)v & MAGNITUDE;
        zero += bits == 0;
        tiny += bits < VG_BITS_MIN_NORMAL;
        fp16 += bits <= VG_BITS_FP16_ZERO;
        bf16 += bits <= VG_BITS_BF16_ZERO;
    }
    int64_t padding = (4 - n % 4) % 4, zeros = count4(zero);
    field[0] = sum4(a, b);
    field[1] = (double)(zeros - padding);
    field[2] = (double)(count4(tiny) - zeros);
    field[3] = (double)(count4(fp16) - zeros);
    field[4] = (double)(count4(bf16) - zeros);
}

static inline vf4 choose(vi4 mask, vf4 yes, vf4 no)
{
    return (vf4)(((vi4)yes & mask) | ((vi4)no & ~mask));
}

/* |f'| of four columns from @p v, which is what the op saves, or f' itself; @p below is the slope
 * below 0. @p act is constant where this is inlined. */
static inline vf4 slope4(vg_op act, vf4 v, vf4 below)
{
    const vf4 one = {1, 1, 1, 1};
    vf4 s = v;
    if (act == VG_OP_relu || act == VG_OP_leaky_relu || act == VG_OP_prelu)
        s = choose(v > 0, one, below);
    else if (act == VG_OP_linear)
        s = one;
    else if (act == VG_OP_sigmoid)
        s = v * (one - v);
    else if (act == VG_OP_tanh)
        s = one - v * v;
    return (vf4)((vi4)s & MAGNITUDE);
}

typedef struct slope_sums {
    vd2 sum, sum2, a, b;
    vf4 most;
    vi4 saturated;
} slope_sums;

/* Columns i..i+left-1, left <= 4, of rows first..last-1: the columns go outside, so that what is
 * known of a unit stays in a register. */
static inline void slope_columns(const vg_watch *w, vg_op act, int64_t i, int64_t left,
                                 int64_t first, int64_t last, uint8_t *alive, slope_sums *t)
{
    vf4 below = (vf4){0} + w->slope, most = t->most;
    vd2 sum = t->sum, sum2 = t->sum2, a = t->a, b = t->b;
    vi4 awake = {0}, flat = {0};
    if (act == VG_OP_prelu)
        below = w->slope_step ? load(w->slopes + i, left) : (vf4){0} + w->slopes[0];
    for (int64_t r = first; r < last; r++) {
        const float *p = w->p + r * w->cols + i;
        vf4 s = slope4(act, left == 4 ? load4(p) : load_tail(p, left), below);
        for (int64_t k = left; k < 4; k++)
            s[k] = 0;
        vd2 x = low(s), y = high(s);
        sum += x;
        sum2 += y;
        a += x * x;
        b += y * y;
        most = choose(s > most, s, most);
        flat += s < w->saturated_below;
        awake |= ~(s < w->dead_below);
    }
    for (int64_t k = 0; k < left; k++)
        alive[i + k] = awake[k] != 0;
    for (int64_t k = left; k < 4; k++)
        flat[k] = 0;
    *t = (slope_sums){sum, sum2, a, b, most, t->saturated + flat};
}

static inline void slopes_of(const vg_watch *w, vg_op act, int64_t first, int64_t last,
                             uint8_t *alive, double *field)
{
    slope_sums t = {{0}, {0}, {0}, {0}, {0}, {0}};
    int64_t i = 0;
    for (; i + 4 <= w->cols; i += 4)
        slope_columns(w, act, i, 4, first, last, alive, &t);
    if (i < w->cols)
        slope_columns(w, act, i, w->cols - i, first, last, alive, &t);
    field[0] = sum4(t.sum, t.sum2);
    field[1] = sum4(t.a, t.b);
    for (int k = 0; k < 4; k++)
        field[2] = t.most[k] > field[2] ? t.most[k] : field[2];
    field[3] = (double)count4(t.saturated);
}

static void slopes(const vg_watch *w, int64_t first, int64_t last, uint8_t *alive, double *field)
{
    switch (w->act) {
    case VG_OP_relu:
    case VG_OP_leaky_relu:
        slopes_of(w, VG_OP_relu, first, last, alive, field);
        break;
    case VG_OP_prelu:
        slopes_of(w, VG_OP_prelu, first, last, alive, field);
        break;
    case VG_OP_linear:
        slopes_of(w, VG_OP_linear, first, last, alive, field);
        break;
    case VG_OP_sigmoid:
        slopes_of(w, VG_OP_sigmoid, first, last, alive, field);
        break;
    case VG_OP_tanh:
        slopes_of(w, VG_OP_tanh, first, last, alive, field);
        break;
    default:
        slopes_of(w, VG_OP_none, first, last, alive, field);
    }
}

static void run_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    const vg_watch *w = (const vg_watch *)task;
    int64_t first = unit * w->block_rows, last = vg_min64(first + w->block_rows, w->rows);
    const float *p = w->p + first * w->cols;
    int64_t n = (last - first) * w->cols;
    double *field = w->partials + unit * VG_WATCH_FIELDS;
    memset(field, 0, VG_WATCH_FIELDS * sizeof *field);
    switch (w->kind) {
    case VG_WATCH_SQUARES:
        squares(p, n, field);
        break;
    case VG_WATCH_VALUES:
        values(p, n, field);
        break;
    case VG_WATCH_DELTA:
        delta(p, n, field);
        break;
    case VG_WATCH_SLOPES:
        slopes(w, first, last, w->alive + unit * w->cols, field);
        break;
    }
}

vg_status vg_watch_append(vg_watch *w, vg_plan *plan)
{
    /* the row blocks of element-wise kernels: no barrier between them and the watch */
    w->block_rows = vg_elementwise_rows(w->cols);
    w->units = vg_ceil_div(w->rows, w->block_rows);
    w->partials = calloc((size_t)w->units * VG_WATCH_FIELDS, sizeof *w->partials);
    w->alive = w->kind == VG_WATCH_SLOPES ? calloc((size_t)w->units, (size_t)w->cols) : NULL;
    if (!w->partials || (w->kind == VG_WATCH_SLOPES && !w->alive))
        return vg_fail(VG_ENOMEM, "out of memory for statistics");
    vg_phase phase = {.run = run_unit,
                      .units = w->units,
                      .row_block = w->block_rows,
                      .cost_ns = 0.2 * (double)w->rows * (double)w->cols};
    return vg_plan_append_phase(plan, &w->task, &phase, 0);
}

void vg_watch_release(vg_watch *w)
{
    free(w->partials);
    free(w->alive);
    w->partials = NULL;
    w->alive = NULL;
}

static double dead_columns(const vg_watch *w)
{
    int64_t dead = 0;
    for (int64_t c = 0; c < w->cols; c++) {
        uint8_t alive = 0;
        for (int64_t u = 0; u < w->units; u++)
            alive |= w->alive[u * w->cols + c];
        dead += !alive;
    }
    return (double)dead;
}

void vg_watch_total(const vg_watch *w, double total[VG_WATCH_FIELDS])
{
    memset(total, 0, VG_WATCH_FIELDS * sizeof *total);
    for (int64_t u = 0; u < w->units; u++) {
        const double *field = w->partials + u * VG_WATCH_FIELDS;
        for (int k = 0; k < VG_WATCH_FIELDS; k++)
            if (w->kind == VG_WATCH_SLOPES && k == 2)
                total[k] = field[k] > total[k] ? field[k] : total[k];
            else
                total[k] += field[k];
    }
    if (w->kind == VG_WATCH_SLOPES)
        total[4] = dead_columns(w);
}
