/* SPDX-License-Identifier: Apache-2.0 */
/** @file output.h
 * Where results go: standard output by `--format`, and every `-o FILE` by its extension.
 */
#ifndef VG_CLI_OUTPUT_H
#define VG_CLI_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "cli/options.h"
#include "vgbench/status.h"

/** Writes @p data as a table in @p format, which is any but VG_FORMAT_JSON. */
typedef vg_status vg_output_fn(FILE *out, vg_format format, const void *data);

/** A result that can be had in every format. */
typedef struct vg_output {
    const json_t *document; /**< what JSON is made of */
    vg_output_fn *print;    /**< the other formats */
    const void *data;       /**< for @p print */
} vg_output;

/** Whether every `-o FILE` can be written; asked before anything is measured. */
vg_status vg_outputs_check(const vg_options *options);

/** Writes @p path ("-": standard output) in @p format, whole or not at all. */
vg_status vg_output_write(const vg_output *output, vg_format format, const char *path);

/** Writes every `-o FILE`; the first failure, after all were tried. */
vg_status vg_outputs_save(const vg_options *options, const vg_output *output);

/* --- cells ---------------------------------------------------------------------------------- */

/** A text as a cell of CSV, quoted where RFC 4180 wants it; without the comma. */
void vg_csv_text(FILE *out, const char *text);

/** A comma and the number, nothing behind the comma where it is not finite. */
void vg_csv_number(FILE *out, double value);

/** A text as the inside of a Markdown cell: what would be markup is escaped. */
void vg_md_text(FILE *out, const char *text);

#endif
