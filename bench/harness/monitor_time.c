/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/monitor_time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/partition.h"
#include "kernels/monitor/sums.h"

/* Sums over the elements of one step and some sequences. */
typedef struct step_sums {
    double h, h2, total2, delta2, cell2, slope, slope2, slope_max, flat, carry;
    double zero, tiny, fp16, bf16;
} step_sums;

struct vg_time_watch {
    vg_task task; /* first: what the phase is given */
    vg_time_tensors of;
    const vg_sums *sums;
    int64_t block_rows, units;
    step_sums *partials; /* [units][steps] */
};

enum { GATES = 4 };

static void add_values(const vg_sums *sums, const float *h, const float *total, int64_t n,
                       step_sums *s)
{
    double field[VG_WATCH_FIELDS];
    sums->values(h, n, field);
    s->h = field[0];
    s->h2 = field[1];
    sums->delta(total, n, field);
    s->total2 = field[0];
    s->zero = field[1];
    s->tiny = field[2];
    s->fp16 = field[3];
    s->bf16 = field[4];
}

/* f'(a) from h = f(a) */
static void add_slopes(const vg_sums *sums, const vg_time_tensors *of, const float *h,
                       const float *total, int64_t rows, uint8_t *alive, step_sums *s)
{
    double field[VG_WATCH_FIELDS];
    vg_slope_view view = {.act = of->act, .p = h, .rows = rows, .cols = of->hidden,
                          .saturated_below = 0.05f};
    sums->slopes(&view, field, alive);
    s->slope = field[0];
    s->slope2 = field[1];
    s->slope_max = field[2];
    s->flat = field[3];
    sums->through(of->act, h, total, rows * of->hidden, field);
    s->delta2 = field[0];
}

/* carried: of lstm, see vg_cell_view */
static void add_gates(const vg_sums *sums, const vg_time_tensors *of, int64_t row, int64_t rows,
                      float *carried, step_sums *s)
{
    double field[VG_WATCH_FIELDS];
    bool is_lstm = of->op == VG_OP_lstm;
    vg_cell_view view = {.gates = of->gates + row * GATES * of->hidden,
                         .h = of->hidden_state + row * of->hidden,
                         .total = of->total + row * of->hidden,
                         .carried = carried,
                         .rows = rows,
                         .width = of->hidden,
                         .flat_below = 0.05f * 0.25f};
    (is_lstm ? sums->lstm : sums->gru)(&view, field);
    s->carry = field[0];
    s->flat = field[1] / (is_lstm ? 3 : 2);
    s->cell2 = field[2];
}

static void run_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_time_watch *w = (const vg_time_watch *)task;
    const vg_time_tensors *of = &w->of;
    int64_t first = unit * w->block_rows, last = vg_min64(first + w->block_rows, of->batch);
    int64_t rows = last - first, n = rows * of->hidden;
    float *carried = scratch; /* of lstm; of rnn a byte per unit */
    memset(carried, 0, (size_t)n * sizeof *carried);
    for (int64_t t = of->steps - 1; t >= 0; t--) {
        int64_t row = t * of->batch + first;
        const float *h = of->hidden_state + row * of->hidden, *total = of->total + row * of->hidden;
        step_sums s = {0};
        add_values(w->sums, h, total, n, &s);
        if (of->op == VG_OP_rnn)
            add_slopes(w->sums, of, h, total, rows, scratch, &s);
        else
            add_gates(w->sums, of, row, rows, carried, &s);
        w->partials[unit * of->steps + t] = s;
    }
}

vg_status vg_time_watch_create(const vg_time_tensors *tensors, vg_plan *plan, vg_time_watch **out)
{
    vg_time_watch *w = *out = calloc(1, sizeof *w);
    if (!w)
        return vg_fail(VG_ENOMEM, "out of memory for statistics");
    w->of = *tensors;
    w->sums = vg_sums_of(vg_backend_best());
    w->block_rows = vg_elementwise_rows(tensors->hidden);
    w->units = vg_ceil_div(tensors->batch, w->block_rows);
    w->partials = calloc((size_t)w->units * (size_t)tensors->steps, sizeof *w->partials);
    if (!w->partials)
        return vg_fail(VG_ENOMEM, "out of memory for the statistics of %lld steps",
                       (long long)tensors->steps);
    double elements = (double)tensors->steps * (double)tensors->batch * (double)tensors->hidden;
    vg_phase phase = {.run = run_unit, .units = w->units, .cost_ns = 3 * elements};
    size_t scratch = (size_t)(w->block_rows * tensors->hidden) * sizeof(float);
    return vg_plan_append_phase(plan, &w->task, &phase, scratch);
}

void vg_time_watch_destroy(vg_time_watch *w)
{
    if (w)
        free(w->partials);
    free(w);
}

static step_sums total_of(const vg_time_watch *w, int64_t t)
{
    step_sums total = {0};
    for (int64_t u = 0; u < w->units; u++) {
        const step_sums *s = &w->partials[u * w->of.steps + t - 1];
        const double *from = (const double *)s;
        double *to = (double *)&total, most = fmax(total.slope_max, s->slope_max);
        for (size_t k = 0; k < sizeof *s / sizeof *from; k++)
            to[k] += from[k];
        total.slope_max = most;
    }
    return total;
}

void vg_time_watch_stats(const vg_time_watch *w, int64_t t, double scale, vg_block_stats *out)
{
    step_sums s = total_of(w, t);
    double count = (double)(w->of.batch * w->of.hidden), nothing = (double)NAN;
    bool plain = w->of.op == VG_OP_rnn;
    *out = (vg_block_stats){
        .delta_l2 = plain ? sqrt(s.delta2) / scale : nothing,
        .grad_out_l2 = sqrt(s.total2) / scale,
        .grad_weight_l2 = nothing, /* all steps share the weights */
        .weight_l2 = nothing,
        .out_mean = s.h / count,
        .slope_abs_mean = plain ? s.slope / count : nothing,
        .slope_sq_mean = plain ? s.slope2 / count : nothing,
        .slope_abs_max = plain ? s.slope_max : nothing,
        .saturated = s.flat / count,
        .dead = nothing,
        .zero = s.zero / count,
        .subnormal = s.tiny / count,
        .underflow_fp16 = s.fp16 / count,
        .underflow_bf16 = s.bf16 / count,
        .grad_cell_l2 = w->of.op == VG_OP_lstm ? sqrt(s.cell2) / scale : nothing,
        .carry = plain ? nothing : s.carry / count,
    };
    double variance = s.h2 / count - out->out_mean * out->out_mean;
    out->out_std = variance > 0 ? sqrt(variance) : variance == variance ? 0 : nothing;
}
