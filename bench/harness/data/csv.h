/* SPDX-License-Identifier: Apache-2.0 */
/** @file csv.h
 * Comma-separated values (RFC 4180), field by field: quotes, doubled quotes, line breaks in quotes,
 * CRLF, a byte-order mark; separated by commas, semicolons or tabs, whichever the first line has most.
 */
#ifndef VG_HARNESS_DATA_CSV_H
#define VG_HARNESS_DATA_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "harness/data/source.h"
#include "vgbench/status.h"

typedef struct vg_csv_field {
    char *text; /**< in the file's memory, unquoted in place */
    size_t length;
    int64_t line; /**< where it begins, from 1 */
    bool last;    /**< of its row */
} vg_csv_field;

typedef struct vg_csv {
    const char *name;
    char *at, *end;
    int64_t line;
    char separator;
} vg_csv;

/** Starts at @p bytes, which is changed while it is read. */
void vg_csv_start(vg_csv *csv, const char *name, char *bytes, size_t size);

/** Skips blank lines; false at the end of the file. Call it where a row may begin. */
bool vg_csv_more(vg_csv *csv);

/** The next field; VG_EFORMAT with the line for a quote that does not end, or text after one. */
vg_status vg_csv_next(vg_csv *csv, vg_csv_field *field);

/** A table of numbers with a label column. @p column names it, or is its number from 1, or NULL. */
vg_status vg_csv_parse(const char *name, char *bytes, size_t size, const char *column,
                       const vg_wanted *wanted, vg_source *source);

#endif
