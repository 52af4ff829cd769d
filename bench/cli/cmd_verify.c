/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench verify: every kernel row against the double-precision oracle. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/output.h"
#include "measure/filter.h"
#include "measure/verify.h"
#include "measure/verify_slope.h"
#include "micro/cases.h"
#include "reports/export.h"
#include "results/results.h"

typedef struct totals {
    int rows, failed;
    int64_t cases, values;
} totals;

static const char help_text[] =
    "Runs every kernel row that is usable here on hostile shapes, values and memory and compares\n"
    "it with the double-precision oracle. Columns: the largest error in ulps (of the sum of the\n"
    "magnitudes of the terms where the bound is in it); the same on the inputs that oneDNN's row\n"
    "gets, too, and oneDNN's there; the largest error / allowed error, and where that was. Below:\n"
    "the largest |f'| = |dx / dy| that the backward rows of sigmoid, tanh and relu gave, which fail\n"
    "beyond 1/4 and 1, relu's at anything but 0 and 1. Exit code 1 if any row fails.";

static bool passed(vg_status status, const vg_verify_result *r)
{
    return status == VG_OK && r->failures == 0 && r->cases > 0;
}

/* "y[3][5] of batch:7/width:31": where the largest error / bound was. */
static void where(const vg_kernel *kernel, const vg_verify_result *r, char *text, size_t size)
{
    char keys[200];
    text[0] = '\0';
    if (!r->values)
        return;
    vg_shape_format(kernel->op, &r->shape, keys, sizeof keys);
    snprintf(text, size, "%s[%lld][%lld] of %s", vg_slot_name(r->slot), (long long)r->row,
             (long long)r->col, keys);
}

static json_t *row_json(const char *name, const vg_kernel *kernel, bool ok,
                        const vg_verify_result *r, const vg_verify_result *library)
{
    char at[256];
    where(kernel, r, at, sizeof at);
    json_t *row = json_object();
    vg_json_set_text(row, "kernel", name);
    vg_json_set_text(row, "op", vg_op_name(kernel->op));
    vg_json_set_text(row, "dir", vg_dir_name(kernel->dir));
    vg_json_set_text(row, "backend", vg_backend_name(kernel->backend));
    json_object_set_new(row, "cases", json_integer(r->cases));
    json_object_set_new(row, "failures", json_integer(r->failures));
    json_object_set_new(row, "values", json_integer(r->values));
    vg_json_set_number(row, "ulp_max", r->ulp_max);
    if (library && library->cases) {
        vg_json_set_number(row, "ulp_shared", r->ulp_shared);
        vg_json_set_number(row, "onednn_ulp", library->ulp_max);
    }
    vg_json_set_number(row, "tolerance_max", r->ratio_max);
    if (isfinite(vg_slope_bound(kernel))) {
        vg_json_set_number(row, "slope_max", r->slope_max);
        vg_json_set_number(row, "slope_bound", vg_slope_bound(kernel));
    }
    vg_json_set_text(row, "where", at);
    json_object_set_new(row, "verified", json_boolean(ok));
    vg_json_set_text(row, "text", r->text);
    return row;
}

/* --- tables ----------------------------------------------------------------------------------- */

/* "0.98 / 1.21": own and oneDNN's largest error on the same inputs; "-" without both. */
static const char *pair_text(const json_t *row, char *text, size_t size)
{
    double own = vg_json_get_number(row, "ulp_shared"),
           other = vg_json_get_number(row, "onednn_ulp");
    snprintf(text, size, "-");
    if (isfinite(other))
        snprintf(text, size, "%.3g / %.3g", own, other);
    return text;
}

static void print_csv(FILE *out, const json_t *row, const char *verdict)
{
    vg_csv_text(out, vg_json_get_text(row, "kernel", ""));
    vg_csv_number(out, vg_json_get_number(row, "cases"));
    vg_csv_number(out, vg_json_get_number(row, "ulp_max"));
    vg_csv_number(out, vg_json_get_number(row, "ulp_shared"));
    vg_csv_number(out, vg_json_get_number(row, "onednn_ulp"));
    vg_csv_number(out, vg_json_get_number(row, "tolerance_max"));
    fputc(',', out);
    vg_csv_text(out, vg_json_get_text(row, "where", ""));
    fprintf(out, ",%s\n", verdict);
}

