/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench decay: how much gradient survives across depth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/decay_fixes.h"
#include "cli/decay_paper.h"
#include "cli/decay_spool.h"
#include "cli/decay_view.h"
#include "cli/fixes_view.h"
#include "cli/gnuplot.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/spec_words.h"
#include "cli/strict.h"
#include "harness/decay.h"
#include "harness/dump.h"
#include "harness/sweep.h"
#include "measure/interrupt.h"
#include "results/results.h"
#include "results/save.h"

static const char help_text[] =
    "Runs networks forward and backward at initialisation and records, block by block, how much\n"
    "gradient arrives. SPEC is key=value words; a comma list multiplies, `vs` starts a variant, a\n"
    "word ending in .yaml is a file (`vgbench help spec`). Without words: the classic picture.\n"
    "Columns: factor by which the norm of the signal changes per block towards the input, with its\n"
    "interval over the seeds and what theory predicts; survival is the norm at the first block over\n"
    "that at the last; a cell of the bar is a decade that is left. JSON (-o F.json) has for every block\n"
    "the norms of dL/dz, dL/dh, dL/dW and dL/db, the weights, mean and spread of h, the slopes of f and\n"
    "what is saturated, dead, zero or too small for fp16 and bf16.";

/* Three nets of 8 to 64 blocks: the problem, a cure by initialisation, a cure by architecture. */
static const char *classic[] = {
    "depth=8,16,32,64", "seeds=4",        "act=sigmoid",   "init=xavier_normal", "vs",
    "act=relu",         "init=he_normal", "vs",            "act=relu",           "init=he_normal",
    "skip=residual",    "norm=layer",     "norm_at=pre",
};
enum { CLASSIC = sizeof classic / sizeof *classic, NAME = 512 };

static bool interrupted(void)
{
    return vg_interrupted() != 0;
}

typedef struct session {
    vg_options options;
    vg_sweep sweep;
    const char *dump, *plot, *paper;
    bool fixes, cost, explain, precision, force;
    uint64_t varying;    /* bit per key: its value differs between points */
    json_t *records;     /* kept for what needs all at once: fixes, papers, a plot; else NULL */
    json_t *trained;     /* papers: records of claims about learning */
    vg_spool spool;      /* of a sweep whose records are written at the end */
    json_t *index;       /* of a dump of several points */
    char *command;
    json_t *skipped;     /* points that could not be run */
    char idle[VG_IDLE_TEXT];
    int64_t done;
    int disagreeing;     /* claims of a paper */
} session;

/* --- words --------------------------------------------------------------------------------- */

static vg_status parse_words(session *s, const vg_words *given)
{
    static const vg_words picture = {classic, CLASSIC};
    return vg_spec_words_parse(&s->options, given->count || s->fixes ? given : &picture, &s->sweep);
}

/* The given words of a point that vary, or all of them where there is one point. */
static void point_name(const session *s, const vg_spec *spec, char name[NAME])
{
    vg_spec shown = *spec;
    if (s->sweep.points > 1)
        shown.given &= s->varying;
    vg_spec_label(&shown, name, NAME);
}

/* --- points -------------------------------------------------------------------------------- */

static bool streams(const session *s)
{
    return s->options.format != VG_FORMAT_JSON;
}

static vg_status keep(session *s, int64_t point, const char *name, const char *dump,
                      json_t *record)
{
    json_object_set_new(record, "name", json_string(name));
    if (streams(s) && !s->done)
        vg_decay_print_head(stdout, s->options.format);
    if (streams(s))
        vg_decay_print_row(stdout, s->options.format, s->options.color, name, record);
    if (s->explain && s->options.format == VG_FORMAT_TABLE)
        vg_decay_print_explanation(stdout, record);
    if (s->options.format == VG_FORMAT_TABLE)
        vg_decay_print_extras(stdout, record);
    if (s->index)
        json_array_append_new(s->index, json_pack("{s:I, s:s, s:s, s:O}", "point",
                                                  (json_int_t)point, "name", name, "folder", dump,
                                                  "spec", json_object_get(record, "spec")));
    vg_status status = s->spool.file ? vg_spool_add(&s->spool, record) : VG_OK;
    if (s->records)
        json_array_append(s->records, record);
    json_decref(record);
    s->done++;
    return status;
}

static vg_status run_point(session *s, int64_t point, vg_progress *progress)
{
    vg_spec spec;
    char name[NAME], folder[4096];
    json_t *record;
    VG_TRY(vg_sweep_point(&s->sweep, point, &spec, NULL));
    point_name(s, &spec, name);
    vg_progress_step(progress, (int)point, name);
    vg_decay_options how = {.interrupted = interrupted,
                            .cost = s->cost,
                            .overhead = s->cost,
                            .precision = s->precision};
    if (s->dump && s->index)
        snprintf(folder, sizeof folder, "%s/%04lld", s->dump, (long long)point + 1);
    else if (s->dump)
        snprintf(folder, sizeof folder, "%s", s->dump);
    how.dump = s->dump ? folder : NULL;
    vg_status status = vg_spec_resolve(&spec, VG_FOR_DECAY);
    if (status == VG_OK)
        vg_spec_words_idle(&spec, VG_FOR_DECAY, s->options.quiet, s->idle);
    if (status == VG_OK)
        status = vg_decay_measure(&spec, &how, &record);
    if (status == VG_OK) {
        vg_progress_end(progress);
        return keep(s, point, name, strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder,
                    record);
    }
    if (interrupted() || status == VG_EIO || s->sweep.points == 1)
        return status;
    vg_spec_words_skip(point, name, &s->skipped);
    return VG_OK;
}

