/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/breakdown.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/stats.h"
#include "results/results.h"
#include "vgbench/onednn.h"

enum { RUNS = 15 };

static const char *const part_names[VG_PARTS] = {
    [VG_PART_data] = "data",         [VG_PART_forward] = "forward",
    [VG_PART_loss] = "loss",         [VG_PART_backward] = "backward",
    [VG_PART_statistics] = "statistics", [VG_PART_clip] = "clip",
    [VG_PART_optimizer] = "optimizer"};

/* One timed run, folded. Microseconds. */
typedef struct folded {
    double total, part[VG_PARTS], barriers, own; /* own: serial steps excluded */
    vg_onednn_account account;
} folded;

typedef struct examined {
    vg_stepper *stepper;
    const vg_plan *plan;
    const int32_t *index;
    bool statistics;
    int threads, layers;
    vg_plan_times times;
    double *forward, *backward; /* [RUNS][layers + 1] */
    double *steps;              /* [RUNS][steps] */
    folded runs[RUNS];
} examined;

/* Mean over the workers that took part: small plans stay on fewer than the team has. */
static double step_us(const examined *e, const double *times, int step)
{
    double sum = 0;
    int workers = 0;
    for (int t = 0; t < e->threads; t++) {
        ptrdiff_t at = (ptrdiff_t)t * e->plan->count + step;
        sum += times[at];
        workers += e->times.work[at] > 0;
    }
    return workers ? 1e-3 * sum / workers : 0;
}

static void fold(examined *e, int run)
{
    folded *f = &e->runs[run];
    *f = (folded){.total = 1e-3 * e->times.total};
    for (int i = 0; i < e->plan->count; i++) {
        const vg_step *step = &e->plan->steps[i];
        double us = step_us(e, e->times.work, i);
        e->steps[(ptrdiff_t)run * e->plan->count + i] = us;
        f->part[step->part] += us;
        f->barriers += step_us(e, e->times.wait, i);
        f->own += step->phase.serial ? 0 : us + step_us(e, e->times.wait, i);
        double *layer = step->part == VG_PART_forward    ? e->forward
                        : step->part == VG_PART_backward ? e->backward
                                                         : NULL;
        if (layer)
            layer[(ptrdiff_t)run * (e->layers + 1) + step->layer] += us;
    }
}

static vg_status examine(examined *e)
{
    size_t cells = (size_t)e->threads * (size_t)e->plan->count;
    size_t layers = (size_t)RUNS * (size_t)(e->layers + 1);
    e->times.work = calloc(cells, sizeof *e->times.work);
    e->times.wait = calloc(cells, sizeof *e->times.wait);
    e->forward = calloc(layers, sizeof *e->forward);
    e->backward = calloc(layers, sizeof *e->backward);
    e->steps = calloc((size_t)RUNS * (size_t)e->plan->count, sizeof *e->steps);
    if (!e->times.work || !e->times.wait || !e->forward || !e->backward || !e->steps)
        return vg_fail(VG_ENOMEM, "out of memory for the times of a step");
    for (int run = -2; run < RUNS; run++) { /* two to warm up */
        vg_onednn_account account;
        vg_onednn_take_account(&account, 0);
        VG_TRY(vg_stepper_run_timed(e->stepper, e->index, e->statistics, &e->times));
        vg_onednn_take_account(&account, 1);
        if (run < 0)
            continue;
        fold(e, run);
        e->runs[run].account = account;
    }
    return VG_OK;
}

static void release(examined *e)
{
    free(e->times.work);
    free(e->times.wait);
    free(e->forward);
    free(e->backward);
    free(e->steps);
}

/* The run whose total is the median: its parts add up. */
static int median_run(const examined *e)
{
    double totals[RUNS];
    int best = 0;
    for (int i = 0; i < RUNS; i++)
        totals[i] = e->runs[i].total;
    double median = vg_stat_median(totals, RUNS);
    for (int i = 0; i < RUNS; i++)
        if (fabs(totals[i] - median) < fabs(totals[best] - median))
            best = i;
    return best;
}

static json_t *parts_json(const folded *f)
{
    json_t *parts = json_object();
    double sum = f->barriers;
    for (int p = 0; p < VG_PARTS; p++) {
        sum += f->part[p];
        if (p != VG_PART_statistics)
            vg_json_set_number(parts, part_names[p], f->part[p]);
    }
    vg_json_set_number(parts, "barriers", f->barriers);
    vg_json_set_number(parts, "rest", f->total - sum); /* fork, join, the clock */
    return parts;
}

