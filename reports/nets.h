/* SPDX-License-Identifier: Apache-2.0 */
/** @file nets.h
 * The decay records of a document, labelled by what tells them apart.
 */
#ifndef VG_REPORTS_NETS_H
#define VG_REPORTS_NETS_H

#include "reports/parts.h"

typedef struct vg_net {
    const json_t *record;
    char *label; /**< "sigmoid, xavier_normal": act, init and whatever differs between the nets */
    const char *init;
    int depth;
    bool deepest; /**< of the records with this label */
} vg_net;

typedef struct vg_nets {
    vg_net *nets;
    int count;
} vg_nets;

/** Labels the records of decay[]. VG_ENOMEM. */
vg_status vg_nets_collect(const json_t *doc, vg_nets *nets);
void vg_nets_release(vg_nets *nets);

/** Norm of the signal at layers[i] of a record: delta, or the trunk's gradient with skips. NaN if
 * it is not there. */
double vg_net_signal(const json_t *record, const json_t *layer);

/** Seeds of a record. */
int vg_net_seeds(const json_t *record);

/** exp(ln_sq / 2): the factor per layer a reader expects. */
double vg_factor(double ln_sq);

/** The lines of the verdict about gradients. */
void vg_nets_verdict(vg_report *report, int document);

#endif
