/* SPDX-License-Identifier: Apache-2.0 */
/* Part 8: what the caches saw. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/parts.h"

enum { MOST_ROWS = 400, MOST_BARS = 24 };

static const char *count_text(char buf[VG_NUM], double value)
{
    static const char *const units[] = {"", " k", " M", " G"};
    int unit = 0;
    if (!isfinite(value))
        return "n/a";
    for (; value >= 9999.5 && unit < 3; unit++)
        value /= 1000;
    snprintf(buf, VG_NUM, unit && value < 100 ? "%.1f%s" : "%.0f%s", value, units[unit]);
    return buf;
}

static void count_cell(vg_text *out, double value)
{
    char buf[VG_NUM];
    vg_cell_printf(out, "%s", count_text(buf, value));
}

static void bytes_cell(vg_text *out, double value)
{
    char buf[VG_NUM];
    if (isfinite(value))
        vg_cell_printf(out, "%s", vg_num_bytes(buf, value));
    else
        vg_cell_printf(out, "n/a");
}

/* Where the counts come from, and with which caches. */
static void source_note(vg_text *out, const json_t *record)
{
    const char *source = vg_doc_str(record, "source"), *reason = vg_doc_str(record, "reason");
    const char *tool = vg_doc_str(record, "tool"), *isa = vg_doc_str(record, "isa");
    char size[VG_NUM], simulated[VG_NUM];
    size_t i;
    json_t *cache;
    if (reason) {
        vg_text_add(out, "\n*n/a: counters (");
        vg_text_md(out, reason);
        vg_text_add(out, ").*\n");
    }
    if (!source || strcmp(source, "simulated") || reason)
        return;
    vg_text_add(out, "\n**Simulated**, not measured: ");
    vg_text_md(out, tool ? tool : "callgrind");
    vg_text_add(out, ", path ");
    vg_text_md(out, isa ? isa : "not recorded");
    vg_text_add(out, ", one thread, LRU, no prefetcher; two runs agree exactly. Caches:");
    json_array_foreach(json_object_get(record, "caches"), i, cache) {
        const char *type = vg_doc_str(cache, "type");
        vg_text_printf(out, "%s L%.0f ", i ? "," : "", vg_doc_num(cache, "level"));
        vg_text_md(out, type ? type : "");
        vg_text_printf(out, " %s",
                       vg_num_bytes(simulated, vg_doc_num(cache, "simulated_size")));
        if (!vg_doc_true(cache, "exact"))
            vg_text_printf(out, " (the machine has %s; the number of sets is a power of two)",
                           vg_num_bytes(size, vg_doc_num(cache, "size")));
    }
    vg_text_add(out, ".");
    if (isa && !strcmp(isa, "avx2"))
        vg_text_add(out, " A fused multiply-add that reads memory counts as one load per lane: valgrind "
                         "takes it apart, in the code of both libraries.");
    vg_text_add(out, "\n");
}

/* --- kernels -------------------------------------------------------------------------------- */

/* Counts are those of the caches that the record is of. */
static double count_of(const json_t *record, const json_t *row, const char *key)
{
    const char *mode = vg_doc_str(record, "cold_cache");
    const char *state = !mode ? "hot" : strcmp(mode, "wei") ? "cold" : "cold_weights";
    return vg_doc_num(json_object_get(row, state), key);
}

static void kernel_row(vg_text *out, const json_t *record, const json_t *row)
{
    const char *kernel = vg_doc_str(row, "kernel"), *error = vg_doc_str(row, "error");
    double elements = vg_doc_num(row, "elements");
    char per[VG_NUM], model[VG_NUM];
    vg_row_begin(out);
    vg_cell_code(out, kernel ? kernel : "not named");
    if (error) {
        vg_cell_md(out, error);
        for (int i = 0; i < 5; i++)
            vg_cell_printf(out, "n/a");
    } else {
        count_cell(out, count_of(record, row, "instructions"));
        count_cell(out, count_of(record, row, "loads") + count_of(record, row, "stores"));
        count_cell(out, count_of(record, row, "l1_misses"));
        count_cell(out, count_of(record, row, "l2_misses"));
        count_cell(out, vg_doc_num(row, "cold.l3_misses"));
        vg_cell_printf(out, "%s / %s", vg_num(per, count_of(record, row, "l1_bytes") / elements, 3),
                       vg_num(model, vg_doc_num(row, "bytes") / elements, 3));
    }
    vg_row_end(out);
}