static vg_status run_points(session *s)
{
    vg_progress progress;
    vg_progress_begin(&progress, "decay", (int)s->sweep.points, s->options.quiet);
    vg_status status = VG_OK;
    for (int64_t i = 0; i < s->sweep.points && status == VG_OK && !interrupted(); i++)
        status = run_point(s, i, &progress);
    vg_progress_end(&progress);
    if (interrupted()) {
        vg_say(false, "interrupted: %lld of %lld points are kept", (long long)s->done,
               (long long)s->sweep.points);
        return VG_OK;
    }
    if (status == VG_OK && (int64_t)json_array_size(s->skipped) == s->sweep.points)
        return vg_fail(VG_EINVAL, "none of the %lld points could be run",
                       (long long)s->sweep.points);
    return status;
}

static vg_status run_fixes(session *s)
{
    vg_spec base;
    if (s->sweep.points != 1 || s->dump)
        return vg_fail(VG_EINVAL, "--fixes takes one network, and no --dump");
    VG_TRY(vg_sweep_point(&s->sweep, 0, &base, NULL));
    VG_TRY(vg_decay_fixes(&base, &s->options, interrupted, s->records));
    s->done = 1;
    return VG_OK;
}

/* --- outputs ------------------------------------------------------------------------------- */

static json_t *document(const session *s)
{
    json_t *results = vg_results_new("decay", s->command);
    json_object_del(results, "decay"); /* written record by record */
    if (json_array_size(s->trained))
        json_object_set(results, "train", s->trained);
    if (s->skipped)
        json_object_set(results, "skipped", s->skipped);
    if (interrupted())
        json_object_set_new(results, "partial", json_true());
    return results;
}

typedef struct rows {
    FILE *out;
    vg_format format;
} rows;

static vg_status write_row(const json_t *record, void *data)
{
    const rows *r = data;
    vg_decay_print_row(r->out, r->format, false, vg_json_get_text(record, "name", ""), record);
    return VG_OK;
}

static vg_status write_rows(session *s, vg_format format, const char *path)
{
    vg_file file;
    VG_TRY(vg_file_open(path, &file));
    rows r = {file.stream, format};
    vg_status status = VG_OK;
    if (s->fixes) {
        vg_fixes_print(file.stream, format, s->records);
    } else {
        vg_decay_print_head(file.stream, format);
        status = vg_spool_each(&s->spool, write_row, &r);
    }
    vg_status closed = vg_file_close(&file, status == VG_OK);
    return status != VG_OK ? status : closed;
}

static vg_status write_output(session *s, const json_t *results, const char *path)
{
    vg_format format;
    VG_TRY(vg_format_of_file(path, &format));
    return format == VG_FORMAT_JSON ? vg_spool_save(&s->spool, results, path)
                                    : write_rows(s, format, path);
}

/* Fixes and papers come with all of their records at once. */
static vg_status spool_records(session *s)
{
    size_t index;
    json_t *record;
    if (s->spool.file || !s->records)
        return VG_OK;
    VG_TRY(vg_spool_open(&s->spool));
    json_array_foreach(s->records, index, record)
        VG_TRY(vg_spool_add(&s->spool, record));
    return VG_OK;
}

static vg_status write_outputs(session *s)
{
    vg_status status = VG_OK;
    if (s->index) {
        VG_TRY(vg_make_folder(s->dump));
        VG_TRY(vg_dump_json(s->dump, "index.json", s->index));
    }
    VG_TRY(spool_records(s));
    if (!s->spool.file)
        return VG_OK;
    json_t *results = document(s);
    if (!streams(s))
        status = vg_spool_save(&s->spool, results, "-");
    for (int i = 0; i < s->options.outputs.count && status == VG_OK; i++)
        status = write_output(s, results, s->options.outputs.items[i]);
    json_decref(results);
    if (s->plot && status == VG_OK)
        status = vg_decay_plot(s->records, s->plot);
    return status;
}

static vg_status check_outputs(const session *s)
{
    for (int i = 0; i < s->options.outputs.count; i++) {
        vg_format format;
        VG_TRY(vg_format_of_file(s->options.outputs.items[i], &format));
        VG_TRY(vg_file_check(s->options.outputs.items[i]));
    }
    if (s->plot)
        VG_TRY(vg_gnuplot_check(s->plot));
    return s->dump && !s->fixes && !s->paper ? vg_dump_prepare(s->dump, s->force) : VG_OK;
}

