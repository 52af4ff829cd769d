/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "measure/binding.h"
#include "measure/clock.h"
#include "measure/drift.h"
#include "measure/interrupt.h"
#include "measure/noise.h"
#include "measure/roofline.h"
#include "measure/stats.h"
#include "micro/entries.h"
#include "results/results.h"

/* Cases for the A/A pairs of a thread count, spread evenly over the list. */
static vg_status measure_noise(const vg_bench_request *request, int threads, vg_noise *noise,
                               vg_drift *drift, vg_progress *progress)
{
    const vg_case_list *cases = request->cases;
    int total = 0, index = 0, taken = 0;
    if (threads > noise->cpus) /* no floor would do */
        return VG_OK;
    for (int i = 0; i < cases->count; i++)
        total += cases->items[i].threads == threads;
    int wanted = request->noise_cases < total ? request->noise_cases : total;
    for (int i = 0; i < cases->count && taken < wanted && !vg_interrupted(); i++) {
        const vg_case *c = &cases->items[i];
        if (c->threads != threads || index++ != taken * total / wanted)
            continue;
        taken++;
        vg_row_result a, b;
        double ratio;
        vg_interval ci;
        const vg_kernel *best = vg_case_best(c);
        vg_progress_step(progress, taken - 1, "noise: a row against itself");
        vg_drift_look(drift);
        vg_status status =
            vg_case_time_twice(c, best ? best : c->rows[0], &request->sampling, &a, &b);
        if (!status && a.count && b.count) {
            int pairs = a.count < b.count ? a.count : b.count;
            status = vg_stat_ratio_ci(a.samples, b.samples, (size_t)pairs, 0.95, 2, 1, &ratio, &ci);
            if (!status)
                vg_noise_add(noise, a.name, threads, ratio, pairs);
        }
        vg_row_result_release(&a);
        vg_row_result_release(&b);
        if (status == VG_ENOMEM)
            return status;
    }
    return VG_OK;
}

static vg_status measure_all_noise(const vg_bench_request *request, vg_noise *noise, vg_drift *drift)
{
    const vg_case_list *cases = request->cases;
    vg_progress progress;
    vg_progress_begin(&progress, "noise", 0, request->quiet);
    vg_status status = VG_OK;
    for (int i = 0; i < cases->count && !status; i++)
        if (i == 0 || cases->items[i].threads != cases->items[i - 1].threads)
            status = measure_noise(request, cases->items[i].threads, noise, drift, &progress);
    vg_progress_end(&progress);
    return status;
}

typedef struct run {
    const vg_bench_request *request;
    json_t *results;
    vg_bench_summary *summary;
    vg_entry_context context;
    vg_case_comparison *comparisons;
    int *threads;
    int width; /* of names in the table */
    vg_progress progress;
    vg_drift drift;
} run;

static vg_status one_case(run *r, const vg_case *c)
{
    const vg_bench_request *request = r->request;
    vg_case_result result;
    vg_case_comparison *comparison = &r->comparisons[r->summary->cases];
    vg_status status = vg_case_time(c, &request->sampling, &result);
    if (!status)
        status = vg_compare_case(&result, &r->context, comparison);
    if (!status)
        status = vg_entries_add(json_object_get(r->results, "benchmarks"), &result, &r->context);
    if (!status) {
        if (request->table) {
            vg_progress_end(&r->progress);
            vg_bench_table_row(request->table, request->format, r->width, request->color, &result,
                               comparison);
        }
        for (int i = 0; i < request->copy_count; i++)
            vg_bench_table_row(request->copies[i], request->copy_formats[i], r->width, false,
                               &result, comparison);
        r->threads[r->summary->cases++] = c->threads;
        r->summary->above += comparison->roof_fraction > 1;
        for (int i = 0; i < result.count; i++) {
            r->summary->rows += result.rows[i].count > 0;
            if (result.cold && result.rows[i].count) {
                r->summary->warm += !vg_cold_shown(&result.rows[i].cold);
                r->summary->brief += vg_row_brief(&result.rows[i]);
            }
            bool foreign = result.rows[i].kernel->backend == VG_BACKEND_onednn;
            r->summary->failed += result.rows[i].verified == 0 && !foreign;
            r->summary->foreign += result.rows[i].verified == 0 && foreign;
        }
    }
    /* The comparison outlives the samples: only its numbers are used from here on. */
    vg_case_result_release(&result);
    return status;
}

