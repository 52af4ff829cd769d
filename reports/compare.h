/* SPDX-License-Identifier: Apache-2.0 */
/** @file compare.h
 * Compares two result documents row by row, or the backends of one, without crying wolf.
 *
 * First the kernels: the rows of one operation, direction, backend and number of threads. A change
 * of the code moves all of them, placement and alignment each on its own, so their geometric mean
 * finds what a single row cannot. A kernel is FASTER or SLOWER if its mean lies beyond the A/A
 * floor (root mean square of both runs', or the least effect asked for where that is larger) and
 * its p, by a standard error never below what the floor says and corrected by Holm, is below alpha.
 *
 * Then the rows. One is FASTER or SLOWER only if three things agree: its 95 % bootstrap interval
 * excludes 1, the ratio lies beyond the gate (the A/A floors of both runs added as independent
 * deviations, or the least effect), and Mann-Whitney's p, corrected by Holm over all rows, is below
 * alpha. Within a kernel that is shown to have moved, a row that moved the same way needs to lie
 * beyond the kernel's gate only, with its own p below alpha. It is SAME if the interval lies within
 * the gate, AMBIGUOUS otherwise.
 *
 * Two backends of one run were timed side by side: there the verdict is that of the report.
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
    const char *kernel; /**< of the new side; belongs to its document, as the strings below */
    const char *backend, *max_isa, *cold; /**< as in vg_row */
    int threads;
    vg_estimate ns_old, ns_new;
    int n_old, n_new;
    vg_estimate ratio; /**< time old / time new: above 1 the new side is faster */
    double p;          /**< Holm-adjusted */
    double floor;      /**< root mean square of the A/A floors of both runs, or the spread of the
                            rows between the runs where that is more */
    double gate;
    int group;
    bool sure; /**< SLOWER or FASTER beyond what chance brings once in all rows of a run */
    vg_verdict verdict; /**< of the new side; VG_VERDICT_NONE with `why` */
    const char *why;
    const char *crowded; /**< as in vg_row, of the new side or the old: AMBIGUOUS, and in no mean */
} vg_compared;

/** All compared rows of a kernel. */
typedef struct vg_compared_group {
    char *name; /**< "relu/fwd/avx2, 1 thr."; owned */
    int n;      /**< rows with a ratio */
    vg_estimate ratio; /**< geometric mean; NaN below three rows */
    double p, floor, gate;
    vg_verdict verdict;
} vg_compared_group;

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
    vg_compared_group *groups;
    vg_compared_net *nets;
    int count, group_count, net_count;
    int only_old, only_new; /**< rows without a partner */
    int faster, slower, same, ambiguous, none;
    int faster_groups, slower_groups;
    int sure_slower; /**< rows that are SLOWER and sure */
    int worse_nets;
    double found_row, found_group; /**< least change that is found in 9 of 10 rows, kernels */
    int too_few; /**< rows whose samples are too few for any p to pass the correction */
    double floor_old, floor_new, min_effect, alpha;
    double spread; /**< standard deviation of ln ratio between the runs, as most rows have it; 0: too few
                        rows to tell */
    double spread_groups; /**< the same of the kernels' means */
    double drift; /**< of the machine, within and between the runs: common to all rows */
    int counts, worse_counts; /**< simulated counters compared; risen by more than min_effect */
    json_t *count_changes;    /**< [{row, when, counter, old, new, worse}]; owned */
    json_t *broken; /**< names that failed verification in the new document only; owned */
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

/** Whether something got worse: a kernel is SLOWER, a row is and surely so, a network is worse, a
 * simulated counter has risen by more than the least effect, something fails verification that
 * did not before.
 * Single rows that are SLOWER by no more than chance brings among so many do not count. */
bool vg_comparison_regressed(const vg_comparison *comparison);

/* --- the steps of vg_compare_documents(): compare_groups.c, compare_nets.c, compare_counts.c - */

/* compare_spread.c */
enum { VG_SPREAD_LEAST = 16 /* values that can tell what is usual */ };
/** Standard deviation of what the densest half of @p n values (sorted by this) spreads; 0 below
 * VG_SPREAD_LEAST. */
double vg_spread_of(double *ln, int n);
/** Sets `spread`, and widens the rows' floors and gates to it. */
vg_status vg_spread_widen(vg_comparison *comparison);

/** Puts row @p c, of @p row, into its group; @p places is an empty object at first. VG_ENOMEM. */
vg_status vg_groups_add(vg_comparison *comparison, json_t *places, const vg_row *row,
                        vg_compared *c);
/** Verdicts of the groups; before those of the rows. */
vg_status vg_groups_judge(vg_comparison *comparison);
/** Records of decay[] with the same spec in both documents. VG_ENOMEM. */
vg_status vg_nets_compare(vg_comparison *comparison);
/** Counters of profile[] that were simulated alike in both documents, by equality. VG_ENOMEM. */
vg_status vg_counts_compare(vg_comparison *comparison);
/** found_row and found_group. */
vg_status vg_comparison_power(vg_comparison *comparison);
/** Samples a side with which a row can pass the correction over @p rows rows at all. */
int vg_samples_needed(int rows, double alpha);
/** z with P(Z > z) = @p tail, at most 1/2. */
double vg_tail_z(double tail);

/** Markdown for a pull request; @p old_name and @p new_name label the columns. */
vg_status vg_comparison_markdown(const vg_comparison *comparison, const char *old_name,
                                 const char *new_name, vg_text *out);

/** "SAME", "CHANGED", "BETTER", "WORSE". */
const char *vg_net_change_name(vg_net_change change);

/** All of it as CSV (RFC 4180, header first): a line per kernel (kind `kernel`, `row` for one
 * shape), spread between the runs, network, simulated counter that changed and row whose
 * verification fails now. */
vg_status vg_comparison_csv(const vg_comparison *comparison, vg_text *out);

/** The same as JSON, a new reference; NULL without memory. */
json_t *vg_comparison_json(const vg_comparison *comparison, const char *old_name,
                           const char *new_name);

#endif
