/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench profile --filter: what the caches see of kernels. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/progress.h"
#include "measure/cachesim.h"
#include "measure/counters.h"
#include "micro/cases.h"
#include "results/results.h"
#include "vgbench/onednn.h"

vg_status vg_profile_simulate(const char *const words[], int shares, json_t *record)
{
    vg_sim_geometry geometry;
    char creator[64];
    json_t *rows;
    int most = shares < VG_SIM_PROCESSES_MAX ? shares : VG_SIM_PROCESSES_MAX;
    vg_json_set_text(record, "source", "simulated");
    vg_json_set_text(record, "isa", vg_sim_backend());
    vg_sim_request request = {
        .words = words,
        .processes = most < 1 ? 1 : most,
        .parallel = vg_allowed_cpus(),
        .geometry = &geometry};
    vg_status status = vg_sim_geometry_of(vg_topology_get(), &geometry);
    if (!status) {
        json_object_set_new(record, "caches", vg_sim_geometry_json(&geometry));
        status = vg_sim_run(&request, &rows, creator);
    }
    if (status) {
        vg_json_set_text(record, "reason", vg_status_message());
        json_object_set_new(record, "rows", json_array());
        return status;
    }
    vg_json_set_text(record, "tool", creator);
#if defined(__x86_64__)
    vg_json_set_text(record, "arithmetic",
                     "own fused multiply-adds of registers ran as additions: the same counts");
#endif
    json_object_set_new(record, "rows", rows);
    return VG_OK;
}

/* --- rows ----------------------------------------------------------------------------------- */

/* What a count is divided by: the values of the largest tensor. */
static double elements_of(const vg_kernel *kernel, const vg_shape *shape)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(kernel->op, kernel->dir, shape, list);
    double most = 0;
    for (int i = 0; i < count; i++) {
        double values = (double)list[i].rows * (double)list[i].cols;
        most = values > most ? values : most;
    }
    return most;
}

json_t *vg_profile_entry(const vg_kernel *kernel, const vg_shape *shape, int threads)
{
    char name[320];
    json_t *entry = json_object();
    vg_kernel_format(kernel, shape, threads, name, sizeof name);
    vg_json_set_text(entry, "kernel", name);
    vg_json_set_text(entry, "op", vg_op_name(kernel->op));
    vg_json_set_text(entry, "dir", vg_dir_name(kernel->dir));
    vg_json_set_text(entry, "backend", vg_backend_name(kernel->backend));
    json_object_set_new(entry, "omp_threads", json_integer(threads));
    vg_json_set_number(entry, "elements", elements_of(kernel, shape));
    vg_json_set_number(entry, "flops", vg_op_flops(kernel->op, kernel->dir, shape));
    vg_json_set_number(entry, "bytes", vg_op_bytes(kernel->op, kernel->dir, shape));
    return entry;
}

void vg_profile_conditions(const vg_options *options)
{
    const char *problem = vg_topology_get()->problem;
    int most = 0, cpus = vg_allowed_cpus();
    for (int i = 0; i < options->thread_count; i++)
        most = options->thread_list[i] > most ? options->thread_list[i] : most;
    if (problem)
        vg_say(options->quiet, "%s", problem);
    if (most > cpus)
        vg_say(options->quiet, "%d threads on %d CPU%s: they take turns, and times are of that", most,
               cpus, cpus == 1 ? "" : "s");
}

/* --- selection ------------------------------------------------------------------------------ */

/* Own rows, of the path that valgrind can run if they are simulated, and oneDNN's. */
static void default_backends(bool simulated, char *text, size_t size)
{
    bool onednn = *vg_onednn_version() != '\0';
    snprintf(text, size, "%s%s", simulated ? vg_sim_backend() : "best", onednn ? ",onednn" : "");
}

vg_status vg_profile_can_simulate(const char *backends)
{
    char copy[256], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", backends);
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        if (!strcmp(word, "avx512") || !strcmp(word, "auto_avx512"))
            return vg_fail(VG_EINVAL, "backend %s: valgrind, which simulates, runs no AVX-512; it "
                                      "runs best (as avx2), avx2, auto_avx2, scalar, onednn",
                           word);
    return VG_OK;
}

static vg_status make_cases(const vg_profile_query *query, const char *backends, bool one_thread,
                            vg_shape_list *shapes, vg_case_list *cases)
{
    static const int one = 1;
    VG_TRY(vg_shapes_load(query->shapes, shapes));
    vg_case_query which = {shapes, query->filter, backends,
                           one_thread ? &one : query->options->thread_list,
                           one_thread ? 1 : query->options->thread_count};
    vg_status status = vg_cases_make(&which, cases);
    if (status)
        vg_shapes_release(shapes);
    return status;
}

