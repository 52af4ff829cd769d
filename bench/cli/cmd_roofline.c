/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench roofline: measured peaks, and what kernels and layers reach of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/gnuplot.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "cli/progress.h"
#include "cli/roofline_points.h"
#include "cli/strict.h"
#include "harness/sweep.h"
#include "measure/interrupt.h"
#include "measure/roofline.h"
#include "results/results.h"
#include "vgbench/onednn.h"

typedef struct arguments {
    const char *filter, *shapes, *format, *plot;
    bool roofs_only;
    vg_options common;
    vg_words words;
    char *command;
} arguments;

static const char usage[] =
    "roofline [SPEC] [--filter=RE] [--shapes=SET] [--threads=1,all] [--roofs-only]\n"
    "                        [--format=table|md|json|csv|svg] [--plot F.svg] [-o FILE.json]";
static const char *const formats[] = {"table", "md", "json", "csv", "svg", NULL};
enum { SVG = 4 };
static const char text[] =
    "Measures the peaks of this machine (FMA of every cluster; load, copy, triad and other mixes "
    "in\n"
    "every cache level and memory) and times kernels, own and oneDNN, and the layers of a forward\n"
    "and backward pass of SPEC (depth=8) against them.";

/* --- measuring ------------------------------------------------------------------------------ */

static vg_status make_cases(const arguments *a, vg_shape_list *shapes, vg_case_list *cases)
{
    char backends[32];
    snprintf(backends, sizeof backends, "best%s", *vg_onednn_version() ? ",onednn" : "");
    VG_TRY(vg_shapes_load(a->shapes, shapes));
    vg_case_query query = {shapes, a->filter, a->common.backend ? a->common.backend : backends,
                           a->common.thread_list, a->common.thread_count};
    vg_status status = vg_cases_make(&query, cases);
    vg_shapes_release(shapes);
    return status;
}

static vg_status kernel_points(const arguments *a, const vg_case_list *cases, json_t *points)
{
    vg_progress progress;
    vg_sampling sampling = vg_sampling_default;
    sampling.seconds = 0.05;
    sampling.verify = false;
    sampling.seed = a->common.seed;
    vg_status status = VG_OK;
    vg_progress_begin(&progress, "roofline", cases->count, a->common.quiet);
    for (int i = 0; i < cases->count && !status && !vg_interrupted(); i++) {
        char name[320];
        vg_case_format(&cases->items[i], name, sizeof name);
        vg_progress_step(&progress, i, name);
        status = vg_roofline_case_points(&cases->items[i], &sampling, points);
    }
    vg_progress_end(&progress);
    return status;
}

/* A spec on the own backend and, where it has every row, on oneDNN. */
static vg_status spec_points(const vg_sweep *sweep, int64_t index, int threads, json_t *points)
{
    vg_spec spec;
    char count[16];
    snprintf(count, sizeof count, "%d", threads);
    VG_TRY(vg_sweep_point(sweep, index, &spec, NULL));
    VG_TRY(vg_spec_set(&spec, "threads", count));
    VG_TRY(vg_spec_resolve(&spec, VG_FOR_TRAIN));
    VG_TRY(vg_roofline_layer_points(&spec, points));
    if (spec.backend == VG_BACKEND_onednn || !*vg_onednn_version())
        return VG_OK;
    spec.backend = VG_BACKEND_onednn;
    (void)vg_roofline_layer_points(&spec, points); /* an op that oneDNN lacks: own points only */
    return VG_OK;
}

static vg_status layer_points(const arguments *a, const vg_sweep *sweep, json_t *points)
{
    vg_status status = VG_OK;
    for (int t = 0; t < a->common.thread_count; t++)
        for (int64_t i = 0; i < sweep->points && !status && !vg_interrupted(); i++)
            status = spec_points(sweep, i, a->common.thread_list[t], points);
    return status;
}

/* Everything that is asked for is known to be good before the first roof is measured. */
static vg_status measure(const arguments *a, json_t *points)
{
    static const char *const standard[] = {"depth=8"};
    const char *const *words = a->words.count ? a->words.items : standard;
    vg_sweep sweep;
    vg_shape_list shapes;
    vg_case_list cases;
    VG_TRY(vg_sweep_parse(a->words.count ? a->words.count : 1, (char *const *)words, &sweep));
    vg_status status = make_cases(a, &shapes, &cases);
    if (status) {
        vg_sweep_release(&sweep);
        return status;
    }
    vg_say(a->common.quiet, "measuring roofs");
    vg_roofline_measure(a->common.thread_list, a->common.thread_count);
    if (!a->roofs_only)
        status = kernel_points(a, &cases, points);
    if (!status && !a->roofs_only && !vg_interrupted())
        status = layer_points(a, &sweep, points);
    vg_cases_release(&cases);
    vg_sweep_release(&sweep);
    return status;
}

