/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/train_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *vg_train_name(const json_t *record)
{
    const char *name = vg_doc_str(record, "name");
    return name && *name ? strdup(name) : vg_train_label(record);
}

/* --- gradient norm, layer x step ---------------------------------------------------------------- */

/* Columns of equal width, one per record: steps are not evenly spaced at the end of a run. */
static int heat_data(vg_text *data, const json_t *steps, int *columns, size_t *layers)
{
    size_t k, l;
    json_t *step, *layer;
    int cells = 0;
    *columns = 0;
    *layers = 0;
    json_array_foreach(steps, k, step) {
        const json_t *list = json_object_get(step, "layers");
        double x = vg_doc_num(step, "step");
        if (!json_array_size(list) || !isfinite(x))
            continue;
        json_array_foreach(list, l, layer) {
            double norm = vg_doc_num(layer, "delta_norm");
            norm = isfinite(norm) ? norm : vg_doc_num(layer, "grad_norm");
            if (!(norm >= 0) || isinf(norm))
                continue;
            vg_text_printf(data, "%d %zu %.4g\n", *columns, l + 1,
                           norm > 0 ? fmax(log10(norm), -45) : -45);
            cells++;
        }
        *layers = l > *layers ? l : *layers;
        (*columns)++;
    }
    return cells;
}

/* Step numbers under some of the columns. */
static void heat_tics(vg_text *script, const json_t *steps, int columns)
{
    size_t k;
    json_t *step;
    int column = 0, every = columns > 8 ? columns / 8 : 1;
    const char *join = "";
    vg_text_add(script, "set xtics scale 0 (");
    json_array_foreach(steps, k, step) {
        if (!json_array_size(json_object_get(step, "layers")) ||
            !isfinite(vg_doc_num(step, "step")))
            continue;
        if (column % every == 0) {
            vg_text_printf(script, "%s'%.0f' %d", join, vg_doc_num(step, "step"), column);
            join = ", ";
        }
        column++;
    }
    vg_text_add(script, ")\n");
}

vg_status vg_train_plot_heat(vg_report *report, const json_t *record, const char *plot_name)
{
    vg_plot plot = {.height = 360};
    vg_text alt = {0}, *script = &plot.script;
    const json_t *steps = json_object_get(record, "steps");
    char *name = vg_train_name(record);
    int columns;
    size_t layers;
    int cells = heat_data(&plot.data, steps, &columns, &layers);
    vg_text_add(script, "set palette defined (0 '#2d0a4e', 1 '#5e3c99', 2 '#9d8fc8', 3 '#e8e8e8', "
                        "4 '#e0932f')\nset cblabel 'log10 of the gradient norm'\n"
                        "set colorbox noborder\nunset grid\nset border 0\n"
                        "set style fill solid 1 noborder\nset xlabel 'step'\n"
                        "set ylabel 'layer (1 = nearest the input)'\nset title ");
    vg_text_gnuplot(script, name ? name : "net");
    vg_text_printf(script, " noenhanced\nset xrange [-0.5:%d.5]\nset yrange [%zu.5:0.5]\n",
                   columns - 1, layers);
    heat_tics(script, steps, columns);
    vg_text_add(script, "plot data using 1:2:(0.5):(0.5):3 with boxxyerror lc palette fs solid 1 "
                        "noborder notitle\n");
    vg_text_printf(&alt, "Heat map of the gradient norm by layer and training step: %s",
                   name ? name : "net");
    free(name);
    return vg_plot_finish(report, &plot, &alt, plot_name, cells > 0 && columns > 1);
}

/* --- update ratio ------------------------------------------------------------------------------- */

static int update_line(vg_text *data, const json_t *steps, size_t layer, double *least)
{
    size_t k;
    json_t *step;
    int points = 0;
    json_array_foreach(steps, k, step) {
        const json_t *list = json_object_get(step, "layers");
        double x = vg_doc_num(step, "step");
        double ratio = vg_doc_num(json_array_get(list, layer), "update_ratio");
        if (!(ratio > 0) || !isfinite(x + ratio))
            continue;
        vg_text_printf(data, "%.0f %.6g\n", x, ratio);
        *least = fmin(*least, ratio);
        points++;
    }
    return points;
}

/* What the decoupled weight decay alone does to a weight in a step: a layer that lies on this line
 * only shrinks. NAN where there is none, or where the rate is not constant. */
