/* SPDX-License-Identifier: Apache-2.0 */
/** @file train_view.h
 * How `vgbench train` shows its records: table, Markdown, CSV, events, plot.
 */
#ifndef VG_CLI_TRAIN_VIEW_H
#define VG_CLI_TRAIN_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/options.h"
#include "vgbench/status.h"

void vg_train_print_head(FILE *out, vg_format format);
void vg_train_print_row(FILE *out, vg_format format, bool color, const char *name,
                        const json_t *record);

/** "step 1: vanishing: why; try skip=residual ..." into @p text. */
const char *vg_train_event_text(const json_t *event, char *text, size_t size);

#endif
