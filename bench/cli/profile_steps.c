/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench profile SPEC: what a forward and backward pass of each network moves, and how fast. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/progress.h"
#include "harness/cost.h"
#include "harness/net.h"
#include "harness/sweep.h"
#include "measure/cachesim.h"
#include "measure/counters.h"
#include "measure/interrupt.h"
#include "results/results.h"

enum { MAX_STEPS = 64, WORDS_MAX = 26 };

/* --- points --------------------------------------------------------------------------------- */

static vg_status read_points(const vg_profile_query *query, vg_sweep *sweep)
{
    if (query->words.count > WORDS_MAX)
        return vg_fail(VG_EINVAL, "a spec of %d words; profile takes %d at most", query->words.count,
                       WORDS_MAX);
    VG_TRY(vg_sweep_parse(query->words.count, (char *const *)query->words.items, sweep));
    if (sweep->points <= MAX_STEPS)
        return VG_OK;
    vg_status status = vg_fail(VG_EINVAL, "the spec makes %lld networks; profile takes %d at most",
                               (long long)sweep->points, MAX_STEPS);
    vg_sweep_release(sweep);
    return status;
}

/* One thread, because the simulation has one, unless the CPU itself counts. */
static vg_status resolve(const vg_sweep *sweep, int64_t index, int threads, vg_spec *spec)
{
    char count[16];
    snprintf(count, sizeof count, "%d", threads);
    VG_TRY(vg_sweep_point(sweep, index, spec, NULL));
    VG_TRY(vg_spec_set(spec, "threads", count));
    return vg_spec_resolve(spec, VG_FOR_TRAIN);
}

/* @p given: as the user wrote it, without the number of threads that the counters ask for. */
static void describe(json_t *row, const vg_spec *spec, const vg_spec *given)
{
    char label[512];
    json_object_set_new(row, "spec", vg_spec_json(spec));
    vg_json_set_text(row, "label", vg_spec_label(given, label, sizeof label));
}

/* --- time ----------------------------------------------------------------------------------- */

/* Time of the pass as it would be run, and on the path that was simulated, whose bytes are known:
 * bandwidths are those of the latter. */
/* The path that counts and rates are of. */
static void add_counted(json_t *row, const vg_spec *spec, const json_t *cost)
{
    vg_json_set_text(row, "counted_path", vg_backend_name((vg_backend)spec->backend));
    json_object_set(row, "counted_step_ms", json_object_get(cost, "step_ms"));
    json_object_set(row, "counted_step_ms_ci95", json_object_get(cost, "step_ms_ci95"));
    json_object_set(row, "counted_n", json_object_get(cost, "n"));
}

static vg_status add_times(json_t *row, const vg_spec *spec, bool simulated)
{
    json_t *cost;
    VG_TRY(vg_cost_measure(spec, NULL, &cost));
    json_object_set(row, "flops", json_object_get(cost, "flops_per_step"));
    json_object_set(row, "bytes", json_object_get(cost, "bytes_per_step"));
    json_object_set_new(row, "cost", cost);
    double misses = vg_json_get_number(json_object_get(row, "hot"), "l2_misses");
    if (simulated && !json_is_number(json_object_get(cost, "misses")) && isfinite(misses)) {
        vg_json_set_number(cost, "misses", misses);
        vg_json_set_text(cost, "misses_source", "sim, L2");
        json_object_del(cost, "misses_reason");
    }
    vg_backend counted = vg_backend_by_name(vg_sim_backend());
    if (!simulated || spec->backend == (int)counted || spec->backend == VG_BACKEND_onednn) {
        add_counted(row, spec, cost);
        return VG_OK;
    }
    vg_spec other = *spec;
    other.backend = (int)counted;
    VG_TRY(vg_cost_measure(&other, NULL, &cost));
    add_counted(row, &other, cost);
    json_decref(cost);
    return VG_OK;
}

