/* SPDX-License-Identifier: Apache-2.0 */
/** @file repro.h
 * Command lines that measure a row again: ours, and oneDNN's own benchdnn.
 */
#ifndef VG_REPORTS_REPRO_H
#define VG_REPORTS_REPRO_H

#include "reports/parts.h"

/** "vgbench bench --filter=... --shapes='dense 64 64 64' --threads=1" for a row. */
void vg_repro_ours(const vg_row *row, vg_text *out);

/** "benchdnn --ip --dir=BWD_W --mode=P mb64ic64oc64" for a row of oneDNN, in the form its
 * implementation names (inner product or matmul, plain or any layout) and under its cap; nothing
 * where benchdnn has no such problem. Returns whether there is one. */
bool vg_repro_benchdnn(const vg_row *row, vg_text *out);

/** The lines of all cases of (op, dir) as a code block. */
void vg_repro_lines(vg_report *report, const vg_rows *rows, const char *op, const char *dir);

#endif
