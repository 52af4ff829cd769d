/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench bench: kernels against oneDNN, shape by shape. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/gbench_flags.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/strict.h"
#include "measure/flush.h"
#include "measure/interrupt.h"
#include "micro/bench.h"
#include "micro/gbench.h"
#include "micro/sweep.h"
#include "results/results.h"
#include "vgbench/onednn.h"

typedef struct arguments {
    const char *filter, *shapes, *sweep, *cold;
    bool no_verify;
    double seconds;
    vg_option_list benchmark;
    vg_gbench_flags flags;
    vg_options common;
    char *command; /* as typed */
} arguments;

static const char usage[] =
    "bench [--filter=RE] [--shapes=SET|FILE|'op extents'] [--threads=1,2,all] [--backend=LIST]\n"
    "                     [--sweep=size] [--benchmark_...] [-o FILE]...";
static const char text[] =
    "Times kernels against oneDNN: every row is verified first, then all rows of a shape are "
    "sampled\n"
    "in random order, round by round. ratio: time of oneDNN / own time, above 1 own is faster; "
    "its\n"
    "interval is a bootstrap over paired samples of this process. The verdict is gated by the A/A\n"
    "noise floor measured at the start; \"medians 0.57 (!)\" after it: the two times beside it say\n"
    "another thing than their pairs, because they jumped between levels. roof: share of the\n"
    "measured FMA peak or bandwidth.\n"
    "--cold-cache: a sample is one call; what it needs is flushed before it, outside the time, of\n"
    "oneDNN its packed weights and (all) scratchpad as well. That it is cold then is measured and\n"
    "recorded. Roofs stay those of hot caches; cold rows are not compared with hot ones.";

static const char *const sweeps[] = {"size", NULL};

static void own_options(arguments *a, vg_option table[9])
{
    const vg_option rows[] = {
        {"filter", 0, VG_OPTION_TEXT, &a->filter, "RE", "rows whose name matches; -RE: does not",
         NULL, 0, NULL},
        {"shapes", 's', VG_OPTION_TEXT, &a->shapes, "SET", VG_SHAPES_HELP, NULL, 0, NULL},
        {"sweep", 0, VG_OPTION_CHOICE, &a->sweep, "WHAT",
         "size: every selected op from 1 KiB to 64 MiB", sweeps, 0, NULL},
        {"cold-cache", 0, VG_OPTION_CHOICE, &a->cold, "MODE",
         "none; before every call out of all caches: wei (the weights), all (every tensor)",
         vg_cold_names, 0, NULL},
        {"seconds", 0, VG_OPTION_REAL, &a->seconds, "S", "for the samples of a shape (0.25)", NULL,
         0, NULL},
        {"no-verify", 0, VG_OPTION_FLAG, &a->no_verify, NULL, "time without checking", NULL, 0,
         NULL},
        {"benchmark_", 0, VG_OPTION_PREFIX, &a->benchmark, NULL, "any flag of Google Benchmark",
         NULL, 0, NULL},
        {"v=", 0, VG_OPTION_PREFIX, &a->benchmark, NULL, "its verbosity", NULL, 0, NULL},
        {0},
    };
    _Static_assert(sizeof rows == 9 * sizeof *table, "size of the table");
    memcpy(table, rows, sizeof rows);
}

static vg_status read_shapes(const arguments *a, vg_shape_list *shapes)
{
    if (a->sweep)
        return vg_sweep_sizes(a->filter ? a->filter : a->flags.filter, shapes);
    return vg_shapes_load(a->shapes ? a->shapes : "quick", shapes);
}

/* The canonical name of row @p k of a case, and what Google Benchmark makes of it. */
static void row_names(const vg_case *c, int k, char name[320], char longer[360])
{
    vg_kernel_format(c->rows[k], &c->shape, c->threads, name, 320);
    vg_gbench_name(name, longer, 360);
}

static vg_status list_tests(const vg_case_list *cases)
{
    char name[320], longer[360];
    for (int i = 0; i < cases->count; i++)
        for (int k = 0; k < cases->items[i].row_count; k++) {
            row_names(&cases->items[i], k, name, longer);
            puts(vg_gbench_version() ? longer : name);
        }
    return VG_OK;
}

