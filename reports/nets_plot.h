/* SPDX-License-Identifier: Apache-2.0 */
/** @file nets_plot.h
 * Plots of networks: signal against layer, the same as a heat map, survival against cost, loss.
 */
#ifndef VG_REPORTS_NETS_PLOT_H
#define VG_REPORTS_NETS_PLOT_H

#include "reports/nets.h"

/** Signal against layer for the deepest net of every label, on its prediction. */
vg_status vg_nets_plot_curves(vg_report *report, const vg_nets *nets, int document);

/** Layer by net, colour = decades of the signal against the last layer. */
vg_status vg_nets_plot_heat(vg_report *report, const vg_nets *nets, int document);

/** Survival against the time of a step, for nets that have a cost. */
vg_status vg_nets_plot_costs(vg_report *report, const vg_nets *nets, int document);

/** Loss against step of train[]. */
vg_status vg_train_plot(vg_report *report, int document);

/** "relu, he_normal, depth 16" of a train record; the caller frees it. */
char *vg_train_label(const json_t *record);

#endif
