/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 7: the same case on one thread and on more. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/parts.h"

enum { MOST_ROWS = 200, MOST_LINES = 7 };

static bool has_two_counts(const vg_rows *rows)
{
    for (int i = 1; i < rows->count; i++)
        if (rows->rows[i].threads != rows->rows[0].threads)
            return true;
    return false;
}

static const char *name_of(const json_t *row)
{
    const char *kernel = vg_doc_str(row, "kernel"), *label = vg_doc_str(row, "label");
    return kernel ? kernel : label ? label : "not named";
}

static void point_row(vg_text *out, const json_t *row, const json_t *p)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    const json_t *ci = json_object_get(p, "speedup_ci95");
    vg_row_begin(out);
    vg_cell_code(out, name_of(row));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(p, "threads"), 1));
    vg_cell_printf(out, "%s", vg_num_time(a, vg_doc_num(p, "ns")));
    vg_cell_printf(out, "%s [%s, %s]", vg_num(a, vg_doc_num(p, "speedup"), 3),
                   vg_num(b, json_number_value(json_array_get(ci, 0)), 3),
                   vg_num(c, json_number_value(json_array_get(ci, 1)), 3));
    if (vg_doc_str(p, "above_ideal"))
        vg_text_add(out, " **above ideal**");
    vg_cell_printf(out, "%s", vg_num_percent(a, vg_doc_num(p, "efficiency")));
    vg_cell_printf(out, "%s", vg_num_percent(a, vg_doc_num(p, "imbalance")));
    if (isfinite(vg_doc_num(p, "waiting_ns")))
        vg_cell_printf(out, "%s, %s", vg_num_time(b, vg_doc_num(p, "waiting_ns")),
                       vg_num_percent(a, vg_doc_num(p, "waiting")));
    else
        vg_cell_printf(out, "%s", vg_num_percent(a, vg_doc_num(p, "waiting")));
    vg_row_end(out);
}

static void table(vg_text *out, const json_t *rows)
{
    static const char *const head[] = {"row",        "threads",   "time",   "speed-up",
                                       "efficiency", "imbalance", "waiting"};
    size_t i, k;
    int shown = 0;
    json_t *row, *p;
    vg_table_head(out, "lrrrrrr", head);
    json_array_foreach(rows, i, row)
        json_array_foreach(json_object_get(row, "points"), k, p)
            if (shown++ < MOST_ROWS)
                point_row(out, row, p);
}

static void above_notes(vg_text *out, const json_t *rows)
{
    enum { MOST = 12 };
    size_t i, k;
    int shown = 0;
    json_t *row, *p;
    json_array_foreach(rows, i, row)
        json_array_foreach(json_object_get(row, "points"), k, p) {
            const char *why = vg_doc_str(p, "above_ideal");
            if (!why || shown == MOST)
                continue;
            vg_text_add(out, shown++ ? "- " : "\nAbove ideal, because:\n\n- ");
            vg_text_code(out, name_of(row));
            vg_text_printf(out, " on %.0f threads: ", vg_doc_num(p, "threads"));
            vg_text_md(out, why);
            vg_text_add(out, "\n");
        }
}

static int plot_line(vg_plot *plot, const json_t *row, int lines)
{
    size_t k;
    json_t *p;
    int points = 0;
    json_array_foreach(json_object_get(row, "points"), k, p) {
        double threads = vg_doc_num(p, "threads"), speedup = vg_doc_num(p, "speedup");
        const json_t *ci = json_object_get(p, "speedup_ci95");
        if (!(threads > 0) || !isfinite(speedup))
            continue;
        vg_text_printf(&plot->data, "%.6g %.6g %.6g %.6g\n", threads, speedup,
                       json_number_value(json_array_get(ci, 0)),
                       json_number_value(json_array_get(ci, 1)));
        points++;
    }
    if (!points)
        return 0;
    vg_text_add(&plot->data, "\n\n");
    vg_text_printf(&plot->script,
                   ", \\\n     data index %d using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' "
                   "lw 2 notitle, \\\n     data index %d using 1:2 with linespoints ",
                   lines, vg_colours[lines % VG_COLOURS], lines);
    vg_plot_look(&plot->script, lines, 0.7);
    vg_text_add(&plot->script, " title ");
    vg_text_gnuplot(&plot->script, name_of(row));
    return 1;
}

static vg_status draw(vg_report *report, int document, int place, const json_t *rows)
{
    vg_plot plot = {.height = 460};
    vg_text alt = {0};
    size_t i;
    json_t *row;
    int lines = 0;
    char name[64];
    vg_text_add(&plot.script, "set title 'Speed-up against the same row on one thread'\n"
                              "set xlabel 'threads'\nset ylabel 'speed-up, median and 95 % interval'\n"
                              "set key maxcols 1\nset xtics 1\nset yrange [0:*]\n"
                              "plot x with lines lc rgb '#808080' dt 3 title 'ideal'");
    json_array_foreach(rows, i, row)
        if (lines < MOST_LINES)
            lines += plot_line(&plot, row, lines);
    vg_text_add(&plot.script, "\n");
    vg_text_printf(&alt, "Speed-up of %d row%s over the number of threads", lines, lines == 1 ? "" : "s");
    snprintf(name, sizeof name, "scaling_%d_%d", document + 1, place + 1);
    return vg_plot_finish(report, &plot, &alt, name, lines > 0);
}

vg_status vg_part_scaling(vg_report *report, int document)
{
    size_t i;
    json_t *record;
    int shown = 0;
    json_array_foreach(json_object_get(report->docs[document], "profile"), i, record) {
        const char *kind = vg_doc_str(record, "kind"), *base = vg_doc_str(record, "base");
        const json_t *rows = json_object_get(record, "rows");
        if (!kind || strcmp(kind, "scaling") || !json_array_size(rows))
            continue;
        if (shown == 4)
            break;
        vg_text_add(&report->out, "\n#### Scaling\n\nBase: ");
        vg_text_md(&report->out, base ? base : "one thread");
        vg_text_add(&report->out, ". Imbalance: the busiest thread over the mean. Waiting: a "
                                  "thread's time at barriers and at the ends of the region, and its share.\n\n");
        table(&report->out, rows);
        above_notes(&report->out, rows);
        VG_TRY(draw(report, document, shown++, rows));
    }
    if (!shown && !has_two_counts(&report->rows[document]))
        vg_part_missing(report, "how time falls with threads", "vgbench profile --scaling");
    return VG_OK;
}
