/* SPDX-License-Identifier: Apache-2.0 */
/* Part 11: gradient decay across depth and time, the fixes, training. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/fixes_plot.h"
#include "reports/nets.h"
#include "reports/nets_plot.h"
#include "reports/part_checklist.h"
#include "reports/part_claims.h"
#include "reports/part_fixes.h"
#include "reports/part_signal.h"
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
    const json_t *band = vg_doc_get(record, "theory.band");
    if (isfinite(theory) && json_is_number(json_array_get(band, 0)))
        vg_text_printf(out, " [%s, %s]%s",
                       vg_num(b, vg_factor(json_number_value(json_array_get(band, 0))), 4),
                       vg_num(c, vg_factor(json_number_value(json_array_get(band, 1))), 4),
                       json_is_false(vg_doc_get(record, "theory.within")) ? " **differs**" : "");
    else if (isfinite(theory) && isfinite(off)) /* a file of before the band */
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

/* The nets of a kind; grid -1: all of them. */
static void rates(vg_report *report, const vg_nets *nets, vg_net_kind kind, int grid)
{
    enum { MOST_OPEN = 30 };
    bool time = kind == VG_NET_RECURRENT;
    const char *const head[] = {"net",
                                time ? "time steps" : "depth",
                                "verdict",
                                time ? "factor per step [95 % CI]" : "factor per layer [95 % CI]",
                                "theory",
                                "survival",
                                time ? "steps to half" : "layers to half",
                                "seeds"};
    vg_text *out = &report->out;
    int count = 0;
    for (int i = 0; i < nets->count; i++)
        count += nets->nets[i].kind == kind && (grid < 0 || nets->nets[i].grid == grid);
    bool fold = grid >= 0 || count > MOST_OPEN;
    if (fold)
        vg_details_begin(out, "Rates, theory and intervals of the %d nets", count);
    else
        vg_text_add(out, "\n");
    vg_table_head(out, "lrlrrrrr", head);
    for (int i = 0; i < nets->count; i++)
        if (nets->nets[i].kind == kind && (grid < 0 || nets->nets[i].grid == grid))
            rate_row(out, &nets->nets[i]);
    if (fold)
        vg_details_end(out);
}

/* --- sections --------------------------------------------------------------------------------- */

static vg_status across_depth(vg_report *report, const vg_nets *nets, int document)
{
    vg_text_add(&report->out, "\n### Across depth\n");
    if (!nets->of_kind[VG_NET_PLAIN]) {
        vg_part_missing(report, "nets across depth", "vgbench decay");
        return VG_OK;
    }
    VG_TRY(vg_nets_plot_curves(report, nets, VG_NET_PLAIN, document));
    rates(report, nets, VG_NET_PLAIN, -1);
    return vg_nets_plot_heat(report, nets, document);
}

static vg_status grids(vg_report *report, const vg_nets *nets, int document)
{
    vg_text_add(&report->out, "\n### Activation x initialisation\n");
    for (int g = 0; g < nets->grids; g++) {
        VG_TRY(vg_plot_net_grid(report, nets, g, document));
        rates(report, nets, VG_NET_GRID, g);
    }
    if (!nets->grids)
        vg_part_missing(report, "activations x initialisations",
                        "vgbench decay act=sigmoid,tanh,relu "
                        "init=xavier_normal,he_normal,lecun_normal,orthogonal");
    return VG_OK;
}

static vg_status through_time(vg_report *report, const vg_nets *nets, int document)
{
    vg_text_add(&report->out, "\n### Through time: recurrent nets\n");
    if (!nets->of_kind[VG_NET_RECURRENT]) {
        vg_part_missing(report, "recurrent nets", "vgbench decay model=rnn,lstm,gru");
        return VG_OK;
    }
    VG_TRY(vg_nets_plot_curves(report, nets, VG_NET_RECURRENT, document));
    rates(report, nets, VG_NET_RECURRENT, -1);
    return VG_OK;
}

static vg_status sections(vg_report *report, const vg_nets *nets, int document)
{
    VG_TRY(across_depth(report, nets, document));
    VG_TRY(grids(report, nets, document));
    VG_TRY(vg_part_fixes(report, nets, document));
    vg_part_weight_gradients(report, nets);
    vg_part_precision(report, nets);
    VG_TRY(through_time(report, nets, document));
    vg_part_checklist(report, nets);
    return VG_OK;
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
        "Theory is the mean-field prediction with the band in which a measurement agrees: 4 "
        "finite-width standard deviations and what the formula is known to leave out.\n");
    for (int d = 0; d < report->count; d++) {
        vg_nets nets;
        vg_part_document(report, d);
        VG_TRY(vg_part_claims(report, d));
        VG_TRY(vg_nets_collect(report->docs[d], &nets));
        vg_status status = sections(report, &nets, d);
        vg_nets_release(&nets);
        VG_TRY(status);
        VG_TRY(vg_part_training(report, d));
    }
    return VG_OK;
}
