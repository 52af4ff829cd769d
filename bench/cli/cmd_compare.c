/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench compare: two results files, or the backends of one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "micro/cases.h"
#include "reports/compare.h"
#include "results/results.h"

static const char usage[] = "compare OLD.json NEW.json [--fail-on=regression] [--min-effect=3%]\n"
                            "       vgbench compare --by=backend --base=onednn RESULTS.json";
static const char about[] =
    "A row is FASTER or SLOWER when its 95 % interval excludes 1, the ratio lies beyond the A/A "
    "noise\n"
    "of both runs and the least effect, and a rank test agrees after correction for many rows.\n"
    "Gradients are compared by their decay rate and verdict. The table is Markdown, for a pull\n"
    "request. Exit code 1 with --fail-on=regression when something got worse.\n";

static const char *const failures[] = {"none", "regression", NULL};
static const char *const groupings[] = {"run", "backend", NULL};

typedef struct arguments {
    const char *fail_on, *by, *base, *min_effect;
} arguments;

/* "3%", "3 %" or "0.03"; NaN for something else. */
static double fraction(const char *text)
{
    char *end;
    double x = strtod(text, &end);
    bool percent = false;
    end += strspn(end, " ");
    if (*end == '%') {
        percent = true;
        end++;
    }
    x = percent ? x / 100 : x;
    return end != text && !*end && x >= 0 && x < 10 ? x : NAN;
}

static vg_status compare(arguments *a, const vg_words *words, json_t *docs[2],
                         vg_comparison *result)
{
    bool backends = a->by && !strcmp(a->by, "backend");
    vg_backend base;
    int wanted = backends ? 1 : 2;
    vg_compare_options options = {.min_effect = backends ? 0 : 0.03};
    if (words->count != wanted)
        return vg_fail(VG_EINVAL, "%d file%s given, %d wanted; usage: vgbench compare %s",
                       words->count, words->count == 1 ? "" : "s", wanted,
                       backends ? "--by=backend RESULTS.json" : "OLD.json NEW.json");
    if (a->base && !backends)
        return vg_fail(VG_EINVAL, "--base=%s: goes with --by=backend and one file", a->base);
    a->base = a->base ? a->base : "onednn";
    VG_TRY(vg_backend_parse("base", a->base, &base));
    a->base = vg_backend_name(base);
    if (a->min_effect) {
        options.min_effect = fraction(a->min_effect);
        if (isnan(options.min_effect))
            return vg_fail(VG_EINVAL, "--min-effect=%s: a share such as 3%% or 0.03 is wanted",
                           a->min_effect);
    }
    for (int i = 0; i < wanted; i++)
        VG_TRY(vg_results_load(words->items[i], &docs[i]));
    if (backends)
        return vg_compare_backends(docs[0], a->base, &options, result);
    return vg_compare_documents(docs[0], docs[1], &options, result);
}

/* --- outputs ---------------------------------------------------------------------------------- */

typedef struct named {
    const vg_comparison *comparison;
    const char *old_name, *new_name;
} named;

static vg_status print(FILE *out, vg_format format, const void *data)
{
    const named *n = data;
    vg_text text = {0};
    vg_status status = format == VG_FORMAT_CSV
                           ? vg_comparison_csv(n->comparison, &text)
                           : vg_comparison_markdown(n->comparison, n->old_name, n->new_name, &text);
    if (status == VG_OK)
        fwrite(text.p, 1, text.len, out);
    free(text.p);
    return status;
}

static vg_status write_all(const vg_comparison *comparison, const vg_options *options,
                           const char *old_name, const char *new_name)
{
    named n = {comparison, old_name, new_name};
    json_t *json = vg_comparison_json(comparison, old_name, new_name);
    vg_output output = {json, print, &n};
    if (!json)
        return vg_fail(VG_ENOMEM, "no memory for the comparison");
    vg_status status = vg_output_write(&output, options->format, "-");
    if (status == VG_OK)
        status = vg_outputs_save(options, &output);
    json_decref(json);
    return status;
}

/* What the two sides are called: by their files, by the whole paths where those are called alike. */
static vg_status name_sides(const vg_words *words, char *names[2])
{
    for (int i = 0; i < 2; i++)
        names[i] = vg_results_name(words->items[i]);
    if (names[0] && names[1] && !strcmp(names[0], names[1]))
        for (int i = 0; i < 2; i++) {
            free(names[i]);
            names[i] = strdup(words->items[i]);
        }
    return names[0] && names[1] ? VG_OK : vg_fail(VG_ENOMEM, "no memory for the names");
}

static vg_status report(const arguments *a, const vg_words *words, const vg_options *options,
                        const vg_comparison *result)
{
    char *names[2] = {NULL, NULL};
    if (result->by_backend)
        return write_all(result, options, a->base, "other backends");
    vg_status status = name_sides(words, names);
    if (status == VG_OK)
        status = write_all(result, options, names[0], names[1]);
    free(names[0]);
    free(names[1]);
    return status;
}

int vg_cmd_compare(int argc, char **argv)
{
    arguments a = {0};
    const vg_option own[] = {
        {"fail-on", 0, VG_OPTION_CHOICE, &a.fail_on, "WHAT", "exit code 1 on: regression", failures,
         0, NULL},
        {"min-effect", 0, VG_OPTION_TEXT, &a.min_effect, "SHARE",
         "differences below it are never called (3%; 0 with --by)", NULL, 0, NULL},
        {"by", 0, VG_OPTION_CHOICE, &a.by, "WHAT", "run (two files) or backend (one file)",
         groupings, 0, NULL},
        {"base", 0, VG_OPTION_TEXT, &a.base, "BACKEND", "backend to compare with (onednn)", NULL, 0,
         NULL},
        {NULL, 0, VG_OPTION_FLAG, NULL, NULL, NULL, NULL, 0, NULL},
    };
    vg_options options;
    vg_words words;
    json_t *docs[2] = {NULL, NULL};
    vg_comparison result = {0};
    int code = VG_EXIT_OK;
    vg_status status = vg_options_parse(argc, argv, own, &options, &words);
    if (status == VG_OK && options.help) {
        vg_options_help(stdout, usage, about, own);
        return VG_EXIT_OK;
    }
    if (status == VG_OK)
        status = compare(&a, &words, docs, &result);
    if (status == VG_OK) {
        status = report(&a, &words, &options, &result);
        if (a.fail_on && !strcmp(a.fail_on, "regression") && vg_comparison_regressed(&result))
            code = VG_EXIT_FAILED;
    }
    vg_comparison_release(&result);
    json_decref(docs[0]);
    json_decref(docs[1]);
    return status == VG_OK ? code : vg_exit_with("compare", status);
}
