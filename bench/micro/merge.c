/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/merge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/binding.h"
#include "measure/noise.h"
#include "measure/stats.h"
#include "reports/stats.h"
#include "results/results.h"

enum { PROCESSES_MAX = 64, RESAMPLES = 4000 };

static json_t *find(const json_t *array, const char *key, const char *text)
{
    size_t index;
    json_t *item;
    json_array_foreach(array, index, item)
        if (!strcmp(vg_json_get_text(item, key, ""), text))
            return item;
    return NULL;
}

static void mark_samples(json_t *entry, size_t count, int number)
{
    json_t *processes = json_object_get(entry, "samples_process");
    if (!processes) {
        processes = json_array();
        json_object_set_new(entry, "samples_process", processes);
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(processes, json_integer(number));
}

/* Ratios and medians of this process, to be judged when all are there. */
static void collect(json_t *entry, const json_t *part)
{
    size_t index;
    json_t *ratio, *ratios = json_object_get(entry, "ratios");
    json_t *medians = json_object_get(entry, "medians_ns");
    if (!medians) {
        medians = json_array();
        json_object_set_new(entry, "medians_ns", medians);
    }
    json_array_append(medians, json_object_get(part, "real_time"));
    json_array_foreach(json_object_get(part, "ratios"), index, ratio) {
        json_t *own = find(ratios, "base", vg_json_get_text(ratio, "base", ""));
        if (!own)
            continue;
        if (!json_object_get(own, "by_process"))
            json_object_set_new(own, "by_process", json_array());
        json_array_append(json_object_get(own, "by_process"), json_object_get(ratio, "ratio"));
    }
}

static void merge_entry(json_t *entries, const json_t *part, int number)
{
    const json_t *samples = json_object_get(part, "samples_ns");
    json_t *entry = find(entries, "kernel", vg_json_get_text(part, "kernel", ""));
    if (!entry) {
        entry = json_deep_copy(part);
        json_array_append_new(entries, entry);
    } else if (json_is_true(json_object_get(entry, "error_occurred"))) {
        return; /* a row that failed in one process stays failed */
    } else if (!samples) {
        json_object_update(entry, (json_t *)part);
        json_object_del(entry, "samples_ns");
        return;
    } else {
        json_array_extend(json_object_get(entry, "samples_ns"), (json_t *)samples);
    }
    mark_samples(entry, json_array_size(samples), number);
    collect(entry, part);
}

static json_t *section(json_t *results, const char *key, const char *array)
{
    json_t *part = json_object_get(results, key);
    if (!part) {
        part = json_object();
        json_object_set_new(results, key, part);
    }
    if (!json_object_get(part, array))
        json_object_set_new(part, array, json_array());
    return json_object_get(part, array);
}

/* Of several processes the one that moved most. */
static void merge_drift(json_t *results, const json_t *pass)
{
    json_t *noise = json_object_get(results, "noise");
    const json_t *theirs = json_object_get(pass, "noise");
    json_t *drift = json_object_get(theirs, "drift");
    double before = vg_json_get_number(json_object_get(noise, "drift"), "range");
    double now = vg_json_get_number(drift, "range");
    if (drift && !(now <= before) && !(isnan(now) && !isnan(before)))
        json_object_set(noise, "drift", drift);
    if (json_object_get(theirs, "timer"))
        json_object_set(noise, "timer", json_object_get(theirs, "timer"));
}

vg_status vg_merge_pass(json_t *results, const json_t *pass, int number)
{
    size_t index;
    json_t *item, *pairs = section(results, "noise", "pairs");
    json_t *roofs = section(results, "roofline", "roofs");
    if (number >= PROCESSES_MAX)
        return vg_fail(VG_EINVAL, "more than %d processes", PROCESSES_MAX);
    json_array_foreach(json_object_get(pass, "benchmarks"), index, item)
        merge_entry(json_object_get(results, "benchmarks"), item, number);
    json_array_extend(pairs, json_object_get(json_object_get(pass, "noise"), "pairs"));
    merge_drift(results, pass);
    json_array_foreach(json_object_get(json_object_get(pass, "roofline"), "roofs"), index, item)
        if (!find(roofs, "name", vg_json_get_text(item, "name", "")))
            json_array_append(roofs, item);
    return VG_OK;
}

/* --- judgement -------------------------------------------------------------------------------- */

static size_t numbers(const json_t *array, double values[PROCESSES_MAX])
{
    size_t index, count = 0;
    json_t *item;
    json_array_foreach(array, index, item)
        if (json_is_number(item) && count < PROCESSES_MAX)
            values[count++] = json_number_value(item);
    return count;
}

static int threads_in(const char *kernel)
{
    const char *at = strstr(kernel, "/threads:");
    return at ? atoi(at + strlen("/threads:")) : 0;
}

static void judge_noise(json_t *results, vg_noise *noise)
{
    size_t index;
    json_t *pair;
    int samples = 0;
    json_array_foreach(json_object_get(json_object_get(results, "noise"), "pairs"), index, pair) {
        const char *kernel = vg_json_get_text(pair, "kernel", "");
        vg_noise_add(noise, kernel, threads_in(kernel), vg_json_get_number(pair, "ratio"), samples);
    }
    json_t *judged = vg_noise_json(noise), *before = json_object_get(results, "noise");
    static const char *const kept[] = {"drift", "timer"};
    for (int i = 0; i < 2; i++)
        if (json_object_get(before, kept[i]))
            json_object_set(judged, kept[i], json_object_get(before, kept[i]));
    json_object_set_new(results, "noise", judged);
}

static vg_status judge_ratio(json_t *ratio, const vg_noise *noise, int threads, uint64_t seed)
{
    double values[PROCESSES_MAX];
    vg_interval ci;
    size_t count = numbers(json_object_get(ratio, "by_process"), values);
    VG_TRY(vg_stat_median_ci(values, count, 0.95, RESAMPLES, seed, &ci));
    double middle = vg_stat_median(values, count);
    vg_verdict verdict = vg_verdict_of((vg_estimate){middle, ci.lo, ci.hi},
                                       vg_noise_floor(noise, threads));
    vg_json_set_number(ratio, "ratio", middle);
    json_object_set_new(ratio, "ci95", vg_json_interval(ci.lo, ci.hi));
    json_object_del(ratio, "p"); /* of one process only */
    vg_json_set_text(ratio, "verdict", vg_verdict_name(verdict));
    return VG_OK;
}

static vg_status judge_entry(json_t *entry, const vg_noise *noise, int processes, uint64_t seed)
{
    char text[32];
    double values[PROCESSES_MAX];
    vg_interval ci;
    size_t index, count = numbers(json_object_get(entry, "medians_ns"), values);
    json_t *ratio;
    if (!count || json_is_true(json_object_get(entry, "error_occurred")))
        return VG_OK;
    double median = vg_stat_median(values, count);
    double before = vg_json_get_number(entry, "real_time");
    VG_TRY(vg_stat_median_ci(values, count, 0.95, RESAMPLES, seed, &ci));
    vg_json_set_number(entry, "real_time", median);
    json_object_set_new(entry, "ci95_ns", vg_json_interval(ci.lo, ci.hi));
    static const char *const rates[] = {"gflops", "gbps", "roof_fraction"};
    for (int i = 0; i < 3; i++)
        vg_json_set_number(entry, rates[i], vg_json_get_number(entry, rates[i]) * before / median);
    snprintf(text, sizeof text, "processes:%d", processes);
    vg_json_set_text(entry, "comparison", text);
    json_array_foreach(json_object_get(entry, "ratios"), index, ratio)
        VG_TRY(
            judge_ratio(ratio, noise, (int)vg_json_get_number(entry, "omp_threads_asked"), seed));
    return VG_OK;
}

vg_status vg_merge_finish(json_t *results, int processes, uint64_t seed)
{
    size_t index;
    json_t *entry;
    vg_noise *noise = calloc(1, sizeof *noise);
    if (!noise)
        return vg_fail(VG_ENOMEM, "out of memory");
    noise->cpus = vg_binding_cpus();
    judge_noise(results, noise);
    vg_status status = VG_OK;
    json_array_foreach(json_object_get(results, "benchmarks"), index, entry)
        if (!status && json_object_get(entry, "medians_ns"))
            status = judge_entry(entry, noise, processes, seed);
    free(noise);
    return status;
}
