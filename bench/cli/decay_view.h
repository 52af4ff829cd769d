/* SPDX-License-Identifier: Apache-2.0 */
/** @file decay_view.h
 * How `vgbench decay` shows its records: table, Markdown, CSV, and the plot.
 */
#ifndef VG_CLI_DECAY_VIEW_H
#define VG_CLI_DECAY_VIEW_H

#include <jansson.h>
#include <stdio.h>

#include "cli/options.h"
#include "vgbench/status.h"

/** Header of the table, Markdown or CSV. */
void vg_decay_print_head(FILE *out, vg_format format);

/** One record as a row; @p name says which network it is. */
void vg_decay_print_row(FILE *out, vg_format format, bool color, const char *name,
                        const json_t *record);

/** What the slopes and what the weights do per layer, and the findings, below a row. */
void vg_decay_print_explanation(FILE *out, const json_t *record);

/** The checklist of a record, a line each behind @p indent: "[x] item: why". */
void vg_decay_print_checklist(FILE *out, const char *indent, const json_t *record);

/** Lines below a row of a table for what else a record holds: cost, precision. */
void vg_decay_print_extras(FILE *out, const json_t *record);

/** Plots norm of the signal against layer for @p records (their "name" is the title of a curve),
 * measurement with its seed band on the prediction, as SVG by gnuplot. VG_EUNSUPPORTED where
 * gnuplot is not there. */
vg_status vg_decay_plot(const json_t *records, const char *path);

#endif
