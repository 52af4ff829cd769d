/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/kernels_plot.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vgbench/ops.h"

enum { MOST_POINTS = 400, MOST_GRID = 14, MOST_PLOTS = 40 };

/* Finding the groups takes time by the square of the cases; that many make no legible plot. */
enum { MOST_CASES = 5000 };

/* A file name of what may be foreign: letters, digits and underscores of it. */
static void file_name(char *name, size_t size, const char *what, int document, const char *op,
                      const char *dir, const char *more)
{
    snprintf(name, size, "%s_%d_%.40s_%.20s_%.40s", what, document + 1, op, dir, more);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
}

static vg_status draw(vg_report *report, vg_plot *plot, const char *name, vg_text *alt, bool any)
{
    vg_status status = VG_OK;
    if (any && !alt->failed) {
        status = vg_plot_draw(report->plots, plot, name, alt->p ? alt->p : "", &report->out);
    } else {
        free(plot->data.p);
        free(plot->script.p);
    }
    free(alt->p);
    return status;
}

/* --- groups: cases of one op, direction, threads, class --------------------------------------- */

static const vg_row *any_row(const vg_rows *rows, int i)
{
    return &rows->rows[rows->cases[i].any];
}

static bool same_group(const vg_row *a, const vg_row *b)
{
    return a->threads == b->threads && !strcmp(a->op, b->op) && !strcmp(a->dir, b->dir) &&
           !strcmp(a->weights, b->weights) && !strcmp(a->max_isa, b->max_isa);
}

/* The cases of the group of case @p first that come from it on; 0 if an earlier case began it. */
static int group(const vg_rows *rows, int first, int *list, int room)
{
    int count = 0;
    const vg_row *key = any_row(rows, first);
    for (int i = 0; i < first; i++)
        if (same_group(any_row(rows, i), key))
            return 0;
    for (int i = first; i < rows->case_count && count < room; i++)
        if (same_group(any_row(rows, i), key))
            list[count++] = i;
    return count;
}

static void group_title(vg_text *title, const vg_row *row)
{
    vg_text_printf(title, "%s %s, %d thread%s", row->op, row->dir, row->threads,
                   row->threads == 1 ? "" : "s");
    if (*row->weights)
        vg_text_printf(title, ", weights %s", row->weights);
    if (*row->max_isa)
        vg_text_printf(title, ", cap %s", row->max_isa);
}

/* --- rates ------------------------------------------------------------------------------------ */

enum { SWEEP = 6, MOST_SHAPES = 16 };

/* "100x300x200" of "batch:100/in:300/out:200/weights:plain/threads:1". */
static void shape_label(const char *shape, char *label, size_t size)
{
    size_t n = 0;
    label[0] = '\0';
    for (const char *word = shape; word && n + 1 < size; word = strchr(word, '/')) {
        word += *word == '/';
        const char *colon = strchr(word, ':');
        if (!strncmp(word, "threads:", 8) || !colon || !isdigit((unsigned char)colon[1]))
            continue;
        int digits = (int)strspn(colon + 1, "0123456789");
        n += (size_t)snprintf(label + n, size - n, "%s%.*s", n ? "x" : "", digits, colon + 1);
    }
}

/* Sizes of one form are a line over the working set; shapes that differ in more stand beside each
 * other, because a line between them would show what nobody measured. */
static bool is_sweep(const vg_rows *rows, const int *list, int count)
{
    return count >= SWEEP && !vg_row_by_flops(any_row(rows, list[0]));
}

/* A backend looks the same in every plot; NEON and AVX never meet in one. */
static const int looks[VG_BACKEND_COUNT] = {
    [VG_BACKEND_scalar] = 4,    [VG_BACKEND_auto_avx2] = 6, [VG_BACKEND_auto_avx512] = 5,
    [VG_BACKEND_auto_neon] = 5, [VG_BACKEND_avx2] = 1,      [VG_BACKEND_avx512] = 2,
    [VG_BACKEND_neon] = 2,      [VG_BACKEND_onednn] = 0,
};

/* Column x of a case: its bytes, or its place. Backends stand a little apart at a place. */
static double x_of(const vg_row *row, bool line, int place, int series)
{
    return line ? row->bytes : place + 0.11 * (series - 2.5);
}