static vg_status simulate(const vg_profile_query *query, const char *backends, int rows,
                          json_t *record)
{
    /* Whatever the machine has: the rows that a process ran before move its heap, and counts should
     * agree between machines. Odd: own rows and oneDNN's take turns, and the latter take longest. A
     * process takes a second to start, a row about as long. */
    enum { SHARES = 7, ROWS_EACH = 8 };
    int shares = (rows / ROWS_EACH) | 1;
    char backend_word[160], filter_word[300], shapes_word[600], isa_word[40];
    snprintf(backend_word, sizeof backend_word, "--backend=%s", backends);
    snprintf(shapes_word, sizeof shapes_word, "--shapes=%s", query->shapes);
    snprintf(filter_word, sizeof filter_word, "--filter=%s", query->filter ? query->filter : "all");
    snprintf(isa_word, sizeof isa_word, "--max-isa=%s", vg_sim_backend());
    const char *words[] = {
        isa_word, backend_word,
        shapes_word, filter_word,
        query->cold == VG_COLD_WEI ? "--cold-weights" : NULL, NULL};
    json_object_set_new(record, "threads", json_integer(1));
    vg_say(query->options->quiet, "simulating the caches for %d rows under valgrind", rows);
    return vg_profile_simulate(words, shares < SHARES ? shares : SHARES, record);
}

/* Rows with what the model says of them, and no counts, where there is nothing that counts. */
static void model_only(const vg_case_list *cases, json_t *record)
{
    json_t *rows = json_array();
    for (int i = 0; i < cases->count; i++)
        for (int k = 0; k < cases->items[i].row_count; k++)
            json_array_append_new(rows, vg_profile_entry(cases->items[i].rows[k],
                                                         &cases->items[i].shape,
                                                         cases->items[i].threads));
    vg_json_set_text(record, "source", "none");
    json_object_set_new(record, "rows", rows);
}

const char vg_profile_no_counts[] = "counts n/a: --counters=none was asked for; sim simulates them, pmu "
                                    "has them where the CPU counts";

/* "pmu", "sim" or "none"; pmu by name where there is none is an error that leaves the model. */
vg_status vg_profile_source(const char *wanted, const char **source)
{
    char reason[VG_COUNTERS_REASON];
    *source = wanted;
    if (strcmp(wanted, "auto") && strcmp(wanted, "pmu"))
        return VG_OK;
    bool there = vg_counters_available(vg_perf_kernel_get(), reason, sizeof reason);
    *source = there ? "pmu" : strcmp(wanted, "auto") ? "none" : "sim";
    if (there || !strcmp(*source, "sim"))
        return VG_OK;
    return vg_fail(VG_EUNSUPPORTED, "hardware counters n/a: %s; --counters=sim needs none",
                   reason);
}

vg_status vg_profile_kernels(const vg_profile_query *query, json_t **record)
{
    char backends[128], reason[512] = "";
    const char *source;
    vg_shape_list shapes;
    vg_case_list cases;
    vg_status chosen = vg_profile_source(query->counters, &source);
    if (chosen)
        snprintf(reason, sizeof reason, "%s", vg_status_message());
    else if (!strcmp(source, "none"))
        snprintf(reason, sizeof reason, "%s", vg_profile_no_counts);
    if (query->options->backend)
        snprintf(backends, sizeof backends, "%s", query->options->backend);
    else
        default_backends(!strcmp(source, "sim"), backends, sizeof backends);
    if (!strcmp(source, "sim"))
        VG_TRY(vg_profile_can_simulate(backends));
    VG_TRY(make_cases(query, backends, strcmp(source, "pmu"), &shapes, &cases));
    *record = json_object();
    vg_json_set_text(*record, "kind", "kernels");
    vg_json_set_text(*record, "backends", backends);
    vg_status status = VG_OK;
    int rows = 0;
    for (int i = 0; i < cases.count; i++)
        rows += cases.items[i].row_count;
    if (!strcmp(source, "sim")) {
        status = simulate(query, backends, rows, *record);
        if (status)
            model_only(&cases, *record);
    } else if (!strcmp(source, "pmu"))
        status = vg_profile_pmu(&cases, query->cold, query->options->quiet, *record);
    else
        model_only(&cases, *record);
    if (!status && query->cold)
        status = vg_profile_cold_rows(&cases, query->cold, query->options->quiet, *record);
    vg_cases_release(&cases);
    vg_shapes_release(&shapes);
    if (*reason)
        vg_json_set_text(*record, "reason", reason);
    return chosen ? vg_fail(chosen, "%s", reason) : status;
}

/* --- table ---------------------------------------------------------------------------------- */

static int longest_kernel(const json_t *rows)
{
    size_t i, longest = 6;
    json_t *row;
    json_array_foreach(rows, i, row) {
        size_t n = strlen(vg_json_get_text(row, "kernel", ""));
        longest = n > longest ? n : longest;
    }
    return (int)longest;
}

static double get(const json_t *row, const char *state, const char *key)
{
    return vg_json_get_number(json_object_get(row, state), key);
}

enum { COLUMNS = 10 };

/* Time with cold caches over that with hot ones; a dash where it was not shown to be cold. */
static const char *cold_cell(const json_t *row, vg_format format, char text[32])
{
    const json_t *cold = json_object_get(row, "cold_cache");
    if (json_object_get(cold, "note") && format != VG_FORMAT_CSV)
        return "-";
    return vg_profile_count(
        vg_json_get_number(cold, "cold_ns") / vg_json_get_number(cold, "hot_ns"), format, text);
}

