/* SPDX-License-Identifier: Apache-2.0 */
/** @file parts.h
 * The parts of a report, in the order they are printed. Each adds its text to report->out from the
 * documents alone; a part without data says what is missing and how it is had.
 */
#ifndef VG_REPORTS_PARTS_H
#define VG_REPORTS_PARTS_H

#include "reports/plot.h"
#include "reports/report.h"
#include "reports/rows.h"
#include "reports/text.h"

typedef struct vg_report {
    json_t *const *docs;
    int count;
    const vg_report_options *options;
    vg_rows *rows;      /**< one per document */
    const char **names; /**< one per document, not escaped */
    vg_plots *plots;    /**< NULL: none */
    vg_text out;
} vg_report;

/** Draws @p plot into the report if @p any (there is something to see), else drops it; takes over
 * both @p plot and @p alt. */
vg_status vg_plot_finish(vg_report *report, vg_plot *plot, vg_text *alt, const char *name,
                         bool any);

typedef vg_status vg_part_fn(vg_report *report);

vg_part_fn vg_part_head;
vg_part_fn vg_part_verdict;
vg_part_fn vg_part_scorecard;
vg_part_fn vg_part_machine;
vg_part_fn vg_part_software;
vg_part_fn vg_part_noise;
vg_part_fn vg_part_method;
vg_part_fn vg_part_results;
vg_part_fn vg_part_cache;
vg_part_fn vg_part_roofline;
vg_part_fn vg_part_accuracy;
vg_part_fn vg_part_decay;
vg_part_fn vg_part_anomalies;
vg_part_fn vg_part_reproduce;

/* Sections within a part, of one document. */
vg_status vg_part_scaling(vg_report *report, int document);  /* part 7: time against threads */
/* part 8: a profile record of kind working_set; *plots counts those that were drawn. */
vg_status vg_part_sets(vg_report *report, int document, const json_t *record, int *plots);
/* part 8: the times of a profile record with cold caches; nothing where it has none. */
void vg_part_cold(vg_report *report, const json_t *record);
vg_status vg_part_training(vg_report *report, int document); /* part 11: train[] */

/** "## 3. Machine"; the number is the part's place, whatever other parts are left out. */
void vg_part_title(vg_report *report, int number, const char *title);

/** "*Not measured in this run: <what>. `<command>` brings it.*" A part never vanishes silently. */
void vg_part_missing(vg_report *report, const char *what, const char *command);

/** "*n/a: <what> (<why>).*" for what no command can bring. */
void vg_part_absent(vg_report *report, const char *what, const char *why);

/** Whether a document has no timed kernels but other parts: profile, roofs, race, training. */
bool vg_doc_measured_other(const json_t *doc);

/** Of such a document, a line for each thing that was measured; else nothing. */
void vg_measured_lines(vg_text *out, const json_t *doc);

/** In a report of several documents, the line that says which one follows. */
void vg_part_document(vg_report *report, int index);

/** What the file of a profile is called after its stem: "", "-performance", "-decay". */
const char *vg_report_suffix(vg_report_profile profile);

/** oneDNN of a document as "oneDNN 3.12.1 (2026)", with "not a current oneDNN" before 3.7. */
void vg_onednn_name(const json_t *doc, vg_text *out);

/** Ratio with interval: "1.23x [1.20, 1.26]". */
const char *vg_ratio_text(char buf[80], vg_estimate ratio);

/** "3 faster, 1 same, 0 slower, 2 ambiguous" in short form "3 / 1 / 0 / 2". */
const char *vg_tally_text(char buf[80], const vg_tally *tally);

/** GFLOP/s of a row for families judged by flops, else GB/s: "12.3 GFLOP/s". */
const char *vg_throughput_text(char buf[64], const vg_row *row);

#endif
