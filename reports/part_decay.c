/* SPDX-License-Identifier: Apache-2.0 */
/* Gradient decay: the table, and the curves of signal against layer with seed band and theory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/nets.h"
#include "reports/parts.h"

enum { LINES = 6 }; /* curves in one plot */

static void decay_row(vg_text *out, const vg_net *net)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    const json_t *record = net->record, *ci = vg_doc_get(record, "rate.ci95");
    const char *verdict = vg_doc_str(record, "verdict"), *reason = vg_doc_str(record, "rate.reason");
    double ln_sq = vg_doc_num(record, "rate.ln_sq_per_layer");
    double theory = vg_doc_num(record, "theory.ln_sq_per_layer");
    vg_row_begin(out);
    vg_cell_md(out, net->label);
    vg_cell_printf(out, "%d", net->depth);
    vg_cell_md(out, verdict ? verdict : "n/a");
    if (!isfinite(ln_sq)) {
        reason = reason ? reason : vg_doc_str(record, "rate_reason");
        vg_cell_md(out, reason ? reason : "n/a");
    } else if (json_is_number(json_array_get(ci, 0)) && json_is_number(json_array_get(ci, 1))) {
        vg_cell_printf(out, "%s [%s, %s]", vg_num(a, vg_factor(ln_sq), 4),
                       vg_num(b, vg_factor(json_number_value(json_array_get(ci, 0))), 4),
                       vg_num(c, vg_factor(json_number_value(json_array_get(ci, 1))), 4));
    } else {
        vg_cell_printf(out, "%s [no interval]", vg_num(a, vg_factor(ln_sq), 4));
    }
    if (isfinite(theory)) {
        vg_cell_printf(out, "%s", vg_num(a, vg_factor(theory), 4));
        double off = vg_doc_num(record, "theory.deviation_sd");
        if (isfinite(off))
            vg_text_printf(out, " (%+.1f sd)", off);
    } else {
        reason = vg_doc_str(record, "theory.reason");
        vg_cell_md(out, reason ? reason : "n/a");
    }
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(record, "survival"), 3));
    double half = vg_doc_num(record, "rate.half_life_layers");
    if (isfinite(half))
        vg_cell_printf(out, "%s", vg_num(a, half, 3));
    else
        vg_cell_printf(out, "-");
    vg_cell_printf(out, "%d", vg_net_seeds(record));
    vg_row_end(out);
}

static void decay_table(vg_report *report, const vg_nets *nets)
{
    static const char *const head[] = {"net", "depth", "verdict", "factor per layer [95 % CI]",
                                       "theory", "survival", "layers to half", "seeds"};
    vg_text *out = &report->out;
    bool fold = nets->count > 40;
    if (fold)
        vg_details_begin(out, "%d nets", nets->count);
    vg_table_head(out, "lrlrrrrr", head);
    for (int i = 0; i < nets->count; i++)
        decay_row(out, &nets->nets[i]);
    if (fold)
        vg_details_end(out);
}

/* --- curves -------------------------------------------------------------------------------- */

/* Signal relative to the last layer, its spread over seeds, and what theory says. The theory's
 * random walk: the variance of ln s^2 grows linearly with the distance from the last layer. */
static bool curve_data(vg_text *data, const vg_net *net)
{
    const json_t *layers = json_object_get(net->record, "layers");
    size_t n = json_array_size(layers), i;
    json_t *layer;
    double last = vg_net_signal(net->record, json_array_get(layers, n ? n - 1 : 0));
    double ln_sq = vg_doc_num(net->record, "theory.ln_sq_per_layer");
    double span = vg_doc_num(net->record, "rate.to") - vg_doc_num(net->record, "rate.from");
    double sd = vg_doc_num(net->record, "theory.sd_ln") * sqrt(span * vg_net_seeds(net->record));
    int points = 0;
    vg_text_add(data, "# layer signal low high theory theory_low theory_high of ");
    vg_text_html(data, net->label);
    vg_text_add(data, "\n");
    json_array_foreach(layers, i, layer) {
        double s = vg_net_signal(net->record, layer) / last, spread = vg_doc_num(layer, "ln_sd");
        double away = (double)(n - 1 - i), mean = exp(0.5 * ln_sq * away);
        double band = exp(0.5 * sd * sqrt(away));
        double x = vg_doc_num(layer, "index");
        if (!isfinite(x) || !(s > 0) || !isfinite(s))
            continue;
        double v[6] = {s, s / exp(spread), s * exp(spread), mean, mean / band, mean * band};
        vg_text_printf(data, "%.0f", x);
        for (int k = 0; k < 6; k++)
            vg_text_printf(data, v[k] > 0 && isfinite(v[k]) ? " %.6g" : " ?", v[k]);
        vg_text_add(data, "\n");
        points++;
    }
    vg_text_add(data, "\n\n");
    return points > 1;
}

/* Whether any number stands in column @p column of block @p net; the data are ours. */
static bool has_theory(const vg_net *net)
{
    return isfinite(vg_doc_num(net->record, "theory.ln_sq_per_layer"));
}