static json_t *layers_json(const examined *e, int run)
{
    json_t *layers = json_array();
    for (int l = 1; l <= e->layers; l++) {
        ptrdiff_t at = (ptrdiff_t)run * (e->layers + 1) + l;
        json_t *layer = json_object();
        json_object_set_new(layer, "index", json_integer(l));
        vg_json_set_number(layer, "forward_us", e->forward[at]);
        vg_json_set_number(layer, "backward_us", e->backward[at]);
        json_array_append_new(layers, layer);
    }
    return layers;
}

/* Kernels by name: {"dense/fwd": {calls, us}}; what is no kernel goes by its part. */
static json_t *ops_json(const examined *e, int run)
{
    json_t *ops = json_object();
    for (int i = 0; i < e->plan->count; i++) {
        const vg_step *step = &e->plan->steps[i];
        const vg_kernel *kernel = step->task->kernel;
        double us = e->steps[(ptrdiff_t)run * e->plan->count + i];
        char name[64];
        if (kernel)
            snprintf(name, sizeof name, "%s/%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir));
        else
            snprintf(name, sizeof name, "%s", part_names[step->part]);
        bool again = i > 0 && e->plan->steps[i - 1].task == step->task;
        json_t *op = json_object_get(ops, name);
        if (!op) {
            op = json_pack("{s:i, s:f}", "calls", 0, "us", 0.0);
            json_object_set_new(ops, name, op);
        }
        json_object_set_new(op, "calls", json_integer(json_integer_value(
                                             json_object_get(op, "calls")) + !again));
        vg_json_set_number(op, "us", vg_json_get_number(op, "us") + us);
    }
    return ops;
}

/* Primitives, reorders, steps in C, own kernels (loss, optimizer), and what is left: calls into the
 * library, opening and closing of regions. */
static json_t *onednn_json(const folded *f)
{
    json_t *json = json_object();
    double primitives = 1e-3 * f->account.primitives, reorders = 1e-3 * f->account.reorders;
    double c_steps = 1e-3 * f->account.c_steps;
    double glue = f->total - primitives - reorders - c_steps - f->own;
    vg_json_set_number(json, "primitives_us", primitives);
    vg_json_set_number(json, "reorders_us", reorders);
    vg_json_set_number(json, "c_steps_us", c_steps);
    vg_json_set_number(json, "own_us", f->own);
    vg_json_set_number(json, "glue_us", glue);
    vg_json_set_number(json, "glue_fraction", glue / f->total);
    return json;
}

static vg_status total_with_statistics(const examined *lean, double *us)
{
    examined e = {.stepper = lean->stepper,
                  .plan = vg_stepper_plan(lean->stepper, true),
                  .index = lean->index,
                  .statistics = true,
                  .threads = lean->threads,
                  .layers = lean->layers};
    *us = NAN;
    if (!e.plan->count)
        return VG_OK;
    vg_status status = examine(&e);
    if (status == VG_OK)
        *us = e.runs[median_run(&e)].total;
    release(&e);
    return status;
}

vg_status vg_breakdown(vg_stepper *stepper, vg_team *team, const vg_spec *spec,
                       const int32_t *index, json_t **breakdown)
{
    double with = NAN;
    *breakdown = NULL;
    examined *e = calloc(1, sizeof *e);
    if (!e)
        return vg_fail(VG_ENOMEM, "out of memory for the times of a step");
    *e = (examined){.stepper = stepper,
                    .plan = vg_stepper_plan(stepper, false),
                    .index = index,
                    .threads = vg_team_threads(team),
                    .layers = (int)spec->depth};
    vg_status status = examine(e);
    if (status == VG_OK)
        status = total_with_statistics(e, &with);
    if (status == VG_OK) {
        int run = median_run(e);
        json_t *json = *breakdown = json_object();
        vg_json_set_number(json, "total_us", e->runs[run].total);
        json_object_set_new(json, "n", json_integer(RUNS));
        json_object_set_new(json, "parts", parts_json(&e->runs[run]));
        vg_json_set_number(json, "statistics_us", with - e->runs[run].total);
        json_object_set_new(json, "ops", ops_json(e, run));
        json_object_set_new(json, "layers", layers_json(e, run));
        if (spec->backend == VG_BACKEND_onednn)
            json_object_set_new(json, "onednn", onednn_json(&e->runs[run]));
    }
    release(e);
    free(e);
    return status;
}
