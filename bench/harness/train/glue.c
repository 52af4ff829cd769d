/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/glue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/partition.h"

enum { UNIT = 4096 /* floats: the units of the passes over parameters */ };

/* --- gather -------------------------------------------------------------------------------- */

static void gather_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    const vg_gather *g = (const vg_gather *)task;
    int64_t first = unit * VG_ROW_BLOCK, last = vg_min64(first + VG_ROW_BLOCK, g->rows);
    if (first < last)
        vg_dataset_gather(g->data, g->index, first, last, &g->to);
}

vg_status vg_gather_append(vg_gather *g, vg_plan *plan)
{
    double floats = (double)g->most * (double)(g->data->in_dim * g->data->steps);
    vg_phase phase = {.run = gather_unit,
                      .units = vg_ceil_div(g->most, VG_ROW_BLOCK),
                      .cost_ns = 0.3 * floats};
    return vg_plan_append_phase(plan, &g->task, &phase, 0);
}

/* --- scoring ------------------------------------------------------------------------------- */

static double cross_entropy(const float *x, int64_t n, int32_t label)
{
    double most = x[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (int64_t i = 0; i < n; i++)
        sum += exp(x[i] - most);
    return log(sum) + most - x[label];
}

static double mean_square(const float *x, const float *target, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += ((double)x[i] - target[i]) * ((double)x[i] - target[i]);
    return sum / (double)n;
}

/* A row of NaN hits nothing. */
static bool hits(const float *x, int64_t n, int32_t label)
{
    for (int64_t i = 0; i < n; i++)
        if (!(x[i] < x[label]) && i != label && !(x[i] == x[label] && i > label))
            return false;
    return x[label] == x[label];
}

static void score_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    const vg_scorer *s = (const vg_scorer *)task;
    int64_t first = unit * VG_ROW_BLOCK, last = vg_min64(first + VG_ROW_BLOCK, s->rows);
    double loss = 0, right = 0;
    for (int64_t r = first; r < last; r++) {
        const float *x = s->logits + r * s->classes;
        loss += s->squares ? mean_square(x, s->target + r * s->classes, s->classes)
                           : cross_entropy(x, s->classes, s->labels[r]);
        right += s->labels && hits(x, s->classes, s->labels[r]);
    }
    s->partials[2 * unit] = loss;
    s->partials[2 * unit + 1] = right;
}

vg_status vg_scorer_append(vg_scorer *s, vg_plan *plan)
{
    int64_t units = vg_ceil_div(s->most, VG_ROW_BLOCK);
    if (!s->partials)
        s->partials = calloc((size_t)units, 2 * sizeof *s->partials);
    if (!s->partials)
        return vg_fail(VG_ENOMEM, "out of memory for the score of a batch");
    vg_phase phase = {.run = score_unit,
                      .units = units,
                      .cost_ns = 5.0 * (double)s->most * (double)s->classes};
    return vg_plan_append_phase(plan, &s->task, &phase, 0);
}

void vg_scorer_total(const vg_scorer *s, double *loss, double *right)
{
    *loss = *right = 0;
    for (int64_t u = 0; u * VG_ROW_BLOCK < s->rows; u++) {
        *loss += s->partials[2 * u];
        *right += s->partials[2 * u + 1];
    }
}

void vg_scorer_release(vg_scorer *s)
{
    free(s->partials);
    s->partials = NULL;
}

/* --- what the optimizer changes ------------------------------------------------------------ */

static void sum_piece(const vg_update *u, vg_update_piece *piece, const float *before)
{
    const float *w = (const float *)u->optimizer->t[VG_PARAM].p + piece->first;
    const float *g = (const float *)u->optimizer->t[VG_GRAD].p + piece->first;
    const float *old = before + piece->first % UNIT;
    double abs_dw = 0, dw_sq = 0, w_sq = 0, grad_sq = 0;
    for (int64_t i = 0; i < piece->count; i++) {
        double dw = (double)w[i] - old[i];
        abs_dw += fabs(dw);
        dw_sq += dw * dw;
        w_sq += (double)old[i] * old[i];
        grad_sq += (double)g[i] * g[i];
    }
    piece->abs_dw = abs_dw;
    piece->dw_sq = dw_sq;
    piece->w_sq = w_sq;
    piece->grad_sq = grad_sq;
}