static vg_status all_cases(run *r)
{
    const vg_bench_request *request = r->request;
    const vg_case_list *cases = request->cases;
    vg_status status = VG_OK;
    vg_progress_begin(&r->progress, "bench", cases->count, request->quiet);
    for (int i = 0; i < cases->count && !status; i++) {
        char name[320];
        bool late = request->deadline > 0 && vg_clock_s() > request->deadline;
        if (vg_interrupted() || late) {
            r->summary->left_out = cases->count - i;
            break;
        }
        vg_case_format(&cases->items[i], name, sizeof name);
        vg_progress_step(&r->progress, i, name);
        vg_drift_look(&r->drift);
        status = one_case(r, &cases->items[i]);
        if (!status && request->after_case)
            request->after_case(request->user, r->results);
    }
    vg_progress_end(&r->progress);
    return status;
}

static bool same_roof(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "name"), json_object_get(b, "name")) &&
           json_equal(json_object_get(a, "max_isa"), json_object_get(b, "max_isa"));
}

/* Beside the roofs of other passes; newer ones replace their namesakes. */
static void add_roofs(json_t *results)
{
    json_t *mine = vg_roofline_json(), *all = json_object_get(mine, "roofs"), *old;
    size_t index;
    json_array_foreach(json_object_get(json_object_get(results, "roofline"), "roofs"), index, old) {
        bool known = false;
        for (size_t i = 0; i < json_array_size(all) && !known; i++)
            known = same_roof(json_array_get(all, i), old);
        if (!known)
            json_array_append(all, old);
    }
    json_object_set_new(results, "roofline", mine);
}

vg_status vg_bench_cases(const vg_bench_request *request, json_t *results,
                         vg_bench_summary *summary)
{
    vg_noise noise = {.cpus = vg_binding_cpus()};
    size_t count = (size_t)request->cases->count;
    *summary = (vg_bench_summary){0};
    run r = {.request = request,
             .results = results,
             .summary = summary,
             .context = {&noise, request->max_isa, request->sampling.seed, request->resamples},
             .comparisons = calloc(count, sizeof *r.comparisons),
             .threads = calloc(count, sizeof *r.threads)};
    if (request->sampling.cold)
        r.width = (int)strlen("kernel and shape, cold weights");
    for (size_t i = 0; i < count; i++) {
        char name[320];
        vg_case_format(&request->cases->items[i], name, sizeof name);
        r.width = (int)strlen(name) > r.width ? (int)strlen(name) : r.width;
    }
    vg_status status = r.comparisons && r.threads ? VG_OK : vg_fail(VG_ENOMEM, "out of memory");
    if (!status)
        status = measure_all_noise(request, &noise, &r.drift);
    if (!status && request->table)
        vg_bench_table_head(request->table, request->format, r.width, request->sampling.cold);
    for (int i = 0; !status && i < request->copy_count; i++)
        vg_bench_table_head(request->copies[i], request->copy_formats[i], r.width,
                            request->sampling.cold);
    if (!status)
        status = all_cases(&r);
    if (!status && request->table && request->format == VG_FORMAT_TABLE && summary->cases > 1)
        vg_bench_table_foot(request->table, r.comparisons, r.threads, summary->cases);
    vg_drift_look_now(&r.drift);
    json_t *record = vg_noise_json(&noise);
    json_object_set_new(record, "drift", vg_drift_json(&r.drift));
    json_object_set_new(record, "timer", vg_clock_timer_json());
    json_object_set_new(results, "noise", record);
    vg_drift_release(&r.drift);
    add_roofs(results);
    if (summary->left_out)
        json_object_set_new(results, "partial", json_true());
    free(r.comparisons);
    free(r.threads);
    return status;
}
