/* SPDX-License-Identifier: Apache-2.0 */
/** @file fixes_plot.h
 * Plots of sweeps over fixes: survival against cost, activation x initialisation.
 */
#ifndef VG_REPORTS_FIXES_PLOT_H
#define VG_REPORTS_FIXES_PLOT_H

#include "reports/nets.h"

/** Survival beside step time for @p base and the best of its @p count fixes, in the order of the
 * table. @p index makes the file name. */
vg_status vg_plot_fixes(vg_report *report, const vg_nets *nets, const vg_net *base,
                        const vg_net *const *list, int count, int document, int index);

/** Layer by fix: @p base and those of its @p count fixes that do the work of the base. A net of half the
 * depth and two matrices a block has blocks of twice the width. */
vg_status vg_plot_fix_heat(vg_report *report, const vg_nets *nets, const vg_net *base,
                           const vg_net *const *list, int count, int document, int index);

/** Activation by initialisation, colour = decades between the first layer and the last. */
vg_status vg_plot_net_grid(vg_report *report, const vg_nets *nets, int grid, int document);

#endif