static vg_status curves(vg_report *report, const vg_net *const *nets, int count, const char *name,
                        const char *title)
{
    vg_plot plot = {.height = 440};
    vg_text alt = {0}, *script = &plot.script;
    int drawn[LINES], lines = 0;
    for (int i = 0; i < count; i++) {
        drawn[i] = curve_data(&plot.data, nets[i]);
        lines += drawn[i];
    }
    vg_text_printf(&alt, "Norm of the gradient signal relative to the last layer, against the layer:");
    vg_text_add(script, "set logscale y\nset format y '10^{%L}'\nset title ");
    vg_text_gnuplot(script, title);
    vg_text_add(script, "\nset xlabel 'layer (1 = nearest the input)'\n"
                        "set ylabel 'signal / signal at the last layer'\n"
                        "set key below left reverse Left maxcols 2 samplen 3\nset xrange [1:*]\n"
                        "unset mytics\n");
    const char *join = "plot ";
    for (int i = 0; i < count; i++) {
        char survival[VG_NUM];
        if (!drawn[i])
            continue;
        const char *colour = vg_colours[i % VG_COLOURS];
        vg_text_printf(script, "%sdata index %d using 1:3:4 with filledcurves lc rgb '%s' notitle", join,
                       i, colour);
        if (has_theory(nets[i]))
            vg_text_printf(script, ", \\\n     data index %d using 1:5 with lines lc rgb '%s' lw 1 dt 3 "
                           "notitle", i, colour);
        vg_text_printf(script, ", \\\n     data index %d using 1:2 with linespoints ", i);
        vg_plot_look(script, i);
        vg_text_add(script, " pn 12 title ");
        vg_text_gnuplot(script, nets[i]->label);
        join = ", \\\n     ";
        vg_text_printf(&alt, "%s %s falls to %s at layer 1", i ? "," : "", nets[i]->label,
                       vg_num(survival, vg_doc_num(nets[i]->record, "survival"), 2));
    }
    vg_text_add(script, "\n");
    vg_status status = VG_OK;
    if (!lines || alt.failed) {
        free(plot.data.p);
        free(plot.script.p);
    } else {
        status = vg_plot_draw(report->plots, &plot, name, alt.p, &report->out);
    }
    free(alt.p);
    return status;
}

/* The deepest net of every label, in plots of one init each where there are many. */
static vg_status decay_plots(vg_report *report, const vg_nets *nets, int document)
{
    const vg_net *list[LINES];
    int total = 0, plots = 0;
    char *done = calloc((size_t)nets->count + 1, 1);
    if (!done)
        return vg_fail(VG_ENOMEM, "no memory for %d nets", nets->count);
    for (int i = 0; i < nets->count; i++)
        total += nets->nets[i].deepest;
    bool by_init = total > LINES;
    vg_status status = VG_OK;
    for (int i = 0; i < nets->count && status == VG_OK; i++) {
        if (done[i] || !nets->nets[i].deepest)
            continue;
        int count = 0;
        for (int j = i; j < nets->count && count < LINES; j++) {
            if (done[j] || !nets->nets[j].deepest ||
                (by_init && strcmp(nets->nets[j].init, nets->nets[i].init) != 0))
                continue;
            done[j] = 1;
            list[count++] = &nets->nets[j];
        }
        char name[64];
        vg_text title = {0};
        snprintf(name, sizeof name, "decay%s%d_%d", "_", document + 1, ++plots);
        vg_text_printf(&title, "Gradient signal against layer%s%s", by_init ? ", init " : "",
                       by_init ? nets->nets[i].init : "");
        status = curves(report, list, count, name, title.p ? title.p : "");
        free(title.p);
    }
    free(done);
    return status;
}

vg_status vg_part_decay(vg_report *report)
{
    vg_part_title(report, 11, "Gradient decay");
    vg_text_add(&report->out,
                "The signal is the back-propagated gradient of the loss with respect to a layer's "
                "pre-activation (with skips: to the trunk); weight gradients would hide the decay. "
                "Survival = its norm at the first layer / at the last. The factor per layer is fitted "
                "to the seed average of ln norm, so below 1 it vanishes; its interval is over seeds. "
                "Theory is the mean-field prediction, its distance in finite-width standard "
                "deviations. In the plots: line = mean over seeds, band = one standard deviation "
                "between seeds, dots = theory.\n\n");
    for (int d = 0; d < report->count; d++) {
        vg_nets nets;
        vg_part_document(report, d);
        if (!json_array_size(json_object_get(report->docs[d], "decay"))) {
            vg_part_missing(report, "gradient decay", "`vgbench decay` or `vgbench run` measures it");
            continue;
        }
        VG_TRY(vg_nets_collect(report->docs[d], &nets));
        decay_table(report, &nets);
        vg_status status = decay_plots(report, &nets, d);
        vg_nets_release(&nets);
        VG_TRY(status);
    }
    return VG_OK;
}