static void kernels(vg_text *out, const json_t *record)
{
    static const char *const head[] = {"kernel",    "instructions", "loads + stores",
                                       "L1 misses", "L2 misses",    "L3 misses, cold",
                                       "bytes into L1 / model, per value"};
    const json_t *rows = json_object_get(record, "rows");
    size_t count = json_array_size(rows), i;
    json_t *row;
    source_note(out, record);
    if (!count)
        return;
    vg_text_printf(out, "\nOne run with %s; cold: with empty caches. The model reads and writes "
                        "every tensor once.\n\n",
                   vg_doc_str(record, "cold_cache") ? "the caches named below" : "warm caches");
    vg_details_begin(out, "%zu kernels", count);
    vg_table_head(out, "lrrrrrr", head);
    json_array_foreach(rows, i, row)
        if (i < MOST_ROWS)
            kernel_row(out, record, row);
    if (count > MOST_ROWS)
        vg_text_printf(out, "\n%zu more are in the results file.\n", count - MOST_ROWS);
    vg_details_end(out);
}

/* --- training steps ------------------------------------------------------------------------- */

/* "0.132 [0.131, 0.134] (avx2)": a step's time, its interval and the path it is of. */
static void step_time_cell(vg_text *out, double ms, const json_t *ci, const char *path)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    double lo = vg_doc_bound(ci, 0), hi = vg_doc_bound(ci, 1);
    vg_cell_printf(out, "%s", vg_num(a, ms, 3));
    if (isfinite(lo) && isfinite(hi))
        vg_text_printf(out, " [%s, %s]", vg_num(b, lo, 3), vg_num(c, hi, 3));
    if (path) {
        vg_text_add(out, " (");
        vg_text_md(out, path);
        vg_text_add(out, ")");
    }
}

static void step_row(vg_text *out, const json_t *record, const json_t *row)
{
    const char *label = vg_doc_str(row, "label"), *error = vg_doc_str(row, "error");
    char buf[VG_NUM];
    vg_row_begin(out);
    vg_cell_code(out, label ? label : "not named");
    step_time_cell(out, vg_doc_num(row, "cost.step_ms"), vg_doc_get(row, "cost.step_ms_ci95"),
                   vg_doc_str(row, "spec.backend"));
    step_time_cell(out, vg_doc_num(row, "counted_step_ms"),
                   json_object_get(row, "counted_step_ms_ci95"), vg_doc_str(row, "counted_path"));
    vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(row, "cost.onednn_step_ms"), 3));
    bytes_cell(out, vg_doc_num(row, "bytes"));
    for (int level = 1; level <= 3; level++) {
        char key[24];
        snprintf(key, sizeof key, "l%d_bytes", level);
        bytes_cell(out, count_of(record, row, key));
    }
    vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(row, "bytes_per_s.l1") / 1e9, 3));
    vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(row, "bytes_per_s.l2") / 1e9, 3));
    vg_row_end(out);
    if (error) {
        vg_row_begin(out);
        vg_cell_md(out, error);
        vg_row_end(out);
    }
}

static bool has_word(const char *label, const char *word, size_t n)
{
    for (const char *p = label; (p = strstr(p, word)) != NULL; p++)
        if ((p == label || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static bool all_have(const json_t *rows, const char *word, size_t n)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        const char *label = vg_doc_str(row, "label");
        if (!label || !has_word(label, word, n))
            return false;
    }
    return true;
}

/* The words of a network's spec that not all networks share: what fits below an axis. */
static void short_label(const json_t *rows, const char *label, char *text, size_t size)
{
    char copy[256], *rest = NULL;
    size_t used = 0;
    text[0] = '\0';
    snprintf(copy, sizeof copy, "%s", label);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (all_have(rows, word, strlen(word)) || used + strlen(word) + 2 > size)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", word);
    }
    if (!used)
        snprintf(text, size, "%.30s", label);
}

