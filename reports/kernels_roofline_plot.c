/* SPDX-License-Identifier: Apache-2.0 */
/* Rows under the roofs of the caches that hold them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/kernels_plot.h"

enum { MOST_POINTS = 400 };

/* The least number of threads that has rows: roofs of another number say nothing about them. */
static int roof_threads(const vg_rows *rows)
{
    int least = 0;
    for (int i = 0; i < rows->count; i++)
        if (rows->rows[i].threads && (!least || rows->rows[i].threads < least))
            least = rows->rows[i].threads;
    return least;
}

static bool is_plain_roof(const json_t *roof, int threads, const char *kind)
{
    const char *own = vg_doc_str(roof, "kind");
    return own && !strcmp(own, kind) && vg_doc_num(roof, "threads") == threads &&
           !vg_doc_str(roof, "max_isa") && vg_doc_num(roof, "value") > 0;
}

/* Copies (one read, one write) stand for the bandwidth of the cache that holds them: one each. */
static bool is_copy(const json_t *roof)
{
    double in_place = vg_doc_num(roof, "in_place");
    return vg_doc_num(roof, "reads") == 1 && vg_doc_num(roof, "writes") == 1 &&
           (isnan(in_place) || in_place == 0);
}

static void roof_line(vg_text *script, const json_t *roof, const char *what, double peak, int line,
                      const char **join)
{
    double value = vg_doc_num(roof, "value") / 1e9;
    char size[VG_NUM];
    vg_text text = {0};
    if (isinf(peak))
        vg_text_printf(&text, "FMA peak: %.3g GFLOP/s", value);
    else
        vg_text_printf(&text, "copy in %s (%s): %.3g GB/s", what,
                       vg_num_bytes(size, vg_doc_num(roof, "working_set")), value);
    if (isinf(peak))
        vg_text_printf(script, "%s%.6g with lines", *join, value);
    else
        vg_text_printf(script, "%s(%.6g*x <= %.6g ? %.6g*x : NaN) with lines", *join, value, peak,
                       value);
    vg_text_printf(script, " lc rgb '#808080' lw 1.4 dt %d title ", line % 5 + 1);
    vg_text_gnuplot(script, text.p ? text.p : "");
    free(text.p);
    *join = ", \\\n     ";
}

static int roof_lines(vg_text *script, const json_t *doc, int threads, const char **join)
{
    const json_t *list = vg_doc_get(doc, "roofline.roofs");
    size_t i;
    json_t *roof;
    bool seen[VG_SIZE_COUNT] = {false};
    double peak = 0; /* bandwidth lines end where arithmetic limits */
    const json_t *highest = NULL;
    int lines = 0;
    json_array_foreach(list, i, roof) {
        if (is_plain_roof(roof, threads, "flops") && vg_doc_num(roof, "value") / 1e9 > peak) {
            peak = vg_doc_num(roof, "value") / 1e9;
            highest = roof;
        }
    }
    if (highest)
        roof_line(script, highest, "", INFINITY, lines++, join);
    json_array_foreach(list, i, roof) {
        vg_size_class size = vg_doc_size_class(doc, vg_doc_num(roof, "working_set"));
        if (!peak || !is_plain_roof(roof, threads, "bandwidth") || !is_copy(roof) || seen[size])
            continue;
        seen[size] = true;
        roof_line(script, roof, vg_size_class_name(size), peak, lines++, join);
    }
    return lines;
}

static int roof_points(vg_text *data, const vg_rows *rows, int threads, bool base)
{
    int n = 0;
    for (int i = 0; i < rows->case_count && n < MOST_POINTS; i++) {
        int index = base ? rows->cases[i].base : rows->cases[i].own;
        const vg_row *row = index >= 0 ? &rows->rows[index] : NULL;
        if (!row || !(row->flops > 0) || !(row->bytes > 0) || !(row->ns.mid > 0) ||
            row->threads != threads || *row->max_isa)
            continue;
        /* Both sides of a case have the same intensity: they stand a little apart. */
        double rate = row->flops / row->ns.mid;
        double least = row->flops / row->ns.hi, most = row->flops / row->ns.lo;
        vg_text_printf(data, "%.5g %.5g %.5g %.5g\n", row->flops / row->bytes * (base ? 1.03 : 0.97),
                       rate, isfinite(least) ? least : rate, isfinite(most) ? most : rate);
        n++;
    }
    vg_text_add(data, "\n\n");
    return n;
}

/* The points of one side with the intervals of their medians. */
static void plot_side(vg_text *script, int index, int look, double size, const char *title,
                      const char **join)
{
    vg_text_printf(script,
                   "%sdata index %d using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' lw 2 "
                   "notitle, \\\n     data index %d using 1:2 with points ",
                   *join, index, vg_colours[look], index);
    vg_plot_look(script, look, size);
    vg_text_printf(script, " title '%s'", title);
    *join = ", \\\n     ";
}

vg_status vg_plot_roofline(vg_report *report, int document)
{
    const vg_rows *rows = &report->rows[document];
    vg_plot plot = {.height = 520};
    vg_text alt = {0}, *script = &plot.script;
    char name[64];
    const char *join = "plot ";
    vg_text_printf(script, "set title 'Rows against the measured roofs, %d thread%s'\n",
                   roof_threads(rows), roof_threads(rows) == 1 ? "" : "s");
    vg_text_add(script, "set logscale xy\nunset mxtics\nunset mytics\n"
                        "set xlabel 'FLOP per byte of compulsory traffic'\nset ylabel 'GFLOP/s, median and 95 % interval'\n"
                        "set format xy '%g'\n");
    int threads = roof_threads(rows);
    int own = roof_points(&plot.data, rows, threads, false);
    int base = roof_points(&plot.data, rows, threads, true);
    int lines = roof_lines(script, report->docs[document], threads, &join);
    if (own)
        plot_side(script, 0, 0, 0.6, "own best", &join);
    /* Empty indices are not counted by gnuplot: without own rows this is the first. */
    if (base)
        plot_side(script, own ? 1 : 0, 1, 0.5, "oneDNN", &join);
    vg_text_add(script, "\n");
    vg_text_printf(&alt,
                   "Roofline: %d rows of the own kernels and %d of oneDNN under %d measured roofs",
                   own, base, lines);
    snprintf(name, sizeof name, "roofline_%d", document + 1);
    if (own + base > 0 && lines > 0 && !alt.failed) {
        vg_status status = vg_plot_draw(report->plots, &plot, name, alt.p ? alt.p : "",
                                        &report->out);
        free(alt.p);
        return status;
    }
    free(alt.p);
    free(plot.data.p);
    free(plot.script.p);
    return VG_OK;
}