static int rate_lines(vg_plot *plot, const vg_rows *rows, const int *list, int count, bool line,
                      vg_text *alt)
{
    int lines = 0;
    char lo[VG_NUM], hi[VG_NUM];
    for (int b = VG_BACKEND_COUNT - 1; b >= 0; b--) {
        double least = NAN, most = NAN;
        for (int i = 0; i < count; i++) {
            int index = rows->cases[list[i]].rows[b];
            const vg_row *row = index >= 0 ? &rows->rows[index] : NULL;
            double y = row ? vg_row_rate(row) : NAN;
            if (!row || !(y > 0) || !isfinite(y) || !(row->bytes > 0))
                continue;
            bool ends = row->ns.lo > 0 && isfinite(row->ns.hi);
            vg_text_printf(&plot->data, "%.6g %.5g %.5g %.5g\n", x_of(row, line, i, lines), y,
                           ends ? y * row->ns.mid / row->ns.hi : y,
                           ends ? y * row->ns.mid / row->ns.lo : y);
            least = fmin(least, y);
            most = fmax(most, y);
        }
        if (isnan(most))
            continue;
        vg_text_add(&plot->data, "\n\n");
        /* Bars as vectors: gnuplot's error bars erase what is behind their points with white. */
        vg_text_printf(&plot->script,
                       "%sdata index %d using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' lw 2 "
                       "notitle, \\\n     data index %d using 1:2 with %s ",
                       lines ? ", \\\n     " : "plot ", lines, vg_colours[looks[b]], lines,
                       line ? "linespoints" : "points");
        vg_plot_look(&plot->script, looks[b], line ? 0.6 : 0.9);
        vg_text_printf(&plot->script, " title '%s'", vg_backend_name((vg_backend)b));
        vg_text_printf(alt, "%s %s %s to %s %s", lines++ ? ";" : "", vg_backend_name((vg_backend)b),
                       vg_num(lo, least, 3), vg_num(hi, most, 3),
                       vg_row_rate_unit(any_row(rows, list[0])));
    }
    vg_text_add(&plot->script, "\n");
    return lines;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]) ? (x[0] > y[0]) - (x[0] < y[0])
                                         : (x[1] > y[1]) - (x[1] < y[1]);
}

static void sort_by_size(const vg_rows *rows, int *list, int count)
{
    static double order[MOST_POINTS][2];
    for (int i = 0; i < count; i++) {
        const vg_row *row = any_row(rows, list[i]);
        double size = vg_row_by_flops(row) ? row->flops : row->bytes;
        order[i][0] = isfinite(size) ? size : 0;
        order[i][1] = list[i];
    }
    qsort(order, (size_t)count, sizeof *order, by_size);
    for (int i = 0; i < count; i++)
        list[i] = (int)order[i][1];
}

static void rate_axes(vg_text *script, const vg_rows *rows, const int *list, int count, bool line)
{
    if (line) {
        vg_text_add(script, "set logscale x 2\nset format x '%.0b %BB'\nunset mxtics\n"
                            "set xlabel 'working set'\n");
        return;
    }
    vg_text_printf(script, "set xrange [-0.6:%d.6]\nset xtics scale 0 %s(", count - 1,
                   count > 6 ? "rotate by 20 right " : "");
    for (int i = 0; i < count; i++) {
        char label[80];
        shape_label(any_row(rows, list[i])->shape, label, sizeof label);
        vg_text_printf(script, "%s'%s' %d", i ? ", " : "", label, i);
    }
    vg_text_add(script, ")\n");
}

/* Where the working set leaves a cache: dashed, with the level's name. */
static void cache_lines(vg_text *script, const json_t *doc)
{
    size_t i;
    json_t *cache;
    json_array_foreach(vg_doc_get(doc, "machine.caches"), i, cache) {
        const char *type = vg_doc_str(cache, "type");
        double size = vg_doc_num(cache, "size"), level = vg_doc_num(cache, "level");
        if (!(size >= 1024) || !(size < 0x1p40) || (type && !strcmp(type, "instruction")) || i > 7)
            continue;
        vg_text_printf(
            script,
            "set arrow from first %.0f, graph 0 to first %.0f, graph 1 nohead dt 2 lc rgb "
            "'#808080'\nset label 'L%.0f' at first %.0f, graph 0.97 right offset -0.3,0 "
            "textcolor rgb '#808080'\n",
            size, size, level, size);
    }
}

