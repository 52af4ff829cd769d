/* SPDX-License-Identifier: Apache-2.0 */
/* Part 9: the measured roofs and the rows under them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/kernels_plot.h"
#include "reports/parts.h"

/* Second best and worst measurement below the best one, which is the roof. */
static void repeat_cell(vg_text *out, const json_t *roof)
{
    char repeat[VG_NUM], spread[VG_NUM];
    vg_cell_printf(out, "within %s", vg_num_percent(repeat, vg_doc_num(roof, "repeat")));
    if (isfinite(vg_doc_num(roof, "spread")))
        vg_text_printf(out, " (%s)", vg_num_percent(spread, vg_doc_num(roof, "spread")));
}

enum { OPEN_ROOFS = 24 }; /* more are folded */

static void roofs(vg_report *report, const json_t *list)
{
    static const char *const head[] = {"roof", "value", "95 % CI, or repeat (spread)", "threads", "n"};
    char buf[VG_NUM], lo[VG_NUM], hi[VG_NUM];
    vg_text *out = &report->out;
    size_t i, count = json_array_size(list);
    json_t *roof;
    if (count > OPEN_ROOFS)
        vg_details_begin(out, "%zu roofs", count);
    vg_table_head(out, "lrrrr", head);
    json_array_foreach(list, i, roof) {
        const char *name = vg_doc_str(roof, "name"), *kind = vg_doc_str(roof, "kind");
        const char *unit = kind && !strcmp(kind, "flops") ? "GFLOP/s" : "GB/s";
        const char *how = vg_doc_str(roof, "how"), *cap = vg_doc_str(roof, "max_isa");
        const json_t *ci = json_object_get(roof, "ci95");
        vg_row_begin(out);
        vg_cell_md(out, name ? name : "not named");
        if (how) {
            vg_text_add(out, " (");
            vg_text_md(out, how);
            vg_text_add(out, ")");
        }
        if (cap) { /* of the pass that holds both sides to it */
            vg_text_add(out, ", **cap ");
            vg_text_md(out, cap);
            vg_text_add(out, "**");
        }
        vg_cell_printf(out, "%s %s", vg_num(buf, vg_doc_num(roof, "value") / 1e9, 3), unit);
        if (isfinite(vg_doc_num(roof, "per_cycle")))
            vg_text_printf(out, ", %s a cycle and thread at the %s GHz of scalar code",
                           vg_num(lo, vg_doc_num(roof, "per_cycle"), 3),
                           vg_num(hi, vg_doc_num(roof, "ghz"), 3));
        if (json_is_number(json_array_get(ci, 0)) && json_is_number(json_array_get(ci, 1)))
            vg_cell_printf(out, "%s to %s",
                           vg_num(lo, json_number_value(json_array_get(ci, 0)) / 1e9, 3),
                           vg_num(hi, json_number_value(json_array_get(ci, 1)) / 1e9, 3));
        else if (isfinite(vg_doc_num(roof, "repeat")))
            repeat_cell(out, roof);
        else
            vg_cell_printf(out, "n/a");
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(roof, "threads"), 1));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(roof, "n"), 1));
        vg_row_end(out);
    }
    if (count > OPEN_ROOFS)
        vg_details_end(out);
}

/* --- points --------------------------------------------------------------------------------- */

enum { MOST_POINTS = 300, MOST_ABOVE = 12 };

static bool is_layer(const json_t *point)
{
    const char *what = vg_doc_str(point, "what");
    return what && !strcmp(what, "layer");
}

static bool is_onednn(const json_t *point)
{
    const char *backend = vg_doc_str(point, "backend");
    return backend && !strcmp(backend, "onednn");
}

static void points_table(vg_text *out, const json_t *points)
{
    static const char *const head[] = {"point", "times",    "threads", "FLOP/byte",
                                       "GFLOP/s", "bound by", "of its roof"};
    char buf[VG_NUM];
    size_t i;
    json_t *p;
    vg_details_begin(out, "%zu points", json_array_size(points));
    vg_table_head(out, "lrrrrlr", head);
    json_array_foreach(points, i, p) {
        const char *kernel = vg_doc_str(p, "kernel"), *bound = vg_doc_str(p, "bound");
        double fraction = vg_doc_num(p, "roof_fraction");
        if (i >= MOST_POINTS)
            break;
        vg_row_begin(out);
        vg_cell_code(out, kernel ? kernel : "not named");
        vg_cell_printf(out, "%s", is_layer(p) ? vg_num(buf, vg_doc_num(p, "count"), 1) : "kernel");
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(p, "threads"), 1));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(p, "intensity"), 3));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(p, "gflops"), 4));
        vg_cell_md(out, bound ? bound : "n/a");
        vg_cell_printf(out, "%s%s", vg_num_percent(buf, fraction),
                       fraction > 1 ? " **above**" : "");
        vg_row_end(out);
    }
    vg_details_end(out);
}