/* With hot and cold caches in turn, on the path whose bytes are known. */
static vg_status add_cold_times(json_t *row, const vg_spec *spec, bool simulated, vg_cold mode)
{
    vg_spec counted = *spec;
    if (simulated && spec->backend != VG_BACKEND_onednn)
        counted.backend = (int)vg_backend_by_name(vg_sim_backend());
    VG_TRY(vg_profile_cold_step(&counted, mode, row));
    const json_t *cold = json_object_get(row, "cold_cache");
    const json_t *ci = json_object_get(cold, "cold_ci95_ns");
    vg_json_set_text(row, "counted_path", vg_backend_name((vg_backend)counted.backend));
    vg_json_set_number(row, "counted_step_ms", 1e-6 * vg_json_get_number(cold, "cold_ns"));
    json_object_set_new(row, "counted_step_ms_ci95",
                        vg_json_interval(1e-6 * vg_json_bound(ci, 0),
                                         1e-6 * vg_json_bound(ci, 1)));
    json_object_set(row, "counted_n", json_object_get(cold, "n"));
    return VG_OK;
}

static void add_bandwidths(json_t *row, vg_cold mode)
{
    double seconds = vg_json_get_number(row, "counted_step_ms") * 1e-3;
    const json_t *hot = json_object_get(row, vg_profile_state(mode));
    json_t *rates = json_object();
    vg_json_set_number(rates, "model", vg_json_get_number(row, "bytes") / seconds);
    for (int level = 1; level <= 3; level++) {
        char bytes[16], name[8];
        snprintf(bytes, sizeof bytes, "l%d_bytes", level);
        snprintf(name, sizeof name, "l%d", level);
        vg_json_set_number(rates, name, vg_json_get_number(hot, bytes) / seconds);
    }
    json_object_set_new(row, "bytes_per_s", rates);
}

/* --- counters of the CPU -------------------------------------------------------------------- */

static vg_status count_net(vg_net *net, int threads, vg_cold mode, json_t *row)
{
    enum { RUNS = 5 };
    vg_counters *counters;
    vg_counts counts;
    VG_TRY(vg_counters_open(vg_perf_kernel_get(), threads, &counters));
    vg_status status = vg_net_run(net);
    vg_counters_start(counters);
    vg_counters_stop(counters);
    for (int i = 0; i < RUNS && !status; i++) {
        vg_cold_flush_plan(vg_net_plan(net), mode);
        vg_counters_resume(counters);
        status = vg_net_run(net);
        vg_counters_stop(counters);
    }
    vg_counters_read(counters, &counts);
    vg_counters_close(counters);
    json_t *hot = vg_counts_json(&counts, RUNS);
    vg_profile_add_bytes(hot);
    json_object_set_new(row, vg_profile_state(mode), hot);
    return status;
}

static vg_status count_spec(const vg_spec *spec, vg_cold mode, json_t *row)
{
    vg_team *team;
    vg_net *net;
    vg_net_options options = {0};
    VG_TRY(vg_team_create((int)spec->threads, spec->ftz, &team));
    vg_status status = vg_net_make(spec, &options, team, &net);
    if (!status) {
        status = count_net(net, (int)spec->threads, mode, row);
        vg_net_destroy(net);
    }
    vg_team_destroy(team);
    return status;
}

/* -------------------------------------------------------------------------------------------- */

/* Makes one network and lets it go: what is wrong with it is said before anything is measured. Adds the
 * seconds that its simulation takes: a pass runs cold and warm for each of two outer levels, about
 * 1.2 ns a FLOP; in oneDNN's code, where FMAs stay what they are (cheap_fma.h), ten times that. */
static vg_status try_net(const vg_spec *spec, double *sum, double *most)
{
    const double own = 1.2e-9 * 2 * 2, onednn = 12e-9 * 2 * 2;
    vg_team *team;
    vg_net *net;
    vg_net_options options = {0};
    VG_TRY(vg_team_create((int)spec->threads, 0, &team));
    vg_status status = vg_net_create(spec, &options, team, &net);
    if (!status) {
        double seconds = vg_net_flops(net) * (spec->backend == VG_BACKEND_onednn ? onednn : own);
        *sum += seconds;
        *most = fmax(*most, seconds);
        vg_net_destroy(net);
    }
    vg_team_destroy(team);
    return status;
}

