/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/fixes_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/nets_plot.h"

/* --- survival beside cost --------------------------------------------------------------------- */

/* Rows of the chart: the base, then the fixes as the table ranks them. */
enum { CHARTED = 15 };

/* Survival within what an axis can show. */
static double clipped(double survival)
{
    return fmin(fmax(survival, 1e-12), 1e6);
}

static double interval_end(const vg_net *net, int end)
{
    const json_t *value = json_array_get(vg_doc_get(net->record, "cost.step_ms_ci95"), (size_t)end);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* row, survival, step ratio and the interval of the step time over the base's median */
static bool chart_row(vg_text *data, const vg_nets *nets, const vg_net *base, const vg_net *net,
                      int row)
{
    double survival = vg_doc_num(net->record, "survival");
    double step = vg_doc_num(base->record, "cost.step_ms");
    double ratio = net == base ? 1 : vg_net_step_ratio(nets, net);
    double ends[] = {interval_end(net, 0) / step, interval_end(net, 1) / step};
    if (!(survival >= 0) || !(ratio > 0) || !isfinite(ratio))
        return false;
    vg_text_printf(data, "%d %.5g %.5g %.5g %.5g\n", row, clipped(survival), ratio,
                   isfinite(ends[0]) ? ends[0] : ratio, isfinite(ends[1]) ? ends[1] : ratio);
    return true;
}

static void chart_label(vg_text *script, const char *label, int row)
{
    vg_text text = {0};
    vg_text_printf(&text, "%.40s%s", label, strlen(label) > 40 ? "..." : "");
    vg_text_add(script, row ? ", " : "");
    vg_text_gnuplot(script, text.p ? text.p : "");
    vg_text_printf(script, " %d", row);
    free(text.p);
}

static const char left_panel[] =
    "set yrange [%d.5:-0.5]\n"
    "set lmargin at screen 0.38\nset rmargin at screen 0.68\n"
    "set logscale x\nset format x '10^{%%L}'\nunset mxtics\n"
    "set title 'gradient kept at layer 1'\n"
    "set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#6e7781' dt 2\n"
    "plot data using (1):1:($2-1):(0) with vectors nohead lc rgb '%s' lw 1.5 notitle, \\\n"
    "     data using 2:1 with points pt 7 ps 0.9 lc rgb '%s' notitle\n";

static const char right_panel[] =
    "set lmargin at screen 0.72\nset rmargin at screen 0.97\n"
    "unset ytics\nunset logscale x\nset xtics 0.5\nset format x '%%gx'\nset xrange [0:%.3g]\n"
    "set title 'time of a step, base = 1'\n"
    "plot data using 4:1:($5-$4):(0) with vectors nohead lc rgb '%s' lw 2 notitle, \\\n"
    "     data using 3:1 with points pt 5 ps 0.8 lc rgb '%s' notitle\n"
    "unset multiplot\n";

vg_status vg_plot_fixes(vg_report *report, const vg_nets *nets, const vg_net *base,
                        const vg_net *const *list, int count, int document, int index)
{
    vg_plot plot = {0};
    vg_text alt = {0}, labels = {0}, *script = &plot.script;
    char name[64], a[VG_NUM], b[VG_NUM];
    int rows = 0;
    double most = 1.5;
    vg_text_printf(&alt, "Survival of the gradient and step time of the fixes of %s, depth %d:",
                   base->label, base->depth);
    for (int i = -1; i < count && rows < CHARTED; i++) {
        const vg_net *net = i < 0 ? base : list[i];
        double ratio = i < 0 ? 1 : vg_net_step_ratio(nets, net);
        if (!chart_row(&plot.data, nets, base, net, rows))
            continue;
        chart_label(&labels, i < 0 ? "no fix" : net->label, rows);
        vg_text_printf(&alt, "%s %s %s at %sx", rows ? ";" : "", i < 0 ? "no fix" : net->label,
                       vg_num(a, vg_doc_num(net->record, "survival"), 2), vg_num(b, ratio, 2));
        most = fmax(most, fmin(1.2 * ratio, 4));
        rows++;
    }
    plot.height = 90 + 24 * rows;
    vg_text_printf(script, "set multiplot\nset ytics scale 0 noenhanced font ',12' (%s)\n",
                   labels.p ? labels.p : "");
    vg_text_printf(script, left_panel, rows - 1, vg_colours[0], vg_colours[0]);
    vg_text_printf(script, right_panel, most, vg_colours[1], vg_colours[1]);
    free(labels.p);
    snprintf(name, sizeof name, "fixes_%d_%d", document + 1, index);
    return vg_plot_finish(report, &plot, &alt, name, rows > 1);
}

/* --- layer x fix ------------------------------------------------------------------------------ */

enum { HEAT_FIXES = 44 };

vg_status vg_plot_fix_heat(vg_report *report, const vg_nets *nets, const vg_net *base,
                           const vg_net *const *list, int count, int document, int index)
{
    vg_plot plot = {0};
    vg_text alt = {0}, *script = &plot.script;
    char name[64], a[VG_NUM];
    const char *model = vg_doc_str(base->record, "spec.model");
    bool time = model && strcmp(model, "mlp") != 0;
    int rows = 0, cells = 0;
    vg_text_printf(&alt, "Heat map of the gradient signal by fix and %s, in decades against the last; "
                         "at the first:",
                   time ? "time step" : "matrix");
    vg_text_add(script, vg_heat_style);
    vg_text_printf(script, "set title 'Where each fix keeps the gradient'\nset xlabel '%s'\n"
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
    vg_text_add(script, nx > 5 ? "set xtics rotate by 20 right font ',12'\n"
                               : "set xtics font ',12'\n");
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
