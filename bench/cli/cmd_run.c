/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench run: the whole suite into a folder, with its report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/run_parts.h"
#include "cli/strict.h"
#include "harness/dump.h"
#include "measure/clock.h"
#include "measure/doctor.h"
#include "measure/flush.h"
#include "measure/interrupt.h"
#include "reports/report.h"
#include "results/results.h"

typedef struct arguments {
    bool quick, publish, resume, force, dry_run;
    const char *only, *budget, *folder, *shapes, *filter, *cold;
    vg_options common;
    char *command;
} arguments;

static const char usage[] =
    "run [--quick|--publish] [--only=PART,...] [--budget=30m] [-d DIR] [--resume|--force]";
static const char text[] =
    "Verifies every kernel, times them against oneDNN, measures how gradients decay, and writes\n"
    "DIR/results.json and DIR/report.md. Without --quick or --publish: the standard suite.\n"
    "--budget drops sizes, never repetitions. Ctrl-C keeps what is finished; --resume goes on.\n"
    "--cold-cache: kernels, and the cache behaviour of profile, with cold weights or all cold.";

enum { OWN = 12 };

static void own_options(arguments *a, vg_option table[OWN])
{
    const vg_option rows[] = {
        {"quick", 0, VG_OPTION_FLAG, &a->quick, NULL, "minutes: few sizes, within one process",
         NULL, 0, NULL},
        {"publish", 0, VG_OPTION_FLAG, &a->publish, NULL, "the full protocol, hours", NULL, 0,
         NULL},
        {"only", 0, VG_OPTION_TEXT, &a->only, "PARTS",
         "verify, profile, kernels, capped, decay, fixes, train", NULL, 0, NULL},
        {"budget", 0, VG_OPTION_TEXT, &a->budget, "TIME", "90s, 30m, 2h", NULL, 0, NULL},
        {"dir", 'd', VG_OPTION_TEXT, &a->folder, "DIR", "folder (vgbench-<host>-<UTC>)", NULL, 0,
         NULL},
        {"shapes", 's', VG_OPTION_TEXT, &a->shapes, "SET",
         "shape set or file in place of the suite's", NULL, 0, NULL},
        {"filter", 0, VG_OPTION_TEXT, &a->filter, "RE", "kernel rows whose name matches", NULL, 0,
         NULL},
        {"cold-cache", 0, VG_OPTION_CHOICE, &a->cold, "MODE",
         "none; kernels out of all caches before every call: wei (the weights), all", vg_cold_names,
         0, NULL},
        {"resume", 0, VG_OPTION_FLAG, &a->resume, NULL, "go on in an existing folder", NULL, 0,
         NULL},
        {"force", 0, VG_OPTION_FLAG, &a->force, NULL, "write into an existing folder anew", NULL, 0,
         NULL},
        {"dry-run", 'n', VG_OPTION_FLAG, &a->dry_run, NULL, "print the plan and its time, no more",
         NULL, 0, NULL},
        {0},
    };
    _Static_assert(sizeof rows == OWN * sizeof *table, "size of the table");
    memcpy(table, rows, sizeof rows);
}

/* --- arguments ---------------------------------------------------------------------------- */

static vg_status read_budget(const char *words, double *seconds)
{
    char *end;
    double value = strtod(words, &end);
    double unit = !strcmp(end, "s") || !*end ? 1
                  : !strcmp(end, "m")        ? 60
                  : !strcmp(end, "h")        ? 3600
                                             : 0;
    if (end == words || !(value > 0) || !unit || value * unit > 1e7)
        return vg_fail(VG_EINVAL, "--budget=%s: a time is needed, as 90s, 30m or 2h", words);
    *seconds = value * unit;
    return VG_OK;
}

static vg_status check_only(const char *only)
{
    const char *names[16];
    char copy[256], hint[64], all[160], *rest = NULL;
    int count = 0;
    for (const vg_run_part *p = vg_run_parts; p->name; p++)
        names[count++] = p->name;
    names[count] = NULL;
    snprintf(copy, sizeof copy, "%s", only);
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        bool known = false;
        for (int i = 0; i < count; i++)
            known |= !strcmp(word, names[i]);
        if (!known)
            return vg_fail(VG_EINVAL, "--only=%s: allowed are %s%s", word,
                           vg_words_join(names, all, sizeof all),
                           vg_did_you_mean(word, names, hint, sizeof hint));
    }
    return VG_OK;
}

static bool in_list(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; p && (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ',') && (p[n] == ',' || !p[n]))
            return true;
    return false;
}

static bool is_wanted(const arguments *a, const vg_run *run, const vg_run_part *part)
{
    if (a->only)
        return in_list(a->only, part->name) && (!part->wanted || part->wanted(run));
    return (!part->wanted || part->wanted(run)) && (!part->by_default || part->by_default(run));
}

