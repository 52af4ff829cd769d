/* SPDX-License-Identifier: Apache-2.0 */
/** @file compare.h
 * Compares two result documents row by row, or the backends of one, without crying wolf.
 *
 * A row is FASTER or SLOWER only if three things agree: its 95 % bootstrap interval excludes 1, the
 * ratio lies beyond the gate (the A/A floors of both runs, combined as independent deviations, or
 * the least effect asked for where that is larger), and Mann-Whitney's p, corrected by Holm over
 * all rows, is below alpha. It is SAME if the interval lies within the gate, and AMBIGUOUS
 * otherwise.
 */
#ifndef VG_REPORTS_COMPARE_H
#define VG_REPORTS_COMPARE_H

#include <jansson.h>

#include "reports/rows.h"
#include "reports/text.h"

typedef struct vg_compare_options {
    double min_effect; /**< fraction, 0.03 = 3 % */
    double alpha;      /**< family-wise; 0: 0.05 */
} vg_compare_options;

typedef struct vg_compared {
    const char *kernel; /**< of the new side; belongs to its document */
    vg_estimate ns_old, ns_new;
    int n_old, n_new;
    vg_estimate ratio; /**< time old / time new: above 1 the new side is faster */
    double p;          /**< Holm-adjusted */
    double gate;
    vg_verdict verdict; /**< of the new side; VG_VERDICT_NONE with `why` */
    const char *why;
} vg_compared;

/** How a network's gradients changed. */
typedef enum vg_net_change {
    VG_NET_SAME = 0,
    VG_NET_CHANGED,
    VG_NET_BETTER,
    VG_NET_WORSE
} vg_net_change;

typedef struct vg_compared_net {
    char *label; /**< owned */
    const json_t *old_record, *new_record;
    vg_net_change change;
} vg_compared_net;

typedef struct vg_comparison {
    vg_compared *rows;
    vg_compared_net *nets;
    int count, net_count;
    int only_old, only_new; /**< rows without a partner */
    int faster, slower, same, ambiguous, none;
    int worse_nets;
    int too_few; /**< rows whose samples are too few for any p to pass the correction */
    double floor_old, floor_new, min_effect, alpha;
    json_t *differences; /**< [{what, old, new}]: what differs between the machines; owned */
    bool by_backend;
    const json_t *doc_old, *doc_new;
} vg_comparison;

/** Compares @p new_doc with @p old_doc; both stay the caller's and must outlive the comparison. */
vg_status vg_compare_documents(const json_t *old_doc, const json_t *new_doc,
                               const vg_compare_options *options, vg_comparison *comparison);

/** Compares every other backend's row of @p doc with the row of backend @p base of its case. */
vg_status vg_compare_backends(const json_t *doc, const char *base,
                              const vg_compare_options *options, vg_comparison *comparison);

void vg_comparison_release(vg_comparison *comparison);

/** Whether rows are slower or networks worse. */
bool vg_comparison_regressed(const vg_comparison *comparison);

/** Markdown for a pull request; @p old_name and @p new_name label the columns. */
vg_status vg_comparison_markdown(const vg_comparison *comparison, const char *old_name,
                                 const char *new_name, vg_text *out);

/** The same as JSON, a new reference; NULL without memory. */
json_t *vg_comparison_json(const vg_comparison *comparison, const char *old_name,
                           const char *new_name);

#endif
