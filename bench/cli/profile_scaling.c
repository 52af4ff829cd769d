/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench profile --scaling: kernels, or the pass of a network, on 1 thread and on more. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/progress.h"
#include "harness/net.h"
#include "harness/sweep.h"
#include "measure/clock.h"
#include "measure/imbalance.h"
#include "measure/interrupt.h"
#include "measure/rig.h"
#include "measure/stats.h"
#include "measure/topology.h"
#include "micro/sampler.h"
#include "results/results.h"
#include "vgbench/onednn.h"

enum { COUNTS_MAX = 16, SAMPLES = 31 };

/* --- thread counts -------------------------------------------------------------------------- */

static void add_count(int counts[COUNTS_MAX], int *n, int threads, int most)
{
    if (threads < 1 || threads > most)
        return;
    for (int i = 0; i < *n; i++)
        if (counts[i] == threads)
            return;
    if (*n < COUNTS_MAX)
        counts[(*n)++] = threads;
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Powers of two, the cores of a socket, all cores, all hardware threads; or what was asked for. */
static int choose_counts(const vg_options *o, int counts[COUNTS_MAX])
{
    const vg_topology *t = vg_topology_get();
    int n = 0, most = vg_allowed_cpus();
    add_count(counts, &n, 1, 1); /* the base case, whatever else is asked for */
    if (o->threads_text) {
        for (int i = 0; i < o->thread_count; i++)
            add_count(counts, &n, o->thread_list[i], o->thread_list[i]);
    } else {
        for (int threads = 2; threads <= most && n < COUNTS_MAX - 3; threads *= 2)
            add_count(counts, &n, threads, most);
        add_count(counts, &n, t->packages > 0 ? t->cores / t->packages : 0, most);
        add_count(counts, &n, t->cores, most);
        add_count(counts, &n, most, most);
    }
    qsort(counts, (size_t)n, sizeof *counts, by_value);
    return n;
}

/* --- what is timed -------------------------------------------------------------------------- */

typedef struct point {
    int asked;
    double samples[SAMPLES]; /* ns */
    vg_imbalance imbalance;
} point;

static double seconds_of(vg_team *team, const vg_plan *plan, int runs)
{
    double begin = vg_clock_s();
    for (int i = 0; i < runs; i++)
        (void)vg_team_run(team, plan, NULL);
    return (vg_clock_s() - begin) / runs;
}

/* All samples of one thread count in a block: a team that changes its size pays for it. */
static vg_status sample(vg_team *team, const vg_plan *plan, point *p)
{
    const double batch_s = 2e-4;
    vg_team_wake(team);
    double once = fmin(seconds_of(team, plan, 1), seconds_of(team, plan, 1));
    int runs = once < batch_s ? (int)(batch_s / (once + 1e-9)) + 1 : 1;
    for (int i = 0; i < SAMPLES; i++) {
        vg_team_wake(team);
        p->samples[i] = 1e9 * seconds_of(team, plan, runs);
    }
    return vg_imbalance_measure(team, plan, runs, &p->imbalance);
}

typedef vg_status with_plan_fn(const void *subject, vg_team *team, point *p);

static vg_status at_threads(with_plan_fn *run, const void *subject, int threads, point *p)
{
    vg_team *team;
    p->asked = threads;
    VG_TRY(vg_team_create(threads, 0, &team));
    vg_status status = run(subject, team, p);
    vg_team_destroy(team);
    return status;
}

typedef struct row {
    const vg_kernel *kernel;
    const vg_shape *shape;
} row;

static vg_status run_row(const void *subject, vg_team *team, point *p)
{
    const row *r = subject;
    vg_rig rig;
    VG_TRY(vg_rig_create(&rig, r->kernel, r->shape, team, 1));
    vg_rig_begin(&rig);
    vg_status status = sample(team, &rig.plan, p);
    vg_rig_release(&rig);
    return status;
}

static vg_status run_spec(const void *subject, vg_team *team, point *p)
{
    vg_spec spec = *(const vg_spec *)subject;
    vg_net *net;
    vg_net_options options = {0};
    spec.threads = vg_team_threads(team);
    VG_TRY(vg_net_make(&spec, &options, team, &net));
    vg_status status = vg_net_run(net);
    if (!status)
        status = sample(team, vg_net_plan(net), p);
    vg_net_destroy(net);
    return status;
}

/* --- records -------------------------------------------------------------------------------- */

/* How the threads shared the work: of own plans, whose units carry a clock. oneDNN's threads are its own. */
static void add_imbalance(const point *p, json_t *one)
{
    json_object_set_new(one, "threads_used", json_integer(p->imbalance.threads));
    vg_json_set_number(one, "imbalance", p->imbalance.imbalance);
    vg_json_set_number(one, "waiting", p->imbalance.waiting);
    vg_json_set_number(one, "waiting_ns", p->imbalance.waiting * p->imbalance.wall_ns);
}

static vg_status point_json(const point *p, const point *base, bool own, json_t *array)
{
    vg_interval time, ratio_ci;
    double ratio;
    VG_TRY(vg_stat_median_ci(p->samples, SAMPLES, 0.95, 1000, 1, &time));
    VG_TRY(vg_stat_ratio_ci(base->samples, p->samples, SAMPLES, 0.95, 1000, 1, &ratio, &ratio_ci));
    json_t *one = json_object();
    json_object_set_new(one, "threads", json_integer(p->asked));
    vg_json_set_number(one, "ns", vg_stat_median(p->samples, SAMPLES));
    json_object_set_new(one, "ci95_ns", vg_json_interval(time.lo, time.hi));
    json_object_set_new(one, "n", json_integer(SAMPLES));
    vg_json_set_number(one, "speedup", ratio);
    json_object_set_new(one, "speedup_ci95", vg_json_interval(ratio_ci.lo, ratio_ci.hi));
    vg_json_set_number(one, "efficiency", ratio / p->asked);
    if (own)
        add_imbalance(p, one);
    json_array_append_new(array, one);
    return VG_OK;
}

static vg_status scale(with_plan_fn *run, const void *subject, const int *counts, int n,
                       bool own, json_t *entry)
{
    point *points = calloc((size_t)n, sizeof *points);
    json_t *array = json_array();
    vg_status status = points ? VG_OK : vg_fail(VG_ENOMEM, "out of memory");
    for (int i = 0; i < n && !status && !vg_interrupted(); i++) {
        status = at_threads(run, subject, counts[i], &points[i]);
        if (!status)
            status = point_json(&points[i], &points[0], own, array);
    }
    free(points);
    if (status)
        vg_json_set_text(entry, "error", vg_status_message());
    json_object_set_new(entry, "points", array);
    return status == VG_ENOMEM ? status : VG_OK;
}

static vg_status scale_kernels(const vg_profile_query *query, const int *counts, int n,
                               json_t *rows)
{
    static const int one = 1;
    vg_shape_list shapes;
    vg_case_list cases;
    vg_progress progress;
    const char *backends = *vg_onednn_version() ? "best,onednn" : "best";
    VG_TRY(vg_shapes_load(query->shapes, &shapes));
    vg_case_query which = {&shapes, query->filter,
                           query->options->backend ? query->options->backend : backends, &one, 1};
    vg_status status = vg_cases_make(&which, &cases);
    if (!status) {
        vg_progress_begin(&progress, "scaling", cases.count, query->options->quiet);
        for (int i = 0; i < cases.count && !status && !vg_interrupted(); i++)
            for (int k = 0; k < cases.items[i].row_count && !status; k++) {
                row r = {cases.items[i].rows[k], &cases.items[i].shape};
                json_t *entry = vg_profile_entry(r.kernel, r.shape, 0);
                vg_progress_step(&progress, i, vg_json_get_text(entry, "kernel", ""));
                status = scale(run_row, &r, counts, n, r.kernel->backend != VG_BACKEND_onednn,
                               entry);
                json_array_append_new(rows, entry);
            }
        vg_progress_end(&progress);
        vg_cases_release(&cases);
    }
    vg_shapes_release(&shapes);
    return status;
}

static vg_status scale_specs(const vg_profile_query *query, const int *counts, int n, json_t *rows)
{
    vg_sweep sweep;
    VG_TRY(vg_sweep_parse(query->words.count, (char *const *)query->words.items, &sweep));
    vg_status status = VG_OK;
    for (int64_t i = 0; i < sweep.points && !status && !vg_interrupted(); i++) {
        vg_spec spec;
        char label[512];
        status = vg_sweep_point(&sweep, i, &spec, NULL);
        if (!status)
            status = vg_spec_resolve(&spec, VG_FOR_TRAIN);
        if (status)
            break;
        json_t *entry = json_object();
        json_object_set_new(entry, "spec", vg_spec_json(&spec));
        vg_json_set_text(entry, "label", vg_spec_label(&spec, label, sizeof label));
        status = scale(run_spec, &spec, counts, n, spec.backend != VG_BACKEND_onednn, entry);
        json_array_append_new(rows, entry);
    }
    vg_sweep_release(&sweep);
    return status;
}

vg_status vg_profile_scaling(const vg_profile_query *query, json_t **record)
{
    int counts[COUNTS_MAX], n = choose_counts(query->options, counts);
    json_t *rows = json_array();
    vg_status status = query->words.count ? scale_specs(query, counts, n, rows)
                                          : scale_kernels(query, counts, n, rows);
    if (status) {
        json_decref(rows);
        return status;
    }
    *record = json_object();
    vg_json_set_text(*record, "kind", "scaling");
    vg_json_set_text(*record, "base", "the same row on 1 thread");
    json_object_set_new(*record, "cpus", json_integer(vg_allowed_cpus()));
    json_object_set_new(*record, "rows", rows);
    return VG_OK;
}

/* --- table ---------------------------------------------------------------------------------- */

enum { COLUMNS = 7 };

static void print_point(FILE *out, vg_format format, int width, const char *name, const json_t *p)
{
    char text[COLUMNS][48];
    const json_t *ci = json_object_get(p, "speedup_ci95");
    const char *cells[COLUMNS] = {name};
    for (int i = 1; i < COLUMNS; i++)
        cells[i] = text[i];
    double asked = vg_json_get_number(p, "threads"), used = vg_json_get_number(p, "threads_used");
    if (used > 0 && used < asked && format != VG_FORMAT_CSV)
        snprintf(text[1], 48, "%.0f (%.0f used)", asked, used);
    else
        snprintf(text[1], 48, "%.0f", asked);
    snprintf(text[2], 48, "%.4g", vg_json_get_number(p, "ns") / 1e3);
    snprintf(text[3], 48, "%.2f [%.2f %.2f]", vg_json_get_number(p, "speedup"),
             json_number_value(json_array_get(ci, 0)), json_number_value(json_array_get(ci, 1)));
    snprintf(text[4], 48, "%.0f %%", 100 * vg_json_get_number(p, "efficiency"));
    if (used > 0) {
        snprintf(text[5], 48, "%.0f %%", 100 * vg_json_get_number(p, "imbalance"));
        snprintf(text[6], 48, "%.3g us %.0f %%", vg_json_get_number(p, "waiting_ns") / 1e3,
                 100 * vg_json_get_number(p, "waiting"));
    } else {
        cells[5] = cells[6] = "n/a";
    }
    vg_profile_row(out, format, width, cells, COLUMNS);
}

void vg_profile_scaling_table(FILE *out, vg_format format, const json_t *record)
{
    static const char *const head[COLUMNS] = {"row",       "threads",   "us",     "speed-up",
                                              "efficiency", "imbalance", "waiting"};
    size_t i, k;
    json_t *one, *p;
    const json_t *rows = json_object_get(record, "rows");
    int width = 3;
    json_array_foreach(rows, i, one) {
        int n = (int)strlen(vg_json_get_text(one, "kernel", vg_json_get_text(one, "label", "")));
        width = n > width ? n : width;
    }
    vg_profile_row(out, format, width, head, COLUMNS);
    vg_profile_rule(out, format, COLUMNS);
    json_array_foreach(rows, i, one)
        json_array_foreach(json_object_get(one, "points"), k, p)
            print_point(out, format, width,
                        vg_json_get_text(one, "kernel", vg_json_get_text(one, "label", "")), p);
    if (format == VG_FORMAT_CSV)
        return;
    fprintf(out, "\nBase: %s. imbalance: the busiest thread over the mean; waiting: time of a\n"
                 "thread at barriers and at the ends of the region, and its share (own rows only).\n",
            vg_json_get_text(record, "base", ""));
}
