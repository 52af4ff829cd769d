/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/nets_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 6, HEAT_ROWS = 24 };

/* --- curves ----------------------------------------------------------------------------------- */

static void number(vg_text *data, double x)
{
    vg_text_printf(data, x > 0 && isfinite(x) ? " %.6g" : " ?", x);
}

/* Signal relative to the last layer with one standard deviation between seeds; the prediction with
 * two of the seed average. Its random walk: the variance of ln s^2 grows linearly with the distance
 * from the last layer, and theory.sd_ln is that of the slope over the fitted window. */
static bool curve_data(vg_text *data, const vg_net *net, bool *theory)
{
    const json_t *layers = json_object_get(net->record, "layers");
    const json_t *predicted = vg_doc_get(net->record, "theory.signal");
    size_t n = json_array_size(layers), i;
    json_t *layer;
    double last = vg_net_signal(net->record, json_array_get(layers, n ? n - 1 : 0));
    double span = vg_doc_num(net->record, "rate.to") - vg_doc_num(net->record, "rate.from");
    double sd = vg_doc_num(net->record, "theory.sd_ln") * sqrt(span);
    int points = 0;
    *theory = false;
    vg_text_add(data, "# layer signal low high theory theory_low theory_high of ");
    vg_text_html(data, net->label);
    vg_text_add(data, "\n");
    json_array_foreach(layers, i, layer) {
        double s = vg_net_signal(net->record, layer) / last, spread = vg_doc_num(layer, "ln_sd");
        double x = vg_doc_num(layer, "index"), mean = NAN;
        double band = exp(0.5 * 2 * sd * sqrt((double)(n - 1 - i)));
        if (json_is_number(json_array_get(predicted, i)))
            mean = json_number_value(json_array_get(predicted, i));
        if (!isfinite(x))
            continue;
        vg_text_printf(data, "%.0f", x);
        number(data, s);
        number(data, s / exp(spread));
        number(data, s * exp(spread));
        number(data, mean);
        number(data, mean / band);
        number(data, mean * band);
        vg_text_add(data, "\n");
        points += s > 0 && isfinite(s);
        *theory = *theory || mean > 0;
    }
    vg_text_add(data, "\n\n");
    return points > 1;
}

static void curve_lines(vg_text *script, const vg_net *net, int i, bool theory, const char **join)
{
    const char *colour = vg_colours[i % VG_COLOURS];
    if (theory) {
        vg_text_printf(script,
                       "%sdata index %d using 1:6:7 with filledcurves lc rgb '#808080' notitle",
                       *join, i);
        *join = ", \\\n     ";
    }
    vg_text_printf(script, "%sdata index %d using 1:3:4 with filledcurves lc rgb '%s' notitle",
                   *join, i, colour);
    *join = ", \\\n     ";
    if (theory)
        vg_text_printf(script,
                       "%sdata index %d using 1:5 with lines lc rgb '#808080' lw 1.5 dt 2 "
                       "notitle",
                       *join, i);
    vg_text_printf(script, "%sdata index %d using 1:2 with linespoints ", *join, i);
    vg_plot_look(script, i, 0.6);
    vg_text_add(script, " pn 12 title ");
    vg_text_gnuplot(script, net->label);
}

static bool is_over_time(const vg_net *net)
{
    return net->kind == VG_NET_RECURRENT;
}

static int deepest(const vg_net *const *nets, int count)
{
    int depth = 2;
    for (int i = 0; i < count; i++)
        depth = nets[i]->depth > depth ? nets[i]->depth : depth;
    return depth;
}

static vg_status curves(vg_report *report, const vg_net *const *nets, int count, const char *name,
                        const char *title)
{
    vg_plot plot = {.height = 400 + 20 * (count + 1) / 2};
    vg_text alt = {0}, *script = &plot.script;
    const char *join = "plot ";
    int lines = 0;
    bool any_theory = false;
    vg_text_printf(&alt, "Gradient signal relative to the last %s, against the %s:",
                   is_over_time(nets[0]) ? "time step" : "layer",
                   is_over_time(nets[0]) ? "time step" : "layer");
    vg_text_add(script, "set logscale y\nset format y '10^{%L}'\nset title ");
    vg_text_gnuplot(script, title);
    const char *what = is_over_time(nets[0]) ? "time step" : "layer";
    vg_text_printf(script,
                   "\nset xlabel '%s (1 = %s)'\nset ylabel 'signal / signal at the last %s'\n"
                   "unset mytics\n",
                   what, is_over_time(nets[0]) ? "first" : "nearest the input", what);
    vg_text_printf(script, "set xrange [1:%d]\n", deepest(nets, count));
    for (int i = 0; i < count; i++) {
        char survival[VG_NUM];
        bool theory;
        if (!curve_data(&plot.data, nets[i], &theory))
            continue;
        any_theory = any_theory || theory;
        curve_lines(script, nets[i], i, theory, &join);
        vg_text_printf(&alt, "%s %s: %s at %s 1", lines++ ? ";" : "", nets[i]->label,
                       vg_num(survival, vg_doc_num(nets[i]->record, "survival"), 2), what);
    }
    if (any_theory)
        vg_text_printf(script,
                       "%sNaN with lines lc rgb '#808080' lw 1.5 dt 2 title "
                       "'theory, band of 2 standard deviations'",
                       join);
    vg_text_add(script, "\n");
    return vg_plot_finish(report, &plot, &alt, name, lines > 0);
}

