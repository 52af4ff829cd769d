/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench verify: every kernel row against the double-precision oracle. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "measure/filter.h"
#include "measure/verify.h"
#include "results/results.h"

typedef struct totals {
    int rows, failed;
    int64_t cases, values;
} totals;

static const char help_text[] =
    "Runs every kernel row that is usable here on hostile shapes, values and memory and compares\n"
    "it with the double-precision oracle. Columns: the largest error in ulps (of the sum of the\n"
    "magnitudes of the terms where the bound is in it); the same on the inputs that oneDNN's row\n"
    "gets, too, and oneDNN's there; the largest error / allowed error, and where that was. Exit\n"
    "code 1 if any row fails.";

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

/* "0.98 / 1.21": own and oneDNN's largest error on the same inputs; "-" without both. */
static const char *pair_text(const vg_verify_result *r, const vg_verify_result *library, char *text,
                             size_t size)
{
    snprintf(text, size, "-");
    if (library && library->cases)
        snprintf(text, size, "%.3g / %.3g", r->ulp_shared, library->ulp_max);
    return text;
}

/* @p library: oneDNN's row of the same op and direction, or NULL. */
static void print_row(const char *name, const vg_kernel *kernel, vg_format format, bool ok,
                      const vg_verify_result *r, const vg_verify_result *library)
{
    char at[256], pair[64];
    pair_text(r, library, pair, sizeof pair);
    where(kernel, r, at, sizeof at);
    const char *verdict = ok ? "ok" : "FAILED";
    if (format == VG_FORMAT_CSV)
        printf("%s,%lld,%.4g,%.4g,\"%s\",%s,%s\n", name, (long long)r->cases, r->ulp_max,
               r->ratio_max, at, verdict, pair);
    else if (format == VG_FORMAT_MD)
        printf("| `%s` | %lld | %.3g | %s | %.3g | %s | %s |\n", name, (long long)r->cases, r->ulp_max,
               pair, r->ratio_max, at, verdict);
    else
        printf("%-32s %6lld %9.3g %15s %10.3g  %-52s %s\n", name, (long long)r->cases,
               r->ulp_max, pair, r->ratio_max, at, verdict);
    fflush(stdout);
    if (!ok)
        fprintf(stderr, "%s: %lld of %lld cases failed: %s\n", name, (long long)r->failures,
                (long long)r->cases, r->text);
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
    vg_json_set_text(row, "where", at);
    json_object_set_new(row, "verified", json_boolean(ok));
    vg_json_set_text(row, "text", r->text);
    return row;
}

static void print_xml(const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", stdout);
            break;
        case '>':
            fputs("&gt;", stdout);
            break;
        case '&':
            fputs("&amp;", stdout);
            break;
        case '"':
            fputs("&quot;", stdout);
            break;
        default:
            putchar(*text);
        }
}

static void print_junit(json_t *rows, const totals *t)
{
    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<testsuite name=\"vgbench verify\" tests=\"%d\" failures=\"%d\">\n",
           t->rows, t->failed);
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        printf("  <testcase name=\"%s\" assertions=\"%lld\"",
               json_string_value(json_object_get(row, "kernel")),
               (long long)json_integer_value(json_object_get(row, "cases")));
        if (json_is_true(json_object_get(row, "verified"))) {
            puts("/>");
            continue;
        }
        fputs("><failure message=\"", stdout);
        print_xml(json_string_value(json_object_get(row, "text")));
        puts("\"/></testcase>");
    }
    puts("</testsuite>");
}

static void print_head(vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        printf("%-32s %6s %9s %15s %10s  %-52s %s\n", "op/dir/backend", "cases", "max ulp",
               "own / oneDNN", "err/bound", "where", "verdict");
    else if (format == VG_FORMAT_MD)
        printf("| op/dir/backend | cases | max ulp | own / oneDNN | err/bound | where | verdict |\n"
               "|---|---:|---:|---:|---:|---|---|\n");
    else if (format == VG_FORMAT_CSV)
        printf("kernel,cases,ulp_max,ratio_max,where,verdict,own_and_onednn_ulp\n");
}

