/* SPDX-License-Identifier: Apache-2.0 */
/* The table of vgbench profile SPEC. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "results/results.h"

enum { CELLS = 24, TIME_WIDTH = 26, FEW_LINES = 64, LINE = 64 };

typedef struct line {
    vg_format format;
    char text[CELLS][48];
    const char *cells[CELLS];
    int count;
} line;

static void add(line *l, const char *format, ...) VG_PRINTF(2, 3);

static void add(line *l, const char *format, ...)
{
    va_list args;
    if (l->count == CELLS)
        return;
    va_start(args, format);
    vsnprintf(l->text[l->count], sizeof l->text[0], format, args);
    va_end(args);
    l->cells[l->count] = l->text[l->count];
    l->count++;
}

static void add_count(line *l, double value)
{
    char text[32];
    add(l, "%s", vg_profile_count(value, l->format, text));
}

/* "0.132 [0.131, 0.134]" and the number of samples; for CSV in columns of their own. */
static void add_time(line *l, double ms, const json_t *ci, double n)
{
    char text[TIME_WIDTH + 14] = "n/a";
    double lo = vg_json_bound(ci, 0);
    double hi = vg_json_bound(ci, 1);
    if (l->format == VG_FORMAT_CSV) {
        add_count(l, ms);
        add_count(l, lo);
        add_count(l, hi);
    } else {
        if (isfinite(ms) && isfinite(lo))
            snprintf(text, sizeof text, "%.4g [%.4g, %.4g]", ms, lo, hi);
        else if (isfinite(ms))
            snprintf(text, sizeof text, "%.4g", ms);
        add(l, "%*s", l->format == VG_FORMAT_TABLE ? TIME_WIDTH : 0, text);
    }
    add_count(l, n);
}

static void add_time_head(line *l, const char *name)
{
    char text[40];
    if (l->format == VG_FORMAT_CSV) {
        add(l, "%s", name);
        add(l, "%s lo", name);
        add(l, "%s hi", name);
        add(l, "%s n", name);
        return;
    }
    snprintf(text, sizeof text, "%s [95 %%]", name);
    add(l, "%*s", l->format == VG_FORMAT_TABLE ? TIME_WIDTH : 0, text);
    add(l, "n");
}

static void make_head(line *l)
{
    static const char *const rest[] = {"oneDNN ms", "instr",  "model B", "into L1", "into L2",
                                       "into L3",   "L1 B/s", "L2 B/s",  "L3 B/s"};
    add(l, "network");
    add(l, "path");
    add_time_head(l, "step ms");
    add(l, "rates of");
    add_time_head(l, "its ms");
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        add(l, "%s", rest[i]);
}

/* The rate of a handful of lines says nothing of a level. */
static void add_rate(line *l, double bytes, double rate)
{
    if (bytes < FEW_LINES * LINE && l->format != VG_FORMAT_CSV)
        add(l, "-");
    else
        add_count(l, rate);
}

static void make_row(line *l, vg_cold mode, const json_t *row)
{
    static const char *const levels[] = {"l1", "l2", "l3"};
    const json_t *counts = json_object_get(row, vg_profile_state(mode));
    const json_t *rates = json_object_get(row, "bytes_per_s"), *cost = json_object_get(row, "cost");
    char key[16];
    add(l, "%s", "");
    l->cells[0] = vg_json_get_text(row, "label", "?");
    add(l, "%s", vg_json_get_text(json_object_get(row, "spec"), "backend", "?"));
    add_time(l, vg_json_get_number(cost, "step_ms"), json_object_get(cost, "step_ms_ci95"),
             vg_json_get_number(cost, "n"));
    add(l, "%s", vg_json_get_text(row, "counted_path", "n/a"));
    add_time(l, vg_json_get_number(row, "counted_step_ms"),
             json_object_get(row, "counted_step_ms_ci95"), vg_json_get_number(row, "counted_n"));
    add_count(l, vg_json_get_number(cost, "onednn_step_ms"));
    add_count(l, vg_json_get_number(counts, "instructions"));
    add_count(l, vg_json_get_number(row, "bytes"));
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "%s_bytes", levels[i]);
        add_count(l, vg_json_get_number(counts, key));
    }
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "%s_bytes", levels[i]);
        add_rate(l, vg_json_get_number(counts, key), vg_json_get_number(rates, levels[i]));
    }
}

/* What cold caches made of each network, or that they were not seen to be cold. */
static void cold_lines(FILE *out, vg_cold mode, const json_t *rows)
{
    size_t i;
    json_t *row;
    fprintf(out, "its ms, counts and rates with %s; against hot caches, in turn:\n",
            vg_cold_text(mode));
    json_array_foreach(rows, i, row) {
        const json_t *cold = json_object_get(row, "cold_cache");
        const json_t *check = json_object_get(cold, "check");
        const char *note = vg_json_get_text(cold, "note", NULL);
        fprintf(
            out,
            "  %s: x %.3g of %.4g ms; %.1f KiB flushed, %s%.0f ns to read after it, %.0f again\n",
            vg_json_get_text(row, "label", "?"),
            vg_json_get_number(cold, "cold_ns") / vg_json_get_number(cold, "hot_ns"),
            1e-6 * vg_json_get_number(cold, "hot_ns"), vg_json_get_number(check, "bytes") / 1024,
            note ? "NOT shown to be cold: " : "", vg_json_get_number(check, "cold_ns"),
            vg_json_get_number(check, "hot_ns"));
    }
}

/* Why the column of oneDNN is empty somewhere. */
static void onednn_lines(FILE *out, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        const char *reason = vg_json_get_text(json_object_get(row, "cost"), "onednn_reason", NULL);
        if (reason)
            fprintf(out, "oneDNN ms of %s n/a: %s.\n", vg_json_get_text(row, "label", "?"), reason);
    }
}

static void print_foot(FILE *out, vg_cold mode, const json_t *record)
{
    double threads = vg_json_get_number(record, "threads");
    fprintf(
        out,
        "\nForward and backward pass, %.0f thread%s; oneDNN's in turn with it. model: every "
        "tensor of every op read or written\nonce. into Ln: bytes that missed in level n. "
        "Counts, and bytes per second, are those of the path \"rates of\", in its own time;\n-: "
        "fewer than %d cache lines.\n",
        threads, threads > 1 ? "s" : "", FEW_LINES);
    onednn_lines(out, json_object_get(record, "rows"));
    if (mode)
        cold_lines(out, mode, json_object_get(record, "rows"));
    vg_profile_simulated_note(out, record);
}

void vg_profile_steps_table(FILE *out, vg_format format, const json_t *record)
{
    size_t i;
    json_t *row;
    vg_cold mode;
    const json_t *rows = json_object_get(record, "rows");
    int width = 7;
    line head = {.format = format};
    (void)vg_cold_by_name(vg_json_get_text(record, "cold_cache", NULL), &mode);
    json_array_foreach(rows, i, row) {
        int n = (int)strlen(vg_json_get_text(row, "label", ""));
        width = n > width ? n : width;
    }
    if (json_object_get(record, "reason") && format != VG_FORMAT_CSV)
        fprintf(out, "%s\n", vg_json_get_text(record, "reason", ""));
    make_head(&head);
    vg_profile_row(out, format, width, head.cells, head.count);
    vg_profile_rule(out, format, head.count);
    json_array_foreach(rows, i, row) {
        line l = {.format = format};
        make_row(&l, mode, row);
        vg_profile_row(out, format, width, l.cells, l.count);
    }
    if (format != VG_FORMAT_CSV)
        print_foot(out, mode, record);
}