static int longest_name(const vg_case_list *cases)
{
    char name[320], longer[360];
    int longest = 0;
    for (int i = 0; i < cases->count; i++)
        for (int k = 0; k < cases->items[i].row_count; k++) {
            row_names(&cases->items[i], k, name, longer);
            longest = (int)strlen(longer) > longest ? (int)strlen(longer) : longest;
        }
    return longest + (int)strlen("_median");
}

static vg_status open_native(const arguments *a, const vg_case_list *cases)
{
    const char *onednn = vg_onednn_version();
    vg_gbench_output output = {.display = a->flags.display,
                               .file = a->flags.out,
                               .file_format = a->flags.out_format,
                               .color = a->flags.color,
                               .tabular = a->flags.tabular,
                               .display_aggregates_only = a->flags.display_aggregates_only ||
                                                          a->flags.report_aggregates_only,
                               .file_aggregates_only = a->flags.report_aggregates_only,
                               .name_width = longest_name(cases)};
    if (output.file)
        VG_TRY(vg_file_check(output.file));
    vg_gbench_context("vgbench_version", VG_VERSION);
    vg_gbench_context("onednn_version", *onednn ? onednn : "none");
    vg_gbench_context("command", a->command);
    return vg_gbench_open(&output);
}

/* --- outputs ---------------------------------------------------------------------------------- */

typedef struct copy {
    char *text;
    size_t size;
} copy;

static vg_status open_copies(const arguments *a, vg_bench_request *request, copy *copies)
{
    for (int i = 0; i < a->common.outputs.count; i++) {
        vg_format format;
        VG_TRY(vg_file_check(a->common.outputs.items[i]));
        VG_TRY(vg_format_of_file(a->common.outputs.items[i], &format));
        if (format == VG_FORMAT_JSON)
            continue;
        FILE *memory = open_memstream(&copies[i].text, &copies[i].size);
        if (!memory)
            return vg_fail(VG_ENOMEM, "out of memory");
        request->copies[request->copy_count] = memory;
        request->copy_formats[request->copy_count++] = format;
    }
    return VG_OK;
}

static vg_status save_outputs(const arguments *a, const vg_bench_request *request, json_t *results,
                              copy *copies)
{
    vg_status status = VG_OK;
    for (int i = 0; i < request->copy_count; i++)
        fclose(request->copies[i]);
    for (int i = 0; i < a->common.outputs.count; i++) {
        const char *path = a->common.outputs.items[i];
        vg_status one = copies[i].text ? vg_file_save(path, copies[i].text, copies[i].size)
                                       : vg_results_save(results, path);
        status = status ? status : one;
        free(copies[i].text);
    }
    if (!status && !a->flags.display && a->common.format == VG_FORMAT_JSON)
        status = vg_results_save(results, "-");
    return status;
}

/* --- the run ---------------------------------------------------------------------------------- */

static void fill_request(const arguments *a, const vg_case_list *cases, vg_bench_request *request)
{
    bool own_table = !a->flags.display && a->common.format != VG_FORMAT_JSON;
    *request = (vg_bench_request){.cases = cases,
                                  .sampling = vg_sampling_default,
                                  .noise_cases = 5,
                                  .resamples = 1000,
                                  .max_isa = a->common.max_isa,
                                  .quiet = a->common.quiet,
                                  .color = a->common.color,
                                  .table = own_table ? stdout : NULL,
                                  .format = a->common.format};
    request->sampling.seed = a->common.seed;
    request->sampling.verify = !a->no_verify;
    request->sampling.native = a->flags.native;
    request->sampling.iterations = a->flags.iterations;
    (void)vg_cold_by_name(a->cold, &request->sampling.cold);
    request->sampling.seconds = a->seconds;
    if (a->flags.native && !own_table)
        request->noise_cases = 0;
}