/* What the command line asks for. */
typedef struct request {
    vg_filter filter;
    const char *backend; /* NULL: all */
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
    if (q->backend && strcmp(q->backend, vg_backend_name(kernel->backend)))
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
    if (own.status != VG_OK)
        snprintf(r->text, sizeof r->text, "%s", own.message);
    t->rows++;
    t->failed += !ok;
    t->cases += r->cases;
    t->values += r->values;
    if (streams(q))
        print_row(name, kernel, q->format, ok, r, other);
    json_array_append_new(rows, row_json(name, kernel, ok, r, other));
}

static void verify_all(const request *q, json_t *rows, totals *t)
{
    if (streams(q))
        print_head(q->format);
    library_result last = {.kernel = NULL};
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        char name[96];
        row_name(kernel, name, sizeof name);
        if (selected(q, kernel, name))
            verify_one(q, kernel, name, &last, rows, t);
    }
}

static vg_status write_results(json_t *rows, const vg_option_list *outputs, const char *command)
{
    vg_status status = VG_OK;
    for (int i = 0; i < outputs->count && status == VG_OK; i++) {
        json_t *document = vg_results_new("verify", command);
        json_object_set(document, "verify", rows);
        status = vg_results_save(document, outputs->items[i]);
        json_decref(document);
    }
    return status;
}

static vg_status run(const request *q, const vg_options *options, totals *t)
{
    json_t *rows = json_array();
    verify_all(q, rows, t);
    vg_status status = VG_OK;
    if (t->rows == 0)
        status = vg_fail(VG_EINVAL, "no kernel row that runs here matches the filter and backend");
    else if (q->junit)
        print_junit(rows, t);
    else if (q->format == VG_FORMAT_JSON)
        status = vg_results_save(rows, "-");
    if (status == VG_OK)
        status = write_results(rows, &options->outputs, q->command);
    json_decref(rows);
    return status;
}

static const char *const tier_names[] = {"sample", "ci", "full", NULL};
static const char *const format_names[] = {"table", "md", "json", "csv", "junit", NULL};

static vg_status check_request(const vg_options *options, const vg_words *words, request *q)
{
    if (words->count)
        return vg_fail(VG_EINVAL, "'%s': takes no words; use --filter", words->items[0]);
    q->backend = options->backend;
    if (q->backend && vg_backend_by_name(q->backend) == VG_BACKEND_COUNT)
        return vg_fail(VG_EINVAL, "--backend=%s: not a backend", q->backend);
    if (q->backend)
        q->backend = vg_backend_name(vg_backend_by_name(q->backend));
    for (int i = 0; i < options->outputs.count; i++) {
        vg_format format;
        VG_TRY(vg_format_of_file(options->outputs.items[i], &format));
        if (format != VG_FORMAT_JSON)
            return vg_fail(VG_EINVAL, "-o %s: verify writes .json only",
                           options->outputs.items[i]);
        VG_TRY(vg_file_check(options->outputs.items[i]));
    }
    return VG_OK;
}

int vg_cmd_verify(int argc, char **argv)
{
    const char *pattern = NULL, *tier = "ci", *format = "table";
    const vg_option own[] = {
        {"filter", 0, VG_OPTION_TEXT, &pattern, "RE", "rows whose name matches; -RE: does not",
         NULL, 0, NULL},
        {"tier", 0, VG_OPTION_CHOICE, &tier, "TIER",
         "ci (seconds), full: more shapes, denser sweeps (minutes), or sample: few", tier_names, 0, NULL},
        {"format", 0, VG_OPTION_CHOICE, &format, "FORMAT", "table, md, json, csv or junit",
         format_names, 0, NULL},
        {0},
    };
    vg_options options;
    vg_words words;
    request q = {.tier = VG_TIER_SAMPLE, .command = vg_command_line(argc, argv)};
    vg_status status = vg_options_parse(argc, argv, own, &options, &words);
    if (!status && options.help) {
        vg_options_help(stdout, "verify [--filter=RE]", help_text, own);
        free(q.command);
        return VG_EXIT_OK;
    }
    while (tier_names[q.tier + 1] && strcmp(tier, tier_names[q.tier]))
        q.tier++;
    while (strcmp(format, format_names[q.format]))
        q.format++;
    q.junit = !strcmp(format, "junit");
    totals t = {0};
    if (!status)
        status = check_request(&options, &words, &q);
    if (!status)
        status = vg_filter_compile(&q.filter, pattern);
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
