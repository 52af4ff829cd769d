/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/breakdown.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/train/onednn_step.h"
#include "measure/clock.h"
#include "measure/stats.h"
#include "results/results.h"
#include "vgbench/onednn.h"

enum { RUNS = 15, LEAST = 3 };

static const char *const part_names[VG_PARTS] = {
    [VG_PART_data] = "data",         [VG_PART_forward] = "forward",
    [VG_PART_loss] = "loss",         [VG_PART_backward] = "backward",
    [VG_PART_statistics] = "statistics", [VG_PART_clip] = "clip",
    [VG_PART_optimizer] = "optimizer"};

/* Columns of layers[]. */
enum { FORWARD, BACKWARD, OPTIMIZER, STATISTICS, BARRIERS, COLUMNS };
static const char *const column_names[COLUMNS] = {"forward_us", "backward_us", "optimizer_us",
                                                  "statistics_us", "barriers_us"};
static const int column_of[VG_PARTS] = {
    [VG_PART_data] = -1, [VG_PART_loss] = -1, [VG_PART_clip] = -1, [VG_PART_forward] = FORWARD,
    [VG_PART_backward] = BACKWARD, [VG_PART_statistics] = STATISTICS,
    [VG_PART_optimizer] = OPTIMIZER};

/* One timed run, folded. Microseconds. */
typedef struct folded {
    double total, part[VG_PARTS], barriers, own; /* own: what is no oneDNN row */
    int readings; /* of the clock, between sequences of oneDNN and regions of our own */
    vg_onednn_account account;
} folded;

typedef struct examined {
    vg_stepper *stepper;
    const vg_plan *plan;
    const int32_t *index;
    bool statistics;
    int threads, layers;
    double budget_s;
    vg_plan_times times;
    vg_step *items; /* [count]: steps, with what joined ones stand for */
    int count;
    double *item;  /* [RUNS][count] */
    double *layer; /* [RUNS][layers + 1][COLUMNS] */
    folded runs[RUNS];
    int done;
} examined;

/* --- folding ------------------------------------------------------------------------------- */

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

static double *layer_of(const examined *e, int run, int layer)
{
    return e->layer + ((ptrdiff_t)run * (e->layers + 1) + layer) * COLUMNS;
}

/* What it costs to look at the clock. */
static double clock_us(void)
{
    enum { READINGS = 2000 };
    double begin = vg_clock_s();
    for (int i = 0; i < READINGS; i++)
        vg_clock_s();
    return 1e6 * (vg_clock_s() - begin) / READINGS;
}

static void add_item(examined *e, int run, int item, double us)
{
    const vg_step *step = &e->items[item];
    e->item[(ptrdiff_t)run * e->count + item] = us;
    e->runs[run].part[step->part] += us;
    if (column_of[step->part] >= 0)
        layer_of(e, run, step->layer)[column_of[step->part]] += us;
}

static void fold(examined *e, int run)
{
    folded *f = &e->runs[run];
    *f = (folded){.total = 1e-3 * e->times.total};
    for (int i = 0, item = 0; i < e->plan->count; i++) {
        const vg_step *step = &e->plan->steps[i];
        const vg_joined *joined = vg_joined_of(step);
        for (int k = 0; joined && k < joined->count; k++)
            add_item(e, run, item++, 1e-3 * joined->ns[k]);
        bool opens = !joined && (i == 0 || vg_joined_of(step - 1));
        f->readings += joined ? 2 : opens;
        if (joined)
            continue;
        double us = step_us(e, e->times.work, i), wait = step_us(e, e->times.wait, i);
        add_item(e, run, item++, us);
        f->barriers += wait;
        layer_of(e, run, step->layer)[BARRIERS] += wait;
        f->own += us + wait;
    }
}

static void list_items(examined *e)
{
    for (int i = 0; i < e->plan->count; i++) {
        const vg_joined *joined = vg_joined_of(&e->plan->steps[i]);
        for (int k = 0; joined && k < joined->count; k++)
            e->items[e->count++] = joined->steps[k];
        if (!joined)
            e->items[e->count++] = e->plan->steps[i];
    }
}

static vg_status allocate(examined *e)
{
    size_t cells = (size_t)e->threads * (size_t)e->plan->count, items = 0;
    for (int i = 0; i < e->plan->count; i++) {
        const vg_joined *joined = vg_joined_of(&e->plan->steps[i]);
        items += joined ? (size_t)joined->count : 1;
    }
    if (!items)
        return vg_fail(VG_EINVAL, "a plan without steps has no times");
    e->times.work = calloc(cells, sizeof *e->times.work);
    e->times.wait = calloc(cells, sizeof *e->times.wait);
    e->items = calloc(items, sizeof *e->items);
    e->item = calloc(RUNS * items, sizeof *e->item);
    e->layer = calloc((size_t)RUNS * (size_t)(e->layers + 1) * COLUMNS, sizeof *e->layer);
    if (!e->times.work || !e->times.wait || !e->items || !e->item || !e->layer)
        return vg_fail(VG_ENOMEM, "out of memory for the times of a step");
    list_items(e);
    return VG_OK;
}

