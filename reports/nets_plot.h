/* SPDX-License-Identifier: Apache-2.0 */
/** @file nets_plot.h
 * Plots of networks: signal against layer, the same as a heat map, loss.
 */
#ifndef VG_REPORTS_NETS_PLOT_H
#define VG_REPORTS_NETS_PLOT_H

#include "reports/nets.h"

/** Signal against layer (of recurrent nets: against time) for the deepest net of every label of
 * @p kind, on its prediction. */
vg_status vg_nets_plot_curves(vg_report *report, const vg_nets *nets, vg_net_kind kind,
                              int document);

/** Layer by net, colour = decades of the signal against the last layer. */
vg_status vg_nets_plot_heat(vg_report *report, const vg_nets *nets, int document);

/** Palette and axes of maps of decades. */
extern const char vg_heat_style[];

/** A row of such a map: the cells of @p net over 0.5 .. columns + 0.5, however many layers it has. Returns
 * how many cells it has. */
int vg_heat_row(vg_text *data, const vg_net *net, int row, double columns);

/** The line of the script that draws the rows. */
extern const char vg_heat_cells[];

/** Loss against step of train[]. */
vg_status vg_train_plot(vg_report *report, int document);

/** "relu, he_normal, depth 16" of a train record; the caller frees it. */
char *vg_train_label(const json_t *record);

#endif
