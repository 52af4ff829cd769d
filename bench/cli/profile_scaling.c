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
#include "measure/superlinear.h"
#include "measure/topology.h"
#include "micro/sampler.h"
#include "results/results.h"
#include "vgbench/onednn.h"

enum { COUNTS_MAX = 16, SAMPLES = 31, SHARES = 15 };

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
    double imbalance[SHARES], waiting[SHARES]; /* of runs with a clock around every unit */
    int threads_used;
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
    for (int i = 0; i < SHARES; i++) {
        vg_imbalance shares;
        VG_TRY(vg_imbalance_measure(team, plan, runs, &shares));
        p->imbalance[i] = shares.imbalance;
        p->waiting[i] = shares.waiting;
        p->threads_used = shares.threads;
    }
    return VG_OK;
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

/* How the threads shared the work: of own plans, whose units carry a clock. oneDNN's threads are its own.
 * The time waited is that share of the time of the point, which is measured without clocks. */
static vg_status add_imbalance(const point *p, double ns, json_t *one)
{
    vg_interval ci;
    double waiting = vg_stat_median(p->waiting, SHARES);
    VG_TRY(vg_stat_median_ci(p->waiting, SHARES, 0.95, 1000, 1, &ci));
    json_object_set_new(one, "threads_used", json_integer(p->threads_used));
    vg_json_set_number(one, "imbalance", vg_stat_median(p->imbalance, SHARES));
    vg_json_set_number(one, "waiting", waiting);
    json_object_set_new(one, "waiting_ci95", vg_json_interval(ci.lo, ci.hi));
    json_object_set_new(one, "waiting_n", json_integer(SHARES));
    vg_json_set_number(one, "waiting_ns", waiting * ns);
    return VG_OK;
}

/* What a row, or the steps of a network, is timed against. */
typedef struct base_case {
    const point *before, *after; /* after: the base again, behind the other points; or NULL */
    bool own;
    double bytes; /* that a run works on */
} base_case;

static void add_above_ideal(const point *p, const base_case *base, double lo, json_t *one)
{
    char why[240];
    vg_speedup s = {.threads = p->asked,
                    .lo = lo,
                    .ns = vg_stat_median(p->samples, SAMPLES),
                    .base_ns = vg_stat_median(base->before->samples, SAMPLES),
                    .base_again_ns = base->after ? vg_stat_median(base->after->samples, SAMPLES)
                                                 : (double)NAN,
                    .bytes = base->bytes};
    vg_private_caches(s.caches);
    if (p != base->before && vg_speedup_above_ideal(&s, why, sizeof why))
        vg_json_set_text(one, "above_ideal", why);
}

static vg_status point_json(const point *p, const base_case *to, json_t *array)
{
    const point *base = to->before;
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
    vg_status status = to->own ? add_imbalance(p, vg_stat_median(p->samples, SAMPLES), one) : VG_OK;
    add_above_ideal(p, to, ratio_ci.lo, one);
    if (p == base && to->after)
        vg_json_set_number(one, "ns_after", vg_stat_median(to->after->samples, SAMPLES));
    json_array_append_new(array, one);
    return status;
}

/* The base is timed twice, before the other points and after them: whether it drifted. */
static vg_status scale(with_plan_fn *run, const void *subject, const int *counts, int n,
                       base_case base, json_t *entry)
{
    point *points = calloc((size_t)n + 1, sizeof *points);
    json_t *array = json_array();
    int timed = 0;
    vg_status status = points ? VG_OK : vg_fail(VG_ENOMEM, "out of memory");
    for (; timed < n && !status && !vg_interrupted(); timed += !status)
        status = at_threads(run, subject, counts[timed], &points[timed]);
    base.before = points;
    if (timed > 1 && !status && !vg_interrupted()) {
        status = at_threads(run, subject, counts[0], &points[n]);
        base.after = status ? NULL : &points[n];
    }
    for (int i = 0; i < timed && status != VG_ENOMEM; i++) {
        vg_status written = point_json(&points[i], &base, array);
        status = written ? written : status;
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
                base_case base = {.own = r.kernel->backend != VG_BACKEND_onednn,
                                  .bytes = vg_json_get_number(entry, "bytes")};
                status = scale(run_row, &r, counts, n, base, entry);
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
        base_case base = {.own = spec.backend != VG_BACKEND_onednn,
                          .bytes = vg_net_bytes(&spec, &(vg_net_options){0})};
        status = scale(run_spec, &spec, counts, n, base, entry);
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
    snprintf(text[3], 48, "%.2f [%.2f %.2f]%s", vg_json_get_number(p, "speedup"),
             vg_json_bound(ci, 0), vg_json_bound(ci, 1),
             json_object_get(p, "above_ideal") ? "!" : "");
    snprintf(text[4], 48, "%.0f %%", 100 * vg_json_get_number(p, "efficiency"));
    if (used > 0) {
        snprintf(text[5], 48, "%.0f %%", 100 * vg_json_get_number(p, "imbalance"));
        const json_t *share = json_object_get(p, "waiting_ci95");
        snprintf(text[6], 48, "%.3g us, %.1f %% [%.1f %.1f]", vg_json_get_number(p, "waiting_ns") / 1e3,
                 100 * vg_json_get_number(p, "waiting"),
                 100 * vg_json_bound(share, 0),
                 100 * vg_json_bound(share, 1));
    } else {
        cells[5] = cells[6] = "n/a";
    }
    vg_profile_row(out, format, width, cells, COLUMNS);
}

static const char *name_of(const json_t *one)
{
    return vg_json_get_text(one, "kernel", vg_json_get_text(one, "label", ""));
}

static void print_above(FILE *out, const json_t *rows)
{
    size_t i, k;
    json_t *one, *p;
    json_array_foreach(rows, i, one)
        json_array_foreach(json_object_get(one, "points"), k, p)
            if (json_object_get(p, "above_ideal"))
                fprintf(out, "! %s, %.0f threads, above ideal: %s.\n", name_of(one),
                        vg_json_get_number(p, "threads"), vg_json_get_text(p, "above_ideal", ""));
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
        int n = (int)strlen(name_of(one));
        width = n > width ? n : width;
    }
    vg_profile_row(out, format, width, head, COLUMNS);
    vg_profile_rule(out, format, COLUMNS);
    json_array_foreach(rows, i, one)
        json_array_foreach(json_object_get(one, "points"), k, p)
            print_point(out, format, width, name_of(one), p);
    if (format == VG_FORMAT_CSV)
        return;
    fprintf(out, "\nBase: %s. imbalance: the busiest thread over the mean; waiting: time of a\n"
                 "thread at barriers and at the ends of the region, and its share of the row's time with "
                 "the 95 %% interval\n(own rows only; of %d runs with a clock around every unit).\n",
            vg_json_get_text(record, "base", ""), SHARES);
    print_above(out, rows);
}