static void update_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_update *u = (const vg_update *)task;
    int64_t first = unit * UNIT, count = vg_min64(UNIT, u->optimizer->shape.n[0] - first);
    float *before = scratch;
    memcpy(before, (const float *)u->optimizer->t[VG_PARAM].p + first,
           (size_t)count * sizeof *before);
    u->pass.run(u->optimizer, unit, before + UNIT);
    for (int i = u->first_piece[unit]; i < u->first_piece[unit + 1]; i++)
        sum_piece(u, &u->pieces[i], before);
}

/* Segments lie one behind the other, so the pieces are made in the order of the units. */
static void cut(vg_update *u, const vg_arena *arena, const int *segment, int layers)
{
    int64_t units = vg_ceil_div(arena->floats, UNIT);
    for (int64_t unit = 0; unit < units; unit++) {
        u->first_piece[unit] = u->count;
        for (int l = 0; l < layers; l++) {
            const vg_segment *s = &arena->segments[segment[l]];
            int64_t end = s->offset + s->rows * s->cols;
            int64_t first = s->offset > unit * UNIT ? s->offset : unit * UNIT;
            int64_t last = vg_min64(end, (unit + 1) * UNIT);
            if (first < last)
                u->pieces[u->count++] = (vg_update_piece){
                    .unit = unit, .first = first, .count = last - first, .layer = l};
        }
    }
    u->first_piece[units] = u->count;
}

vg_status vg_update_prepare(vg_update *u, const vg_arena *arena, const int *segment, int layers)
{
    int64_t units = vg_ceil_div(arena->floats, UNIT);
    u->first_piece = calloc((size_t)units + 1, sizeof *u->first_piece);
    u->pieces = calloc((size_t)(units + 2 * layers) + 1, sizeof *u->pieces);
    if (!u->first_piece || !u->pieces)
        return vg_fail(VG_ENOMEM, "out of memory for the statistics of the optimizer");
    cut(u, arena, segment, layers);
    return VG_OK;
}

vg_status vg_update_append(vg_update *u, vg_plan *plan)
{
    VG_TRY(vg_plan_append(plan, u->optimizer));
    vg_step *last = &plan->steps[plan->count - 1];
    u->pass = last->phase;
    if (u->pass.row_block != UNIT)
        return vg_fail(VG_EUNSUPPORTED, "the optimizer does not run in units of %d floats", UNIT);
    last->task = &u->task;
    last->phase.run = update_unit;
    size_t own =
        u->optimizer->impl->scratch ? u->optimizer->impl->scratch(&u->optimizer->shape) : 0;
    if (plan->scratch < own + UNIT * sizeof(float))
        plan->scratch = own + UNIT * sizeof(float);
    return VG_OK;
}

void vg_update_release(vg_update *u)
{
    free(u->pieces);
    free(u->first_piece);
    u->pieces = NULL;
    u->first_piece = NULL;
}

/* --- loss scale ---------------------------------------------------------------------------- */

static void unscale_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    const vg_unscale *u = (const vg_unscale *)task;
    int64_t last = vg_min64((unit + 1) * UNIT, u->count);
    for (int64_t i = unit * UNIT; i < last; i++)
        u->grads[i] /= u->scale;
}

vg_status vg_unscale_append(vg_unscale *u, vg_plan *plan)
{
    vg_phase phase = {.run = unscale_unit,
                      .units = vg_ceil_div(u->count, UNIT),
                      .row_block = UNIT,
                      .cost_ns = 0.3 * (double)u->count};
    return vg_plan_append_phase(plan, &u->task, &phase, 0);
}
