/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/fixes_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/nets_plot.h"

/* --- labels ----------------------------------------------------------------------------------- */

/* Fixes differ at the end ("norm=batch (same depth)") as often as at the start: a long name loses its
 * middle. No cut within a UTF-8 character. */
static void chart_label(vg_text *script, const char *label, int row)
{
    enum { HEAD = 20, TAIL = 21 };
    vg_text text = {0};
    size_t length = strlen(label), head = HEAD, tail = length - TAIL;
    if (length > HEAD + TAIL + 3) {
        while (head && (label[head] & 0xc0) == 0x80)
            head--;
        while ((label[tail] & 0xc0) == 0x80)
            tail++;
        vg_text_printf(&text, "%.*s...%s", (int)head, label, label + tail);
    } else
        vg_text_add(&text, label);
    vg_text_add(script, row ? ", " : "");
    vg_text_gnuplot(script, text.p ? text.p : "");
    vg_text_printf(script, " %d", row);
    free(text.p);
}

static bool is_over_time(const vg_net *base)
{
    const char *model = vg_doc_str(base->record, "spec.model");
    return model && strcmp(model, "mlp") != 0;
}

/* --- survival beside cost --------------------------------------------------------------------- */

/* Rows of the chart: the base, then the fixes as the table ranks them. The axes end where the fixes would
 * no longer tell apart: what lies beyond is an arrow with its value. */
enum { CHARTED = 15, LEAST_DECADE = -12, MOST_DECADE = 6, MOST_RATIO = 4 };

typedef struct bar {
    const char *label;
    double survival, ratio, ends[2]; /* step time over the base's median, with its interval */
} bar;

typedef struct chart {
    bar bars[CHARTED];
    int rows, lo, hi; /* decades */
    double most;      /* step ratio */
    bool beyond[2];   /* something lies beyond the axis of a panel */
} chart;

static void add_bar(chart *c, const vg_nets *nets, const vg_net *base, const vg_net *net)
{
    vg_estimate ratio = net == base ? (vg_estimate){1, 1, 1} : vg_net_step_ratio(nets, net);
    bar b = {.label = net == base ? "no fix" : net->label,
             .survival = vg_doc_num(net->record, "survival"),
             .ratio = ratio.mid};
    if (!(b.survival >= 0) || !(b.ratio > 0) || !isfinite(b.ratio))
        return;
    for (int i = 0; i < 2; i++) {
        b.ends[i] = i ? ratio.hi : ratio.lo;
        b.ends[i] = isfinite(b.ends[i]) ? b.ends[i] : b.ratio;
    }
    double decades = fmin(fmax(log10(b.survival), LEAST_DECADE), MOST_DECADE);
    c->lo = (int)fmin(c->lo, floor(decades));
    c->hi = (int)fmax(c->hi, ceil(decades));
    c->most = fmax(c->most, fmin(1.2 * b.ratio, MOST_RATIO));
    c->bars[c->rows++] = b;
}

/* row, survival, whether it is beyond the axis, its text, step ratio, the same, low and high end */
static void chart_data(vg_text *data, chart *c)
{
    char a[VG_NUM], b[VG_NUM];
    double least = pow(10, c->lo - 0.5), most = pow(10, c->hi + 0.5);
    for (int row = 0; row < c->rows; row++) {
        const bar *r = &c->bars[row];
        bool far = r->survival < least || r->survival > most, slow = r->ratio > c->most;
        vg_text_printf(data, "%d %.5g %d %s %.5g %d %s %.5g %.5g\n", row,
                       fmin(fmax(r->survival, least), most), far, vg_num(a, r->survival, 2),
                       fmin(r->ratio, c->most), slow, vg_num(b, r->ratio, 2),
                       fmin(r->ends[0], c->most), fmin(r->ends[1], c->most));
        c->beyond[0] |= far;
        c->beyond[1] |= slow || r->ends[1] > c->most;
    }
}

static void left_panel(vg_text *script, const chart *c, bool time)
{
    int step = (c->hi - c->lo + 4) / 5; /* five labels have room */
    int first = -step * (-c->lo / step);
    vg_text_printf(script, "set yrange [%d.5:-0.5]\n", c->rows - 1);
    vg_text_printf(script,
                   "set lmargin at screen 0.38\nset rmargin at screen 0.68\nset logscale x\n"
                   "set format x '10^{%%L}'\nunset mxtics\nset xtics 1e%d,1e%d,1e%d\n"
                   "set xrange [%.5g:%.5g]\nset title \"gradient kept at %s 1%s\"\n",
                   first, step, c->hi, pow(10, c->lo - 0.5), pow(10, c->hi + 0.5),
                   time ? "step" : "layer", c->beyond[0] ? "\\n(arrow: beyond the axis)" : "");
    vg_text_printf(
        script,
        "set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#6e7781' dt 2\n"
        "plot data using ($3 > 0 ? NaN : 1):1:($2-1):(0) with vectors nohead lc rgb '%s' lw 1.5 "
        "notitle, \\\n"
        "     data using ($3 > 0 ? NaN : $2):1 with points pt 7 ps 0.9 lc rgb '%s' notitle, \\\n"
        "     data using ($3 > 0 ? 1 : NaN):1:($2-1):(0) with vectors head filled lc rgb '%s' lw "
        "1.5 "
        "notitle, \\\n"
        "     data using ($3 > 0 ? sqrt($2) : NaN):1:4 with labels offset 0,0.5 font ',11' tc rgb "
        "'#6e7781' notitle\n",
        vg_colours[0], vg_colours[0], vg_colours[0]);
}

