/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench train: does the gradient that survives become learning, and how fast. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/gnuplot.h"
#include "cli/output.h"
#include "cli/strict.h"
#include "cli/train_session.h"
#include "cli/train_modes.h"
#include "cli/train_view.h"
#include "measure/interrupt.h"
#include "results/results.h"

static const char help_text[] =
    "Trains networks and records, while they train, what every layer does: gradient, weight and\n"
    "update norms, saturation, dead units; says when a net vanishes, explodes, dies, stands still,\n"
    "or when only its learning rate is too low. SPEC is key=value words as in `vgbench decay`\n"
    "(`vgbench help spec`); without `epochs` or `steps` it makes 10 passes over the data.\n"
    "Loss and accuracy are those of the validation part, batch norm on its running statistics.";

bool vg_train_stop_asked(void)
{
    return vg_interrupted() != 0;
}

vg_status vg_train_point(const vg_train_session *s, int64_t index, vg_spec *spec,
                         char name[VG_TRAIN_NAME])
{
    VG_TRY(vg_sweep_point(&s->sweep, index, spec, NULL));
    vg_spec shown = *spec;
    if (s->sweep.points > 1)
        shown.given &= s->varying;
    vg_spec_label(&shown, name, VG_TRAIN_NAME);
    return vg_spec_resolve(spec, VG_FOR_TRAIN);
}

/* --- while it trains ----------------------------------------------------------------------- */

static void show_progress(void *user, const vg_train_progress *p)
{
    vg_train_session *s = user;
    char text[160], accuracy[48] = "";
    bool known = isfinite(p->validation_loss);
    if (known && isfinite(p->validation_accuracy))
        snprintf(accuracy, sizeof accuracy, " (%.2f %%)", 100 * p->validation_accuracy);
    snprintf(text, sizeof text, "epoch %lld/%lld  loss %.4g", (long long)p->epoch,
             (long long)p->epochs, p->loss);
    if (known)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", validation %.4g%s",
                 p->validation_loss, accuracy);
    if (p->train_s > 0)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  %.4g steps/s",
                 (double)p->step / p->train_s);
    s->progress.total = (int)p->total;
    vg_progress_step(&s->progress, (int)p->step - 1, text);
}

static void show_event(void *user, const json_t *event)
{
    const vg_train_session *s = user;
    char text[512];
    vg_say(s->options.quiet, "%s", vg_train_event_text(event, text, sizeof text));
}

/* --- points -------------------------------------------------------------------------------- */

static bool streams(const vg_train_session *s)
{
    return s->options.format != VG_FORMAT_JSON;
}

static vg_status run_seed(vg_train_session *s, const vg_spec *spec, const char *name)
{
    json_t *record;
    vg_train_end end;
    vg_progress_begin(&s->progress, "train", 0, s->options.quiet);
    vg_status status = vg_train(spec, &s->how, &record, &end);
    vg_progress_end(&s->progress);
    if (status != VG_OK)
        return status;
    json_object_set_new(record, "name", json_string(name));
    if (streams(s) && !s->done)
        vg_train_print_head(stdout, s->options.format);
    if (streams(s))
        vg_train_print_row(stdout, s->options.format, s->options.color, name, record);
    s->failed += end == VG_TRAIN_NON_FINITE;
    s->done++;
    json_array_append_new(s->records, record);
    return VG_OK;
}

static vg_status run_point(vg_train_session *s, int64_t index, char name[VG_TRAIN_NAME])
{
    vg_spec spec;
    char full[VG_TRAIN_NAME + 32];
    VG_TRY(vg_train_point(s, index, &spec, name));
    vg_spec_words_idle(&spec, VG_FOR_TRAIN, s->options.quiet, s->idle);
    int64_t seeds = spec.seeds, first = spec.seed;
    for (int64_t i = 0; i < seeds && !vg_train_stop_asked(); i++) {
        spec.seed = first + i;
        snprintf(full, sizeof full, seeds > 1 ? "%s seed=%lld" : "%s", name,
                 (long long)spec.seed);
        VG_TRY(run_seed(s, &spec, full));
    }
    return VG_OK;
}

static vg_status run_points(vg_train_session *s)
{
    for (int64_t i = 0; i < s->sweep.points && !vg_train_stop_asked(); i++) {
        char name[VG_TRAIN_NAME] = "";
        vg_status status = run_point(s, i, name);
        if (status == VG_OK)
            continue;
        if (s->sweep.points == 1 || status == VG_EIO || status == VG_EFORMAT)
            return status;
        vg_spec_words_skip(i, name, &s->skipped);
    }
    if (vg_train_stop_asked())
        vg_say(false, "interrupted: what was trained is kept");
    else if ((int64_t)json_array_size(s->skipped) == s->sweep.points)
        return vg_fail(VG_EINVAL, "none of the %lld points could be run",
                       (long long)s->sweep.points);
    return VG_OK;
}