/* --- output --------------------------------------------------------------------------------- */

static void print_roofs(FILE *out, vg_format format, const json_t *roofline)
{
    const json_t *roofs = json_object_get(roofline, "roofs");
    static const char *const head[] = {"roof", "peak", "unit", "repeat", "spread", "how"};
    size_t i;
    json_t *roof;
    vg_profile_row(out, format, 44, head, 6);
    vg_profile_rule(out, format, 6);
    json_array_foreach(roofs, i, roof) {
        char value[32], repeat[32], spread[32], how[96];
        bool flops = !strcmp(vg_json_get_text(roof, "kind", ""), "flops");
        snprintf(value, sizeof value, "%.4g", vg_json_get_number(roof, "value") / 1e9);
        snprintf(repeat, sizeof repeat, "%.1f %%", 100 * vg_json_get_number(roof, "repeat"));
        snprintf(spread, sizeof spread, "%.1f %%", 100 * vg_json_get_number(roof, "spread"));
        snprintf(how, sizeof how, "%s", vg_json_get_text(roof, "how", ""));
        if (flops) /* what the code reaches, without what the clock did */
            snprintf(how, sizeof how, "%.1f FLOP a cycle and thread at the %.2f GHz of scalar code",
                     vg_json_get_number(roof, "per_cycle"), vg_json_get_number(roof, "ghz"));
        const char *const cells[] = {vg_json_get_text(roof, "name", ""),
                                     value,
                                     flops ? "GFLOP/s" : "GB/s",
                                     repeat,
                                     spread,
                                     how};
        vg_profile_row(out, format, 44, cells, 6);
    }
    fputs(
        "\nThe best of several measurements with other things between; repeat: the second best is "
        "that far below, spread: the worst.\n",
        out);
    const json_t *last = json_object_get(roofline, "last_cache");
    if (last)
        fprintf(out, "%s. Its roofs are of %.3g MiB at most, what lies beyond is taken for memory.\n",
                vg_json_get_text(last, "reason", ""), vg_json_get_number(last, "reach") / 0x1p20);
}

/* "12.1 to 12.4": the rates of the interval of the time. */
static void rate_interval(const json_t *point, char cell[48])
{
    const json_t *ci = json_object_get(point, "ci95_ns");
    double flops = vg_json_get_number(point, "flops");
    snprintf(cell, 48, "%.4g to %.4g", flops / json_number_value(json_array_get(ci, 1)),
             flops / json_number_value(json_array_get(ci, 0)));
}

static void print_points(FILE *out, vg_format format, const json_t *points)
{
    enum { COLUMNS = 8 };
    char bound_head[48];
    const char *const head[COLUMNS] = {"point",   "threads",  "FLOP/B",  "GFLOP/s",
                                       "95 % CI", bound_head, "of roof", "above it because"};
    size_t i;
    json_t *point;
    int width = 5, bound_width = format == VG_FORMAT_TABLE ? (int)strlen(VG_ROOF_NEITHER) : 0;
    snprintf(bound_head, sizeof bound_head, "%*s", bound_width, "bound");
    json_array_foreach(points, i, point) {
        int n = (int)strlen(vg_json_get_text(point, "kernel", "")) + 12;
        width = n > width ? n : width;
    }
    vg_profile_row(out, format, width, head, COLUMNS);
    vg_profile_rule(out, format, COLUMNS);
    json_array_foreach(points, i, point) {
        char name[400], threads[16], intensity[32], rate[32], interval[48], bound[48], fraction[32];
        bool layer = !strcmp(vg_json_get_text(point, "what", ""), "layer");
        int length = snprintf(name, sizeof name, "%s%s", vg_json_get_text(point, "kernel", ""),
                              layer ? " " : "");
        if (layer)
            snprintf(name + length, sizeof name - (size_t)length, "(layer x%.0f)",
                     vg_json_get_number(point, "count"));
        snprintf(threads, sizeof threads, "%.0f", vg_json_get_number(point, "threads"));
        rate_interval(point, interval);
        snprintf(bound, sizeof bound, "%*s", bound_width, vg_json_get_text(point, "bound", ""));
        snprintf(intensity, sizeof intensity, "%.3g", vg_json_get_number(point, "intensity"));
        snprintf(rate, sizeof rate, "%.4g", vg_json_get_number(point, "gflops"));
        snprintf(fraction, sizeof fraction, "%.1f %%",
                 100 * vg_json_get_number(point, "roof_fraction"));
        const char *const cells[COLUMNS] = {name,      threads,
                                            intensity, rate,
                                            interval,  bound,
                                            fraction,  vg_json_get_text(point, "above_roof", "")};
        vg_profile_row(out, format, width, cells, COLUMNS);
    }
}

