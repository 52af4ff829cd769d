/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 11: what each fix keeps of the gradient and what it costs, one table per base net. */
#include "reports/part_fixes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fixes_plot.h"

/* Rows of a table that stay open; the rest is folded. */
enum { OPEN_ROWS = 12 };

/* Measured peak of as many threads as @p net ran on, FLOP/s; NaN where there is none. */
static double peak_of(const json_t *doc, const vg_net *net)
{
    double peak = NAN, threads = vg_doc_num(net->record, "spec.threads");
    size_t i;
    json_t *roof;
    json_array_foreach(vg_doc_get(doc, "roofline.roofs"), i, roof) {
        const char *kind = vg_doc_str(roof, "kind");
        if (kind && !strcmp(kind, "flops") && vg_doc_num(roof, "threads") == threads)
            peak = fmax(peak, vg_doc_num(roof, "value"));
    }
    return peak;
}

static void step_cell(vg_text *out, const vg_nets *nets, const vg_net *net)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM], buf[80];
    const json_t *cost = json_object_get(net->record, "cost"),
                 *ci = json_object_get(cost, "step_ms_ci95");
    double ms = vg_doc_num(cost, "step_ms");
    vg_estimate ratio = vg_net_step_ratio(nets, net);
    if (!isfinite(ms)) {
        vg_cell_printf(out, "n/a");
        return;
    }
    vg_cell_printf(out, "%s [%s, %s]", vg_num(a, ms, 3), vg_num(b, vg_doc_bound(ci, 0), 3),
                   vg_num(c, vg_doc_bound(ci, 1), 3));
    if (isfinite(ratio.mid))
        vg_text_printf(out, ", %s", vg_ratio_text(buf, ratio));
}

/* Misses of a step as a profile found them: "1.2e+04 (sim)". */
static void misses_cell(vg_text *out, const json_t *cost)
{
    char a[VG_NUM];
    const char *source = vg_doc_str(cost, "misses_source");
    double misses = vg_doc_num(cost, "misses");
    vg_cell_printf(out, "%s", vg_num(a, misses, 3));
    if (isfinite(misses) && source) {
        vg_text_add(out, " (");
        vg_text_md(out, source);
        vg_text_add(out, ")");
    }
}

static void cost_cells(vg_text *out, const vg_nets *nets, const vg_net *net, double peak)
{
    char a[VG_NUM], b[VG_NUM];
    const json_t *cost = json_object_get(net->record, "cost");
    const char *verdict = vg_doc_str(net->record, "verdict");
    double gflops = vg_doc_num(cost, "gflops"), ms = vg_doc_num(cost, "step_ms");
    double half = vg_doc_num(net->record, "rate.half_life_layers");
    double other = vg_doc_num(cost, "onednn_step_ms") / ms;
    vg_cell_printf(out, "%s ", vg_num(a, vg_doc_num(net->record, "survival"), 2));
    vg_text_md(out, verdict ? verdict : "");
    vg_cell_printf(out, "%s", isfinite(half) ? vg_num(a, half, 3) : "-");
    step_cell(out, nets, net);
    vg_cell_printf(out, "%s", vg_num(a, gflops, 3));
    if (isfinite(gflops * peak))
        vg_text_printf(out, " (%s)", vg_num_percent(b, gflops * 1e9 / peak));
    vg_cell_printf(out, "%s", vg_num_bytes(a, vg_doc_num(cost, "bytes_per_step")));
    misses_cell(out, cost);
    vg_cell_printf(out, "%s%s", vg_num(a, other, 3), isfinite(other) ? "x" : "");
}

static const char *const head[] = {"fix",
                                   "survival, verdict",
                                   "layers to half",
                                   "step, ms [95 % CI], to base [95 % CI]",
                                   "GFLOP/s (of peak)",
                                   "bytes a step",
                                   "cache misses a step",
                                   "vs oneDNN"};

static void fix_row(vg_text *out, const vg_nets *nets, const vg_net *net, int number, double peak)
{
    char a[VG_NUM];
    vg_row_begin(out);
    if (number) {
        vg_cell_printf(out, "%d. ", number);
        vg_text_code(out, net->label);
    } else {
        vg_cell_printf(out, "**none**: ");
        vg_text_md(out, net->label);
    }
    if (net->base >= 0 && vg_doc_num(net->record, "matrices") !=
                              vg_doc_num(nets->nets[net->base].record, "matrices"))
        vg_text_printf(out, ", %s matrices",
                       vg_num(a, vg_doc_num(net->record, "matrices"), 1));
    cost_cells(out, nets, net, peak);
    vg_row_end(out);
}

/* The answer to the table below, in a sentence. */
static void use_sentence(vg_text *out, const vg_nets *nets, const vg_net *base)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    const vg_net *cure = vg_nets_cure(nets, base);
    vg_num(a, vg_doc_num(base->record, "survival"), 2);
    if (vg_net_is_healthy(base)) {
        vg_text_printf(out,
                       "**No fix is needed**: the gradient at the first layer is %s times that at "
                       "the last, which is healthy. What follows is for comparison.\n\n",
                       a);
        return;
    }
    if (!cure) {
        vg_text_printf(out,
                       "**No fix of equal work leaves this net healthy**; without one the gradient "
                       "at the first layer is %s times that at the last.\n\n",
                       a);
        return;
    }
    vg_text_add(out, "**Use ");
    vg_text_code(out, cure->label);
    vg_text_printf(out,
                   "**, the first in rank of those of equal work that leave the net healthy: the "
                   "gradient at the first layer is %s times that at the last, without it %s. ",
                   vg_num(b, vg_doc_num(cure->record, "survival"), 2), a);
    if (isfinite(vg_net_step_ratio(nets, cure).mid)) {
        vg_text_printf(out, "A step takes %s ms, step time to that of the base: ",
                       vg_num(c, vg_doc_num(cure->record, "cost.step_ms"), 3));
        vg_net_step_text(nets, cure, out);
    } else {
        vg_text_add(out, "What it costs is n/a (steps were not timed: `--cost` does)");
    }
    vg_text_add(out, ".\n\n");
}

