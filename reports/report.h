/* SPDX-License-Identifier: Apache-2.0 */
/** @file report.h
 * Renders Markdown reports and their plots from result documents (results.json).
 *
 * A report is a function of the documents alone: no clock, no environment, no look at the machine
 * it is rendered on, so the same documents give the same bytes. What a document lacks is said to
 * be missing. Plots are made by gnuplot, run as a program; without it the report says so and keeps
 * the data files.
 */
#ifndef VG_REPORTS_REPORT_H
#define VG_REPORTS_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "vgbench/status.h"

/** Newest schema_version this code reads (and the one that is written). */
enum { VG_REPORT_SCHEMA = 1 };

/** Which parts are written. */
typedef enum vg_report_profile {
    VG_REPORT_ALL = 0,
    VG_REPORT_PERFORMANCE, /**< kernels: scorecard, cache behaviour, roofline, accuracy */
    VG_REPORT_DECAY        /**< gradients across depth, fixes, training */
} vg_report_profile;

/** Zero-initialise for the defaults. */
typedef struct vg_report_options {
    vg_report_profile profile;
    const char *const *names; /**< one label per document, used where the host names do not
                               * tell them apart; NULL: host names */
    const char *const *files; /**< the documents' files, named with their SHA-256; NULL: not said */
    const char *title;        /**< NULL: "vgbench report", or what the profile is called */
    const char *siblings;     /**< stem ("report") of the three files of vg_report_write_all() */
    bool no_plots;            /**< write neither plots nor their data */
    const char *gnuplot;      /**< program; NULL: "gnuplot" on the PATH */
    double plot_timeout_s;    /**< per plot, then it is killed; 0: 20 */
} vg_report_options;

/** Writes @p path (Markdown) and, beside it, plots/<name>.{svg,dat,gp}.
 *
 * @p results holds @p count >= 1 documents, each checked with vg_report_check(); several become
 * columns beside each other. @p options may be NULL. The Markdown file appears whole or not at all
 * (temporary file, then rename); a failing gnuplot is a sentence in the report, not a failure.
 * VG_EFORMAT for a document that is none, VG_EIO for files that cannot be written. */
vg_status vg_report_write(json_t *const results[], int count, const vg_report_options *options,
                          const char *path);

/** vg_report_write() three times: @p path with every part and, beside it, the performance report
 * and the gradient-decay report ("report-performance.md", "report-decay.md" for "report.md"); each
 * names the others. Plots are drawn once and shared. */
vg_status vg_report_write_all(json_t *const results[], int count, const vg_report_options *options,
                              const char *path);

/** The same text into memory, without plots; freed by the caller with free(). */
vg_status vg_report_render(json_t *const results[], int count, const vg_report_options *options,
                           char **text);

/** Whether @p results can be rendered: an object, schema_version known, every part of the right
 * kind. One line names the first offence (VG_EFORMAT). Parts may be missing. */
vg_status vg_report_check(const json_t *results);

#endif