static bool is_drawn(const vg_net *net, vg_net_kind kind)
{
    return net->deepest && net->kind == kind;
}

vg_status vg_nets_plot_curves(vg_report *report, const vg_nets *nets, vg_net_kind kind,
                              int document)
{
    const vg_net *list[LINES];
    int total = 0, plots = 0;
    char *done = calloc((size_t)nets->count + 1, 1);
    if (!done)
        return vg_fail(VG_ENOMEM, "no memory for %d nets", nets->count);
    for (int i = 0; i < nets->count; i++)
        total += is_drawn(&nets->nets[i], kind);
    bool by_init = total > LINES;
    vg_status status = VG_OK;
    for (int i = 0; i < nets->count && status == VG_OK; i++) {
        const vg_net *first = &nets->nets[i];
        char name[64];
        vg_text title = {0};
        int count = 0;
        if (done[i] || !is_drawn(first, kind))
            continue;
        for (int j = i; j < nets->count && count < LINES; j++) {
            if (done[j] || !is_drawn(&nets->nets[j], kind) ||
                (by_init && strcmp(nets->nets[j].init, first->init) != 0))
                continue;
            done[j] = 1;
            list[count++] = &nets->nets[j];
        }
        snprintf(name, sizeof name, "%s_%d_%d", kind == VG_NET_RECURRENT ? "time" : "decay",
                 document + 1, ++plots);
        vg_text_printf(&title, "Gradient signal against %s%s%s",
                       kind == VG_NET_RECURRENT ? "time" : "layer", by_init ? ", init " : "",
                       by_init ? first->init : "");
        status = curves(report, list, count, name, title.p ? title.p : "");
        free(title.p);
    }
    free(done);
    return status;
}

/* --- heat map --------------------------------------------------------------------------------- */

/* Decades lost are violet, gained orange, and what is as it should be is light; the ends are far
 * apart in lightness, too, so that the map reads without colour. The bar says that its ends stand
 * for all that is beyond them. */
const char vg_heat_style[] =
    "set palette defined (-12 '#2d0a4e', -6 '#5e3c99', -2 '#9d8fc8', 0 '#e8e8e8', 2 '#e0932f', "
    "6 '#8c4a00')\nset cbrange [-12:6]\nset cblabel 'decades against the last layer'\n"
    "set cbtics ('≤ -12' -12, '-6' -6, '0' 0, '≥ 6' 6) textcolor rgb '#6e7781'\nset colorbox noborder\n"
    "unset grid\nset border 0\nset style fill solid 1 noborder\nset xlabel 'layer (1 = nearest the "
    "input)'\n";

int vg_heat_row(vg_text *data, const vg_net *net, int row, double columns)
{
    const json_t *layers = json_object_get(net->record, "layers");
    size_t n = json_array_size(layers), l;
    json_t *layer;
    double last = vg_net_signal(net->record, json_array_get(layers, n ? n - 1 : 0));
    double width = columns / (double)(n ? n : 1);
    int cells = 0;
    json_array_foreach(layers, l, layer) {
        double decades = log10(vg_net_signal(net->record, layer) / last);
        if (isnan(decades))
            continue;
        vg_text_printf(data, "%.6g %d %.6g %.4g\n", 0.5 + width * ((double)l + 0.5), row, width / 2,
                       fmin(fmax(decades, -99), 99));
        cells++;
    }
    return cells;
}

const char vg_heat_cells[] =
    "plot data using 1:2:3:(0.42):4 with boxxyerror lc palette fs solid 1 noborder notitle\n";

static vg_status heat(vg_report *report, const vg_net *const *nets, int count, const char *name)
{
    vg_plot plot = {.height = 160 + 26 * count};
    vg_text alt = {0}, *script = &plot.script;
    int cells = 0;
    vg_text_add(script, vg_heat_style);
    vg_text_printf(script, "set title 'Where the gradient is lost, depth %d'\n", nets[0]->depth);
    vg_text_printf(script, "set xrange [0.5:%d.5]\nset yrange [%d.5:-0.5]\nset ytics scale 0 (",
                   nets[0]->depth, count - 1);
    vg_text_add(&alt,
                "Heat map of the gradient signal by net and layer, in decades against the last "
                "layer:");
    for (int i = 0; i < count; i++) {
        char survival[VG_NUM];
        vg_text_add(script, i ? ", " : "");
        vg_text_gnuplot(script, nets[i]->label);
        vg_text_printf(script, " %d", i);
        cells += vg_heat_row(&plot.data, nets[i], i, nets[0]->depth);
        vg_text_printf(&alt, "%s %s %s at layer 1", i ? ";" : "", nets[i]->label,
                       vg_num(survival, vg_doc_num(nets[i]->record, "survival"), 2));
    }
    vg_text_add(script, ") noenhanced\n");
    vg_text_add(script, vg_heat_cells);
    return vg_plot_finish(report, &plot, &alt, name, cells > 0);
}

