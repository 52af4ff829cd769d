/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench report: Markdown and plots from saved results. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "reports/export.h"
#include "reports/report.h"
#include "results/results.h"

enum { MOST_FILES = 64 };

static const char usage[] = "report RESULTS.json [MORE.json ...] [-o REPORT.md]";
static const char about[] =
    "Renders results again. Several files become columns beside each other. With -o the plots\n"
    "go into the folder plots/ beside the report; without it the Markdown goes to standard output\n"
    "and nothing is drawn.\n";

static const char *const profiles[] = {"all", "performance", "decay", NULL};
static const char *const formats[] = {"md", "csv", NULL};

static vg_status load(const vg_words *words, json_t *results[], char *names[], int *count)
{
    if (words->count < 1)
        return vg_fail(VG_EINVAL, "which results? usage: vgbench %s", usage);
    if (words->count > MOST_FILES)
        return vg_fail(VG_EINVAL, "%d files; at most %d go into one report", words->count,
                       MOST_FILES);
    for (int i = 0; i < words->count; i++) {
        VG_TRY(vg_results_load(words->items[i], &results[i]));
        names[i] = vg_results_name(words->items[i]);
        ++*count;
    }
    return VG_OK;
}

static vg_report_profile profile_of(const char *word)
{
    int i = 0;
    while (word && profiles[i] && strcmp(word, profiles[i]) != 0)
        i++;
    return word ? (vg_report_profile)i : VG_REPORT_ALL;
}

typedef vg_status export_fn(const json_t *results, vg_text *out);

/* Other formats: --csv=FILE and so on; -o FILE.csv is the same as --csv=FILE. */
enum { CSV, JSONL, JUNIT, EXPORTS };
static export_fn *const exports[EXPORTS] = {vg_export_csv, vg_export_jsonl, vg_export_junit};

static vg_status write_export(json_t *const results[], int count, export_fn *write,
                              const char *path)
{
    vg_text text = {0};
    if (count != 1)
        return vg_fail(VG_EINVAL,
                       "rows as CSV, JSON Lines or JUnit: of one results file, %d are given",
                       count);
    vg_status status = write(results[0], &text);
    if (status == VG_OK)
        status = vg_file_save(path, text.p ? text.p : "", text.len);
    free(text.p);
    return status;
}

static vg_status write_report(json_t *const results[], int count, const vg_report_options *report,
                              bool split, const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && !strcmp(dot, ".csv"))
        return write_export(results, count, vg_export_csv, path);
    if (!dot || strcmp(dot, ".md") != 0)
        return vg_fail(VG_EINVAL, "-o %s: a report is Markdown, .md; the rows go to .csv", path);
    VG_TRY(vg_file_check(path));
    return split ? vg_report_write_all(results, count, report, path)
                 : vg_report_write(results, count, report, path);
}

static vg_status write_all(json_t *const results[], int count, const vg_report_options *report,
                           bool split, const vg_options *options, const char *const other[EXPORTS])
{
    bool exported = false;
    for (int i = 0; i < EXPORTS; i++) {
        if (!other[i])
            continue;
        VG_TRY(write_export(results, count, exports[i], other[i]));
        vg_say(options->quiet, "written: %s", other[i]);
        exported = true;
    }
    if (!options->outputs.count && !exported && options->format == VG_FORMAT_CSV)
        return write_export(results, count, vg_export_csv, "-");
    if (!options->outputs.count && !exported) {
        char *text;
        VG_TRY(vg_report_render(results, count, report, &text));
        fputs(text, stdout);
        free(text);
        return fflush(stdout) ? vg_fail(VG_EIO, "stdout: cannot be written") : VG_OK;
    }
    for (int i = 0; i < options->outputs.count; i++) {
        const char *path = options->outputs.items[i];
        VG_TRY(write_report(results, count, report, split, path));
        vg_say(options->quiet, "written: %s", path);
    }
    return VG_OK;
}

int vg_cmd_report(int argc, char **argv)
{
    const char *profile = NULL, *title = NULL, *gnuplot = NULL, *format = NULL;
    const char *other[EXPORTS] = {NULL};
    vg_options options;
    bool no_plots = false, split = false;
    double timeout = 0;
    const vg_option own[] = {
        {"profile", 0, VG_OPTION_CHOICE, &profile, "PART", "all, performance or decay", profiles, 0,
         NULL},
        {"split", 0, VG_OPTION_FLAG, &split, NULL, "also REPORT-performance.md and REPORT-decay.md",
         NULL, 0, NULL},
        {"title", 0, VG_OPTION_TEXT, &title, "TEXT", "first line of the report", NULL, 0, NULL},
        {"no-plots", 0, VG_OPTION_FLAG, &no_plots, NULL, "text only", NULL, 0, NULL},
        {"gnuplot", 0, VG_OPTION_TEXT, &gnuplot, "PROGRAM", "gnuplot to run", NULL, 0, NULL},
        {"plot-timeout", 0, VG_OPTION_REAL, &timeout, "SECONDS", "per plot, then it is given up",
         NULL, 0, NULL},
        {"csv", 0, VG_OPTION_TEXT, &other[CSV], "FILE", "a line per timed row", NULL, 0, NULL},
        {"jsonl", 0, VG_OPTION_TEXT, &other[JSONL], "FILE", "JSON Lines: a record per line", NULL,
         0, NULL},
        {"junit", 0, VG_OPTION_TEXT, &other[JUNIT], "FILE", "JUnit XML of the verification", NULL,
         0, NULL},
        {"format", 0, VG_OPTION_CHOICE, &format, "FORMAT",
         "of standard output: md, or csv: a line per timed row", formats, 0, NULL},
        {"output", 'o', VG_OPTION_LIST, &options.outputs, "FILE",
         "in place of standard output: F.md, F.csv (the rows); may be repeated", NULL, 0, NULL},
        {NULL, 0, VG_OPTION_FLAG, NULL, NULL, NULL, NULL, 0, NULL},
    };
    vg_words words;
    json_t *results[MOST_FILES] = {NULL};
    char *names[MOST_FILES] = {NULL};
    int count = 0;
    vg_status status = vg_options_parse(argc, argv, own, &options, &words);
    if (status == VG_OK && options.help) {
        vg_options_help(stdout, usage, about, own);
        return VG_EXIT_OK;
    }
    options.format = format && !strcmp(format, "csv") ? VG_FORMAT_CSV : VG_FORMAT_MD;
    if (status == VG_OK)
        status = load(&words, results, names, &count);
    if (status == VG_OK) {
        vg_report_options report = {.profile = profile_of(profile),
                                    .title = title,
                                    .no_plots = no_plots,
                                    .gnuplot = gnuplot,
                                    .plot_timeout_s = timeout,
                                    .files = words.items,
                                    .names = (const char *const *)names};
        status = write_all(results, count, &report, split, &options, other);
    }
    for (int i = 0; i < MOST_FILES; i++) {
        json_decref(results[i]);
        free(names[i]);
    }
    return status == VG_OK ? VG_EXIT_OK : vg_exit_with("report", status);
}
