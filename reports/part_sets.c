/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 8: the same row on growing tensors, with the caches drawn in. */
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/parts.h"

enum { MOST_ROWS = 200, MOST_PLOTS = 16, MOST_LINES = 7, LEVELS = 4 };
static const char *const level_names[LEVELS] = {"L1", "L2", "L3", "memory"};

static const char *str(const json_t *row, const char *key)
{
    const char *text = vg_doc_str(row, key);
    return text ? text : "";
}

/* --- table ---------------------------------------------------------------------------------- */

static double rate_of(const json_t *row, const char *name)
{
    size_t i;
    json_t *level;
    json_array_foreach(json_object_get(row, "levels"), i, level)
        if (!strcmp(str(level, "name"), name))
            return vg_doc_num(level, "bytes_per_s") / 1e9;
    return (double)NAN;
}

static void table(vg_text *out, const json_t *rows)
{
    static const char *const head[] = {"kernel",   "in L1, GB/s",     "in L2",
                                       "in L3",    "in memory",       "sizes"};
    size_t i;
    json_t *row;
    vg_table_head(out, "lrrrrr", head);
    json_array_foreach(rows, i, row) {
        char buf[VG_NUM];
        if (i >= MOST_ROWS)
            break;
        vg_row_begin(out);
        vg_cell_code(out, *str(row, "kernel") ? str(row, "kernel") : "not named");
        for (int l = 0; l < LEVELS; l++)
            vg_cell_printf(out, "%s", vg_num(buf, rate_of(row, level_names[l]), 3));
        vg_cell_printf(out, "%zu", json_array_size(json_object_get(row, "sizes")));
        vg_row_end(out);
    }
    if (json_array_size(rows) > MOST_ROWS)
        vg_text_printf(out, "\n%zu more are in the results file.\n",
                       json_array_size(rows) - MOST_ROWS);
}

/* --- plots: one per op and thread count ------------------------------------------------------- */

static bool same_plot(const json_t *a, const json_t *b)
{
    return !strcmp(str(a, "op"), str(b, "op")) &&
           vg_doc_num(a, "omp_threads") == vg_doc_num(b, "omp_threads");
}

static int points(vg_text *data, const json_t *row)
{
    size_t i;
    json_t *p;
    int n = 0;
    json_array_foreach(json_object_get(row, "sizes"), i, p) {
        double set = vg_doc_num(p, "working_set"), bytes = vg_doc_num(p, "bytes");
        double y = bytes / vg_doc_num(p, "ns");
        const json_t *ci = json_object_get(p, "ci95_ns");
        double lo = bytes / json_number_value(json_array_get(ci, 1));
        double hi = bytes / json_number_value(json_array_get(ci, 0));
        if (!(set > 0) || !(y > 0) || !isfinite(set + y))
            continue;
        vg_text_printf(data, "%.6g %.5g %.5g %.5g\n", set, y, lo > 0 && isfinite(lo) ? lo : y,
                       hi > 0 && isfinite(hi) ? hi : y);
        n++;
    }
    if (n)
        vg_text_add(data, "\n\n");
    return n;
}

/* A line where each cache ends, with its name above it. */
static void cache_lines(vg_text *script, const json_t *row)
{
    size_t i;
    json_t *cache;
    json_array_foreach(json_object_get(row, "caches"), i, cache) {
        double held = vg_doc_num(cache, "held"), level = vg_doc_num(cache, "level");
        char size[VG_NUM];
        if (!(held > 0) || !isfinite(held) || !isfinite(level))
            continue;
        vg_text_printf(script,
                       "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead lc rgb '#808080' dt 2\n"
                       "set label 'L%.0f %s' at %.9g, graph 0.98 right rotate by 90 offset -1.1,0 "
                       "textcolor rgb '#808080'\n",
                       held, held, level, vg_num_bytes(size, held), held);
    }
}

static double largest(const json_t *rows, const json_t *first)
{
    size_t i, k;
    json_t *row, *one;
    double most = 0;
    json_array_foreach(rows, i, row)
        if (same_plot(row, first)) {
            json_array_foreach(json_object_get(row, "sizes"), k, one)
                most = fmax(most, vg_doc_num(one, "working_set"));
            json_array_foreach(json_object_get(row, "caches"), k, one)
                most = fmax(most, vg_doc_num(one, "held"));
        }
    return most;
}

