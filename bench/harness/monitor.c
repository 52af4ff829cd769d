/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/base/partition.h"
#include "kernels/monitor/sums.h"

double vg_sum_squares(const float *p, int64_t n)
{
    double sum;
    vg_sums_of(vg_backend_best())->squares(p, n, &sum);
    return sum;
}

static void slopes(const vg_watch *w, int64_t first, int64_t last, uint8_t *alive, double *field)
{
    vg_slope_view view = {.act = w->act,
                          .p = w->p + first * w->cols,
                          .rows = last - first,
                          .cols = w->cols,
                          .below = w->slope,
                          .slopes = w->slopes,
                          .slope_step = w->slope_step,
                          .saturated_below = w->saturated_below,
                          .dead_below = w->dead_below};
    w->sums->slopes(&view, field, alive);
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
        w->sums->squares(p, n, field);
        break;
    case VG_WATCH_VALUES:
        w->sums->values(p, n, field);
        break;
    case VG_WATCH_DELTA:
        w->sums->delta(p, n, field);
        break;
    case VG_WATCH_SLOPES:
        slopes(w, first, last, w->alive + unit * w->cols, field);
        break;
    }
}

vg_status vg_watch_append(vg_watch *w, vg_plan *plan)
{
    w->sums = vg_sums_of(vg_backend_best());
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