static vg_status run(const arguments *a, const vg_case_list *cases, int *code)
{
    copy copies[VG_MAX_OUTPUTS] = {{0}};
    vg_bench_request request;
    vg_bench_summary summary = {0};
    fill_request(a, cases, &request);
    VG_TRY(vg_gbench_flags_apply(&a->flags));
    if (a->flags.native)
        VG_TRY(open_native(a, cases));
    VG_TRY(open_copies(a, &request, copies));
    if (!vg_gbench_version())
        vg_say(a->common.quiet, "timed by vgbench's own loop: built without Google Benchmark "
                                "(Debian package libbenchmark-dev)");
    json_t *results = vg_results_new("bench", a->command);
    vg_interrupt_install();
    vg_status status = vg_bench_cases(&request, results, &summary);
    vg_status closed = a->flags.native ? vg_gbench_close() : VG_OK;
    vg_status saved = save_outputs(a, &request, results, copies);
    json_decref(results);
    if (summary.left_out)
        vg_say(false, "interrupted: %d of %d shapes are missing", summary.left_out, cases->count);
    if (summary.failed)
        vg_say(false, "%d rows failed verification and were not timed", summary.failed);
    if (summary.foreign)
        vg_say(a->common.quiet, "%d rows of oneDNN failed verification and were not timed",
               summary.foreign);
    if (summary.above)
        vg_say(
            a->common.quiet,
            "%d of %d shapes lie above their roof (!): results.json says why of each (above_roof)",
            summary.above, summary.cases);
    if (summary.warm)
        vg_say(a->common.quiet,
               "%d of %d rows were not cold: they have no weights, or reading after the flush took "
               "less than %g times as long as reading again",
               summary.warm, summary.rows, VG_COLD_FACTOR);
    if (summary.brief)
        vg_say(a->common.quiet,
               "%d of %d rows are near the resolution of the clock: a sample is one call, and "
               "reading the clock is over 1 %% of it",
               summary.brief, summary.rows);
    *code = summary.failed || summary.left_out ? VG_EXIT_FAILED : VG_EXIT_OK;
    return status ? status : closed ? closed : saved;
}

static vg_status check_cold(const arguments *a)
{
    if (!a->cold || !strcmp(a->cold, "none"))
        return VG_OK;
    if (a->flags.native || a->flags.iterations > 0)
        return vg_fail(VG_EINVAL,
                       "--cold-cache=%s: a sample is one call behind a flush; flags that let "
                       "Google Benchmark repeat calls do not go with it",
                       a->cold);
    return vg_flush_usable();
}

static vg_status bench(arguments *a, int *code)
{
    vg_shape_list shapes;
    vg_case_list cases;
    if (vg_environment_refused("bench", a->common.strict)) {
        *code = VG_EXIT_REFUSED;
        return VG_OK;
    }
    if (!(a->seconds > 0))
        return vg_fail(VG_EINVAL, "--seconds=%g: a time above 0 is needed", a->seconds);
    VG_TRY(check_cold(a));
    if (a->filter && a->flags.filter)
        return vg_fail(VG_EINVAL, "--filter and --benchmark_filter are the same: give one");
    VG_TRY(read_shapes(a, &shapes));
    vg_case_query query = {.shapes = &shapes,
                           .filter = a->filter ? a->filter : a->flags.filter,
                           .backends = a->common.backend,
                           .threads = a->common.thread_list,
                           .thread_count = a->common.thread_count};
    vg_status status = vg_cases_make(&query, &cases);
    if (!status && a->flags.list_tests)
        status = list_tests(&cases);
    else if (!status)
        status = run(a, &cases, code);
    if (!status || cases.items)
        vg_cases_release(&cases);
    vg_shapes_release(&shapes);
    return status;
}

int vg_cmd_bench(int argc, char **argv)
{
    arguments a = {.command = vg_command_line(argc, argv), .seconds = vg_sampling_default.seconds};
    vg_option own[9];
    vg_words words;
    int code = VG_EXIT_OK;
    own_options(&a, own);
    vg_status status = vg_options_parse(argc, argv, own, &a.common, &words);
    if (!status && a.common.help) {
        vg_options_help(stdout, usage, text, own);
    } else {
        if (!status && words.count)
            status = vg_fail(VG_EINVAL, "'%s': not an option; shapes go through --shapes='%s ...'",
                             words.items[0], words.items[0]);
        if (!status)
            status = vg_gbench_flags_read(&a.benchmark, &a.flags);
        if (!status)
            status = bench(&a, &code);
        if (status)
            code = vg_exit_with(argv[0], status);
    }
    free(a.command);
    return code;
}
