/* SPDX-License-Identifier: Apache-2.0 */
/** @file decay_fixes.h
 * The fix matrix: every fix of the vanishing-gradient problem tried on one network.
 */
#ifndef VG_CLI_DECAY_FIXES_H
#define VG_CLI_DECAY_FIXES_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/options.h"
#include "harness/spec.h"
#include "vgbench/status.h"

/** Measures @p base (unresolved) and every fix of it with its cost, prints the matrix and the advice
 * and appends the records to @p records: the base first, then the fixes in their order. A network
 * with two matrices in a block is ranked at half the depth, that is at equal matrix count, and shown
 * at equal depth beside it. Ends early, with what it has, when @p interrupted says so. */
vg_status vg_decay_fixes(const vg_spec *base, const vg_options *options, bool (*interrupted)(void),
                         json_t *records);

#endif
