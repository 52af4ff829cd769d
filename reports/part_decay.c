/* SPDX-License-Identifier: Apache-2.0 */
/* Gradient decay: tables of rates, costs and training runs, with their plots. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/nets.h"
#include "reports/nets_plot.h"
#include "reports/parts.h"

/* --- rates ------------------------------------------------------------------------------------ */

static const char *reason_of(const json_t *record, const char *path, const char *other)
{
    const char *reason = vg_doc_str(record, path);
    reason = reason ? reason : vg_doc_str(record, other);
    return reason ? reason : "n/a";
}

static void rate_cells(vg_text *out, const json_t *record)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    const json_t *ci = vg_doc_get(record, "rate.ci95");
    double ln_sq = vg_doc_num(record, "rate.ln_sq_per_layer");
    double theory = vg_doc_num(record, "theory.ln_sq_per_layer");
    double off = vg_doc_num(record, "theory.deviation_sd");
    if (!isfinite(ln_sq))
        vg_cell_md(out, reason_of(record, "rate_reason", "rate.reason"));
    else if (json_is_number(json_array_get(ci, 0)) && json_is_number(json_array_get(ci, 1)))
        vg_cell_printf(out, "%s [%s, %s]", vg_num(a, vg_factor(ln_sq), 4),
                       vg_num(b, vg_factor(json_number_value(json_array_get(ci, 0))), 4),
                       vg_num(c, vg_factor(json_number_value(json_array_get(ci, 1))), 4));
    else
        vg_cell_printf(out, "%s [no interval]", vg_num(a, vg_factor(ln_sq), 4));
    if (!isfinite(theory))
        vg_cell_md(out, reason_of(record, "theory.reason", "theory_reason"));
    else
        vg_cell_printf(out, "%s", vg_num(a, vg_factor(theory), 4));
    if (isfinite(theory) && isfinite(off))
        vg_text_printf(out, " (%+.1f sd)", off);
}

static void rate_row(vg_text *out, const vg_net *net)
{
    char a[VG_NUM];
    const char *verdict = vg_doc_str(net->record, "verdict");
    double half = vg_doc_num(net->record, "rate.half_life_layers");
    vg_row_begin(out);
    vg_cell_md(out, net->label);
    vg_cell_printf(out, "%d", net->depth);
    vg_cell_md(out, verdict ? verdict : "n/a");
    rate_cells(out, net->record);
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(net->record, "survival"), 3));
    vg_cell_printf(out, "%s", isfinite(half) ? vg_num(a, half, 3) : "-");
    vg_cell_printf(out, "%d", vg_net_seeds(net->record));
    vg_row_end(out);
}

static void rates(vg_report *report, const vg_nets *nets)
{
    static const char *const head[] = {
        "net",    "depth",    "verdict",        "factor per layer [95 % CI]",
        "theory", "survival", "layers to half", "seeds"};
    vg_text *out = &report->out;
    bool fold = nets->count > 40;
    if (fold)
        vg_details_begin(out, "%d nets", nets->count);
    vg_table_head(out, "lrlrrrrr", head);
    for (int i = 0; i < nets->count; i++)
        rate_row(out, &nets->nets[i]);
    if (fold)
        vg_details_end(out);
}

/* --- what is wrong in the deepest nets, and what would help ----------------------------------- */

static void findings(vg_report *report, const vg_nets *nets)
{
    static const char *const head[] = {"net", "depth", "found", "layer", "value", "why"};
    vg_text *out = &report->out;
    char a[VG_NUM];
    int lines = 0;
    for (int i = 0; i < nets->count; i++) {
        size_t k;
        json_t *finding;
        if (!nets->nets[i].deepest)
            continue;
        json_array_foreach(json_object_get(nets->nets[i].record, "findings"), k, finding) {
            const char *code = vg_doc_str(finding, "code"), *why = vg_doc_str(finding, "why");
            if (!lines++) {
                vg_details_begin(out, "Findings in the deepest net of each kind");
                vg_table_head(out, "lrlrrl", head);
            }
            vg_row_begin(out);
            vg_cell_md(out, nets->nets[i].label);
            vg_cell_printf(out, "%d", nets->nets[i].depth);
            vg_cell_md(out, code ? code : "n/a");
            vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(finding, "layer"), 1));
            vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(finding, "value"), 3));
            vg_cell_md(out, why ? why : "");
            vg_row_end(out);
        }
    }
    if (lines)
        vg_details_end(out);
}

