/* SPDX-License-Identifier: Apache-2.0 */
/** @file broken.h
 * Rows that failed verification: they print no time, so nothing but this tells of them.
 */
#ifndef VG_REPORTS_BROKEN_H
#define VG_REPORTS_BROKEN_H

#include <jansson.h>
#include <stdbool.h>

/** Whether an entry of verify[] failed: a value beyond its bound, or a row that could not be run or had
 * nothing to check. */
bool vg_verify_failed(const json_t *row);

/** Names of kernels of @p doc with failed cases (`verify`) and of rows that were not timed because
 * of it (`benchmarks`, `verified` false), each once, in the document's order. An array of strings,
 * the caller's; NULL when out of memory. */
json_t *vg_doc_broken(const json_t *doc);

/** The same names of @p new_doc, without those that @p old_doc has too. */
json_t *vg_doc_newly_broken(const json_t *old_doc, const json_t *new_doc);

#endif
