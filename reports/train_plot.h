/* SPDX-License-Identifier: Apache-2.0 */
/** @file train_plot.h
 * Plots of training runs: gradient norm by layer and step, update-to-weight ratio, learning rates.
 */
#ifndef VG_REPORTS_TRAIN_PLOT_H
#define VG_REPORTS_TRAIN_PLOT_H

#include "reports/nets_plot.h"

/** "act=sigmoid seed=2", or the label that vg_train_label() makes; the caller frees it. */
char *vg_train_name(const json_t *record);

/** Heat map layer x step of the gradient norm of a record with layers. @p plot_name is that of the
 * file. */
vg_status vg_train_plot_heat(vg_report *report, const json_t *record, const char *plot_name);

/** Update-to-weight ratio of the first, the middle and the last layer. */
vg_status vg_train_plot_updates(vg_report *report, const json_t *record, const char *plot_name);

/** Smoothed loss against the learning rate of every record with a range test. */
vg_status vg_train_plot_rates(vg_report *report, int document);

/** Races to a target, a table each. */
void vg_race_table(vg_text *out, const json_t *races);

/** The answer of each race in one sentence of a list, for the verdict. */
void vg_race_sentences(vg_text *out, const json_t *races);

#endif