static void print_row(FILE *out, vg_format format, int width, vg_cold mode, const json_t *row)
{
    static const char *const keys[] = {"instructions", "loads",     "stores",
                                       "l1_misses",    "l2_misses", "l3_misses"};
    char text[COLUMNS][32];
    const char *cells[COLUMNS] = {vg_json_get_text(row, "kernel", "?")};
    const char *state = vg_profile_state(mode);
    double elements = vg_json_get_number(row, "elements");
    for (int i = 0; i < 6; i++)
        cells[i + 1] = vg_profile_count(get(row, state, keys[i]), format, text[i + 1]);
    cells[7] = mode ? cold_cell(row, format, text[7])
                    : vg_profile_count(get(row, "cold", "l3_misses"), format, text[7]);
    cells[8] = vg_profile_count(get(row, state, "l1_bytes") / elements, format, text[8]);
    cells[9] = vg_profile_count(vg_json_get_number(row, "bytes") / elements, format, text[9]);
    vg_profile_row(out, format, width, cells, COLUMNS);
}

/* Of which path the rows of "best" are: those of another that a filter names are not there. */
static const char *best_path(const json_t *record, char text[48])
{
    bool best = strstr(vg_json_get_text(record, "backends", ""), "best") != NULL;
    snprintf(text, 48, " (best: %s)", vg_backend_name(vg_backend_best()));
    return best ? text : "";
}

static void print_foot(FILE *out, vg_cold mode, const json_t *record)
{
    char text[48];
    static const char *const what[] = {"warm caches (L3 cold: with empty ones)",
                                       "caches warm but for the weights", "empty caches"};
    fprintf(out, "\nCounts of one run with %s. B/value: bytes into L1 per value of\nthe largest "
                 "tensor; model: what must be read and written once.\n",
            what[mode]);
    fprintf(out, "Rows of the backends %s%s; --backend has others.\n",
            vg_json_get_text(record, "backends", "?"), best_path(record, text));
    if (mode)
        fprintf(out, "x hot: measured time of one call with %s over that with hot caches, in turn; "
                     "-: no weights,\nor reading after the flush took less than %g times as long as "
                     "reading again.\n",
                vg_cold_text(mode), VG_COLD_FACTOR);
    const json_t *overhead = json_object_get(record, "overhead");
    if (json_object_get(overhead, "start_stop_ns"))
        fprintf(out, "A start and stop of the counters takes %.0f ns: %.3f %% of a kernel of 10 us.\n",
                vg_json_get_number(overhead, "start_stop_ns"),
                100 * vg_json_get_number(overhead, "share_of_10us"));
    vg_profile_simulated_note(out, record);
}

void vg_profile_kernels_table(FILE *out, vg_format format, const json_t *record)
{
    const char *head[COLUMNS] = {"kernel",  "instr",   "loads",   "stores",  "L1 miss",
                                 "L2 miss", "L3 miss", "L3 cold", "B/value", "model"};
    size_t i;
    json_t *row;
    vg_cold mode;
    const json_t *rows = json_object_get(record, "rows");
    int width = longest_kernel(rows);
    (void)vg_cold_by_name(vg_json_get_text(record, "cold_cache", NULL), &mode);
    head[7] = mode ? "x hot" : head[7];
    if (json_object_get(record, "reason") && format != VG_FORMAT_CSV)
        fprintf(out, "%s\n", vg_json_get_text(record, "reason", ""));
    if (!json_array_size(rows))
        return;
    vg_profile_row(out, format, width, head, COLUMNS);
    vg_profile_rule(out, format, COLUMNS);
    json_array_foreach(rows, i, row)
        print_row(out, format, width, mode, row);
    if (format != VG_FORMAT_CSV)
        print_foot(out, mode, record);
}

void vg_profile_simulated_note(FILE *out, const json_t *record)
{
    size_t i;
    json_t *cache;
    if (strcmp(vg_json_get_text(record, "source", ""), "simulated") || !json_object_get(record, "tool"))
        return;
    fprintf(out, "Simulated by %s, %s path, one thread: a model of the caches, not a measurement.\n"
                 "A fused multiply-add that reads memory counts as one load per lane: valgrind takes it "
                 "apart.\n",
            vg_json_get_text(record, "tool", "?"), vg_json_get_text(record, "isa", "?"));
    json_array_foreach(json_object_get(record, "caches"), i, cache)
        fprintf(out, "L%.0f %s: %.0f KiB, %.0f ways%s\n", vg_json_get_number(cache, "level"),
                vg_json_get_text(cache, "type", ""),
                vg_json_get_number(cache, "simulated_size") / 1024,
                vg_json_get_number(cache, "simulated_ways"),
                json_is_true(json_object_get(cache, "exact"))
                    ? ""
                    : " (not the machine's: the number of sets must be a power of two)");
}
