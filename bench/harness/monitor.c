/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/monitor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/partition.h"
#include "vgbench/memory.h"

enum { LANES = 16 };

/* |x| as bits: comparisons of magnitudes are comparisons of integers. */
#define MAGNITUDE 0x7fffffffu
#define MIN_NORMAL 0x00800000u
#define FP16_ZERO 0x33000000u /* 2^-25: at most this rounds to zero in fp16 (ties to even) */
#define BF16_ZERO 0x00008000u /* 2^-134: likewise in bf16 */

static double sum_lanes(const double part[LANES])
{
    double sum = 0;
    for (int k = 0; k < LANES; k++)
        sum += part[k];
    return sum;
}

static void squares(const float *p, int64_t n, double *field)
{
    double part[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            part[k] += (double)p[i + k] * p[i + k];
    for (int k = 0; i < n; i++, k++)
        part[k] += (double)p[i] * p[i];
    field[0] = sum_lanes(part);
}

static void values(const float *p, int64_t n, double *field)
{
    double part[LANES] = {0}, square[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            part[k] += p[i + k];
            square[k] += (double)p[i + k] * p[i + k];
        }
    for (int k = 0; i < n; i++, k++) {
        part[k] += p[i];
        square[k] += (double)p[i] * p[i];
    }
    field[0] = sum_lanes(part);
    field[1] = sum_lanes(square);
}

static void small_numbers(const float *p, int64_t n, double *field)
{
    uint32_t zero = 0, tiny = 0, fp16 = 0, bf16 = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, p + i, sizeof bits);
        bits &= MAGNITUDE;
        zero += bits == 0;
        tiny += bits < MIN_NORMAL;
        fp16 += bits <= FP16_ZERO;
        bf16 += bits <= BF16_ZERO;
    }
    field[1] = zero;
    field[2] = tiny - zero;
    field[3] = fp16 - zero;
    field[4] = bf16 - zero;
}

/* One row of slopes. */
static void slopes(const vg_watch *w, const float *p, uint8_t *alive, double *field)
{
    double part[LANES] = {0}, square[LANES] = {0};
    float most = 0;
    uint32_t saturated = 0;
    for (int64_t i = 0; i < w->cols; i++) {
        float s = p[i];
        if (w->slopes)
            s = s > 0 ? 1 : w->slopes[i * w->slope_step];
        s = fabsf(s);
        part[i % LANES] += s;
        square[i % LANES] += (double)s * s;
        most = s > most ? s : most;
        saturated += s < w->saturated_below;
        alive[i] |= !(s < w->dead_below);
    }
    field[0] += sum_lanes(part);
    field[1] += sum_lanes(square);
    field[2] = most > field[2] ? most : field[2];
    field[3] += saturated;
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
        squares(p, n, field);
        small_numbers(p, n, field);
        break;
    case VG_WATCH_SLOPES: {
        uint8_t *alive = w->alive + unit * w->cols;
        memset(alive, 0, (size_t)w->cols);
        for (int64_t r = first; r < last; r++)
            slopes(w, w->p + r * w->cols, alive, field);
        break;
    }
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