/* --- outputs ------------------------------------------------------------------------------- */

static void print_record(const vg_train_session *s, FILE *out, vg_format format,
                         const json_t *record)
{
    if (s->race)
        vg_race_print_row(out, format, false, record);
    else if (s->lr_find)
        vg_lr_print_row(out, format, record);
    else if (s->step_time)
        vg_step_print_row(out, format, record);
    else
        vg_train_print_row(out, format, false, vg_json_get_text(record, "name", ""), record);
}

static vg_status print_table(FILE *out, vg_format format, const void *session)
{
    const vg_train_session *s = session;
    const json_t *rows = s->race ? json_object_get(s->race, "rows") : s->records;
    size_t index;
    const json_t *record;
    void (*head)(FILE *, vg_format) = s->race        ? vg_race_print_head
                                      : s->lr_find   ? vg_lr_print_head
                                      : s->step_time ? vg_step_print_head
                                                     : vg_train_print_head;
    head(out, format);
    json_array_foreach((json_t *)rows, index, record)
        print_record(s, out, format, record);
    return VG_OK;
}

static vg_status write_outputs(const vg_train_session *s)
{
    vg_status status = VG_OK;
    json_t *results = vg_results_new("train", s->command);
    if (s->race)
        json_object_set_new(results, "race", json_pack("[O]", s->race));
    else
        json_object_set(results, "train", s->records);
    if (s->skipped)
        json_object_set(results, "skipped", s->skipped);
    if (vg_train_stop_asked())
        json_object_set_new(results, "partial", json_true());
    if (!streams(s))
        status = vg_results_save(results, "-");
    if (status == VG_OK)
        status = vg_outputs_save(&s->options, &(vg_output){results, print_table, s});
    json_decref(results);
    if (s->plot && !s->race && status == VG_OK)
        status = vg_train_plot_records(s->records, s->plot);
    return status;
}

/* --- the command --------------------------------------------------------------------------- */

static vg_status check_arguments(vg_train_session *s)
{
    static const char *const words[] = {"auto", "none", "global", "feature"};
    for (int i = 0; s->standardise && i < 4; i++)
        if (!strcmp(s->standardise, words[i]))
            s->how.data.standardise = i;
    VG_TRY(vg_outputs_check(&s->options));
    if (!(s->how.data.validation >= 0 && s->how.data.validation < 1))
        return vg_fail(VG_EINVAL, "--validation=%g: a fraction in [0, 1) is needed",
                       s->how.data.validation);
    if (s->plot)
        VG_TRY(vg_gnuplot_check(s->plot));
    if (s->step_time + s->lr_find + s->race_asked > 1)
        return vg_fail(VG_EINVAL, "--race, --lr-find and --step-time exclude each other");
    if (s->how.checkpoint && (s->step_time || s->lr_find || s->race_asked))
        return vg_fail(VG_EINVAL, "--checkpoint is for training, not for --race, --lr-find and "
                                  "--step-time");
    if (s->how.resume && !s->how.checkpoint)
        return vg_fail(VG_EINVAL, "--resume needs --checkpoint=DIR");
    return VG_OK;
}

static vg_status one_run_only(const vg_train_session *s)
{
    vg_spec spec;
    char name[VG_TRAIN_NAME];
    if (!s->how.checkpoint)
        return VG_OK;
    VG_TRY(vg_train_point(s, 0, &spec, name));
    if (s->sweep.points != 1 || spec.seeds != 1)
        return vg_fail(VG_EINVAL, "--checkpoint takes one network and one seed");
    return VG_OK;
}

static vg_status open_log(vg_train_session *s)
{
    if (!s->log)
        return VG_OK;
    s->how.log = fopen(s->log, s->how.resume ? "a" : "w");
    return s->how.log ? VG_OK : vg_fail(VG_EIO, "%s: cannot be written: %s", s->log,
                                        strerror(errno));
}

static vg_status close_log(vg_train_session *s)
{
    if (!s->how.log)
        return VG_OK;
    bool failed = ferror(s->how.log) != 0;
    failed |= fclose(s->how.log) != 0;
    s->how.log = NULL;
    return failed ? vg_fail(VG_EIO, "%s: could not be written whole", s->log) : VG_OK;
}

