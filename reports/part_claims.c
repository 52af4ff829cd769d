/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/part_claims.h"

#include <string.h>

#include "reports/claims_plot.h"

/* --- counts ----------------------------------------------------------------------------------- */

typedef struct count {
    int claims, agree, of_kind[VG_CLAIM_KINDS];
} count;

static count count_of(const vg_claims *claims, const char *experiment)
{
    count n = {0};
    for (int i = 0; i < claims->count; i++) {
        if (strcmp(claims->list[i].experiment, experiment))
            continue;
        n.claims++;
        n.agree += json_is_true(json_object_get(claims->list[i].claim, "agrees"));
        n.of_kind[vg_claim_kind_of(vg_doc_str(claims->list[i].claim, "conclusion"))]++;
    }
    return n;
}

/* --- table ------------------------------------------------------------------------------------ */

/* "**guide**: 36 claims, 36 measured as expected; 20 hold, ..." */
static void summary(vg_text *out, const char *experiment, count n)
{
    vg_text_add(out, "**");
    vg_text_md(out, experiment);
    vg_text_printf(out, "**: %d claims, %d measured as expected", n.claims, n.agree);
    if (n.of_kind[VG_CLAIM_PUBLISHED] < n.claims)
        vg_text_printf(out, "; %d hold, %d hold only under a condition, %d do not hold here",
                       n.of_kind[VG_CLAIM_HOLDS], n.of_kind[VG_CLAIM_ONLY_IF],
                       n.of_kind[VG_CLAIM_REFUTED]);
}

static const char *text_of(const json_t *claim, const char *key)
{
    const char *text = vg_doc_str(claim, key);
    return text ? text : "";
}

static void table(vg_text *out, const vg_claims *claims, const char *experiment)
{
    static const char *const head[] = {
        "claim", "quantity", "expected", "here [95 % over seeds]", "as expected", "conclusion"};
    vg_table_head(out, "llrrll", head);
    for (int i = 0; i < claims->count; i++) {
        const json_t *claim = claims->list[i].claim;
        if (strcmp(claims->list[i].experiment, experiment))
            continue;
        vg_row_begin(out);
        vg_cell_md(out, text_of(claim, "claim"));
        vg_cell_code(out, text_of(claim, "quantity"));
        vg_cell_md(out, text_of(claim, "published"));
        if (*text_of(claim, "source")) { /* older results do not say */
            vg_text_add(out, ", ");
            vg_text_md(out, text_of(claim, "source"));
        }
        vg_cell_md(out, text_of(claim, "here"));
        vg_cell_printf(out, "%s",
                       json_is_true(json_object_get(claim, "agrees")) ? "yes" : "**no**");
        vg_cell_md(out, *text_of(claim, "conclusion") ? text_of(claim, "conclusion") : "-");
        vg_row_end(out);
    }
}

/* --- entry ------------------------------------------------------------------------------------ */

static void collect(const json_t *records, vg_claims *claims)
{
    size_t i;
    json_t *record;
    json_array_foreach(records, i, record) {
        const json_t *claim = json_object_get(record, "claim");
        const char *experiment = vg_doc_str(record, "experiment");
        if (json_is_object(claim) && claims->count < VG_CLAIMS_MOST)
            claims->list[claims->count++] = (vg_claim_shown){
                .record = record, .claim = claim, .experiment = experiment ? experiment : "claims"};
    }
}

static bool is_new(const vg_claims *claims, int index)
{
    for (int i = 0; i < index; i++)
        if (!strcmp(claims->list[i].experiment, claims->list[index].experiment))
            return false;
    return true;
}

static vg_claims claims_of(const vg_report *report, int document)
{
    vg_claims claims = {.count = 0};
    collect(json_object_get(report->docs[document], "decay"), &claims);
    collect(json_object_get(report->docs[document], "train"), &claims);
    return claims;
}

void vg_claims_verdict(vg_report *report, int document)
{
    vg_claims claims = claims_of(report, document);
    for (int i = 0; i < claims.count; i++)
        if (is_new(&claims, i)) {
            vg_text_add(&report->out, "- On trial: ");
            summary(&report->out, claims.list[i].experiment,
                    count_of(&claims, claims.list[i].experiment));
            vg_text_add(&report->out, " (part 11).\n");
        }
}

vg_status vg_part_claims(vg_report *report, int document)
{
    vg_text *out = &report->out;
    vg_claims claims = claims_of(report, document);
    if (!claims.count)
        return VG_OK;
    vg_text_add(
        out,
        "\n### Advice and published results on trial\n\n"
        "Each claim is an experiment that ships with the tool (`vgbench decay "
        "--paper=NAME`): what the source or theory makes us expect, what was measured, and what is "
        "left of the advice.\n");
    VG_TRY(vg_plot_claims(report, &claims, document));
    for (int i = 0; i < claims.count; i++)
        if (is_new(&claims, i)) {
            const char *experiment = claims.list[i].experiment;
            vg_text_add(out, "\n");
            summary(out, experiment, count_of(&claims, experiment));
            vg_text_add(out, "\n\n");
            table(out, &claims, experiment);
        }
    return VG_OK;
}
