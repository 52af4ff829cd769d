/* SPDX-License-Identifier: Apache-2.0 */
/** @file claims_plot.h
 * Claims of a document, and the chart of what the advice among them is worth.
 */
#ifndef VG_REPORTS_CLAIMS_PLOT_H
#define VG_REPORTS_CLAIMS_PLOT_H

#include "reports/parts.h"

/** What is left of a claim, by the words of its conclusion. */
typedef enum vg_claim_kind {
    VG_CLAIM_HOLDS,
    VG_CLAIM_ONLY_IF,
    VG_CLAIM_REFUTED,
    VG_CLAIM_PUBLISHED, /**< a number of a paper: no conclusion is drawn */
    VG_CLAIM_KINDS
} vg_claim_kind;

typedef struct vg_claim_shown {
    const json_t *record, *claim;
    const char *experiment; /**< file it stands in */
} vg_claim_shown;

enum { VG_CLAIMS_MOST = 512 };

typedef struct vg_claims {
    vg_claim_shown list[VG_CLAIMS_MOST];
    int count;
} vg_claims;

vg_claim_kind vg_claim_kind_of(const char *conclusion);

/** One row per piece of advice (a claim with a conclusion) whose net has a survival: the decades of
 * gradient it keeps, coloured by what is left of the claim. Nothing where there are none. */
vg_status vg_plot_claims(vg_report *report, const vg_claims *claims, int document);

#endif
