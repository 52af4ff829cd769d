/* SPDX-License-Identifier: Apache-2.0 */
/** @file spec_words.h
 * What the commands that take a spec share: its words, and what they say about them.
 */
#ifndef VG_CLI_SPEC_WORDS_H
#define VG_CLI_SPEC_WORDS_H

#include <jansson.h>
#include <stdio.h>

#include "cli/options.h"
#include "harness/sweep.h"

/** The keys of a spec as columns of CSV, each behind a comma: ",spec.model,spec.depth,...", and the
 * values of the resolved @p spec of a record under them: what tells two rows of any two runs apart. */
void vg_spec_csv_head(FILE *out);
void vg_spec_csv(FILE *out, const json_t *spec);

/** Parses @p words with those of --threads, --backend and --seed set before the first `vs`. */
vg_status vg_spec_words_parse(const vg_options *options, const vg_words *words, vg_sweep *sweep);

enum { VG_IDLE_TEXT = 200 };

/** Says which given keys of @p spec change nothing, once for the same keys: @p said is what was said last. */
void vg_spec_words_idle(const vg_spec *spec, vg_purpose purpose, bool quiet,
                        char said[VG_IDLE_TEXT]);

/** Says that a point is left out, for the last failure, and appends it to @p list (made where NULL), the
 * `skipped` of the results. @p point counts from 0. */
void vg_spec_words_skip(int64_t point, const char *name, json_t **list);

#endif
