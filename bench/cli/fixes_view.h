/* SPDX-License-Identifier: Apache-2.0 */
/** @file fixes_view.h
 * The fix matrix as text.
 */
#ifndef VG_CLI_FIXES_VIEW_H
#define VG_CLI_FIXES_VIEW_H

#include <jansson.h>
#include <stdio.h>

#include "cli/options.h"

/** The matrix as a table, Markdown or CSV (JSON: nothing): @p records as of vg_decay_fixes(), the base first,
 * with what each costs; below it, CSV apart, findings, advice and checklist of the base. */
void vg_fixes_print(FILE *out, vg_format format, const json_t *records);

#endif
