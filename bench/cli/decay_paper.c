/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decay_paper.h"

#include <glob.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/paper_quantity.h"
#include "cli/paper_trained.h"
#include "cli/progress.h"
#include "harness/decay.h"
#include "harness/sweep.h"
#include "results/results.h"

enum { PATH = 4096 };

/* --- files --------------------------------------------------------------------------------- */

/* Folders that may hold the experiments, relative to the program: installed, and of a build. */
static const char *const places[] = {"../share/vgbench/experiments", "../../../bench/experiments",
                                     "../../bench/experiments"};

static bool find_folder(char folder[PATH])
{
    const char *chosen = getenv("VGBENCH_EXPERIMENTS");
    char program[PATH];
    if (chosen && snprintf(folder, PATH, "%s", chosen) < PATH)
        return access(folder, R_OK) == 0;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n < 0)
        return false;
    program[n] = '\0';
    const char *home = dirname(program);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (snprintf(folder, PATH, "%s/%s", home, places[i]) < PATH && access(folder, R_OK) == 0)
            return true;
    return false;
}

/* The advice of the guide is about gradients at the start and about training: a file for each. */
static const char *files_of(const char *name)
{
    return !strcmp(name, "all") ? "*" : !strcmp(name, "guide") ? "{guide,training}" : name;
}

static vg_status find_files(const char *name, glob_t *files)
{
    char folder[PATH], pattern[PATH + 128];
    if (strchr(name, '/') || strlen(name) > 100)
        return vg_fail(VG_EINVAL, "--paper=%s: a name without slashes is needed", name);
    if (!find_folder(folder))
        return vg_fail(VG_EIO, "the experiments are not installed beside the program; set "
                               "VGBENCH_EXPERIMENTS to their folder");
    snprintf(pattern, sizeof pattern, "%s/%s.yaml", folder, files_of(name));
    if (glob(pattern, GLOB_BRACE, NULL, files) == 0)
        return VG_OK;
    char known[1024] = "";
    glob_t all;
    snprintf(pattern, sizeof pattern, "%s/*.yaml", folder);
    if (glob(pattern, 0, NULL, &all) == 0) {
        for (size_t i = 0; i < all.gl_pathc; i++) {
            char *base = basename(all.gl_pathv[i]);
            size_t used = strlen(known);
            snprintf(known + used, sizeof known - used, " %.*s", (int)strlen(base) - 5, base);
        }
        globfree(&all);
    }
    return vg_fail(VG_EINVAL, "--paper=%s: allowed are all%s", name, known);
}

/* --- running ------------------------------------------------------------------------------- */

typedef struct trial {
    const vg_options *options;
    bool (*interrupted)(void);
    vg_progress progress;
    json_t *records, *trained; /* decay[] and train[] */
    int disagreeing;
} trial;

static void print_head(vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        printf("%-66s %11s %-6s  %-26s %-9s %s\n", "claim", "expected", "of",
               "here [95% over seeds]", "", "conclusion");
    else if (format == VG_FORMAT_MD)
        puts("| claim | expected | of | here [95 % over seeds] | | conclusion |\n"
             "|---|---:|---|---:|---|---|");
    else if (format == VG_FORMAT_CSV)
        puts("claim,quantity,published,source,here,low,high,agrees,conclusion");
}

/* A claim that has no value here was not refuted. */
static const char *conclusion(const vg_claim *c, const vg_quantity *q, bool agrees)
{
    if (!agrees)
        return isnan(q->value) ? "not judged: nothing to measure at this size" : "does not hold here";
    return c->then ? c->then : "";
}

/* Empty where there is none: CSV knows no better. */
static void print_bound(double bound)
{
    if (isfinite(bound))
        printf("%.6g", bound);
    putchar(',');
}

static void print_claim(trial *t, const vg_claim *c, const char *ours, const vg_quantity *q, bool agrees)
{
    const char *word = agrees ? "agrees" : isnan(q->value) ? "n/a" : "DISAGREES";
    const char *then = conclusion(c, q, agrees);
    vg_format format = t->options->format;
    if (format == VG_FORMAT_CSV) {
        printf("\"%s\",%s,%s,%s,%s,", c->claim, c->quantity, c->paper, c->source,
               isnan(q->value) ? "" : ours);
        print_bound(q->low);
        print_bound(q->high);
        printf("%s,\"%s\"\n", agrees ? "true" : "false", then);
    } else if (format == VG_FORMAT_MD)
        printf("| %s | %s | %s | %s | %s | %s |\n", c->claim, c->paper, c->source, ours, word, then);
    else if (format == VG_FORMAT_TABLE)
        printf("%-66s %11s %-6s  %-26s %-9s %s\n", c->claim, c->paper, c->source, ours, word, then);
    fflush(stdout);
}

