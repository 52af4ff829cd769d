/* SPDX-License-Identifier: Apache-2.0 */
/** @file text.h
 * A growing text, and what is written into it: escaped names, numbers with units, tables.
 *
 * Running out of memory sets `failed` and turns later calls into no-ops; it is asked for once, at
 * the end.
 */
#ifndef VG_REPORTS_TEXT_H
#define VG_REPORTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "vgbench/status.h"

/** Zero-initialise; free(p) when done. p is NULL while nothing was written. */
typedef struct vg_text {
    char *p;
    size_t len, cap;
    bool failed;
} vg_text;

void vg_text_add(vg_text *text, const char *s);
void vg_text_printf(vg_text *text, const char *format, ...) VG_PRINTF(2, 3);

/** A foreign string as inline Markdown: whatever Markdown or HTML would take as markup is escaped,
 * line breaks and control characters become spaces. */
void vg_text_md(vg_text *text, const char *s);

/** A foreign string as code: a backtick span where it can be one, else <code> with escapes. */
void vg_text_code(vg_text *text, const char *s);

/** A foreign path as the target of a link: percent-encoded but for what is safe in one. */
void vg_text_link(vg_text *text, const char *s);

/** A foreign string inside an HTML attribute or element. */
void vg_text_html(vg_text *text, const char *s);

/** A foreign string as a single-quoted string of gnuplot, quotes included. */
void vg_text_gnuplot(vg_text *text, const char *s);

/** A foreign string as a cell of CSV (RFC 4180): quoted where needed. */
void vg_text_csv(vg_text *text, const char *s);

/* --- numbers; "n/a" for what is not finite ------------------------------------------------ */

enum { VG_NUM = 40 }; /**< size of the buffers below */

/** @p digits significant digits, exponent only outside 1e-4 .. 1e7. Returns @p buf. */
const char *vg_num(char buf[VG_NUM], double x, int digits);
/** Nanoseconds as "123 ns", "12.3 us", "4.56 ms", "1.20 s". */
const char *vg_num_time(char buf[VG_NUM], double ns);
/** A fraction as "1.2 %". */
const char *vg_num_percent(char buf[VG_NUM], double fraction);
/** Bytes as "48 KiB", "2 MiB". */
const char *vg_num_bytes(char buf[VG_NUM], double bytes);

/* --- tables --------------------------------------------------------------------------------- */

enum { VG_TABLE_COLUMNS = 8 }; /**< wider ones break on GitHub */

/** Header of a table; @p align has one of l, r, c per column. */
void vg_table_head(vg_text *text, const char *align, const char *const headers[]);
/** Starts a row; every cell follows as vg_cell() plus text, the row ends with vg_row_end(). */
void vg_row_begin(vg_text *text);
void vg_cell(vg_text *text);
void vg_row_end(vg_text *text);
/** A cell of our own text, of a foreign string. */
void vg_cell_printf(vg_text *text, const char *format, ...) VG_PRINTF(2, 3);
void vg_cell_md(vg_text *text, const char *s);
void vg_cell_code(vg_text *text, const char *s);

/** Folded part; @p summary is our own text. */
void vg_details_begin(vg_text *text, const char *format, ...) VG_PRINTF(2, 3);
void vg_details_end(vg_text *text);

/** Writes @p len bytes to @p path by way of a temporary file beside it, so that the file is whole
 * or as it was before. */
vg_status vg_file_write(const char *path, const char *p, size_t len);

#endif
