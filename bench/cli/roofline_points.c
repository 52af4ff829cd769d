/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/roofline_points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "harness/net.h"
#include "measure/clock.h"
#include "measure/roofline.h"
#include "measure/stats.h"
#include "results/results.h"

/* What is timed under one name, and how often it occurs in a pass. */
typedef struct timed {
    const vg_kernel *kernel;
    const vg_shape *shape;
    const char *name, *what;
    int threads, count;
    const double *ns; /* samples, of all occurrences together */
    size_t samples;
} timed;

static void write_roof(json_t *p, const vg_roof *roof)
{
    char why[200];
    vg_json_set_text(p, "bound", vg_roof_bound(roof));
    vg_json_set_text(p, "roof_kind", roof->compute ? "flops" : "bandwidth");
    vg_json_set_number(p, "roof", roof->value);
    vg_json_set_number(p, "roof_fraction", roof->fraction);
    json_object_del(p, "above_roof");
    if (vg_roof_why_above(roof, why))
        vg_json_set_text(p, "above_roof", why);
}

static vg_status add_point(const timed *t, json_t *points)
{
    vg_interval ci;
    double median = vg_stat_median(t->ns, t->samples);
    double flops = t->count * vg_op_flops(t->kernel->op, t->kernel->dir, t->shape);
    double bytes = t->count * vg_op_bytes(t->kernel->op, t->kernel->dir, t->shape);
    VG_TRY(vg_stat_median_ci(t->ns, t->samples, 0.95, 1000, 1, &ci));
    vg_roof roof = vg_roof_of(t->kernel->op, t->kernel->dir, t->shape, t->threads,
                              median * 1e-9 / t->count);
    json_t *p = json_object();
    vg_json_set_text(p, "kernel", t->name);
    vg_json_set_text(p, "what", t->what);
    vg_json_set_text(p, "op", vg_op_name(t->kernel->op));
    vg_json_set_text(p, "dir", vg_dir_name(t->kernel->dir));
    vg_json_set_text(p, "backend", vg_backend_name(t->kernel->backend));
    json_object_set_new(p, "threads", json_integer(t->threads));
    json_object_set_new(p, "count", json_integer(t->count));
    json_object_set_new(p, "n", json_integer((json_int_t)t->samples));
    vg_json_set_number(p, "flops", flops);
    vg_json_set_number(p, "bytes", bytes);
    vg_json_set_number(p, "ns", median);
    json_object_set_new(p, "ci95_ns", vg_json_interval(ci.lo, ci.hi));
    vg_json_set_number(p, "intensity", flops / bytes);
    vg_json_set_number(p, "gflops", flops / median);
    vg_roof_follow(p, &roof, write_roof);
    json_array_append_new(points, p);
    return VG_OK;
}

vg_status vg_roofline_case_points(const vg_case *c, const vg_sampling *sampling, json_t *points)
{
    vg_case_result result;
    VG_TRY(vg_case_time(c, sampling, &result));
    vg_status status = VG_OK;
    for (int i = 0; i < result.count && !status; i++) {
        const vg_row_result *row = &result.rows[i];
        timed t = {row->kernel, &c->shape,          row->name,    "kernel", row->used_threads,
                   1,           row->samples, (size_t)row->count};
        if (!row->error[0] && row->count > 1)
            status = add_point(&t, points);
    }
    vg_case_result_release(&result);
    return status;
}

/* --- layers --------------------------------------------------------------------------------- */

enum { ROUNDS = 9, NAMES_MAX = 64, RUNS_NS = 20000 };

typedef struct layer {
    char name[320];
    const vg_task *task; /* of the first occurrence */
    int count, threads;
    double ns[ROUNDS];
} layer;

/* Mean time of the steps of one task; short ones run several times. */
static double time_steps(vg_team *team, const vg_plan *plan)
{
    int runs = 1;
    double begin = vg_clock_s(), seconds;
    (void)vg_team_run(team, plan, NULL);
    seconds = vg_clock_s() - begin;
    if (seconds * 1e9 < RUNS_NS) {
        runs = (int)(RUNS_NS / (seconds * 1e9 + 1)) + 1;
        begin = vg_clock_s();
        for (int i = 0; i < runs; i++)
            (void)vg_team_run(team, plan, NULL);
        seconds = vg_clock_s() - begin;
    }
    return seconds * 1e9 / runs;
}

static layer *layer_of(layer *layers, int *count, const vg_task *task)
{
    char name[320];
    vg_kernel_format(task->kernel, &task->shape, 0, name, sizeof name);
    for (int i = 0; i < *count; i++)
        if (!strcmp(layers[i].name, name))
            return &layers[i];
    if (*count == NAMES_MAX)
        return NULL;
    layer *l = &layers[(*count)++];
    *l = (layer){.task = task};
    memcpy(l->name, name, sizeof name);
    return l;
}

/* One round: every task of the pass, in its order, timed alone. */
static vg_status one_round(vg_team *team, const vg_plan *pass, int round, layer *layers, int *count)
{
    vg_status status = VG_OK;
    for (int i = 0; i < pass->count && !status;) {
        const vg_task *task = pass->steps[i].task;
        vg_plan steps = {0};
        for (; i < pass->count && pass->steps[i].task == task && !status; i++)
            status = vg_plan_append_phase(&steps, task, &pass->steps[i].phase, pass->scratch);
        layer *l = task->kernel && !status ? layer_of(layers, count, task) : NULL;
        if (l) {
            l->ns[round] += time_steps(team, &steps);
            l->count += round == 0;
            l->threads = vg_team_threads_for(team, &steps);
        }
        vg_plan_release(&steps);
    }
    return status;
}

static vg_status time_layers(vg_team *team, vg_net *net, json_t *points)
{
    layer *layers = calloc(NAMES_MAX, sizeof *layers);
    int count = 0;
    vg_status status = layers ? vg_net_run(net) : vg_fail(VG_ENOMEM, "out of memory");
    for (int round = 0; round < ROUNDS && !status; round++) {
        status = one_round(team, vg_net_plan(net), round, layers, &count);
        if (!status) /* the values of a pass, not those of a pass whose steps ran several times */
            status = vg_net_run(net);
    }
    for (int i = 0; i < count && !status; i++) {
        timed t = {layers[i].task->kernel, &layers[i].task->shape, layers[i].name, "layer",
                   layers[i].threads,      layers[i].count,        layers[i].ns,   ROUNDS};
        status = add_point(&t, points);
    }
    free(layers);
    return status;
}

vg_status vg_roofline_layer_points(const vg_spec *spec, json_t *points)
{
    vg_team *team;
    vg_net *net;
    vg_net_options options = {0};
    VG_TRY(vg_team_create((int)spec->threads, spec->ftz, &team));
    vg_status status = vg_net_make(spec, &options, team, &net);
    if (!status) {
        status = time_layers(team, net, points);
        vg_net_destroy(net);
    }
    vg_team_destroy(team);
    return status;
}