/* Every network of the sweep; *estimate_s: of their simulation. */
static vg_status look_ahead(const vg_sweep *sweep, bool simulated, double *estimate_s)
{
    double sum = 0, most = 0;
    for (int64_t i = 0; i < sweep->points; i++) {
        vg_spec spec, given;
        VG_TRY(vg_sweep_point(sweep, i, &given, NULL));
        VG_TRY(resolve(sweep, i, 1, &spec));
        if (simulated && given.backend >= 0 && given.backend < VG_BACKEND_COUNT)
            VG_TRY(vg_profile_can_simulate(vg_backend_name((vg_backend)given.backend)));
        VG_TRY(try_net(&spec, &sum, &most));
    }
    const double starts = 2; /* of the processes */
    *estimate_s = starts + fmax(sum / vg_allowed_cpus(), most / 2);
    return VG_OK;
}

static vg_status simulate(const vg_profile_query *query, int points, double estimate_s, json_t *record)
{
    char isa_word[40], took[32];
    const char *words[4 + WORDS_MAX] = {isa_word, "--nets"};
    int count = 2;
    if (query->cold == VG_COLD_WEI)
        words[count++] = "--cold-weights";
    snprintf(isa_word, sizeof isa_word, "--max-isa=%s", vg_sim_backend());
    for (int i = 0; i < query->words.count; i++)
        words[count++] = query->words.items[i];
    vg_say(query->options->quiet,
           "simulating the caches for %d network%s under valgrind: about %s on an idle machine",
           points, points == 1 ? "" : "s", vg_duration(estimate_s, took));
    return vg_profile_simulate(words, points, record);
}

static vg_status measure_point(const vg_sweep *sweep, int index, const char *source, int threads,
                               vg_cold cold, json_t *rows)
{
    vg_spec spec, given;
    bool simulated = !strcmp(source, "sim");
    VG_TRY(vg_sweep_point(sweep, index, &given, NULL));
    VG_TRY(resolve(sweep, index, threads, &spec));
    while ((int)json_array_size(rows) <= index)
        json_array_append_new(rows, json_object());
    json_t *row = json_array_get(rows, (size_t)index);
    describe(row, &spec, &given);
    vg_status status = strcmp(source, "pmu") ? VG_OK : count_spec(&spec, cold, row);
    if (!status)
        status = add_times(row, &spec, simulated);
    if (!status && cold)
        status = add_cold_times(row, &spec, simulated, cold);
    if (status)
        vg_json_set_text(row, "error", vg_status_message());
    add_bandwidths(row, cold);
    return VG_OK;
}

/* The first row that could not be measured; the others stand. */
static vg_status failed_row(const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
        if (json_object_get(row, "error"))
            return vg_fail(VG_EEXTERNAL, "%s: %s", vg_json_get_text(row, "label", "?"),
                           vg_json_get_text(row, "error", "?"));
    return VG_OK;
}

vg_status vg_profile_steps(const vg_profile_query *query, json_t **record)
{
    vg_sweep sweep;
    const char *source;
    char reason[512] = "";
    double estimate_s;
    VG_TRY(read_points(query, &sweep));
    vg_status status = vg_profile_source(query->counters, &source);
    bool pmu = !strcmp(source, "pmu"), simulated = !strcmp(source, "sim");
    if (status)
        snprintf(reason, sizeof reason, "%s", vg_status_message());
    else if (!pmu && !simulated)
        snprintf(reason, sizeof reason, "%s", vg_profile_no_counts);
    vg_status fine = look_ahead(&sweep, simulated, &estimate_s);
    if (fine) {
        vg_sweep_release(&sweep);
        return fine;
    }
    *record = json_object();
    vg_json_set_text(*record, "kind", "steps");
    vg_json_set_text(*record, "source", source);
    json_object_set_new(*record, "rows", json_array());
    if (query->cold)
        vg_json_set_text(*record, "cold_cache", vg_cold_names[query->cold]);
    if (simulated) {
        status = simulate(query, (int)sweep.points, estimate_s, *record);
        if (status)
            snprintf(reason, sizeof reason, "%s", vg_status_message());
    }
    if (*reason)
        vg_json_set_text(*record, "reason", reason);
    json_object_set_new(*record, "threads", json_integer(pmu ? query->options->threads : 1));
    for (int i = 0; i < sweep.points && !vg_interrupted(); i++)
        if (measure_point(&sweep, i, source, pmu ? query->options->threads : 1,
                          query->cold, json_object_get(*record, "rows")))
            break;
    vg_sweep_release(&sweep);
    return status ? vg_fail(status, "%s", reason) : failed_row(json_object_get(*record, "rows"));
}
