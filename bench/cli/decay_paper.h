/* SPDX-License-Identifier: Apache-2.0 */
/** @file decay_paper.h
 * Named experiments: published numbers and common advice, each beside our measurement.
 */
#ifndef VG_CLI_DECAY_PAPER_H
#define VG_CLI_DECAY_PAPER_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/options.h"
#include "vgbench/status.h"

/** Runs experiment @p name (a file of bench/experiments without .yaml, or "all") with the words of
 * @p words over it, prints claim, published number, ours with its interval, and agree or disagree;
 * appends the records; those of claims about learning (paper_trained.h) go to @p trained.
 * @p disagreeing counts the claims that did not hold. */
vg_status vg_decay_paper(const char *name, const vg_words *words, const vg_options *options,
                         bool (*interrupted)(void), json_t *records, json_t *trained,
                         int *disagreeing);

#endif
