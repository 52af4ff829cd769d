/* SPDX-License-Identifier: Apache-2.0 */
/* What the verdict says about gradients: what each base net needs, then the other nets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/nets.h"

enum { MOST_NETS = 6, MOST_FIXES = 3 };

static const char *verdict_of(const vg_net *net)
{
    const char *verdict = vg_doc_str(net->record, "verdict");
    return verdict ? verdict : "no verdict";
}

static void net_text(vg_text *out, const vg_net *net)
{
    char survival[VG_NUM], factor[VG_NUM];
    double ln_sq = vg_doc_num(net->record, "rate.ln_sq_per_layer");
    vg_text_md(out, net->label);
    bool time = net->kind == VG_NET_RECURRENT;
    vg_text_printf(out, time ? " over %d steps %s **" : " at depth %d %s **", net->depth,
                   vg_num(survival, vg_doc_num(net->record, "survival"), 2));
    vg_text_md(out, verdict_of(net));
    vg_text_printf(out, "** (n=%d seeds", vg_net_seeds(net->record));
    if (isfinite(ln_sq))
        vg_text_printf(out, ", x%s a %s", vg_num(factor, vg_factor(ln_sq), 3),
                       time ? "step" : "layer");
    vg_text_add(out, ")");
}

static void base_cells(vg_text *out, const vg_net *base, bool first)
{
    char survival[VG_NUM];
    vg_cell(out);
    if (first) {
        vg_text_md(out, base->label);
        vg_text_printf(out, ", depth %d", base->depth);
    }
    vg_cell(out);
    if (!first)
        return;
    vg_text_printf(out, "%s ", vg_num(survival, vg_doc_num(base->record, "survival"), 2));
    vg_text_md(out, verdict_of(base));
}

/* The best healthy fixes of equal work, one row each; of a net that needs none, that. */
static void base_rows(vg_text *out, const vg_nets *nets, const vg_net *base, const vg_net **list)
{
    int count = vg_nets_fixes(nets, base, list), shown = 0;
    char a[VG_NUM];
    for (int i = 0; i < count && shown < MOST_FIXES && !vg_net_is_healthy(base); i++) {
        if (!vg_net_equal_work(nets, list[i]) || !vg_net_is_healthy(list[i]))
            continue;
        vg_row_begin(out);
        base_cells(out, base, !shown++);
        vg_cell_code(out, list[i]->label);
        vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(list[i]->record, "survival"), 2));
        vg_cell(out);
        vg_net_step_text(nets, list[i], out);
        vg_row_end(out);
    }
    if (shown)
        return;
    vg_row_begin(out);
    base_cells(out, base, true);
    vg_cell_printf(out, vg_net_is_healthy(base) ? "no fix is needed"
                                                : "none of equal work was healthy");
    vg_cell(out);
    vg_cell(out);
    vg_row_end(out);
}

static void mended(vg_text *out, const vg_nets *nets, const vg_net **list)
{
    static const char *const head[] = {"net", "as it is", "best fixes of equal work",
                                       "gradient kept", "step time / unmended"};
    int bases = 0;
    for (int i = 0; i < nets->count; i++) {
        if (!nets->nets[i].fixes)
            continue;
        if (!bases++) {
            vg_text_add(out,
                        "\n**What mends a deep net** (gradient kept = norm at the first layer / "
                        "at the last; all fixes and their costs are in part 11)\n\n");
            vg_table_head(out, "lllrr", head);
        }
        base_rows(out, nets, &nets->nets[i], list);
    }
    vg_text_add(out, bases ? "\n" : "");
}

static void other_nets(vg_text *out, const vg_nets *nets)
{
    int shown = 0;
    for (int i = 0; i < nets->count; i++) {
        const vg_net *net = &nets->nets[i];
        bool plain = net->kind == VG_NET_PLAIN || net->kind == VG_NET_RECURRENT;
        if (!plain || !net->deepest || net->fixes || shown++ >= MOST_NETS)
            continue;
        vg_text_add(out, shown > 1 ? "; "
                                   : "- **Gradients** (norm that arrives at the first layer or "
                                     "step / at the last): ");
        net_text(out, net);
    }
    if (shown > MOST_NETS)
        vg_text_printf(out, "; and %d more in part 11", shown - MOST_NETS);
    vg_text_add(out, shown ? ".\n" : "");
}

static void grid_line(vg_text *out, const vg_nets *nets)
{
    int total = nets->of_kind[VG_NET_GRID], healthy = 0;
    for (int i = 0; i < nets->count; i++)
        healthy += nets->nets[i].kind == VG_NET_GRID && vg_net_is_healthy(&nets->nets[i]);
    if (total)
        vg_text_printf(out,
                       "- **Activation x initialisation:** %d of %d combinations are healthy; the "
                       "map is in part 11.\n",
                       healthy, total);
}

static void cure_text(vg_text *out, const vg_nets *nets, const vg_net *base, const vg_net *cure)
{
    char a[VG_NUM], b[VG_NUM];
    vg_text_add(out, "- **Of the gradient of a ");
    vg_text_md(out, base->label);
    vg_text_printf(out, " net of depth %d, %s reaches the first layer; with ", base->depth,
                   vg_num(a, vg_doc_num(base->record, "survival"), 2));
    vg_text_code(out, cure->label);
    vg_text_printf(out, " %s**", vg_num(b, vg_doc_num(cure->record, "survival"), 2));
    if (isfinite(vg_net_step_ratio(nets, cure).mid)) {
        vg_text_add(out, "; step time to that without it: ");
        vg_net_step_text(nets, cure, out);
    }
    vg_text_printf(out, " (means of the logarithm in the untrained net, n=%d seeds).\n",
                   vg_net_seeds(base->record));
}

void vg_nets_sentence(vg_report *report, int document)
{
    vg_nets nets;
    if (!json_array_size(json_object_get(report->docs[document], "decay")) ||
        vg_nets_collect(report->docs[document], &nets) != VG_OK)
        return; /* vg_nets_verdict() says so */
    for (int i = 0; i < nets.count; i++) {
        const vg_net *base = &nets.nets[i];
        if (!base->fixes || strcmp(verdict_of(base), "vanishing"))
            continue;
        const vg_net *cure = vg_nets_cure(&nets, base);
        if (cure) {
            cure_text(&report->out, &nets, base, cure);
            break;
        }
    }
    vg_nets_release(&nets);
}

void vg_nets_verdict(vg_report *report, int document)
{
    vg_nets nets;
    vg_text *out = &report->out;
    if (!json_array_size(json_object_get(report->docs[document], "decay"))) {
        if (!vg_doc_measured_other(report->docs[document]))
            vg_part_missing(report, "gradient decay", "vgbench run --only=decay");
        return;
    }
    if (vg_nets_collect(report->docs[document], &nets) != VG_OK) {
        out->failed = true;
        return;
    }
    const vg_net **list = calloc((size_t)nets.count + 1, sizeof *list);
    if (list)
        mended(out, &nets, list);
    out->failed = out->failed || !list;
    free(list);
    other_nets(out, &nets);
    grid_line(out, &nets);
    vg_nets_release(&nets);
}
