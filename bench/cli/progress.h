/* SPDX-License-Identifier: Apache-2.0 */
/** @file progress.h
 * What the program says while it works: on stderr, never inside a timed region.
 *
 * On a terminal one line is rewritten at most five times a second; elsewhere (logs, CI) a line is
 * printed at most every ten seconds and at the end. Nothing with --quiet.
 */
#ifndef VG_CLI_PROGRESS_H
#define VG_CLI_PROGRESS_H

#include <stdbool.h>

#include "vgbench/status.h"

typedef struct vg_progress {
    const char *what; /**< "bench" */
    int total, done;
    double begin, last; /**< seconds, monotonic */
    bool silent, terminal;
} vg_progress;

/** Begins a progress of @p total steps (0: unknown). */
void vg_progress_begin(vg_progress *progress, const char *what, int total, bool quiet);

/** Step @p done (from 0) is about to run: @p item names it. Prints what, share and time left. */
void vg_progress_step(vg_progress *progress, int done, const char *item);

/** Clears the line on a terminal. */
void vg_progress_end(vg_progress *progress);

/** A line on stderr, unless @p quiet; a progress line that stands there is cleared first. */
void vg_say(bool quiet, const char *format, ...) VG_PRINTF(2, 3);

/** "48 s", "4 min", "1 h 10 min" into @p text. */
const char *vg_duration(double seconds, char text[32]);

#endif