/* "0.5" with a tolerance, or a bound: "<= 0.5", ">= 0.9". */
static bool is_as_claimed(const vg_claim *c, double value)
{
    if (!strncmp(c->paper, "<=", 2))
        return value <= strtod(c->paper + 2, NULL);
    if (!strncmp(c->paper, ">=", 2))
        return value >= strtod(c->paper + 2, NULL);
    return fabs(value - strtod(c->paper, NULL)) <= (c->tolerance ? strtod(c->tolerance, NULL) : 0);
}

static vg_status judge(trial *t, const vg_claim *c, json_t *record)
{
    char ours[96];
    vg_quantity q = {.value = NAN, .low = NAN, .high = NAN};
    bool agrees;
    if (!strcmp(c->quantity, "verdict")) {
        snprintf(ours, sizeof ours, "%s", vg_json_get_text(record, "verdict", ""));
        agrees = !strcmp(ours, c->paper);
    } else {
        if (vg_is_trained_quantity(c->quantity))
            q = (vg_quantity){vg_trained_value(record, c->quantity), NAN, NAN, true};
        else
            VG_TRY(vg_quantity_read(record, c->quantity, &q));
        agrees = is_as_claimed(c, q.value);
        if (isnan(q.value))
            snprintf(ours, sizeof ours, "n/a");
        else if (isfinite(q.low))
            snprintf(ours, sizeof ours, "%.5g [%.5g, %.5g]", q.value, q.low, q.high);
        else
            snprintf(ours, sizeof ours, "%.7g%s", q.value, q.one_seed ? " (one seed)" : "");
    }
    t->disagreeing += !agrees;
    print_claim(t, c, ours, &q, agrees);
    json_object_set_new(record, "claim",
                        json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "claim", c->claim, "quantity",
                                  c->quantity, "published", c->paper, "source", c->source, "here", ours, "agrees",
                                  agrees, "conclusion",
                                  conclusion(c, &q, agrees)));
    return VG_OK;
}

static vg_status run_point(trial *t, const vg_sweep *sweep, int64_t point, const char *file)
{
    vg_spec spec;
    int variant;
    json_t *record;
    vg_decay_options how = {.interrupted = t->interrupted};
    VG_TRY(vg_sweep_point(sweep, point, &spec, &variant));
    const vg_variant *v = &sweep->variants[variant];
    how.jacobian = v->claim.quantity && !strcmp(v->claim.quantity, VG_QUANTITY_JACOBIAN);
    const char *name = v->name ? v->name : v->claim.claim ? v->claim.claim : file;
    vg_progress_step(&t->progress, (int)point, name);
    bool trained = vg_is_trained_quantity(v->claim.quantity);
    if (trained) {
        VG_TRY(vg_trained_record(&spec, t->interrupted, &record));
    } else {
        VG_TRY(vg_spec_resolve(&spec, VG_FOR_DECAY));
        VG_TRY(vg_decay_measure(&spec, &how, &record));
    }
    json_object_set_new(record, "name", json_string(name));
    json_object_set_new(record, "experiment", json_string(file));
    vg_progress_end(&t->progress);
    vg_status status = VG_OK;
    if (v->claim.claim && v->claim.quantity && v->claim.paper)
        status = judge(t, &v->claim, record);
    json_array_append_new(trained ? t->trained : t->records, record);
    return status;
}

static vg_status run_file(trial *t, const char *path, const vg_words *words)
{
    vg_sweep sweep;
    char copy[PATH];
    char **all = calloc((size_t)words->count + 1, sizeof *all);
    if (!all)
        return vg_fail(VG_ENOMEM, "out of memory for the words");
    all[0] = (char *)path;
    for (int i = 0; i < words->count; i++)
        all[i + 1] = (char *)words->items[i];
    vg_status status = vg_sweep_parse(words->count + 1, all, &sweep);
    free(all);
    VG_TRY(status);
    snprintf(copy, sizeof copy, "%s", path);
    char *file = basename(copy);
    file[strlen(file) - 5] = '\0';
    if (t->options->format == VG_FORMAT_TABLE)
        printf("%s\n", file);
    vg_progress_begin(&t->progress, file, (int)sweep.points, t->options->quiet);
    for (int64_t i = 0; i < sweep.points && status == VG_OK && !t->interrupted(); i++)
        status = run_point(t, &sweep, i, file);
    vg_progress_end(&t->progress);
    vg_sweep_release(&sweep);
    return t->interrupted() ? VG_OK : status;
}

vg_status vg_decay_paper(const char *name, const vg_words *words, const vg_options *options,
                         bool (*interrupted)(void), json_t *records, json_t *trained,
                         int *disagreeing)
{
    trial t = {.options = options,
               .interrupted = interrupted,
               .records = records,
               .trained = trained};
    glob_t files;
    VG_TRY(find_files(name, &files));
    print_head(options->format);
    vg_status status = VG_OK;
    for (size_t i = 0; i < files.gl_pathc && status == VG_OK && !interrupted(); i++)
        status = run_file(&t, files.gl_pathv[i], words);
    globfree(&files);
    *disagreeing = t.disagreeing;
    return status;
}