static void right_panel(vg_text *script, const chart *c)
{
    vg_text_printf(script,
                   "set lmargin at screen 0.72\nset rmargin at screen 0.97\nunset ytics\n"
                   "unset logscale x\nset xtics %s\nset format x '%%gx'\nset xrange [0:%.3g]\n"
                   "set title \"time of a step, base = 1%s\"\n",
                   c->most > 2.2 ? "0,1" : "0,0.5", c->most,
                   c->beyond[1] ? "\\n(what ends at the edge goes on)" : "");
    vg_text_printf(
        script,
        "plot data using 8:1:($9-$8):(0) with vectors nohead lc rgb '%s' lw 2 notitle, \\\n"
        "     data using ($6 > 0 ? NaN : $5):1 with points pt 5 ps 0.8 lc rgb '%s' notitle, \\\n"
        "     data using ($6 > 0 ? 0 : NaN):1:5:(0) with vectors head filled lc rgb '%s' lw 1.5 "
        "notitle, \\\n"
        "     data using ($6 > 0 ? $5/2 : NaN):1:7 with labels offset 0,0.5 font ',11' tc rgb "
        "'#6e7781' notitle\n"
        "unset multiplot\n",
        vg_colours[1], vg_colours[1], vg_colours[1]);
}

vg_status vg_plot_fixes(vg_report *report, const vg_nets *nets, const vg_net *base,
                        const vg_net *const *list, int count, int document, int index)
{
    vg_plot plot = {0};
    vg_text alt = {0}, *script = &plot.script;
    chart c = {.lo = -1, .hi = 1, .most = 1.5};
    char name[64], a[VG_NUM], b[VG_NUM];
    add_bar(&c, nets, base, base);
    for (int i = 0; i < count && c.rows < CHARTED; i++)
        add_bar(&c, nets, base, list[i]);
    chart_data(&plot.data, &c);
    vg_text_printf(
        &alt, "Survival of the gradient and step time of the fixes of %s, depth %d%s:", base->label,
        base->depth, c.beyond[0] || c.beyond[1] ? " (arrows point beyond the axis)" : "");
    vg_text_add(script, "set multiplot\nset ytics scale 0 noenhanced font ',12' (");
    for (int row = 0; row < c.rows; row++) {
        chart_label(script, c.bars[row].label, row);
        vg_text_printf(&alt, "%s %s %s at %sx", row ? ";" : "", c.bars[row].label,
                       vg_num(a, c.bars[row].survival, 2), vg_num(b, c.bars[row].ratio, 2));
    }
    /* both panels' rows at the same heights, however many lines their titles have */
    int title = c.beyond[0] || c.beyond[1] ? 70 : 46;
    plot.height = title + 50 + 24 * c.rows;
    vg_text_printf(script, ")\nset tmargin at screen %.4f\nset bmargin at screen %.4f\n",
                   1 - (double)title / plot.height, 50.0 / plot.height);
    left_panel(script, &c, is_over_time(base));
    right_panel(script, &c);
    snprintf(name, sizeof name, "fixes_%d_%d", document + 1, index);
    return vg_plot_finish(report, &plot, &alt, name, c.rows > 1);
}

/* --- layer x fix ------------------------------------------------------------------------------ */

enum { HEAT_FIXES = 44 };