vg_status vg_nets_plot_heat(vg_report *report, const vg_nets *nets, int document)
{
    const vg_net *list[HEAT_ROWS];
    int plots = 0;
    char *done = calloc((size_t)nets->count + 1, 1);
    vg_status status = done ? VG_OK : vg_fail(VG_ENOMEM, "no memory for %d nets", nets->count);
    for (int i = 0; i < nets->count && status == VG_OK; i++) {
        int count = 0;
        if (done[i] || !is_drawn(&nets->nets[i], VG_NET_PLAIN))
            continue;
        for (int j = i; j < nets->count && count < HEAT_ROWS; j++) {
            if (done[j] || !is_drawn(&nets->nets[j], VG_NET_PLAIN) ||
                nets->nets[j].depth != nets->nets[i].depth)
                continue;
            done[j] = 1;
            list[count++] = &nets->nets[j];
        }
        char name[64];
        snprintf(name, sizeof name, "heat_%d_%d", document + 1, plots + 1);
        if (count > 1) {
            plots++;
            status = heat(report, list, count, name);
        }
    }
    free(done);
    return status;
}

/* --- loss ------------------------------------------------------------------------------------- */

char *vg_train_label(const json_t *record)
{
    static const char *const keys[] = {"model", "act", "init", "norm", "skip", "optimizer"};
    vg_text label = {0};
    const json_t *spec = json_object_get(record, "spec");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *word = vg_doc_str(spec, keys[i]);
        if (word && strcmp(word, "none") != 0 && strcmp(word, "mlp") != 0)
            vg_text_printf(&label, "%s%s", label.len ? ", " : "", word);
    }
    double depth = vg_doc_num(spec, "depth");
    if (isfinite(depth))
        vg_text_printf(&label, "%sdepth %.0f", label.len ? ", " : "", depth);
    if (!label.len)
        vg_text_add(&label, "net");
    return label.p;
}

static void loss_range(const json_t *record, double *least, double *most)
{
    size_t k;
    json_t *step;
    json_array_foreach(json_object_get(record, "steps"), k, step) {
        double loss = vg_doc_num(step, "loss");
        if (loss > 0 && isfinite(loss)) {
            *least = fmin(*least, loss);
            *most = fmax(*most, loss);
        }
    }
}

vg_status vg_train_plot(vg_report *report, int document)
{
    vg_plot plot = {.height = 400};
    vg_text alt = {0}, *script = &plot.script;
    const json_t *list = json_object_get(report->docs[document], "train");
    char name[64], last[VG_NUM];
    const char *join = "plot ";
    int lines = 0;
    double least = INFINITY, most = 0;
    size_t i, k;
    json_t *record, *step;
    vg_text_add(&alt, "Loss against training step:");
    vg_text_add(script, "set title 'Loss'\nset xlabel 'step'\nset ylabel 'loss'\n");
    json_array_foreach(list, i, record)
        loss_range(record, &least, &most);
    if (most > 30 * least)
        vg_text_add(script, "set logscale y\nunset mytics\n");
    else
        vg_text_add(script, "set yrange [0:*]\n");
    json_array_foreach(list, i, record) {
        int points = 0;
        double loss = NAN;
        char *label = vg_train_label(record);
        if (lines == 2 * VG_COLOURS || !label) {
            free(label);
            break;
        }
        json_array_foreach(json_object_get(record, "steps"), k, step) {
            double x = vg_doc_num(step, "step"), y = vg_doc_num(step, "loss");
            if (!(y > 0) || !isfinite(x + y))
                continue;
            vg_text_printf(&plot.data, "%.0f %.6g\n", x, loss = y);
            points++;
        }
        if (points) {
            vg_text_printf(script, "%sdata index %d using 1:2 with lines ", join, lines);
            vg_text_printf(script, "lc rgb '%s' lw 2 dt %d title ", vg_colours[lines % VG_COLOURS],
                           1 + lines / VG_COLOURS);
            vg_text_gnuplot(script, label);
            vg_text_printf(&alt, "%s %s ends at %s", lines ? ";" : "", label,
                           vg_num(last, loss, 3));
            vg_text_add(&plot.data, "\n\n");
            join = ", \\\n     ";
            lines++;
        }
        free(label);
    }
    vg_text_add(script, "\n");
    snprintf(name, sizeof name, "loss_%d", document + 1);
    return vg_plot_finish(report, &plot, &alt, name, lines > 0);
}
