/* SPDX-License-Identifier: Apache-2.0 */
/** @file export.h
 * A result document in formats that other tools read.
 */
#ifndef VG_REPORTS_EXPORT_H
#define VG_REPORTS_EXPORT_H

#include <jansson.h>

#include "reports/text.h"

/** CSV (RFC 4180, header first), one line per timed row: what tells it from every other (kernel with
 * its shape and threads, ISA cap, flushed caches), median with interval, rate, error, ratio to oneDNN
 * with interval and verdict. Empty cells for what there is not. */
vg_status vg_export_csv(const json_t *results, vg_text *out);

/** JSON Lines: one object per line with `kind` (run, benchmark, verify, decay, train, noise) and
 * the members of the record. */
vg_status vg_export_jsonl(const json_t *results, vg_text *out);

/** JUnit XML of verify[]: a test case per row; a failed row fails, a skipped one is skipped. */
vg_status vg_export_junit(const json_t *results, vg_text *out);

#endif
