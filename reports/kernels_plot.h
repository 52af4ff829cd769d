/* SPDX-License-Identifier: Apache-2.0 */
/** @file kernels_plot.h
 * Plots of timed rows.
 */
#ifndef VG_REPORTS_KERNELS_PLOT_H
#define VG_REPORTS_KERNELS_PLOT_H

#include "reports/parts.h"

/** Rates of the backends for (op, dir), for its first two combinations of threads and class: lines
 * over the working set where sizes were swept, else shape beside shape. */
vg_status vg_plot_rates(vg_report *report, int document, const char *op, const char *dir);

/** Ratio to oneDNN over batch and width, for every (op, dir, threads, class) that spans at least
 * two of each. */
vg_status vg_plot_grids(vg_report *report, int document);

/** Own best and oneDNN under the measured roofs. */
vg_status vg_plot_roofline(vg_report *report, int document);

#endif