static vg_status check_arguments(const arguments *a, const vg_words *words)
{
    if (words->count)
        return vg_fail(VG_EINVAL, "'%s': takes options only", words->items[0]);
    if (a->quick && a->publish)
        return vg_fail(VG_EINVAL, "--quick and --publish exclude each other");
    if (a->resume && a->force)
        return vg_fail(VG_EINVAL, "--resume and --force exclude each other");
    if (a->common.outputs.count)
        return vg_fail(VG_EINVAL, "--output: run writes a folder, name it with -d");
    if (a->common.format != VG_FORMAT_TABLE)
        return vg_fail(VG_EINVAL, "--format: run writes results.json and report.md into its folder; "
                                  "other formats come from them by vgbench report");
    vg_cold cold;
    if (a->cold && vg_cold_by_name(a->cold, &cold) && cold)
        VG_TRY(vg_flush_usable());
    return a->only ? check_only(a->only) : VG_OK;
}

/* --- folder ------------------------------------------------------------------------------- */

static const char *default_folder(char *path, size_t size)
{
    char host[64] = "host", when[24];
    time_t now = time(NULL);
    struct tm utc;
    gethostname(host, sizeof host - 1);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    snprintf(path, size, "vgbench-%s-%s", host, when);
    return path;
}

static vg_status open_folder(const arguments *a, const char *path, json_t **before)
{
    struct stat info;
    char file[4200];
    bool there = !stat(path, &info);
    if (there && !S_ISDIR(info.st_mode))
        return vg_fail(VG_EINVAL, "%s: is a file, a folder is needed", path);
    if (there && !a->resume && !a->force)
        return vg_fail(VG_EINVAL, "%s: exists; --resume goes on in it, --force writes it anew",
                       path);
    if (!there)
        VG_TRY(vg_make_folder(path));
    VG_TRY(vg_folder_lock(path));
    snprintf(file, sizeof file, "%.4000s/results.json", path);
    VG_TRY(vg_file_check(file));
    if (a->resume && !access(file, F_OK))
        VG_TRY(vg_results_load(file, before));
    return VG_OK;
}

/* --- the run ------------------------------------------------------------------------------ */

/* What will be done and how long it takes, before anything is. */
static void print_plan(const arguments *a, const vg_run *run)
{
    double total = 0;
    char what[160], time_text[32];
    for (const vg_run_part *p = vg_run_parts; p->name; p++) {
        if (!is_wanted(a, run, p))
            continue;
        double seconds = p->estimate(run, what, sizeof what);
        total += seconds;
        vg_say(run->options->quiet, "  %-8s %-60s about %s", p->name, what,
               vg_duration(seconds, time_text));
    }
    vg_say(run->options->quiet, "  %-8s %-60s about %s", "", "in all, with the report",
           vg_duration(total + 5, time_text));
    if (run->budget_s > 0 && total > 1.1 * run->budget_s)
        vg_say(false, "a size of every kernel with all repetitions takes longer than --budget=%s: "
                      "--filter, --only or --quick make less of it", a->budget);
}

bool vg_run_affords(const vg_run *run, double seconds)
{
    return !(run->budget_s > 0) || seconds <= run->budget_s / 6;
}

/* What the other parts do not need; at least a quarter, so that a short budget has kernels, too. */
static double left_for_kernels(const arguments *a, const vg_run *run)
{
    double left = run->budget_s;
    char what[160];
    for (const vg_run_part *p = vg_run_parts; p->name; p++)
        if (is_wanted(a, run, p) && p->measure != vg_run_kernels && p->measure != vg_run_capped)
            left -= p->estimate(run, what, sizeof what);
    return fmax(left, run->budget_s / 4);
}

/* What an earlier run had of a part that is not measured now. */
static void keep_part(vg_run *run, const char *name)
{
    json_t *part = json_object_get(run->before, name);
    if (!strcmp(name, "kernels"))
        vg_run_keep_entries(run, run->options->max_isa);
    else if (!strcmp(name, "capped"))
        vg_run_keep_entries(run, "avx2");
    else if (!strcmp(name, "decay"))
        vg_run_decay_keep(run);
    else if (!strcmp(name, "fixes"))
        vg_run_fixes_keep(run);
    else if (part)
        json_object_set(run->results, name, part);
}