static vg_status print_all(FILE *out, vg_format format, const void *data)
{
    const json_t *roofline = data;
    const json_t *points = json_object_get(roofline, "points");
    if (format == VG_FORMAT_CSV) {
        vg_roofline_csv(out, roofline);
        return VG_OK;
    }
    print_roofs(out, format, roofline);
    if (json_array_size(points)) {
        fputc('\n', out);
        print_points(out, format, points);
        fputs("\nof roof: of the nearer one, of FMA or of bandwidth; a point below half of both is bound "
              "by neither.\n", out);
    }
    return VG_OK;
}

static bool wants_svg(const arguments *a)
{
    return a->format && !strcmp(a->format, formats[SVG]);
}

static vg_status save(const arguments *a, const json_t *results)
{
    const json_t *roofline = json_object_get(results, "roofline");
    vg_output output = {results, print_all, roofline};
    VG_TRY(vg_outputs_save(&a->common, &output));
    if (a->plot)
        VG_TRY(vg_roofline_plot(roofline, a->plot));
    return wants_svg(a) ? vg_roofline_plot_to(roofline, stdout)
                        : vg_output_write(&output, a->common.format, "-");
}

static vg_status roofline(arguments *a)
{
    VG_TRY(vg_outputs_check(&a->common));
    if (a->plot)
        VG_TRY(vg_gnuplot_check(a->plot));
    for (int i = 0; a->format && i < SVG; i++)
        if (!strcmp(a->format, formats[i]))
            a->common.format = (vg_format)i;
    if (!a->common.threads_text && a->common.threads > 1) { /* one thread, and all */
        a->common.thread_list[1] = a->common.threads;
        a->common.thread_list[0] = 1;
        a->common.thread_count = 2;
    }
    json_t *points = json_array();
    vg_interrupt_install();
    vg_profile_conditions(&a->common);
    vg_status status = measure(a, points);
    if (!status) {
        json_t *results = vg_results_new("roofline", a->command), *record = vg_roofline_json();
        json_object_set(record, "points", points);
        json_object_set_new(results, "roofline", record);
        if (vg_interrupted())
            json_object_set_new(results, "partial", json_true());
        status = save(a, results);
        json_decref(results);
    }
    json_decref(points);
    return status;
}

int vg_cmd_roofline(int argc, char **argv)
{
    arguments a = {.shapes = "quick", .command = vg_command_line(argc, argv)};
    const vg_option own[] = {
        {"filter", 0, VG_OPTION_TEXT, &a.filter, "RE", "rows whose name matches; -RE: does not",
         NULL, 0, NULL},
        {"shapes", 's', VG_OPTION_TEXT, &a.shapes, "SET", VG_SHAPES_HELP, NULL, 0, NULL},
        {"format", 0, VG_OPTION_CHOICE, &a.format, "FORMAT",
         "as below, and svg: the plot on stdout", formats, 0, NULL},
        {"plot", 0, VG_OPTION_TEXT, &a.plot, "F.svg", "also draw roofs and points (gnuplot)", NULL,
         0, NULL},
        {"roofs-only", 0, VG_OPTION_FLAG, &a.roofs_only, NULL, "peaks, no points", NULL, 0, NULL},
        {0},
    };
    int code = VG_EXIT_OK;
    vg_status status = vg_options_parse(argc, argv, own, &a.common, &a.words);
    if (!status && a.common.help) {
        vg_options_help(stdout, usage, text, own);
    } else if (!status && vg_environment_refused(argv[0], a.common.strict)) {
        code = VG_EXIT_REFUSED;
    } else {
        if (!status)
            status = roofline(&a);
        if (status)
            code = vg_exit_with(argv[0], status);
    }
    free(a.command);
    return code;
}
