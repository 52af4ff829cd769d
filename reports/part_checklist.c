/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 11: findings, ranked advice and the checklist of the nets that need them. */
#include "reports/part_checklist.h"

#include <math.h>
#include <string.h>

/* Nets that stay open; and how many are shown at all: a sweep of hundreds would bury what is said. */
enum { OPEN_NETS = 3, MOST_NETS = 12 };

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = vg_doc_str(object, key);
    return text ? text : "";
}

/* --- findings --------------------------------------------------------------------------------- */

static void findings(vg_text *out, const vg_net *net)
{
    const char *const head[] = {"found", net->kind == VG_NET_RECURRENT ? "step" : "layer", "value",
                                "limit", "why"};
    char a[VG_NUM];
    size_t i;
    json_t *finding;
    json_array_foreach(json_object_get(net->record, "findings"), i, finding) {
        if (!i)
            vg_table_head(out, "lrrrl", head);
        double layer = vg_doc_num(finding, "layer");
        vg_row_begin(out);
        vg_cell_code(out, text_of(finding, "code"));
        vg_cell_printf(out, "%s", isfinite(layer) ? vg_num(a, layer, 1) : "-");
        vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(finding, "value"), 3));
        vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(finding, "limit"), 3));
        vg_cell_md(out, text_of(finding, "why"));
        vg_row_end(out);
    }
    vg_text_add(out, i ? "\n" : "Nothing was found.\n\n");
}

static bool is_found(const vg_net *net, const char *code)
{
    size_t i;
    json_t *finding;
    json_array_foreach(json_object_get(net->record, "findings"), i, finding) {
        if (!strcmp(text_of(finding, "code"), code))
            return true;
    }
    return false;
}

/* --- advice ----------------------------------------------------------------------------------- */

static void advice_row(vg_text *out, const json_t *one, size_t rank)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    const char *at = text_of(one, "at");
    const json_t *ci = json_object_get(one, "step_ratio_ci95"); /* older results have none */
    double ratio = vg_doc_num(one, "step_ratio");
    bool predicted = !strcmp(text_of(one, "source"), "theory");
    vg_row_begin(out);
    vg_cell_printf(out, "%zu. ", rank);
    vg_text_code(out, text_of(one, "change"));
    if (*at) {
        vg_text_add(out, " at ");
        vg_text_code(out, at);
    }
    vg_cell_printf(out, "%s%s", vg_num(a, vg_doc_num(one, "survival"), 2),
                   predicted ? " predicted" : "");
    if (isfinite(ratio))
        vg_cell_printf(out, "%sx", vg_num(a, ratio, 2));
    else
        vg_cell_printf(out, "not timed");
    if (ci)
        vg_text_printf(out, " [%s, %s]", vg_num(b, vg_doc_bound(ci, 0), 2),
                       vg_num(c, vg_doc_bound(ci, 1), 2));
    vg_cell_code(out, text_of(one, "torch"));
    vg_cell_code(out, text_of(one, "keras"));
    vg_cell_md(out, text_of(one, "why"));
    vg_row_end(out);
}

static void no_advice(vg_text *out, const vg_net *net)
{
    const char *reason = vg_doc_str(net->record, "advice_reason");
    if (vg_net_is_healthy(net))
        return;
    vg_text_add(out, "No advice: ");
    if (reason)
        vg_text_md(out, reason);
    else
        vg_text_add(out, net->fixes ? "no fix at equal work is healthy and within a decade of 1"
                                    : "none is recorded");
    vg_text_add(out, ".\n\n");
}

static void advice(vg_text *out, const vg_net *net)
{
    static const char *const head[] = {"what helps", "survival", "step / now",
                                       "PyTorch",    "Keras",    "why"};
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(net->record, "advice"), i, one) {
        if (!i)
            vg_table_head(out, "lrrlll", head);
        advice_row(out, one, i + 1);
    }
    if (!i)
        no_advice(out, net);
    else if (is_found(net, "subnormal"))
        vg_text_add(out, "\nIts step as it is runs on subnormal floats, which may be many times "
                         "slower than one on numbers: the ratios are to that.\n\n");
    else
        vg_text_add(out, "\n");
}

/* --- checklist -------------------------------------------------------------------------------- */

static void checklist(vg_text *out, const vg_net *net)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(net->record, "checklist"), i, one) {
        const char *state = text_of(one, "state");
        vg_text_printf(out, "- %s ",
                       !strcmp(state, "yes")  ? "[x]"
                       : !strcmp(state, "no") ? "[ ]"
                                              : "n/a");
        vg_text_md(out, text_of(one, "item"));
        vg_text_add(out, ": ");
        vg_text_md(out, text_of(one, "why"));
        vg_text_add(out, "\n");
    }
    if (!i)
        vg_text_add(out, "*n/a: the checklist (the file is of before there was one).*\n");
}

/* --- nets ------------------------------------------------------------------------------------- */

static void net_block(vg_text *out, const vg_net *net)
{
    char a[VG_NUM];
    const char *verdict = text_of(net->record, "verdict");
    vg_text_add(out, "\n**");
    vg_text_md(out, net->label);
    vg_text_printf(out, "**, %s %d: ", net->kind == VG_NET_RECURRENT ? "time steps" : "depth",
                   net->depth);
    vg_text_md(out, *verdict ? verdict : "no verdict");
    vg_text_printf(out, ", survival %s\n\n", vg_num(a, vg_doc_num(net->record, "survival"), 2));
    findings(out, net);
    advice(out, net);
    checklist(out, net);
}

typedef bool pick_fn(const vg_net *net);

static bool is_base(const vg_net *net)
{
    return net->fixes > 0;
}

static bool is_sick(const vg_net *net)
{
    return !net->fixes && net->kind != VG_NET_FIX && net->deepest && !vg_net_is_healthy(net);
}

/* Returns how many nets there are. */
static int group(vg_text *out, const vg_nets *nets, pick_fn *pick, const char *what)
{
    int count = 0, shown = 0;
    for (int i = 0; i < nets->count; i++)
        count += pick(&nets->nets[i]);
    if (count > OPEN_NETS)
        vg_details_begin(out, "%s: %d nets", what, count);
    for (int i = 0; i < nets->count && shown < MOST_NETS; i++)
        if (pick(&nets->nets[i])) {
            net_block(out, &nets->nets[i]);
            shown++;
        }
    if (count > MOST_NETS)
        vg_text_printf(out, "\nThe other %d stand in the results file.\n", count - MOST_NETS);
    if (count > OPEN_NETS)
        vg_details_end(out);
    return count;
}

void vg_part_checklist(vg_report *report, const vg_nets *nets)
{
    vg_text *out = &report->out;
    if (!nets->count)
        return;
    vg_text_add(
        out, "\n### What is wrong, what helps, and the checklist\n\n"
             "Decades are powers of ten between the last layer and the first. Advice is ranked: "
             "the best of each kind, then others; the nearer survival is to 1 in half decades the "
             "better, then the fewer keys it changes; all of it does as many matrix products as the net as it is, and what suits one depth or "
             "length only comes last. *Predicted* is by theory where no fix was run.\n");
    int shown = group(out, nets, is_base, "Nets whose fixes were measured") +
                group(out, nets, is_sick, "Deepest net of each kind that is not healthy");
    if (!shown)
        net_block(out, nets->nets);
}