static vg_status examine(examined *e)
{
    VG_TRY(allocate(e));
    double begin = vg_clock_s();
    for (int run = -2; run < RUNS; run++) { /* two to warm up */
        vg_onednn_account account;
        if (run >= LEAST && vg_clock_s() - begin > e->budget_s)
            break;
        vg_onednn_take_account(&account, 0);
        VG_TRY(vg_stepper_run_timed(e->stepper, e->index, e->statistics, &e->times));
        vg_onednn_take_account(&account, 1);
        if (run < 0)
            continue;
        fold(e, run);
        e->runs[run].account = account;
        e->done = run + 1;
    }
    return VG_OK;
}

static void release(examined *e)
{
    free(e->times.work);
    free(e->times.wait);
    free(e->items);
    free(e->item);
    free(e->layer);
}

/* The run whose total is the median: its parts add up. */
static int median_run(const examined *e)
{
    double totals[RUNS];
    int best = 0;
    for (int i = 0; i < e->done; i++)
        totals[i] = e->runs[i].total;
    double median = vg_stat_median(totals, (size_t)e->done);
    for (int i = 0; i < e->done; i++)
        if (fabs(totals[i] - median) < fabs(totals[best] - median))
            best = i;
    return best;
}

/* --- JSON ---------------------------------------------------------------------------------- */

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

/* Statistics are those of the monitored step. */
static json_t *layers_json(const examined *e, const examined *monitored)
{
    json_t *layers = json_array();
    int run = median_run(e), other = monitored ? median_run(monitored) : 0;
    for (int l = 1; l <= e->layers; l++) {
        json_t *layer = json_object();
        json_object_set_new(layer, "index", json_integer(l));
        for (int c = 0; c < COLUMNS; c++)
            if (c != STATISTICS)
                vg_json_set_number(layer, column_names[c], layer_of(e, run, l)[c]);
            else if (monitored)
                vg_json_set_number(layer, column_names[c], layer_of(monitored, other, l)[c]);
        json_array_append_new(layers, layer);
    }
    return layers;
}

/* Kernels by name: {"dense/fwd": {calls, us}}; what is no kernel goes by its part. */
static json_t *ops_json(const examined *e, int run)
{
    json_t *ops = json_object();
    for (int i = 0; i < e->count; i++) {
        const vg_step *step = &e->items[i];
        const vg_kernel *kernel = step->task->kernel;
        double us = e->item[(ptrdiff_t)run * e->count + i];
        char name[64];
        if (kernel)
            snprintf(name, sizeof name, "%s/%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir));
        else
            snprintf(name, sizeof name, "%s", part_names[step->part]);
        bool again = i > 0 && e->items[i - 1].task == step->task;
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

static json_t *breakdown_json(const examined *e, const examined *monitored, bool onednn)
{
    int run = median_run(e);
    const folded *f = &e->runs[run];
    json_t *json = json_object();
    vg_json_set_number(json, "total_us", f->total);
    json_object_set_new(json, "n", json_integer(e->done));
    json_object_set_new(json, "parts", parts_json(f));
    vg_json_set_number(json, "statistics_us",
                       monitored ? monitored->runs[median_run(monitored)].total - f->total
                                 : (double)NAN);
    json_object_set_new(json, "ops", ops_json(e, run));
    json_object_set_new(json, "layers", layers_json(e, monitored));
    if (onednn) {
        json_object_set_new(json, "onednn",
                            vg_onednn_step_account(&f->account, f->total, f->own,
                                                   f->readings * clock_us()));
        json_object_set_new(json, "composition", vg_onednn_step_composition(e->items, e->count));
    }
    return json;
}

/* --- two examinations ---------------------------------------------------------------------- */

vg_status vg_breakdown(vg_stepper *stepper, vg_team *team, const vg_spec *spec,
                       const int32_t *index, double budget_s, json_t **breakdown)
{
    *breakdown = NULL;
    examined *e = calloc(2, sizeof *e);
    if (!e)
        return vg_fail(VG_ENOMEM, "out of memory for the times of a step");
    vg_status status = VG_OK;
    bool monitors = vg_stepper_plan(stepper, true)->count > 0;
    for (int kind = 0; kind < (monitors ? 2 : 1) && status == VG_OK; kind++) {
        e[kind] = (examined){.stepper = stepper,
                             .plan = vg_stepper_plan(stepper, kind == 1),
                             .index = index,
                             .statistics = kind == 1,
                             .threads = vg_team_threads(team),
                             .layers = (int)spec->depth,
                             .budget_s = budget_s / 2};
        status = examine(&e[kind]);
    }
    if (status == VG_OK)
        *breakdown = breakdown_json(&e[0], monitors ? &e[1] : NULL,
                                    spec->backend == VG_BACKEND_onednn);
    release(&e[0]);
    release(&e[1]);
    free(e);
    return status;
}