static vg_status rates(vg_report *report, int document, int *list, int count)
{
    const vg_rows *rows = &report->rows[document];
    const vg_row *key = any_row(rows, list[0]);
    bool line = is_sweep(rows, list, count);
    vg_plot plot = {.height = line ? 420 : 400 + (count > 6 ? 50 : 0)};
    vg_text alt = {0}, title = {0};
    char name[160], more[80];
    sort_by_size(rows, list, count);
    if (!line && count > MOST_SHAPES)
        count = MOST_SHAPES;
    group_title(&title, key);
    vg_text_printf(&alt, "Rate of the backends by %s, %s:", line ? "working set" : "shape",
                   title.p ? title.p : "");
    vg_text_add(&plot.script, "set title ");
    vg_text_gnuplot(&plot.script, title.p ? title.p : "");
    vg_text_printf(&plot.script, "\nset ylabel '%s, median and 95 %% interval'\nset yrange [0:*]\n",
                   vg_row_rate_unit(key));
    rate_axes(&plot.script, rows, list, count, line);
    if (line)
        cache_lines(&plot.script, report->docs[document]);
    int lines = rate_lines(&plot, rows, list, count, line, &alt);
    free(title.p);
    snprintf(more, sizeof more, "%d_%.20s_%.20s", key->threads, key->weights, key->max_isa);
    file_name(name, sizeof name, "rate", document, key->op, key->dir, more);
    return draw(report, &plot, name, &alt, lines > 0);
}

vg_status vg_plot_rates(vg_report *report, int document, const char *op, const char *dir)
{
    const vg_rows *rows = &report->rows[document];
    int plots = 0, list[MOST_POINTS];
    if (rows->case_count > MOST_CASES)
        return VG_OK;
    for (int i = 0; i < rows->case_count && plots < 2 && report->plots; i++) {
        const vg_row *row = any_row(rows, i);
        if (strcmp(row->op, op) != 0 || strcmp(row->dir, dir) != 0 || *row->max_isa)
            continue;
        int count = group(rows, i, list, MOST_POINTS);
        if (count < 2)
            continue;
        plots++;
        VG_TRY(rates(report, document, list, count));
    }
    return VG_OK;
}

/* --- win and loss over batch and width -------------------------------------------------------- */

