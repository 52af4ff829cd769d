/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/claims_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/nets_plot.h"

/* Decades that the axis shows; beyond, an arrow head says that there is more. */
static const double LEAST = -12, MOST = 4;
enum { ROWS = 40, LABEL = 62 };

vg_claim_kind vg_claim_kind_of(const char *conclusion)
{
    if (!conclusion || !*conclusion)
        return VG_CLAIM_PUBLISHED;
    if (strstr(conclusion, "does not hold"))
        return VG_CLAIM_REFUTED;
    return strncmp(conclusion, "holds only", 10) ? VG_CLAIM_HOLDS : VG_CLAIM_ONLY_IF;
}

static void label(vg_text *script, const char *claim, int row)
{
    vg_text text = {0};
    vg_text_printf(&text, "%.*s%s", LABEL, claim, strlen(claim) > LABEL ? "..." : "");
    vg_text_add(script, row ? ", " : "");
    vg_text_gnuplot(script, text.p ? text.p : "");
    vg_text_printf(script, " %d", row);
    free(text.p);
}

/* row, decades shown, kind, whether the axis cuts it off */
static bool add_row(vg_text *data, const vg_claim_shown *one, int row)
{
    double survival = vg_doc_num(one->record, "survival");
    vg_claim_kind kind = vg_claim_kind_of(vg_doc_str(one->claim, "conclusion"));
    if (kind == VG_CLAIM_PUBLISHED || !(survival > 0) || !isfinite(survival))
        return false;
    double decades = log10(survival), shown = fmin(fmax(decades, LEAST), MOST);
    vg_text_printf(data, "%d %.5g %d %d\n", row, shown, (int)kind, shown != decades);
    return true;
}

static const char head[] =
    "set yrange [%d.7:-0.7]\nset xrange [%g:%g]\n"
    "set lmargin at screen 0.50\nset rmargin at screen 0.97\n"
    "set xlabel \"decades of gradient kept at the first layer\\n(0 = all of it; < and > are beyond the "
    "axis)\"\n"
    "set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb '#6e7781' dt 2\n"
    "set key outside top center horizontal\nset style fill solid 0.9 noborder\n"
    "set ytics scale 0 noenhanced font ',11' (%s)\n";

static void bars(vg_text *script)
{
    static const struct {
        const char *name;
        int colour;
    } look[] = {{"holds", 0}, {"holds only under a condition", 1}, {"does not hold", 3}};
    vg_text_add(script, "plot ");
    for (int kind = VG_CLAIM_HOLDS; kind < VG_CLAIM_PUBLISHED; kind++)
        vg_text_printf(
            script,
            "data using ($3==%d ? $2/2. : NaN):1:(abs($2)/2. + 0.06):(0.34) with boxxyerror "
            "lc rgb '%s' title '%s', \\\n     ",
            kind, vg_colours[look[kind].colour], look[kind].name);
    vg_text_printf(script, "data using ($4==1 ? $2 + ($2 < 0 ? 0.3 : -0.3) : NaN):1:($2 < 0 ? "
                           "\"<\" : \">\") with labels "
                           "tc rgb '#ffffff' notitle\n");
}

vg_status vg_plot_claims(vg_report *report, const vg_claims *claims, int document)
{
    vg_plot plot = {0};
    vg_text alt = {0}, labels = {0};
    char name[64], a[VG_NUM];
    int rows = 0;
    vg_text_add(&alt,
                "Gradient kept at the first layer in the experiment of each piece of advice:");
    for (int i = 0; i < claims->count && rows < ROWS; i++) {
        const vg_claim_shown *one = &claims->list[i];
        const char *claim = vg_doc_str(one->claim, "claim");
        if (!claim || !add_row(&plot.data, one, rows))
            continue;
        label(&labels, claim, rows);
        vg_text_printf(&alt, "%s %s: %s, %s", rows ? ";" : "", claim,
                       vg_num(a, vg_doc_num(one->record, "survival"), 2),
                       vg_doc_str(one->claim, "conclusion"));
        rows++;
    }
    plot.height = 120 + 22 * rows;
    vg_text_printf(&plot.script, head, rows - 1, LEAST - 0.2, MOST + 0.2, labels.p ? labels.p : "");
    bars(&plot.script);
    free(labels.p);
    snprintf(name, sizeof name, "claims_%d", document + 1);
    return vg_plot_finish(report, &plot, &alt, name, rows > 1);
}