static void print_row(FILE *out, vg_format format, const json_t *row)
{
    char pair[64];
    const char *verdict = json_is_true(json_object_get(row, "verified")) ? "ok" : "FAILED";
    if (format == VG_FORMAT_CSV) {
        print_csv(out, row, verdict);
        return;
    }
    fprintf(out,
            format == VG_FORMAT_MD ? "| `%s` | %.0f | %.3g | %s | %.3g | %s | %s |\n"
                                   : "%-32s %6.0f %9.3g %15s %10.3g  %-52s %s\n",
            vg_json_get_text(row, "kernel", ""), vg_json_get_number(row, "cases"),
            vg_json_get_number(row, "ulp_max"), pair_text(row, pair, sizeof pair),
            vg_json_get_number(row, "tolerance_max"), vg_json_get_text(row, "where", ""), verdict);
}

static void print_head(FILE *out, vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        fprintf(out, "%-32s %6s %9s %15s %10s  %-52s %s\n", "op/dir/backend", "cases", "max ulp",
                "own / oneDNN", "err/bound", "where", "verdict");
    else if (format == VG_FORMAT_MD)
        fputs("| op/dir/backend | cases | max ulp | own / oneDNN | err/bound | where | verdict |\n"
              "|---|---:|---:|---:|---:|---|---|\n",
              out);
    else if (format == VG_FORMAT_CSV)
        fputs("kernel,cases,ulp_max,ulp_shared,onednn_ulp,tolerance_max,where,verdict\n", out);
}

/* A line per activation whose slope has a bound: the largest over its rows. */
static void print_slopes(FILE *out, const json_t *rows)
{
    for (int op = 0; op < VG_OP_COUNT; op++) {
        double most = 0, bound = NAN;
        size_t i;
        json_t *row;
        int count = 0;
        json_array_foreach(rows, i, row) {
            if (!json_object_get(row, "slope_max") ||
                strcmp(vg_json_get_text(row, "op", ""), vg_op_name((vg_op)op)))
                continue;
            most = fmax(most, vg_json_get_number(row, "slope_max"));
            bound = vg_json_get_number(row, "slope_bound");
            count++;
        }
        if (count)
            fprintf(out, "|%s'| over all inputs of %d rows: at most %.9g, bound %g%s\n",
                    vg_op_name((vg_op)op), count, most, bound,
                    op == VG_OP_relu ? ", and nothing but 0 and 1" : "");
    }
}

static vg_status print_rows(FILE *out, vg_format format, const void *rows)
{
    size_t i;
    const json_t *row;
    print_head(out, format);
    json_array_foreach((json_t *)rows, i, row)
        print_row(out, format, row);
    return VG_OK;
}

static vg_status print_junit(const json_t *document)
{
    vg_text text = {0};
    vg_status status = vg_export_junit(document, &text);
    if (status == VG_OK)
        status = vg_file_save("-", text.p, text.len);
    free(text.p);
    return status;
}

/* What the command line asks for. */
typedef struct request {
    vg_filter filter;
    const char *pattern, *backends; /* NULL: all */
    vg_tier tier;
    vg_format format;
    bool junit;
    char *command; /* owned */
} request;

static bool streams(const request *q)
{
    return !q->junit && q->format != VG_FORMAT_JSON;
}

static bool selected(const request *q, const vg_kernel *kernel, const char *name)
{
    if (!vg_backends_have(q->backends, kernel->backend))
        return false;
    return vg_filter_match(&q->filter, name) && vg_kernel_usable(kernel) == VG_OK;
}

/* The result of oneDNN's row, made when the first row of its op and direction asks for it. */
typedef struct library_result {
    const vg_kernel *kernel;
    vg_verify_result result;
    vg_status status;
    char message[VG_VERIFY_TEXT];
} library_result;

static void run_row(const vg_kernel *kernel, vg_tier tier, library_result *out)
{
    out->kernel = kernel;
    out->status = vg_verify_row(kernel, tier, &out->result);
    out->message[0] = '\0';
    if (out->status != VG_OK)
        snprintf(out->message, sizeof out->message, "%s", vg_status_message());
}

static void row_name(const vg_kernel *kernel, char *name, size_t size)
{
    snprintf(name, size, "%s/%s/%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir),
             vg_backend_name(kernel->backend));
}

/* NULL where oneDNN has no such row or none is selected. */
static const library_result *library_of(const request *q, const vg_kernel *kernel,
                                        library_result *last)
{
    char name[96];
    const vg_kernel *library = vg_kernel_find(kernel->op, kernel->dir, VG_BACKEND_onednn);
    if (!library)
        return NULL;
    row_name(library, name, sizeof name);
    if (!selected(q, library, name))
        return NULL;
    if (last->kernel != library)
        run_row(library, q->tier, last);
    return last;
}

