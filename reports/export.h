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

/** JSON Lines: first the run (suite, command, machine ...), then an object per record of every part
 * with its `kind`: benchmark, verify, decay, train, race, profile, roofline, noise, and what else the
 * document has. */
vg_status vg_export_jsonl(const json_t *results, vg_text *out);

/** JUnit XML of verify[]: a test case per row; a failed row fails, a skipped one is skipped. */
vg_status vg_export_junit(const json_t *results, vg_text *out);

#endif
