/* SPDX-License-Identifier: Apache-2.0 */
/** @file nets.h
 * The decay records of a document, labelled by what tells them apart.
 */
#ifndef VG_REPORTS_NETS_H
#define VG_REPORTS_NETS_H

#include "reports/parts.h"

/** What a record is part of. */
typedef enum vg_net_kind {
    VG_NET_PLAIN = 0, /**< a net for itself, or of a sweep over depth */
    VG_NET_GRID,      /**< of a sweep over at least three activations and three initialisations */
    VG_NET_BASE,      /**< a net that is followed by its fixes */
    VG_NET_FIX,       /**< a fix of the base before it */
    VG_NET_RECURRENT, /**< its layers are steps of time */
    VG_NET_KINDS
} vg_net_kind;

typedef struct vg_net {
    const json_t *record;
    char *label; /**< "sigmoid, xavier_normal": act, init and whatever differs between the nets of
                  * a kind; of a fix: what it changes */
    const char *init;
    vg_net_kind kind;
    int depth;    /**< blocks; of recurrent nets: steps of time */
    int base;     /**< of a fix: index of the net it mends, else -1 */
    int fixes;    /**< of a base: how many fixes follow it */
    int grid;     /**< of VG_NET_GRID: which, from 0 */
    bool deepest; /**< of the records of this kind with this label */
} vg_net;

typedef struct vg_nets {
    vg_net *nets;
    int count, grids;
    int of_kind[VG_NET_KINDS];
} vg_nets;

/** Sorts out and labels the records of decay[]. VG_ENOMEM. */
vg_status vg_nets_collect(const json_t *doc, vg_nets *nets);
void vg_nets_release(vg_nets *nets);

/** Norm of the signal at layers[i] of a record: delta, or the trunk's gradient with skips. NaN if
 * it is not there. */
double vg_net_signal(const json_t *record, const json_t *layer);

/** Seeds of a record. */
int vg_net_seeds(const json_t *record);

/** exp(ln_sq / 2): the factor per layer a reader expects. */
double vg_factor(double ln_sq);

/** The change of decades between the first and the last layer: |log10 survival|; infinite where it
 * is not known. */
double vg_net_decades(const vg_net *net);

/** A fix that does as many matrix products as its base, so that their costs compare. */
bool vg_net_equal_work(const vg_nets *nets, const vg_net *fix);

/** Time of a step of @p net / of its base with its 95 % interval, over the rounds that timed both; of
 * results that have none, with the intervals of both combined. NaN where either is not timed. */
vg_estimate vg_net_step_ratio(const vg_nets *nets, const vg_net *net);

/** That ratio as text: "0.977x [0.961, 0.993]", and where 1 is inside ", the same within its
 * interval"; "n/a" where it was not timed. */
void vg_net_step_text(const vg_nets *nets, const vg_net *net, vg_text *out);

bool vg_net_is_healthy(const vg_net *net);

/** The first healthy fix of equal work among those of @p base, in their order; NULL if none. */
const vg_net *vg_nets_cure(const vg_nets *nets, const vg_net *base);

/** The fixes of @p base in the order of the file (ranked by who measured them), those of equal work
 * first. Returns how many; @p list has room for base->fixes. */
int vg_nets_fixes(const vg_nets *nets, const vg_net *base, const vg_net **list);

/** The lines of the verdict about gradients. */
void vg_nets_verdict(vg_report *report, int document);

/** The answer in one sentence: the first net whose gradient vanishes, and what mends it at equal
 * work; nothing where no such net was measured. */
void vg_nets_sentence(vg_report *report, int document);

#endif