static vg_status measure_parts(const arguments *a, vg_run *run)
{
    for (const vg_run_part *p = vg_run_parts; p->name && !vg_interrupted(); p++) {
        char took[32];
        double begin = vg_clock_s();
        if (!is_wanted(a, run, p)) {
            if (run->before)
                keep_part(run, p->name);
            continue;
        }
        vg_status status = p->measure(run);
        if (status == VG_EIO || status == VG_ENOMEM)
            return status;
        if (status) { /* the other parts are worth having */
            vg_say(false, "%s: %s", p->name, vg_status_message());
            run->partial = true;
        }
        vg_say(run->options->quiet, "%s: done in %s", p->name,
               vg_duration(vg_clock_s() - begin, took));
        VG_TRY(vg_run_save(run, false));
    }
    run->partial |= vg_interrupted();
    return VG_OK;
}

static vg_status report(const vg_run *run)
{
    char path[4200], data[4200];
    snprintf(path, sizeof path, "%s/report.md", run->folder);
    snprintf(data, sizeof data, "%s/results.json", run->folder);
    json_t *const documents[1] = {run->results};
    const char *const files[1] = {data};
    const vg_report_options options = {.files = files};
    VG_TRY(vg_report_write_all(documents, 1, &options, path));
    puts(path);
    return VG_OK;
}

static vg_status run_all(const arguments *a, vg_run *run)
{
    static const char *const suites[] = {"quick", "standard", "publish"};
    static const char *const kept[] = {"noise", "noise_capped", "roofline"};
    run->results = vg_results_new(suites[run->level], a->command);
    json_t *machine = json_object_get(run->results, "machine");
    json_object_set_new(machine, "doctor", vg_doctor_json(machine));
    for (size_t i = 0; run->before && i < sizeof kept / sizeof *kept; i++)
        if (json_object_get(run->before, kept[i]))
            json_object_set(run->results, kept[i], json_object_get(run->before, kept[i]));
    vg_interrupt_install();
    double begin = vg_clock_s();
    vg_status status = measure_parts(a, run);
    vg_json_set_number(run->results, "elapsed_s", vg_clock_s() - begin);
    vg_status saved = vg_run_save(run, !run->partial && !status);
    status = status ? status : saved;
    if (run->partial)
        vg_say(false, "the results are partial%s", vg_interrupted() ? ": interrupted" : "");
    if (!status)
        status = report(run);
    json_decref(run->results);
    return status;
}

/* One thread, and as many as the machine has: what is asked for wins. */
static void choose_threads(vg_options *options)
{
    if (options->threads_text || options->threads < 2)
        return;
    options->thread_list[1] = options->threads;
    options->thread_list[0] = 1;
    options->thread_count = 2;
}

static vg_status run(arguments *a, int *code)
{
    char path[256];
    vg_run r = {.level = a->quick     ? VG_RUN_QUICK
                         : a->publish ? VG_RUN_PUBLISH
                                      : VG_RUN_STANDARD,
                .options = &a->common,
                .filter = a->filter};
    static const char *const sets[] = {"quick", "mlp", "mlp+tails+bert+dlrm+recurrent"};
    r.shapes = a->shapes ? a->shapes : sets[r.level];
    (void)vg_cold_by_name(a->cold, &r.cold);
    r.processes = r.level == VG_RUN_PUBLISH ? 5 : 1;
    r.folder = a->folder ? a->folder : default_folder(path, sizeof path);
    if (a->budget)
        VG_TRY(read_budget(a->budget, &r.budget_s));
    if (vg_environment_refused("run", a->common.strict)) {
        *code = VG_EXIT_REFUSED;
        return VG_OK;
    }
    choose_threads(&a->common);
    r.kernels_s = left_for_kernels(a, &r);
    vg_status status = vg_run_choose_cases(&r);
    if (!status && !a->dry_run)
        status = open_folder(a, r.folder, &r.before);
    if (!status)
        status = vg_run_check_cold(&r);
    if (!status) {
        vg_say(a->common.quiet, "%s", a->dry_run ? "would run:" : r.folder);
        print_plan(a, &r);
    }
    if (!status && !a->dry_run)
        status = run_all(a, &r);
    *code = r.failed || r.partial ? VG_EXIT_FAILED : VG_EXIT_OK;
    json_decref(r.before);
    vg_cases_release(&r.cases);
    vg_shapes_release(&r.list);
    return status;
}

int vg_cmd_run(int argc, char **argv)
{
    arguments a = {.command = vg_command_line(argc, argv)};
    vg_option own[OWN];
    vg_words words;
    int code = VG_EXIT_OK;
    own_options(&a, own);
    vg_status status = vg_options_parse(argc, argv, own, &a.common, &words);
    if (!status && a.common.help) {
        vg_options_help(stdout, usage, text, own);
    } else {
        if (!status)
            status = check_arguments(&a, &words);
        if (!status)
            status = run(&a, &code);
        if (status)
            code = vg_exit_with(argv[0], status);
    }
    free(a.command);
    return code;
}