static void verify_one(const request *q, const vg_kernel *kernel, const char *name,
                       library_result *last, json_t *rows, totals *t)
{
    const library_result *library = library_of(q, kernel, last);
    library_result own;
    if (kernel->backend == VG_BACKEND_onednn)
        own = *library; /* selected, or it would not be here */
    else
        run_row(kernel, q->tier, &own);
    vg_verify_result *r = &own.result;
    const vg_verify_result *other = library && library->kernel != kernel ? &library->result : NULL;
    bool ok = passed(own.status, r);
    json_t *row;
    if (own.status != VG_OK)
        snprintf(r->text, sizeof r->text, "%s", own.message);
    t->rows++;
    t->failed += !ok;
    t->cases += r->cases;
    t->values += r->values;
    json_array_append_new(rows, row = row_json(name, kernel, ok, r, other));
    if (streams(q) && t->rows == 1)
        print_head(stdout, q->format);
    if (streams(q))
        print_row(stdout, q->format, row);
    fflush(stdout);
    if (!ok)
        fprintf(stderr, "%s: %lld of %lld cases failed: %s\n", name, (long long)r->failures,
                (long long)r->cases, r->text);
}

static void verify_all(const request *q, json_t *rows, totals *t)
{
    library_result last = {.kernel = NULL};
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        char name[96];
        row_name(kernel, name, sizeof name);
        if (selected(q, kernel, name))
            verify_one(q, kernel, name, &last, rows, t);
    }
}

static vg_status nothing_selected(const request *q)
{
    return vg_fail(VG_EINVAL, "no kernel row that runs here matches%s%s%s%s; see vgbench list",
                   q->pattern ? " --filter=" : "", q->pattern ? q->pattern : "",
                   q->backends ? " --backend=" : "", q->backends ? q->backends : "");
}

static vg_status run(const request *q, const vg_options *options, totals *t)
{
    json_t *rows = json_array(), *document = vg_results_new("verify", q->command);
    vg_output output = {document, print_rows, rows};
    vg_status status = VG_OK;
    json_object_set(document, "verify", rows);
    verify_all(q, rows, t);
    if (q->format == VG_FORMAT_TABLE && !q->junit)
        print_slopes(stdout, rows);
    if (t->rows == 0)
        status = nothing_selected(q);
    else if (q->junit)
        status = print_junit(document);
    else if (q->format == VG_FORMAT_JSON)
        status = vg_results_save(rows, "-");
    if (status == VG_OK)
        status = vg_outputs_save(options, &output);
    json_decref(rows);
    json_decref(document);
    return status;
}

static const char *const tier_names[] = {"sample", "ci", "full", NULL};
static const char *const format_names[] = {"table", "md", "json", "csv", "junit", NULL};

static vg_status check_request(const vg_options *options, const vg_words *words, request *q)
{
    if (words->count)
        return vg_fail(VG_EINVAL, "'%s': takes no words; use --filter", words->items[0]);
    if (options->backend)
        VG_TRY(vg_backends_check(options->backend));
    q->backends = options->backend;
    return vg_outputs_check(options);
}

static void read_choices(const char *tier, const char *format, request *q)
{
    while (strcmp(tier, tier_names[q->tier]))
        q->tier++;
    while (strcmp(format, format_names[q->format]))
        q->format++;
    q->junit = !strcmp(format, "junit");
}

int vg_cmd_verify(int argc, char **argv)
{
    const char *tier = "ci", *format = "table";
    request q = {.tier = VG_TIER_SAMPLE, .command = vg_command_line(argc, argv)};
    const vg_option own[] = {
        {"filter", 0, VG_OPTION_TEXT, &q.pattern, "RE", "rows whose name matches; -RE: does not",
         NULL, 0, NULL},
        {"tier", 0, VG_OPTION_CHOICE, &tier, "TIER",
         "ci (seconds), full: more shapes, denser sweeps (minutes), or sample: few", tier_names, 0,
         NULL},
        {"format", 0, VG_OPTION_CHOICE, &format, "FORMAT",
         "table, md, json, csv or junit on stdout", format_names, 0, NULL},
        {0},
    };
    vg_options options;
    vg_words words;
    totals t = {0};
    vg_status status = vg_options_parse(argc, argv, own, &options, &words);
    if (!status && options.help) {
        vg_options_help(stdout, "verify [--filter=RE]", help_text, own);
        free(q.command);
        return VG_EXIT_OK;
    }
    read_choices(tier, format, &q);
    if (!status)
        status = check_request(&options, &words, &q);
    if (!status)
        status = vg_filter_compile(&q.filter, q.pattern);
    if (!status) {
        status = run(&q, &options, &t);
        vg_filter_release(&q.filter);
    }
    free(q.command);
    if (!options.quiet && t.rows)
        fprintf(stderr, "%d rows, %lld cases, %lld values: %d rows failed\n", t.rows,
                (long long)t.cases, (long long)t.values, t.failed);
    if (status)
        return vg_exit_with(argv[0], status);
    return t.failed ? VG_EXIT_FAILED : VG_EXIT_OK;
}