static void advice(vg_report *report, const vg_nets *nets)
{
    static const char *const head[] = {"net", "depth", "change", "survival", "step time", "why"};
    vg_text *out = &report->out;
    char a[VG_NUM];
    int lines = 0;
    for (int i = 0; i < nets->count; i++) {
        size_t k;
        json_t *item;
        if (!nets->nets[i].deepest)
            continue;
        json_array_foreach(json_object_get(nets->nets[i].record, "advice"), k, item) {
            const char *change = vg_doc_str(item, "change"), *why = vg_doc_str(item, "why");
            double ratio = vg_doc_num(item, "step_ratio");
            if (!lines++) {
                vg_text_add(out, "\n**What helps:**\n\n");
                vg_table_head(out, "lrlrrl", head);
            }
            vg_row_begin(out);
            vg_cell_md(out, nets->nets[i].label);
            vg_cell_printf(out, "%d", nets->nets[i].depth);
            vg_cell_code(out, change ? change : "n/a");
            vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(item, "survival"), 3));
            vg_cell_printf(out, "%s%s", vg_num(a, ratio, 3), isfinite(ratio) ? "x" : "");
            vg_cell_md(out, why ? why : "");
            vg_row_end(out);
        }
    }
}

/* --- what it costs ---------------------------------------------------------------------------- */

static double peak_flops(const json_t *doc)
{
    double peak = NAN;
    size_t i;
    json_t *roof;
    json_array_foreach(vg_doc_get(doc, "roofline.roofs"), i, roof) {
        const char *kind = vg_doc_str(roof, "kind");
        if (kind && !strcmp(kind, "flops"))
            peak = fmax(peak, vg_doc_num(roof, "value"));
    }
    return peak;
}

static void cost_row(vg_text *out, const vg_net *net, double peak)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    const json_t *cost = json_object_get(net->record, "cost"),
                 *ci = json_object_get(cost, "step_ms_ci95");
    double ms = vg_doc_num(cost, "step_ms"), gflops = vg_doc_num(cost, "gflops");
    double half = vg_doc_num(net->record, "rate.half_life_layers");
    double other = vg_doc_num(cost, "onednn_step_ms");
    vg_row_begin(out);
    vg_cell_md(out, net->label);
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(net->record, "survival"), 3));
    vg_cell_printf(out, "%s", isfinite(half) ? vg_num(a, half, 3) : "-");
    vg_cell_printf(
        out, "%s [%s, %s]", vg_num(a, ms, 3),
        vg_num(b,
               json_is_number(json_array_get(ci, 0)) ? json_number_value(json_array_get(ci, 0))
                                                     : NAN,
               3),
        vg_num(c,
               json_is_number(json_array_get(ci, 1)) ? json_number_value(json_array_get(ci, 1))
                                                     : NAN,
               3));
    vg_cell_printf(out, "%s", vg_num(a, gflops, 3));
    if (isfinite(gflops * peak))
        vg_text_printf(out, " (%s)", vg_num_percent(a, gflops * 1e9 / peak));
    vg_cell_printf(out, "%s", vg_num_bytes(a, vg_doc_num(cost, "bytes_per_step")));
    vg_cell_printf(out, "%d, %s", net->depth, vg_num(a, vg_doc_num(net->record, "matrices"), 1));
    vg_cell_printf(out, "%s%s", vg_num(a, other / ms, 3), isfinite(other / ms) ? "x" : "");
    vg_row_end(out);
}

static bool same_base(const vg_net *a, const vg_net *b)
{
    static const char *const keys[] = {"model", "width", "batch"};
    for (int k = 0; k < 3; k++)
        if (!json_equal(vg_doc_get(json_object_get(a->record, "spec"), keys[k]),
                        vg_doc_get(json_object_get(b->record, "spec"), keys[k])))
            return false;
    return true;
}

static bool has_cost(const vg_net *net)
{
    return vg_doc_num(net->record, "cost.step_ms") > 0;
}

typedef struct ranked_net {
    const vg_net *net;
    bool equal;     /* as many matrices as the base net */
    double decades; /* of the signal, lost or gained */
} ranked_net;

/* Equal work first, then by how well the signal keeps its size, then by time. */
static int by_rank(const void *pa, const void *pb)
{
    const ranked_net *a = pa, *b = pb;
    if (a->equal != b->equal)
        return b->equal - a->equal;
    if (a->decades != b->decades)
        return (a->decades > b->decades) - (a->decades < b->decades);
    return (a->net > b->net) - (a->net < b->net);
}