/* The two axes: batch, and the width of a row (in x out for dense). */
static bool axes(const vg_row *row, double *batch, double *width, char *label, size_t size)
{
    const json_t *shape = json_object_get(row->entry, "shape");
    *batch = vg_doc_num(shape, "batch");
    *width = vg_doc_num(shape, "width");
    snprintf(label, size, "%.0f", *width);
    if (isnan(*width)) {
        double in = vg_doc_num(shape, "in"), out = vg_doc_num(shape, "out");
        *width = in * 1e7 + out;
        snprintf(label, size, "%.0fx%.0f", in, out);
    }
    return isfinite(*batch + *width);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int place(double *values, int *count, double x)
{
    for (int i = 0; i < *count; i++)
        if (values[i] == x)
            return i;
    if (*count == MOST_GRID)
        return -1;
    values[(*count)++] = x;
    return *count - 1;
}

static const char grid_style[] =
    "set palette defined (-1 '#b3541e', -0.2 '#e3b08e', 0 '#e8e8e8', 0.2 '#9cc3e0', 1 '#0f5e9c')\n"
    "set cbrange [-1:1]\nset cbtics ('0.5x' -1, '0.7x' -0.515, '1x' 0, '1.4x' 0.485, '2x' 1) "
    "textcolor rgb '#6e7781'\nset cblabel 'faster than oneDNN: above 1x'\nset colorbox noborder\n"
    "set style fill solid 1 noborder\nunset grid\nset border 0\nset ylabel 'batch'\n";

static void grid_labels(vg_plot *plot, vg_report *report, int document, const int *list, int count,
                        const double *xs, int nx, const double *ys, int ny)
{
    const vg_rows *rows = &report->rows[document];
    vg_text *script = &plot->script;
    vg_text_add(script, "set xtics scale 0 (");
    for (int x = 0; x < nx; x++) {
        char label[64] = "";
        for (int i = 0; i < count; i++) {
            double batch, width;
            char text[64];
            if (axes(any_row(rows, list[i]), &batch, &width, text, sizeof text) && width == xs[x])
                memcpy(label, text, sizeof label);
        }
        vg_text_printf(script, "%s'%s' %d", x ? ", " : "", label, x);
    }
    vg_text_add(script, ")\nset ytics scale 0 (");
    for (int y = 0; y < ny; y++)
        vg_text_printf(script, "%s'%.0f' %d", y ? ", " : "", ys[y], y);
    vg_text_printf(script, ")\nset xrange [-0.5:%d.5]\nset yrange [-0.5:%d.5]\n", nx - 1, ny - 1);
}

static int grid_cells(vg_plot *plot, const vg_rows *rows, const int *list, int count, double *xs,
                      int nx, double *ys, int ny, vg_tally *tally)
{
    int cells = 0;
    for (int i = 0; i < count; i++) {
        const vg_problem *c = &rows->cases[list[i]];
        double batch, width;
        char text[64];
        if (c->verdict == VG_VERDICT_NONE ||
            !axes(any_row(rows, list[i]), &batch, &width, text, sizeof text))
            continue;
        int x = place(xs, &nx, width), y = place(ys, &ny, batch);
        double log2_ratio = log2(c->ratio.mid);
        vg_text_printf(&plot->data, "%d %d %.4g %.2f %s\n", x, y, log2_ratio, c->ratio.mid,
                       fabs(log2_ratio) > 0.6 ? "0xf4f4f4" : "0x202020");
        vg_tally_add(tally, c);
        cells++;
    }
    return cells;
}

static vg_status grid(vg_report *report, int document, const int *list, int count)
{
    const vg_rows *rows = &report->rows[document];
    const vg_row *key = any_row(rows, list[0]);
    double xs[MOST_GRID], ys[MOST_GRID], batch, width;
    int nx = 0, ny = 0;
    char text[64], name[160], more[80], buf[80], counts[80];
    bool known = true;
    for (int i = 0; i < count; i++)
        known = known && axes(any_row(rows, list[i]), &batch, &width, text, sizeof text) &&
                place(xs, &nx, width) >= 0 && place(ys, &ny, batch) >= 0;
    /* A map that is mostly holes shows nothing that the table does not. */
    if (!known || nx < 2 || ny < 2 || 2 * count < nx * ny || count < 4)
        return VG_OK;
    qsort(xs, (size_t)nx, sizeof *xs, compare_doubles);
    qsort(ys, (size_t)ny, sizeof *ys, compare_doubles);
    vg_plot plot = {.height = 150 + 34 * ny};
    vg_text alt = {0}, title = {0};
    vg_tally tally = {0};
    group_title(&title, key);
    vg_text_add(&plot.script, grid_style);
    vg_text_add(&plot.script, "set title ");
    vg_text_gnuplot(&plot.script, title.p ? title.p : "");
    vg_text_printf(&plot.script, "\nset xlabel '%s'\n",
                   isnan(vg_doc_num(key->entry, "shape.width")) ? "in x out" : "width");
    grid_labels(&plot, report, document, list, count, xs, nx, ys, ny);
    int cells = grid_cells(&plot, rows, list, count, xs, nx, ys, ny, &tally);
    vg_text_add(
        &plot.script,
        "plot data using 1:2:(0.47):(0.46):3 with boxxyerror lc palette notitle, \\\n"
        "     data using 1:2:(sprintf('%.2f', $4)):5 with labels tc rgb variable notitle\n");
    vg_text_printf(
        &alt,
        "Ratio to oneDNN by batch and width, %s: geometric mean %s; faster, same, slower, "
        "ambiguous: %s",
        title.p ? title.p : "", vg_ratio_text(buf, vg_tally_mean(&tally)),
        vg_tally_text(counts, &tally));
    free(title.p);
    snprintf(more, sizeof more, "%d_%.20s_%.20s", key->threads, key->weights, key->max_isa);
    file_name(name, sizeof name, "grid", document, key->op, key->dir, more);
    return draw(report, &plot, name, &alt, cells > 1);
}

vg_status vg_plot_grids(vg_report *report, int document)
{
    const vg_rows *rows = &report->rows[document];
    int list[MOST_POINTS], plots = 0;
    if (rows->case_count > MOST_CASES)
        return VG_OK;
    for (int i = 0; i < rows->case_count && plots < MOST_PLOTS && report->plots; i++) {
        vg_op op = vg_op_by_name(any_row(rows, i)->op);
        if (op == VG_OP_none || (vg_op_family(op) != VG_FAMILY_DENSE && !vg_op_is_norm(op)))
            continue;
        int before = report->plots->made + report->plots->failed;
        int count = group(rows, i, list, MOST_POINTS);
        if (count > 3)
            VG_TRY(grid(report, document, list, count));
        plots += report->plots->made + report->plots->failed - before;
    }
    return VG_OK;
}