static void above_note(vg_text *out, const json_t *points)
{
    size_t i;
    json_t *p;
    int above = 0;
    char buf[VG_NUM];
    json_array_foreach(points, i, p)
        above += vg_doc_num(p, "roof_fraction") > 1;
    if (!above)
        return;
    vg_text_printf(out, "\n%d point%s above the roof%s:\n\n", above, above == 1 ? "" : "s",
                   above > MOST_ABOVE ? "; the first" : "");
    above = 0;
    json_array_foreach(points, i, p) {
        const char *kernel = vg_doc_str(p, "kernel"), *why = vg_doc_str(p, "above_roof");
        if (!(vg_doc_num(p, "roof_fraction") > 1) || above++ >= MOST_ABOVE)
            continue;
        vg_text_add(out, "- ");
        vg_text_code(out, kernel ? kernel : "not named");
        vg_text_printf(out, " on %.0f thread%s, %s of the roof: ", vg_doc_num(p, "threads"),
                       vg_doc_num(p, "threads") == 1 ? "" : "s",
                       vg_num_percent(buf, vg_doc_num(p, "roof_fraction")));
        vg_text_md(out, why ? why : "no reason is recorded");
        vg_text_add(out, "\n");
    }
}

/* Points of one kind as an index of the data; returns how many. */
static int plot_points(vg_text *data, const json_t *points, double threads, bool layer, bool onednn)
{
    size_t i;
    json_t *p;
    int n = 0;
    json_array_foreach(points, i, p) {
        double x = vg_doc_num(p, "intensity"), flops = vg_doc_num(p, "flops");
        double y = vg_doc_num(p, "gflops");
        const json_t *ci = json_object_get(p, "ci95_ns");
        double lo = flops / json_number_value(json_array_get(ci, 1));
        double hi = flops / json_number_value(json_array_get(ci, 0));
        if (vg_doc_num(p, "threads") != threads || is_layer(p) != layer || is_onednn(p) != onednn ||
            !(x > 0) || !(y > 0) || !isfinite(x + y) || n == MOST_POINTS)
            continue;
        vg_text_printf(data, "%.5g %.5g %.5g %.5g\n", x, y, lo > 0 && isfinite(lo) ? lo : y,
                       hi > 0 && isfinite(hi) ? hi : y);
        n++;
    }
    if (n)
        vg_text_add(data, "\n\n");
    return n;
}

/* "FMA f32 avx2: 131 GFLOP/s", "1 MiB triad: 138 GB/s": the plot says of how many threads. */
static void roof_title(vg_text *script, const json_t *roof, bool flops)
{
    const char *name = vg_doc_str(roof, "name");
    char value[VG_NUM];
    vg_text title = {0};
    vg_text_printf(&title, "%.*s%s: %s %s", name ? (int)strcspn(name, ",") : 4, name ? name : "roof",
                   flops ? "" : " triad", vg_num(value, vg_doc_num(roof, "value") / 1e9, 3),
                   flops ? "GFLOP/s" : "GB/s");
    vg_text_gnuplot(script, title.p ? title.p : "");
    free(title.p);
}

/* The roofs of a thread count: every FMA peak, and the bandwidths of triad (2 reads, 1 write), one of
 * each level: further sizes are those of single rows. */
