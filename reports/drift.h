/* SPDX-License-Identifier: Apache-2.0 */
/** @file drift.h
 * How the machine moved while a document was measured: `noise.drift`.
 */
#ifndef VG_REPORTS_DRIFT_H
#define VG_REPORTS_DRIFT_H

#include "reports/parts.h"

/** From this range of clock rate or bandwidth on, a run is no better than grade C. */
#define VG_DRIFT_LIMIT 0.1

/** Range of the looks; NAN where the document has none. */
double vg_doc_drift(const json_t *doc);

/** What times of two documents may differ by because the machine moved: the trend within each, and
 * their clock rates against each other. 0 where nothing is recorded. */
double vg_doc_drift_between(const json_t *a, const json_t *b);

/** Load average over the CPUs as the run began, for vg_load_grade(); NaN where not recorded. */
double vg_doc_load(const json_t *doc);

/** The highest A/A floor of any number of threads; NaN where there is none. */
double vg_doc_highest_floor(const json_t *doc);

/** Sentences and a plot for part 5. */
vg_status vg_part_drift(vg_report *report, int document);

#endif
