/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench profile --filter: what the caches see of kernels. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/progress.h"
#include "measure/cachesim.h"
#include "micro/cases.h"
#include "results/results.h"
#include "vgbench/onednn.h"

vg_status vg_profile_simulate(const char *const words[], int most_processes, json_t *record)
{
    vg_sim_geometry geometry;
    char creator[64];
    json_t *rows;
    int processes = vg_allowed_cpus() < most_processes ? vg_allowed_cpus() : most_processes;
    vg_json_set_text(record, "source", "simulated");
    vg_json_set_text(record, "isa", vg_sim_backend());
    vg_sim_request request = {
        .words = words, .processes = processes < 1 ? 1 : processes, .geometry = &geometry};
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
    json_object_set_new(record, "rows", rows);
    return VG_OK;
}

/* --- selection ------------------------------------------------------------------------------ */

/* Own rows of the path that valgrind can run, and oneDNN's. */
static void default_backends(char *text, size_t size)
{
    bool onednn = *vg_onednn_version() != '\0';
    snprintf(text, size, "%s%s", vg_sim_backend(), onednn ? ",onednn" : "");
}

/* How many rows; refuses what selects nothing before valgrind is started. */
static vg_status count_rows(const vg_profile_query *query, const char *backends, int *rows)
{
    static const int one = 1;
    vg_shape_list shapes;
    vg_case_list cases;
    *rows = 0;
    VG_TRY(vg_shapes_load(query->shapes, &shapes));
    vg_case_query which = {&shapes, query->filter, backends, &one, 1};
    vg_status status = vg_cases_make(&which, &cases);
    for (int i = 0; !status && i < cases.count; i++)
        *rows += cases.items[i].row_count;
    if (!status || cases.items)
        vg_cases_release(&cases);
    vg_shapes_release(&shapes);
    return status;
}

vg_status vg_profile_kernels(const vg_profile_query *query, json_t **record)
{
    enum { PROCESSES_MAX = 8 };
    char backends[128], backend_word[160], filter_word[300], shapes_word[600], isa_word[40];
    int rows;
    if (query->options->backend)
        snprintf(backends, sizeof backends, "%s", query->options->backend);
    else
        default_backends(backends, sizeof backends);
    VG_TRY(count_rows(query, backends, &rows));
    snprintf(backend_word, sizeof backend_word, "--backend=%s", backends);
    snprintf(shapes_word, sizeof shapes_word, "--shapes=%s", query->shapes);
    snprintf(filter_word, sizeof filter_word, "--filter=%s", query->filter ? query->filter : "all");
    snprintf(isa_word, sizeof isa_word, "--max-isa=%s", vg_sim_backend());
    const char *words[] = {isa_word, backend_word, shapes_word, filter_word, NULL};
    *record = json_object();
    vg_json_set_text(*record, "kind", "kernels");
    json_object_set_new(*record, "threads", json_integer(1));
    vg_say(query->options->quiet, "simulating the caches for %d rows under valgrind", rows);
    return vg_profile_simulate(words, PROCESSES_MAX < rows ? PROCESSES_MAX : rows, *record);
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

static void print_row(FILE *out, vg_format format, int width, const json_t *row)
{
    static const char *const keys[] = {"instructions", "loads",     "stores",
                                       "l1_misses",    "l2_misses", "l3_misses"};
    char text[COLUMNS][32];
    const char *cells[COLUMNS] = {vg_json_get_text(row, "kernel", "?")};
    double elements = vg_json_get_number(row, "elements");
    for (int i = 0; i < 6; i++)
        cells[i + 1] = vg_profile_count(get(row, "hot", keys[i]), format, text[i + 1]);
    cells[7] = vg_profile_count(get(row, "cold", "l3_misses"), format, text[7]);
    cells[8] = vg_profile_count(get(row, "hot", "l1_bytes") / elements, format, text[8]);
    cells[9] = vg_profile_count(vg_json_get_number(row, "bytes") / elements, format, text[9]);
    vg_profile_row(out, format, width, cells, COLUMNS);
}

void vg_profile_kernels_table(FILE *out, vg_format format, const json_t *record)
{
    static const char *const head[COLUMNS] = {"kernel",  "instr",   "loads",   "stores",  "L1 miss",
                                              "L2 miss", "L3 miss", "L3 cold", "B/value", "model"};
    size_t i;
    json_t *row;
    const json_t *rows = json_object_get(record, "rows");
    int width = longest_kernel(rows);
    if (json_object_get(record, "reason") && format != VG_FORMAT_CSV)
        fprintf(out, "counters n/a: %s\n", vg_json_get_text(record, "reason", ""));
    if (!json_array_size(rows))
        return;
    vg_profile_row(out, format, width, head, COLUMNS);
    vg_profile_rule(out, format, COLUMNS);
    json_array_foreach(rows, i, row)
        print_row(out, format, width, row);
    if (format == VG_FORMAT_CSV)
        return;
    fprintf(out,
            "\nSimulated by %s, %s path, one thread; not measured. Counts of one run with warm "
            "caches\n(L3 cold: with empty ones). B/value: bytes into L1 per value of the largest "
            "tensor; model: what\nmust be read and written once.\n",
            vg_json_get_text(record, "tool", "?"), vg_json_get_text(record, "isa", "?"));
    json_array_foreach(json_object_get(record, "caches"), i, row)
        fprintf(out, "L%.0f %s: %.0f KiB, %.0f ways%s\n", vg_json_get_number(row, "level"),
                vg_json_get_text(row, "type", ""),
                vg_json_get_number(row, "simulated_size") / 1024,
                vg_json_get_number(row, "simulated_ways"),
                json_is_true(json_object_get(row, "exact"))
                    ? ""
                    : " (not the machine's: the number of sets must be a power of two)");
}
