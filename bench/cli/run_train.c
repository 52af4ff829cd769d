/* SPDX-License-Identifier: Apache-2.0 */
/* The training part of `vgbench run`: a sick net and its cure, the time of whole steps, the race. */
#include <stdio.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/run_parts.h"
#include "cli/train_session.h"
#include "cli/train_modes.h"
#include "harness/train/breakdown.h"
#include "results/results.h"

enum { WORDS_MAX = 20, PICTURES = 3 };

typedef enum picture_kind { RUNS, STEP_TIMES, RACE } picture_kind;

typedef struct picture {
    picture_kind kind;
    const char *words[WORDS_MAX];
    double seconds; /* about, on two cores */
} picture;

#define CURE                                                                                       \
    "vs", "act=relu", "vs", "act=relu", "skip=residual", "norm=layer", "norm_at=pre",              \
        "final_norm=1"
#define NETS                                                                                       \
    "depth=32", "act=relu", "vs", "act=gelu", "vs", "norm=batch", "vs", "act=gelu",                \
        "skip=residual", "norm=layer", "norm_at=pre"

static const picture pictures[][PICTURES] = {
    [VG_RUN_QUICK] = {{RUNS,
                       {"threads=1", "depth=32", "width=64", "batch=64", "epochs=5",
                        "act=sigmoid", CURE},
                       3},
                      {STEP_TIMES,
                       {"threads=1", "depth=32", "width=64", "batch=64", "act=relu"},
                       4},
                      {RACE,
                       {"threads=1", "depth=16", "width=32", "batch=64", "act=sigmoid", "epochs=4",
                        "seeds=2", "target_accuracy=0.45"},
                       8}},
    [VG_RUN_STANDARD] = {{RUNS,
                          {"depth=32", "width=128", "batch=128", "epochs=10", "act=sigmoid", CURE},
                          40},
                         {STEP_TIMES, {"width=256", "batch=128", NETS}, 16},
                         {RACE,
                          {"threads=1", "depth=32", "width=64", "batch=64", "act=sigmoid",
                           "epochs=6", "target_accuracy=0.5"},
                          240}},
    [VG_RUN_PUBLISH] = {{RUNS,
                         {"depth=32", "width=256", "batch=128", "epochs=15", "act=sigmoid", CURE},
                         240},
                        {STEP_TIMES, {"width=256", "batch=128", NETS}, 16},
                        {RACE,
                         {"depth=32", "width=128", "batch=128", "act=sigmoid", "epochs=10",
                          "seeds=5", "target_accuracy=0.5"},
                         1200}},
};

/* Where a budget allows no more. */
static const picture small[PICTURES] = {
    {RUNS,
     {"threads=1", "depth=24", "width=16", "batch=32", "epochs=1", "act=sigmoid", "vs",
      "act=relu", "skip=residual", "norm=layer", "norm_at=pre"},
     0.5},
    {STEP_TIMES, {"threads=1", "depth=2", "width=16", "batch=16"}, 3},
    {RACE,
     {"threads=1", "depth=4", "width=8", "batch=128", "act=sigmoid", "epochs=1", "seeds=1",
      "target_accuracy=0.5"},
     4}};

static double total_s(const picture *p)
{
    double seconds = 0;
    for (int i = 0; i < PICTURES; i++)
        seconds += p[i].seconds;
    return seconds;
}

static const picture *pictures_for(const vg_run *run)
{
    int level = run->level;
    while (level > VG_RUN_QUICK && !vg_run_affords(run, total_s(pictures[level])))
        level--;
    return vg_run_affords(run, total_s(pictures[level])) ? pictures[level] : small;
}

/* Small nets run on one thread: two would wait for each other more than they work.
 *
 * A session of `vgbench train` with the words of the picture, and what the command line says. */
static vg_status open_session(const vg_run *run, const picture *p, vg_train_session *s)
{
    char threads[32], backend[64];
    char *words[WORDS_MAX + 2];
    int count = 0;
    *s = (vg_train_session){.options = *run->options,
                            .how = {.data.validation = VG_DATASET_VALIDATION,
                                    .interrupted = vg_train_stop_asked}};
    s->options.quiet = true;
    s->options.format = VG_FORMAT_JSON; /* no table on standard output */
    s->records = json_array();
    int most = 1;
    for (int i = 0; i < run->options->thread_count; i++)
        most = run->options->thread_list[i] > most ? run->options->thread_list[i] : most;
    snprintf(threads, sizeof threads, "threads=%d", most);
    words[count++] = threads;
    if (run->options->backend && !strchr(run->options->backend, ',')) {
        snprintf(backend, sizeof backend, "backend=%.50s", run->options->backend);
        words[count++] = backend;
    }
    for (int i = 0; i < WORDS_MAX && p->words[i]; i++)
        words[count++] = (char *)p->words[i];
    VG_TRY(vg_sweep_parse(count, words, &s->sweep));
    return vg_sweep_varying(&s->sweep, &s->varying);
}

static void close_session(vg_train_session *s)
{
    vg_sweep_release(&s->sweep);
    json_decref(s->records);
    json_decref(s->race);
}

double vg_run_train_estimate(const vg_run *run, char *what, size_t size)
{
    snprintf(what, size, "a sick net and its cure, whole steps, the race of the fixes");
    return total_s(pictures_for(run));
}

static vg_status measure(vg_train_session *s, picture_kind kind)
{
    if (kind == STEP_TIMES)
        return vg_train_time(s);
    if (kind == RACE)
        return vg_train_race(s);
    for (int64_t i = 0; i < s->sweep.points && !vg_train_stop_asked(); i++) {
        vg_spec spec;
        char name[VG_TRAIN_NAME];
        json_t *record;
        VG_TRY(vg_train_point(s, i, &spec, name));
        VG_TRY(vg_train(&spec, &s->how, &record, NULL));
        vg_json_set_text(record, "name", name);
        json_array_append_new(s->records, record);
    }
    return VG_OK;
}

static vg_status one_picture(vg_run *run, int index, vg_progress *progress)
{
    static const char *const names[] = {"training", "time of a step", "race to a target"};
    const picture *p = &pictures_for(run)[index];
    vg_train_session s;
    vg_progress_step(progress, index, names[p->kind]);
    vg_status status = open_session(run, p, &s);
    if (status == VG_OK)
        status = measure(&s, p->kind);
    json_array_extend(json_object_get(run->results, "train"), s.records);
    if (s.race)
        json_object_set_new(run->results, "race", json_pack("[O]", s.race));
    close_session(&s);
    return status;
}

vg_status vg_run_train(vg_run *run)
{
    vg_progress progress;
    json_t *before = json_object_get(run->before, "train"),
           *race = json_object_get(run->before, "race");
    if (json_array_size(before) && json_array_size(race)) { /* --resume: it was all there */
        json_object_set(run->results, "train", before);
        json_object_set(run->results, "race", race);
        return VG_OK;
    }
    json_object_set_new(run->results, "train", json_array());
    vg_progress_begin(&progress, "train", PICTURES, run->options->quiet);
    vg_status status = VG_OK;
    for (int i = 0; i < PICTURES && !status && !vg_train_stop_asked(); i++)
        status = one_picture(run, i, &progress);
    vg_progress_end(&progress);
    run->partial |= vg_train_stop_asked();
    return vg_train_stop_asked() ? VG_OK : status;
}