static vg_status step_plot(vg_report *report, int document, const json_t *rows, bool simulated)
{
    static const char *const paths[] = {"bytes", "hot.l1_bytes", "hot.l2_bytes", "hot.l3_bytes"};
    static const char *const names[] = {"model", "into L1", "into L2", "into L3"};
    vg_plot plot = {.height = 420};
    vg_text alt = {0};
    size_t count = json_array_size(rows), i;
    json_t *row;
    int bars = 0;
    char name[64];
    count = count > MOST_BARS ? MOST_BARS : count;
    vg_text_printf(&plot.script,
                   "set title 'Bytes of a forward and backward pass%s'\nset ylabel 'MiB'\n"
                   "set style fill solid 0.8 noborder\nset boxwidth 0.2\nset yrange [0:*]\n"
                   "set xrange [-0.6:%zu.4]\nset xtics scale 0 %snoenhanced (",
                   simulated ? ", simulated" : "", count - 1,
                   count > 4 ? "rotate by 20 right " : "");
    json_array_foreach(rows, i, row) {
        const char *label = vg_doc_str(row, "label");
        char shortened[48];
        if (i >= count)
            break;
        short_label(rows, label ? label : "", shortened, sizeof shortened);
        vg_text_add(&plot.script, i ? ", " : "");
        vg_text_gnuplot(&plot.script, shortened);
        vg_text_printf(&plot.script, " %zu", i);
    }
    vg_text_add(&plot.script, ")\nplot ");
    for (int b = 0; b < 4; b++) {
        int drawn = 0;
        json_array_foreach(rows, i, row) {
            double bytes = vg_doc_num(row, paths[b]);
            if (i < count && isfinite(bytes)) {
                vg_text_printf(&plot.data, "%.3f %.6g\n", (double)i + 0.2 * (b - 1.5),
                               bytes / (1 << 20));
                drawn++;
            }
        }
        if (!drawn)
            continue;
        vg_text_add(&plot.data, "\n\n");
        vg_text_printf(&plot.script, "%sdata index %d using 1:2 with boxes lc rgb '%s' title '%s'",
                       bars ? ", \\\n     " : "", bars, vg_colours[b], names[b]);
        vg_text_printf(&alt, "%s%s of %d networks", bars ? "; " : "Bytes moved: ", names[b], drawn);
        bars++;
    }
    vg_text_add(&plot.script, "\n");
    snprintf(name, sizeof name, "bytes_per_step_%d", document + 1);
    return vg_plot_finish(report, &plot, &alt, name, bars > 0);
}

static vg_status steps(vg_report *report, int document, const json_t *record)
{
    static const char *const head[] = {
        "network", "step, ms [95 %]", "counted path, ms [95 %]", "oneDNN, ms", "bytes, model",
        "into L1", "into L2",         "into L3",                 "L1 GB/s",    "L2 GB/s"};
    vg_text *out = &report->out;
    const json_t *rows = json_object_get(record, "rows");
    const char *source = vg_doc_str(record, "source");
    size_t i;
    json_t *row;
    source_note(out, record);
    if (!json_array_size(rows))
        return VG_OK;
    vg_text_add(out, "\nForward and backward pass. Bytes into the caches, and bytes per second, are of the "
                     "counted path and its own time.\n\n");
    vg_table_head(out, "lrrrrrrrrr", head);
    json_array_foreach(rows, i, row)
        if (i < MOST_ROWS)
            step_row(out, record, row);
    return step_plot(report, document, rows, source && !strcmp(source, "simulated"));
}

vg_status vg_part_cache(vg_report *report)
{
    vg_part_title(report, 8, "Cache behaviour");
    for (int d = 0; d < report->count; d++) {
        const json_t *records = json_object_get(report->docs[d], "profile");
        const char *reason = vg_doc_str(report->docs[d], "machine.pmu.reason");
        size_t i;
        json_t *record;
        int shown = 0, sets = 0;
        vg_part_document(report, d);
        json_array_foreach(records, i, record) {
            const char *kind = vg_doc_str(record, "kind");
            if (!kind || (strcmp(kind, "kernels") && strcmp(kind, "steps") &&
                          strcmp(kind, "working_set")))
                continue;
            shown++;
            if (!strcmp(kind, "working_set"))
                VG_TRY(vg_part_sets(report, d, record, &sets));
            else if (!strcmp(kind, "kernels"))
                kernels(&report->out, record);
            else
                VG_TRY(steps(report, d, record));
            vg_part_cold(report, record);
        }
        if (!shown)
            vg_part_missing(report, "cache counters", "vgbench profile");
        if (reason) {
            vg_text_add(&report->out, "\nHardware counters here: ");
            vg_text_md(&report->out, reason);
            vg_text_add(&report->out, "\n");
        }
    }
    return VG_OK;
}