/* How it is computed and how often is the reader's choice; anything else makes another experiment. */
static bool changes_claims(const char *word)
{
    static const char *const harmless[] = {"threads=", "backend=", "seed=", "seeds="};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (!strncmp(word, harmless[i], strlen(harmless[i])))
            return false;
    return true;
}

/* The words that stand for the common options. */
static vg_status run_paper(session *s, const vg_words *given)
{
    if (s->fixes || s->dump || s->cost || s->precision || s->explain)
        return vg_fail(VG_EINVAL, "--paper runs experiments of its own: without --fixes, --dump, "
                                  "--cost, --precision, --explain");
    for (int i = 0; i < given->count; i++)
        if (changes_claims(given->items[i]))
            vg_say(s->options.quiet, "vgbench decay: %s in place of what the experiments say: the "
                                     "published numbers are not of that", given->items[i]);
    vg_words words = {calloc((size_t)given->count + 3, sizeof *words.items), 0};
    char text[3][256];
    const char *values[] = {s->options.threads_text, s->options.backend, s->options.seed_text};
    static const char *const keys[] = {"threads", "backend", "seed"};
    if (!words.items)
        return vg_fail(VG_ENOMEM, "out of memory for the words");
    for (int i = 0; i < given->count; i++)
        words.items[words.count++] = given->items[i];
    for (int i = 0; i < 3; i++)
        if (values[i] && strcmp(values[i], "all")) {
            snprintf(text[i], sizeof text[i], "%s=%s", keys[i], values[i]);
            words.items[words.count++] = text[i];
        }
    s->records = json_array();
    s->trained = json_array();
    vg_status status = vg_decay_paper(s->paper, &words, &s->options, interrupted, s->records,
                                      s->trained, &s->disagreeing);
    free(words.items);
    return status == VG_OK ? write_outputs(s) : status;
}

static vg_status run(session *s, const vg_words *words)
{
    VG_TRY(check_outputs(s));
    vg_interrupt_install();
    if (s->paper)
        return run_paper(s, words);
    VG_TRY(parse_words(s, words));
    VG_TRY(vg_sweep_varying(&s->sweep, &s->varying));
    if (s->plot || s->fixes)
        s->records = json_array();
    if (!s->fixes && (s->options.outputs.count || !streams(s)))
        VG_TRY(vg_spool_open(&s->spool));
    if (s->dump && s->sweep.points > 1)
        s->index = json_array();
    vg_status status = s->fixes ? run_fixes(s) : run_points(s);
    if (s->done == 0)
        return status;
    vg_status written = write_outputs(s);
    return status != VG_OK ? status : written;
}

int vg_cmd_decay(int argc, char **argv)
{
    session s = {0};
    const vg_option own[] = {
        {"dump", 0, VG_OPTION_TEXT, &s.dump, "DIR",
         "write every tensor of the first seed as .npy with manifest.json", NULL, 0, NULL},
        {"force", 0, VG_OPTION_FLAG, &s.force, NULL, "replace the dump that --dump finds", NULL, 0,
         NULL},
        {"fixes", 0, VG_OPTION_FLAG, &s.fixes, NULL,
         "try every fix on the network: survival, cost, advice", NULL, 0, NULL},
        {"cost", 0, VG_OPTION_FLAG, &s.cost, NULL, "also time a step, beside oneDNN", NULL, 0,
         NULL},
        {"precision", 0, VG_OPTION_FLAG, &s.precision, NULL,
         "what subnormals cost, and what fp16 and bf16 would lose", NULL, 0, NULL},
        {"explain", 0, VG_OPTION_FLAG, &s.explain, NULL,
         "what the slopes and what the weights do to the gradient; findings", NULL, 0, NULL},
        {"paper", 0, VG_OPTION_TEXT, &s.paper, "NAME",
         "published numbers beside ours: guide, a paper's name, or all", NULL, 0, NULL},
        {"plot", 0, VG_OPTION_TEXT, &s.plot, "F.svg", "plot the signal against the layer", NULL, 0,
         NULL},
        {0},
    };
    vg_words words;
    s.command = vg_command_line(argc, argv); /* parsing moves the words */
    vg_status status = vg_options_parse(argc, argv, own, &s.options, &words);
    if (!status && s.options.help) {
        vg_options_help(stdout, "decay [SPEC]", help_text, own);
        free(s.command);
        return VG_EXIT_OK;
    }
    bool times = s.cost || s.fixes || s.precision; /* gradients are the same in any environment */
    if (!status && times && vg_environment_refused(argv[0], s.options.strict)) {
        free(s.command);
        return VG_EXIT_REFUSED;
    }
    if (!status)
        status = run(&s, &words);
    vg_sweep_release(&s.sweep);
    json_decref(s.records);
    json_decref(s.trained);
    json_decref(s.skipped);
    vg_spool_close(&s.spool);
    json_decref(s.index);
    free(s.command);
    if (status)
        return vg_exit_with(argv[0], status);
    return s.disagreeing || interrupted() ? VG_EXIT_FAILED : VG_EXIT_OK;
}