/* Nets that have the base's model, width and batch, ranked. */
static int rank_nets(const vg_nets *nets, int first, char *done, ranked_net *list)
{
    const vg_net *base = &nets->nets[first];
    double matrices = vg_doc_num(base->record, "matrices");
    int count = 0;
    for (int j = first; j < nets->count; j++) {
        const vg_net *net = &nets->nets[j];
        if (done[j] || !has_cost(net) || !same_base(base, net))
            continue;
        double decades = fabs(log10(vg_doc_num(net->record, "survival")));
        done[j] = 1;
        list[count++] = (ranked_net){net, vg_doc_num(net->record, "matrices") == matrices,
                                     isnan(decades) ? INFINITY : decades};
    }
    qsort(list, (size_t)count, sizeof *list, by_rank);
    return count;
}

static void cost_table(vg_report *report, const vg_net *base, const ranked_net *list, int count,
                       double peak)
{
    static const char *const head[] = {"net",
                                       "survival",
                                       "layers to half",
                                       "step, ms [95 % CI]",
                                       "GFLOP/s (of peak)",
                                       "bytes a step",
                                       "depth, matrices",
                                       "vs oneDNN"};
    vg_text *out = &report->out;
    const char *model = vg_doc_str(base->record, "spec.model");
    vg_text_add(out, "\n**");
    vg_text_md(out, model ? model : "net");
    vg_text_printf(out,
                   ", width %.0f, batch %.0f**, best first among nets with as many matrices as ",
                   vg_doc_num(base->record, "spec.width"), vg_doc_num(base->record, "spec.batch"));
    vg_text_md(out, base->label);
    vg_text_printf(out, " of depth %d; below them nets with more or less work\n\n", base->depth);
    vg_table_head(out, "lrrrrrrr", head);
    for (int i = 0; i < count; i++)
        cost_row(out, list[i].net, peak);
}

static vg_status costs(vg_report *report, const vg_nets *nets, int document)
{
    double peak = peak_flops(report->docs[document]);
    char *done = calloc((size_t)nets->count + 1, 1);
    ranked_net *list = calloc((size_t)nets->count + 1, sizeof *list);
    int tables = 0;
    bool failed = !done || !list;
    vg_text_add(&report->out, "\n### What the fixes cost\n");
    for (int i = 0; i < nets->count && !failed; i++) {
        if (done[i] || !has_cost(&nets->nets[i]))
            continue;
        int count = rank_nets(nets, i, done, list);
        cost_table(report, &nets->nets[i], list, count, peak);
        tables++;
    }
    free(done);
    free(list);
    if (failed)
        return vg_fail(VG_ENOMEM, "no memory for %d nets", nets->count);
    if (!tables) {
        vg_part_missing(report, "the time of a training step", "vgbench decay --cost");
        return VG_OK;
    }
    vg_text_add(
        &report->out,
        "\nvs oneDNN: time of the same step on oneDNN / this time. Cache misses of a step: n/a "
        "(no profile in the results).\n");
    return vg_nets_plot_costs(report, nets, document);
}

vg_status vg_part_decay(vg_report *report)
{
    vg_part_title(report, 11, "Gradient decay");
    vg_text_add(
        &report->out,
        "The signal is the back-propagated gradient of the loss with respect to a layer's "
        "pre-activation (with skips: to the trunk); weight gradients would hide the decay. "
        "Survival = its norm at the first layer / at the last. The factor per layer is fitted "
        "to the seed average of ln norm, so below 1 it vanishes; its interval is over seeds. "
        "Theory is the mean-field prediction with its distance in finite-width standard "
        "deviations.\n\n");
    for (int d = 0; d < report->count; d++) {
        vg_nets nets;
        vg_part_document(report, d);
        if (!json_array_size(json_object_get(report->docs[d], "decay"))) {
            vg_part_missing(report, "gradient decay", "vgbench run --only=decay");
        } else {
            VG_TRY(vg_nets_collect(report->docs[d], &nets));
            rates(report, &nets);
            vg_status status = vg_nets_plot_curves(report, &nets, d);
            if (status == VG_OK)
                status = vg_nets_plot_heat(report, &nets, d);
            findings(report, &nets);
            advice(report, &nets);
            if (status == VG_OK)
                status = costs(report, &nets, d);
            vg_nets_release(&nets);
            VG_TRY(status);
        }
        VG_TRY(vg_part_training(report, d));
    }
    return VG_OK;
}