static void line(vg_plot *plot, const json_t *row, int index)
{
    vg_text title = {0};
    vg_text_printf(&title, "%s %s", str(row, "dir"), str(row, "backend"));
    vg_text_printf(&plot->script,
                   "%sdata index %d using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' lw 1 "
                   "notitle, \\\n     data index %d using 1:2 with linespoints ",
                   index ? ", \\\n     " : "plot ", index, vg_colours[index % VG_COLOURS], index);
    vg_plot_look(&plot->script, index, 0.5);
    vg_text_add(&plot->script, " title ");
    vg_text_gnuplot(&plot->script, title.p ? title.p : "");
    free(title.p);
}

static vg_status draw(vg_report *report, int document, const json_t *rows, const json_t *first)
{
    vg_plot plot = {.height = 460};
    vg_text alt = {0}, title = {0};
    double threads = vg_doc_num(first, "omp_threads"), most = largest(rows, first);
    size_t i;
    json_t *row;
    int lines = 0;
    char name[100];
    vg_text_printf(&title, "%s on growing tensors, %.0f thread%s", str(first, "op"), threads,
                   threads == 1 ? "" : "s");
    vg_text_add(&plot.script, "set title ");
    vg_text_gnuplot(&plot.script, title.p ? title.p : "");
    vg_text_printf(&plot.script,
                   "\nset logscale x 2\nset logscale y\nunset mxtics\n"
                   "set xlabel 'working set: bytes of all tensors'\n"
                   "set ylabel 'GB/s, median and 95 %% interval'\n"
                   "set xtics ('2 KiB' 2**11, '32 KiB' 2**15, '512 KiB' 2**19, '8 MiB' 2**23, "
                   "'128 MiB' 2**27, '2 GiB' 2.**31)\nset xrange [2048:%.6g]\n",
                   most > 4096 ? 1.3 * most : 8192);
    cache_lines(&plot.script, first);
    json_array_foreach(rows, i, row)
        if (lines < MOST_LINES && same_plot(row, first) && points(&plot.data, row))
            line(&plot, row, lines++);
    vg_text_add(&plot.script, "\n");
    vg_text_printf(&alt, "Bandwidth of %s over its working set, with the sizes of the caches: %d "
                         "row%s", str(first, "op"), lines, lines == 1 ? "" : "s");
    snprintf(name, sizeof name, "working_set_%d_%.40s_%.0f", document + 1, str(first, "op"),
             isfinite(threads) && fabs(threads) < 1e6 ? threads : 0);
    for (char *c = name; *c; c++)
        *c = isalnum((unsigned char)*c) ? *c : '_';
    free(title.p);
    return vg_plot_finish(report, &plot, &alt, name, lines > 0);
}

static vg_status draw_all(vg_report *report, int document, const json_t *rows, int *plots)
{
    size_t i, k;
    json_t *row, *other;
    json_array_foreach(rows, i, row) {
        bool known = *plots == MOST_PLOTS;
        json_array_foreach(rows, k, other)
            known |= k < i && same_plot(other, row);
        if (known)
            continue;
        ++*plots;
        VG_TRY(draw(report, document, rows, row));
    }
    return VG_OK;
}

vg_status vg_part_sets(vg_report *report, int document, const json_t *record, int *plots)
{
    vg_text *out = &report->out;
    const json_t *rows = json_object_get(record, "rows");
    if (!json_array_size(rows))
        return VG_OK;
    vg_text_add(out, "\n#### Working sets\n\nThe same kernel on growing tensors, hot caches. A rate "
                     "of a level is the median over the working sets between twice the level before "
                     "and three quarters of it; n/a: no size lies there. Dashed lines: where the "
                     "caches of the threads end, as the topology says");
    if (vg_doc_str(record, "last_cache")) {
        vg_text_add(out, ", but for the last: ");
        vg_text_md(out, vg_doc_str(record, "last_cache"));
    }
    vg_text_add(out, ".\n\n");
    table(out, rows);
    return draw_all(report, document, rows, plots);
}