static void base_table(vg_report *report, const vg_nets *nets, const vg_net *base,
                       const vg_net **list, int count, double peak)
{
    vg_text *out = &report->out;
    char a[VG_NUM];
    vg_text_add(out, "\n**Base: ");
    vg_text_md(out, base->label);
    vg_text_printf(out, "**, depth %d, width %.0f, batch %.0f, %s matrices, n=%d seeds\n\n",
                   base->depth, vg_doc_num(base->record, "spec.width"),
                   vg_doc_num(base->record, "spec.batch"),
                   vg_num(a, vg_doc_num(base->record, "matrices"), 1),
                   vg_net_seeds(base->record));
    use_sentence(out, nets, base);
    vg_table_head(out, "lrrrrrrr", head);
    fix_row(out, nets, base, 0, peak);
    for (int i = 0; i < count && i < OPEN_ROWS; i++)
        fix_row(out, nets, list[i], i + 1, peak);
    if (count <= OPEN_ROWS)
        return;
    vg_details_begin(out, "%d more", count - OPEN_ROWS);
    vg_table_head(out, "lrrrrrrr", head);
    for (int i = OPEN_ROWS; i < count; i++)
        fix_row(out, nets, list[i], i + 1, peak);
    vg_details_end(out);
}

/* Nets that were timed without being a base or a fix. */
static int other_costs(vg_report *report, const vg_nets *nets, int document)
{
    int rows = 0;
    for (int i = 0; i < nets->count; i++) {
        const vg_net *net = &nets->nets[i];
        if (net->kind == VG_NET_FIX || net->fixes ||
            !(vg_doc_num(net->record, "cost.step_ms") > 0))
            continue;
        if (!rows++) {
            vg_text_add(&report->out, "\n**Cost of a training step**\n\n");
            vg_table_head(&report->out, "lrrrrrrr", head);
        }
        vg_row_begin(&report->out);
        vg_cell_md(&report->out, net->label);
        vg_text_printf(&report->out, ", depth %d", net->depth);
        cost_cells(&report->out, nets, net, peak_of(report->docs[document], net));
        vg_row_end(&report->out);
    }
    return rows;
}

/* Why the first net without misses has none. */
static const char *misses_reason(const vg_nets *nets)
{
    for (int i = 0; i < nets->count; i++) {
        const char *reason = vg_doc_str(nets->nets[i].record, "cost.misses_reason");
        if (reason)
            return reason;
    }
    return NULL;
}

static void legend(vg_report *report, const vg_nets *nets)
{
    vg_text_add(&report->out,
                "\nRanked as measured: healthy first, then by the distance of survival from 1 in "
                "whole half decades (0.32 to 3.2 is one class), then by how few keys a fix changes, then "
                "by its place in the list, never by time, whose intervals mostly overlap (files of "
                "earlier versions: by time); survival is that of the untrained "
                "net, a step is forward and backward without an optimizer. Fixes of as many matrix products as the base stand above those of more or "
                "fewer, whose count is given. To base = step time / step time of the base, timed in turn, median of the "
                "rounds (files of earlier versions: the intervals of both combined). vs "
                "oneDNN = time of the same step on oneDNN / this time. Bytes are compulsory "
                "traffic; cache misses are those of L2, counted by the processor.");
    const char *reason = misses_reason(nets);
    if (reason) {
        vg_text_add(&report->out, " They are n/a here: ");
        vg_text_md(&report->out, reason);
        vg_text_add(&report->out, ". A simulation takes some fifty times as long as the step and "
                                  "is not made for fifty nets; `vgbench profile SPEC` makes one.");
    }
    vg_text_add(&report->out, "\n");
}

vg_status vg_part_fixes(vg_report *report, const vg_nets *nets, int document)
{
    const vg_net **list = calloc((size_t)nets->count + 1, sizeof *list);
    vg_status status = list ? VG_OK : vg_fail(VG_ENOMEM, "no memory for %d nets", nets->count);
    int tables = 0;
    vg_text_add(&report->out, "\n### Which fix, and what it costs\n");
    for (int i = 0; i < nets->count && status == VG_OK; i++) {
        const vg_net *base = &nets->nets[i];
        if (!base->fixes)
            continue;
        int count = vg_nets_fixes(nets, base, list);
        base_table(report, nets, base, list, count, peak_of(report->docs[document], base));
        status = vg_plot_fixes(report, nets, base, list, count, document, ++tables);
        if (status == VG_OK)
            status = vg_plot_fix_heat(report, nets, base, list, count, document, tables);
    }
    free(list);
    VG_TRY(status);
    if (tables)
        legend(report, nets);
    else
        vg_part_missing(report, "the fixes of a net",
                        "vgbench decay act=sigmoid init=xavier_normal --fixes");
    if (!other_costs(report, nets, document) && !tables)
        vg_part_missing(report, "the time of a training step", "vgbench decay --cost");
    return VG_OK;
}
