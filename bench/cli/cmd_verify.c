/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench verify: every kernel row against the double-precision oracle. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
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
    "magnitudes of the terms where the bound is in it), the largest error / allowed error, and\n"
    "where that was. Exit code 1 if any row fails.";

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

static void print_row(const char *name, const vg_kernel *kernel, vg_format format, bool ok,
                      const vg_verify_result *r)
{
    char at[256];
    where(kernel, r, at, sizeof at);
    const char *verdict = ok ? "ok" : "FAILED";
    if (format == VG_FORMAT_CSV)
        printf("%s,%lld,%.4g,%.4g,\"%s\",%s\n", name, (long long)r->cases, r->ulp_max, r->ratio_max,
               at, verdict);
    else if (format == VG_FORMAT_MD)
        printf("| `%s` | %lld | %.3g | %.3g | %s | %s |\n", name, (long long)r->cases, r->ulp_max,
               r->ratio_max, at, verdict);
    else
        printf("%-32s %6lld %9.3g %10.3g  %-52s %s\n", name, (long long)r->cases, r->ulp_max,
               r->ratio_max, at, verdict);
    fflush(stdout);
    if (!ok)
        fprintf(stderr, "%s: %lld of %lld cases failed: %s\n", name, (long long)r->failures,
                (long long)r->cases, r->text);
}

static json_t *row_json(const char *name, const vg_kernel *kernel, bool ok,
                        const vg_verify_result *r)
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
        printf("%-32s %6s %9s %10s  %-52s %s\n", "op/dir/backend", "cases", "max ulp", "err/bound",
               "where", "verdict");
    else if (format == VG_FORMAT_MD)
        printf("| op/dir/backend | cases | max ulp | err/bound | where | verdict |\n"
               "|---|---:|---:|---:|---|---|\n");
    else if (format == VG_FORMAT_CSV)
        printf("kernel,cases,ulp_max,ratio_max,where,verdict\n");
}

/* What the command line asks for. */
typedef struct request {
    vg_filter filter;
    const char *backend; /* NULL: all */
    vg_tier tier;
    vg_format format;
    bool junit;
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

static void verify_one(const request *q, const vg_kernel *kernel, const char *name, json_t *rows,
                       totals *t)
{
    vg_verify_result result;
    vg_status status = vg_verify_row(kernel, q->tier, &result);
    bool ok = passed(status, &result);
    if (status != VG_OK)
        snprintf(result.text, sizeof result.text, "%s", vg_status_message());
    t->rows++;
    t->failed += !ok;
    t->cases += result.cases;
    t->values += result.values;
    if (streams(q))
        print_row(name, kernel, q->format, ok, &result);
    json_array_append_new(rows, row_json(name, kernel, ok, &result));
}

static void verify_all(const request *q, json_t *rows, totals *t)
{
    if (streams(q))
        print_head(q->format);
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        char name[96];
        snprintf(name, sizeof name, "%s/%s/%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir),
                 vg_backend_name(kernel->backend));
        if (selected(q, kernel, name))
            verify_one(q, kernel, name, rows, t);
    }
}

static vg_status write_results(json_t *rows, const vg_option_list *outputs)
{
    vg_status status = VG_OK;
    for (int i = 0; i < outputs->count && status == VG_OK; i++) {
        json_t *document = vg_results_new("verify", "vgbench verify");
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
        status = write_results(rows, &options->outputs);
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
    vg_status status = vg_options_parse(argc, argv, own, &options, &words);
    if (!status && options.help) {
        vg_options_help(stdout, "verify [--filter=RE]", help_text, own);
        return VG_EXIT_OK;
    }
    request q = {.tier = VG_TIER_SAMPLE};
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
    if (status)
        return vg_exit_with(argv[0], status);
    status = run(&q, &options, &t);
    vg_filter_release(&q.filter);
    if (!options.quiet && t.rows)
        fprintf(stderr, "%d rows, %lld cases, %lld values: %d rows failed\n", t.rows,
                (long long)t.cases, (long long)t.values, t.failed);
    if (status)
        return vg_exit_with(argv[0], status);
    return t.failed ? VG_EXIT_FAILED : VG_EXIT_OK;
}