static double decay_alone(const json_t *record)
{
    const json_t *spec = json_object_get(record, "spec");
    const char *optimizer = vg_doc_str(spec, "optimizer"), *schedule = vg_doc_str(spec, "schedule");
    double shrink = vg_doc_num(spec, "lr") * vg_doc_num(spec, "weight_decay");
    if (!optimizer || strcmp(optimizer, "adamw") || !schedule || strcmp(schedule, "constant"))
        return NAN;
    return shrink > 0 ? shrink : NAN;
}

/* The curves of the first, the middle and the last layer; the first is the widest, so that layers
 * which do the same all show. */
static int update_curves(vg_plot *plot, vg_text *curves, const json_t *steps, double *least)
{
    size_t layers = json_array_size(json_object_get(json_array_get(steps, 0), "layers"));
    size_t shown[] = {0, layers / 2, layers ? layers - 1 : 0};
    static const int widths[] = {5, 3, 2};
    int lines = 0;
    for (int i = 0; i < 3; i++) {
        if ((i > 0 && shown[i] == shown[i - 1]) ||
            !update_line(&plot->data, steps, shown[i], least))
            continue;
        vg_text_add(&plot->data, "\n\n");
        vg_text_printf(curves,
                       "data index %d using 1:2 with lines lc rgb '%s' lw %d title "
                       "'layer %zu', \\\n     ",
                       lines, vg_colours[lines % VG_COLOURS], widths[i], shown[i] + 1);
        lines++;
    }
    return lines;
}

vg_status vg_train_plot_updates(vg_report *report, const json_t *record, const char *plot_name)
{
    vg_plot plot = {.height = 360};
    vg_text alt = {0}, curves = {0}, *script = &plot.script;
    char *name = vg_train_name(record);
    double alone = decay_alone(record), least = fmin(1e-3, isfinite(alone) ? alone : 1);
    int lines = update_curves(&plot, &curves, json_object_get(record, "steps"), &least);
    vg_text_add(script, "set logscale y\nset format y '10^{%T}'\nset xlabel 'step'\n"
                        "set ylabel '|dW| / |W| of a step'\nunset mytics\nset title ");
    vg_text_gnuplot(script, name ? name : "net");
    vg_text_printf(script, " noenhanced\nset yrange [%.0e:*]\nplot %s",
                   pow(10, floor(log10(least / 1.5))), curves.p ? curves.p : "");
    if (isfinite(alone))
        vg_text_printf(script,
                       "%.6g with lines lc rgb '#6e7781' dt 4 title "
                       "'lr x weight decay', \\\n     ",
                       alone);
    vg_text_add(script, "1e-3 with lines lc rgb '#6e7781' dt 2 title '1e-3, a rule of thumb'\n");
    script->failed = script->failed || curves.failed;
    free(curves.p);
    vg_text_printf(&alt, "Update-to-weight ratio against training step: %s", name ? name : "net");
    free(name);
    return vg_plot_finish(report, &plot, &alt, plot_name, lines > 0);
}

/* --- learning rates ----------------------------------------------------------------------------- */

vg_status vg_train_plot_rates(vg_report *report, int document)
{
    vg_plot plot = {.height = 360};
    vg_text alt = {0}, *script = &plot.script;
    char file[64];
    int lines = 0;
    size_t i, k;
    json_t *record, *point;
    vg_text_add(script, "set title 'Range test'\nset logscale x\nset format x '10^{%T}'\n"
                        "set xlabel 'learning rate'\nset ylabel 'smoothed loss'\nunset mxtics\n");
    vg_text_add(&alt, "Smoothed loss against learning rate:");
    json_array_foreach(json_object_get(report->docs[document], "train"), i, record) {
        char *name = vg_train_name(record);
        int points = 0;
        json_array_foreach(vg_doc_get(record, "lr_find.points"), k, point) {
            double lr = vg_doc_num(point, "lr"), loss = vg_doc_num(point, "smooth");
            if (!(lr > 0) || !isfinite(lr + loss))
                continue;
            vg_text_printf(&plot.data, "%.6g %.6g\n", lr, loss);
            points++;
        }
        if (points && lines < VG_COLOURS) {
            vg_text_add(&plot.data, "\n\n");
            vg_text_printf(script, "%sdata index %d using 1:2 with lines lc rgb '%s' lw 2 title ",
                           lines ? ", \\\n     " : "plot ", lines, vg_colours[lines]);
            vg_text_gnuplot(script, name ? name : "net");
            vg_text_printf(&alt, "%s %s", lines ? "," : "", name ? name : "net");
            lines++;
        }
        free(name);
    }
    vg_text_add(script, "\n");
    snprintf(file, sizeof file, "rates_%d", document + 1);
    return vg_plot_finish(report, &plot, &alt, file, lines > 0);
}