vg_status vg_plot_fix_heat(vg_report *report, const vg_nets *nets, const vg_net *base,
                           const vg_net *const *list, int count, int document, int index)
{
    vg_plot plot = {0};
    vg_text alt = {0}, *script = &plot.script;
    char name[64], a[VG_NUM];
    bool time = is_over_time(base);
    int rows = 0, cells = 0;
    vg_text_printf(&alt,
                   "Heat map of the gradient signal by fix and %s, in decades against the last, "
                   "clipped to -12 and 6; at the first:",
                   time ? "time step" : "matrix");
    vg_text_add(script, vg_heat_style);
    vg_text_printf(script,
                   "set title 'Where each fix keeps the gradient'\nset xlabel '%s'\n"
                   "set xrange [0.5:%d.5]\nset ytics scale 0 noenhanced font ',11' (",
                   time ? "time step (1 = first)" : "matrix (1 = nearest the input)", base->depth);
    for (int i = -1; i < count && rows < HEAT_FIXES; i++) {
        const vg_net *net = i < 0 ? base : list[i];
        if (i >= 0 && !vg_net_equal_work(nets, net))
            continue;
        chart_label(script, i < 0 ? "no fix" : net->label, rows);
        cells += vg_heat_row(&plot.data, net, rows, base->depth);
        vg_text_printf(&alt, "%s %s %s", rows ? ";" : "", i < 0 ? "no fix" : net->label,
                       vg_num(a, vg_doc_num(net->record, "survival"), 2));
        rows++;
    }
    plot.height = 130 + 17 * rows;
    vg_text_printf(script, ")\nset yrange [%d.5:-0.5]\nset lmargin at screen 0.36\n", rows - 1);
    vg_text_add(script, vg_heat_cells);
    snprintf(name, sizeof name, "fix_heat_%d_%d", document + 1, index);
    return vg_plot_finish(report, &plot, &alt, name, rows > 1 && cells > 0);
}

/* --- activation x initialisation -------------------------------------------------------------- */

enum { MOST_WORDS = 16 };

static int place(const char *words[], int *count, const char *word)
{
    for (int i = 0; i < *count; i++)
        if (!strcmp(words[i], word))
            return i;
    if (*count == MOST_WORDS)
        return -1;
    words[(*count)++] = word;
    return *count - 1;
}

static void tics(vg_text *script, const char *axis, const char *const words[], int count)
{
    vg_text_printf(script, "set %stics scale 0 noenhanced (", axis);
    for (int i = 0; i < count; i++) {
        vg_text_add(script, i ? ", " : "");
        vg_text_gnuplot(script, words[i]);
        vg_text_printf(script, " %d", i);
    }
    vg_text_add(script, ")\n");
}

static void cell(vg_plot *plot, vg_text *alt, const vg_net *net, int x, int y, int cells)
{
    char buf[VG_NUM];
    double survival = vg_doc_num(net->record, "survival");
    double decades = survival > 0 ? fmin(fmax(log10(survival), -99), 99) : -99;
    decades = fabs(decades) < 0.05 ? 0 : decades; /* no "-0.0" */
    vg_text_printf(&plot->data, "%d %d %.4g %.1f %s\n", x, y, decades, decades,
                   decades < -3.5 || decades > 3.5 ? "0xf4f4f4" : "0x202020");
    vg_text_printf(alt, "%s %s %s", cells ? ";" : "", net->label, vg_num(buf, survival, 1));
}

vg_status vg_plot_net_grid(vg_report *report, const vg_nets *nets, int grid, int document)
{
    vg_plot plot = {0};
    vg_text alt = {0}, *script = &plot.script;
    const char *acts[MOST_WORDS] = {NULL}, *inits[MOST_WORDS] = {NULL};
    int nx = 0, ny = 0, cells = 0, depth = 0;
    char name[64];
    vg_text_add(&alt, "Decades of gradient kept or lost by activation and initialisation; "
                      "survival:");
    for (int i = 0; i < nets->count; i++) {
        const vg_net *net = &nets->nets[i];
        const char *act = vg_doc_str(net->record, "spec.act");
        if (net->kind != VG_NET_GRID || net->grid != grid || !act || !*net->init)
            continue;
        int y = place(acts, &ny, act), x = place(inits, &nx, net->init);
        if (x < 0 || y < 0)
            continue;
        depth = net->depth;
        cell(&plot, &alt, net, x, y, cells++);
    }
    plot.height = 150 + 26 * ny;
    vg_text_add(script, vg_heat_style);
    vg_text_printf(script,
                   "set title 'Decades of gradient kept (0) or lost over %d layers'\n"
                   "set xlabel 'initialisation'\nset ylabel 'activation'\n",
                   depth);
    tics(script, "x", inits, nx);
    vg_text_add(script,
                nx > 5 ? "set xtics rotate by 20 right font ',12'\n" : "set xtics font ',12'\n");
    tics(script, "y", acts, ny);
    vg_text_printf(script,
                   "set xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n"
                   "plot data using 1:2:(0.48):(0.46):3 with boxxyerror lc palette notitle, \\\n"
                   "     data using 1:2:(sprintf('%%+.1f', $4)):5 with labels tc rgb variable "
                   "notitle\n",
                   nx - 1, ny - 1);
    snprintf(name, sizeof name, "grid_%d_%d", document + 1, grid + 1);
    return vg_plot_finish(report, &plot, &alt, name, cells > 0);
}