static double roof_lines(vg_text *script, const json_t *doc, const json_t *list, double threads)
{
    size_t i;
    json_t *roof;
    double peak = 0;
    int lines = 0;
    bool seen[VG_SIZE_COUNT] = {false};
    json_array_foreach(list, i, roof) {
        const char *kind = vg_doc_str(roof, "kind");
        double value = vg_doc_num(roof, "value") / 1e9;
        if (vg_doc_num(roof, "threads") == threads && kind && !strcmp(kind, "flops") && value > peak)
            peak = value;
    }
    json_array_foreach(list, i, roof) {
        const char *kind = vg_doc_str(roof, "kind");
        double value = vg_doc_num(roof, "value") / 1e9;
        vg_size_class size = vg_doc_size_class(doc, vg_doc_num(roof, "working_set"));
        bool flops = kind && !strcmp(kind, "flops");
        bool triad = vg_doc_num(roof, "reads") == 2 && vg_doc_num(roof, "writes") == 1 &&
                     vg_doc_num(roof, "in_place") == 0;
        if (vg_doc_num(roof, "threads") != threads || !(value > 0) || !isfinite(value) ||
            lines == 10 || (!flops && (!triad || seen[size])))
            continue;
        seen[size] |= !flops;
        if (flops)
            vg_text_printf(script, "%.6g with lines", value);
        else
            vg_text_printf(script, "(%.6g*x <= %.6g ? %.6g*x : NaN) with lines", value, peak, value);
        vg_text_printf(script, " lc rgb '#808080' lw 1.2 dt %d title ", lines % 5 + 1);
        roof_title(script, roof, flops);
        vg_text_add(script, ", \\\n     ");
        lines++;
    }
    return lines ? peak : 0;
}

static vg_status draw_points(vg_report *report, int document, double threads, const json_t *list,
                             const json_t *points)
{
    static const char *const names[] = {"own kernels", "oneDNN kernels", "own layers",
                                        "oneDNN layers"};
    vg_plot plot = {.height = 560};
    vg_text alt = {0};
    int index = 0, total = 0;
    char name[64];
    vg_text_printf(&plot.script,
                   "set title 'Roofline, %.0f thread%s'\nset logscale xy\nunset mxtics\n"
                   "unset mytics\nset xlabel 'FLOP per byte of compulsory traffic'\n"
                   "set ylabel 'GFLOP/s, median and 95 %% interval'\nset format xy '%%g'\n"
                   "set key maxcols 2\nplot ",
                   threads, threads == 1 ? "" : "s");
    roof_lines(&plot.script, report->docs[document], list, threads);
    for (int kind = 0; kind < 4; kind++) {
        int n = plot_points(&plot.data, points, threads, kind >= 2, kind % 2);
        if (!n)
            continue;
        vg_text_printf(&plot.script,
                       "%sdata index %d using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' lw 2 "
                       "notitle, \\\n     data index %d using 1:2 with points ",
                       index ? ", \\\n     " : "", index, vg_colours[kind], index);
        vg_plot_look(&plot.script, kind, 0.8);
        vg_text_printf(&plot.script, " title '%s'", names[kind]);
        index++;
        total += n;
    }
    vg_text_add(&plot.script, "\n");
    vg_text_printf(&alt, "Roofline on %.0f thread%s: %d points against the measured roofs", threads,
                   threads == 1 ? "" : "s", total);
    snprintf(name, sizeof name, "roofline_points_%d_%.0f", document + 1, threads);
    return vg_plot_finish(report, &plot, &alt, name, total > 0);
}

static vg_status draw_all(vg_report *report, int document, const json_t *list, const json_t *points)
{
    double done[4];
    int count = 0;
    size_t i;
    json_t *p;
    json_array_foreach(points, i, p) {
        double threads = vg_doc_num(p, "threads");
        bool known = !(threads >= 1 && threads < 1e5);
        for (int k = 0; k < count; k++)
            known |= done[k] == threads;
        if (known || count == 4)
            continue;
        done[count++] = threads;
        VG_TRY(draw_points(report, document, threads, list, points));
    }
    return VG_OK;
}

vg_status vg_part_roofline(vg_report *report)
{
    vg_part_title(report, 9, "Roofline");
    for (int d = 0; d < report->count; d++) {
        const json_t *list = vg_doc_get(report->docs[d], "roofline.roofs");
        vg_part_document(report, d);
        if (json_array_size(list)) {
            const json_t *points = vg_doc_get(report->docs[d], "roofline.points");
            roofs(report, list);
            VG_TRY(vg_plot_roofline(report, d));
            if (json_array_size(points)) {
                points_table(&report->out, points);
                above_note(&report->out, points);
                VG_TRY(draw_all(report, d, list, points));
            }
        } else
            vg_part_missing(report, "measured roofs", "vgbench roofline");
    }
    return VG_OK;
}
