/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/command.h"
#include "measure/verify.h"

typedef enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_JUNIT } format;

typedef struct options {
    const char *filter;
    bool negated; /* a leading '-', as Google Benchmark has it */
    regex_t regex;
    format format;
    vg_tier tier;
} options;

typedef struct totals {
    int rows, failed;
    int64_t cases, values;
} totals;

static const char usage_text[] =
    "usage: vgbench verify [--filter=RE] [--tier=ci|full] [--format=table|json|junit]\n\n"
    "Runs every kernel row that is usable here against the double-precision oracle.\n"
    "  --filter=RE   rows <op>/<dir>/<backend> that match; a leading '-' negates\n"
    "  --tier=full   more shapes and denser sweeps (minutes)\n"
    "Columns: the largest error in ulps (of the sum of magnitudes where the bound is in it), the\n"
    "largest error / allowed error, and where that was. Exit code 1 if any row fails.\n";

/* "--name=value" or "--name value". */
static bool option_value(int argc, char **argv, int *i, const char *name, const char **value)
{
    size_t length = strlen(name);
    if (strncmp(argv[*i], name, length))
        return false;
    if (argv[*i][length] == '=') {
        *value = argv[*i] + length + 1;
        return true;
    }
    if (argv[*i][length] || *i + 1 == argc)
        return false;
    *value = argv[++*i];
    return true;
}

static int bad(const char *option, const char *value, const char *allowed)
{
    fprintf(stderr, "vgbench verify: %s=%s: allowed are %s\n", option, value, allowed);
    return VG_EXIT_USAGE;
}

static int set_filter(options *o, const char *pattern)
{
    o->negated = pattern[0] == '-';
    int error = regcomp(&o->regex, pattern + o->negated, REG_EXTENDED | REG_NOSUB);
    if (error) {
        char text[128];
        regerror(error, &o->regex, text, sizeof text);
        fprintf(stderr, "vgbench verify: --filter=%s: %s\n", pattern, text);
        return VG_EXIT_USAGE;
    }
    o->filter = pattern;
    return VG_EXIT_OK;
}

static int read_options(int argc, char **argv, options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (option_value(argc, argv, &i, "--filter", &value)) {
            int code = set_filter(o, value);
            if (code)
                return code;
        } else if (option_value(argc, argv, &i, "--format", &value)) {
            static const char *const names[] = {"table", "json", "junit"};
            int k = 0;
            while (k < 3 && strcmp(value, names[k]))
                k++;
            if (k == 3)
                return bad("--format", value, "table, json, junit");
            o->format = (format)k;
        } else if (option_value(argc, argv, &i, "--tier", &value)) {
            if (strcmp(value, "ci") && strcmp(value, "full"))
                return bad("--tier", value, "ci, full");
            o->tier = strcmp(value, "ci") ? VG_TIER_FULL : VG_TIER_CI;
        } else {
            fprintf(stderr, "vgbench verify: unknown argument '%s'\n\n%s", argv[i], usage_text);
            return VG_EXIT_USAGE;
        }
    }
    return VG_EXIT_OK;
}

static bool selected(const options *o, const char *name)
{
    return !o->filter || (regexec(&o->regex, name, 0, NULL, 0) == 0) != o->negated;
}

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

static void print_row(const char *name, const vg_kernel *kernel, bool ok,
                      const vg_verify_result *r)
{
    char at[256];
    where(kernel, r, at, sizeof at);
    printf("%-36s %6lld %10.3g %10.3g  %-4s  %s\n", name, (long long)r->cases, r->ulp_max,
           r->ratio_max, ok ? "ok" : "FAIL", at);
    if (!ok)
        printf("    %lld of %lld cases: %s\n", (long long)r->failures, (long long)r->cases,
               r->text[0] ? r->text : vg_status_message());
}

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void add_json(json_t *rows, const char *name, const vg_kernel *kernel, bool ok,
                     const vg_verify_result *r)
{
    char at[256];
    where(kernel, r, at, sizeof at);
    json_array_append_new(
        rows, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:s, s:b, s:s}", "kernel",
                        name, "op", vg_op_name(kernel->op), "dir", vg_dir_name(kernel->dir),
                        "backend", vg_backend_name(kernel->backend), "cases",
                        (json_int_t)r->cases, "failures", (json_int_t)r->failures, "values",
                        (json_int_t)r->values, "ulp_max", number_or_null(r->ulp_max), "ratio_max",
                        number_or_null(r->ratio_max), "where", at, "verified", ok, "text",
                        r->text));
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

static void verify_all(const options *o, json_t *rows, totals *t)
{
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        char name[96];
        snprintf(name, sizeof name, "%s/%s/%s", vg_op_name(kernel->op), vg_dir_name(kernel->dir),
                 vg_backend_name(kernel->backend));
        if (!selected(o, name) || vg_kernel_usable(kernel) != VG_OK)
            continue;
        vg_verify_result result;
        vg_status status = vg_verify_row(kernel, o->tier, &result);
        bool ok = passed(status, &result);
        if (status != VG_OK)
            snprintf(result.text, sizeof result.text, "%s", vg_status_message());
        t->rows++;
        t->failed += !ok;
        t->cases += result.cases;
        t->values += result.values;
        if (o->format == FORMAT_TABLE) {
            print_row(name, kernel, ok, &result);
            fflush(stdout);
        } else {
            add_json(rows, name, kernel, ok, &result);
        }
    }
}

static void print_table_head(void)
{
    printf("%-36s %6s %10s %10s  %-4s  %s\n", "op/dir/backend", "cases", "max ulp", "err/bound",
           "", "where");
}

int vg_cmd_verify(int argc, char **argv)
{
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fputs(usage_text, stdout);
        return VG_EXIT_OK;
    }
    options o = {0};
    totals t = {0};
    int code = read_options(argc, argv, &o);
    json_t *rows = json_array();
    if (code == VG_EXIT_OK) {
        if (o.format == FORMAT_TABLE)
            print_table_head();
        verify_all(&o, rows, &t);
        if (o.format == FORMAT_JSON)
            json_dumpf(rows, stdout, JSON_INDENT(1)), putchar('\n');
        else if (o.format == FORMAT_JUNIT)
            print_junit(rows, &t);
        fprintf(stderr, "%d rows, %lld cases, %lld values: %d rows failed\n", t.rows,
                (long long)t.cases, (long long)t.values, t.failed);
        if (t.rows == 0)
            fprintf(stderr, "vgbench verify: no usable row matches --filter=%s\n",
                    o.filter ? o.filter : "");
        code = t.failed || t.rows == 0 ? VG_EXIT_FAILED : VG_EXIT_OK;
    }
    json_decref(rows);
    if (o.filter)
        regfree(&o.regex);
    return code;
}