static vg_status run(vg_train_session *s, const vg_words *words)
{
    VG_TRY(check_arguments(s));
    VG_TRY(vg_spec_words_parse(&s->options, words, &s->sweep));
    VG_TRY(vg_sweep_varying(&s->sweep, &s->varying));
    VG_TRY(one_run_only(s));
    if (s->how.resume && !vg_train_has_checkpoint(s->how.checkpoint))
        vg_say(s->options.quiet, "%s: no checkpoint yet: the run begins at its first step",
               s->how.checkpoint);
    VG_TRY(open_log(s));
    s->records = json_array();
    s->how.interrupted = vg_train_stop_asked;
    s->how.progress = show_progress;
    s->how.event = show_event;
    s->how.user = s;
    vg_interrupt_install();
    vg_status status = s->step_time    ? vg_train_time(s)
                       : s->lr_find    ? vg_train_lr_find(s)
                       : s->race_asked ? vg_train_race(s)
                                       : run_points(s);
    vg_status logged = close_log(s);
    if (s->done) {
        vg_status written = write_outputs(s);
        status = status != VG_OK ? status : written;
    }
    return status != VG_OK ? status : logged;
}

enum { OWN = 16 };

static void own_options(vg_train_session *s, vg_option table[OWN])
{
    static const char *const standards[] = {"auto", "none", "global", "feature", NULL};
    const vg_option rows[] = {
        {"every", 0, VG_OPTION_INT, &s->how.every, "N",
         "steps between records of the layers (about 100 in a run)", NULL, 1, NULL},
        {"eval-every", 0, VG_OPTION_INT, &s->how.eval_every, "N",
         "steps between validations (an epoch)", NULL, 1, NULL},
        {"patience", 0, VG_OPTION_INT, &s->how.patience, "N",
         "stop after N epochs without a better validation loss", NULL, 1, NULL},
        {"samples", 0, VG_OPTION_INT, &s->how.data.samples, "N",
         "generated samples (10000), or the first N of a file", NULL, 1, NULL},
        {"validation", 0, VG_OPTION_REAL, &s->how.data.validation, "F",
         "fraction that validates (0.2)", NULL, 0, NULL},
        {"standardise", 0, VG_OPTION_CHOICE, &s->standardise, "HOW",
         "inputs: auto, none, global, feature", standards, 0, NULL},
        {"log", 0, VG_OPTION_TEXT, &s->log, "F.jsonl",
         "metrics as JSON lines: grad_norm/layer_007 ...", NULL, 0, NULL},
        {"checkpoint", 0, VG_OPTION_TEXT, &s->how.checkpoint, "DIR",
         "keep a checkpoint, and the weights as .npy", NULL, 0, NULL},
        {"checkpoint-every", 0, VG_OPTION_INT, &s->how.checkpoint_every, "N",
         "steps between checkpoints (an epoch)", NULL, 1, NULL},
        {"race", 0, VG_OPTION_FLAG, &s->race_asked, NULL,
         "every fix to target_loss or target_accuracy: how many reach it, how fast; oneDNN beside "
         "it, stopped at 10 times the own time (> x s)", NULL, 0, NULL},
        {"lr-find", 0, VG_OPTION_FLAG, &s->lr_find, NULL,
         "range test of the learning rate, suggestion, largest stable rate", NULL, 0, NULL},
        {"plot", 0, VG_OPTION_TEXT, &s->plot, "F.svg", "plot the loss", NULL, 0, NULL},
        {"step-time", 0, VG_OPTION_FLAG, &s->step_time, NULL,
         "time one step, beside oneDNN, and where it goes; trains nothing", NULL, 0, NULL},
        {"resume", 0, VG_OPTION_FLAG, &s->how.resume, NULL, "go on from the checkpoint", NULL, 0,
         NULL},
        {0},
    };
    _Static_assert(sizeof rows <= OWN * sizeof *table, "size of the table");
    memset(table, 0, OWN * sizeof *table);
    memcpy(table, rows, sizeof rows);
}

int vg_cmd_train(int argc, char **argv)
{
    vg_train_session s = {.how.data.validation = VG_DATASET_VALIDATION,
                          .command = vg_command_line(argc, argv)}; /* parsing moves the words */
    vg_option own[OWN];
    vg_words words;
    own_options(&s, own);
    vg_status status = vg_options_parse(argc, argv, own, &s.options, &words);
    if (!status && s.options.help) {
        vg_options_help(stdout, "train SPEC", help_text, own);
        free(s.command);
        return VG_EXIT_OK;
    }
    if (!status && vg_environment_refused(argv[0], s.options.strict)) {
        free(s.command);
        return VG_EXIT_REFUSED;
    }
    if (!status)
        status = run(&s, &words);
    vg_sweep_release(&s.sweep);
    json_decref(s.records);
    json_decref(s.race);
    json_decref(s.skipped);
    free(s.command);
    if (status)
        return vg_exit_with(argv[0], status);
    if (s.failed)
        vg_say(false, "vgbench train: the loss of %d %s is not finite", s.failed,
               s.failed == 1 ? "run" : "runs");
    return s.failed || vg_train_stop_asked() ? VG_EXIT_FAILED : VG_EXIT_OK;
}
