/* SPDX-License-Identifier: Apache-2.0 */
/* The decay part of `vgbench run`: the classic picture, activations x initialisations, recurrent
 * nets through time, and every fix of three base nets with its cost. */
#include <stdio.h>
#include <string.h>

#include "cli/decay_fixes.h"
#include "cli/progress.h"
#include "cli/run_parts.h"
#include "harness/decay.h"
#include "harness/sweep.h"
#include "measure/interrupt.h"
#include "results/results.h"

enum { WORDS_MAX = 24 };

typedef struct picture {
    const char *name;
    const char *words[WORDS_MAX];
    double seconds; /* about, on two cores */
} picture;

static const picture pictures[][4] = {
    [VG_RUN_QUICK] =
        {{"depth",
          {"seeds=4", "depth=8,16,32,64", "act=sigmoid", "init=xavier_normal", "vs", "act=relu",
           "init=he_normal", "vs", "act=relu", "init=he_normal", "skip=residual", "norm=layer",
           "norm_at=pre"},
          14},
         {"act x init",
          {"depth=16", "width=128", "batch=128", "seeds=4",
           "act=sigmoid,tanh,relu,leaky_relu,prelu,gelu,gelu_tanh,elu,selu,silu,linear",
           "init=xavier_normal,he_normal,lecun_normal,standard_uniform,orthogonal"},
          4},
         {"time", {"model=rnn,lstm,gru", "width=64", "batch=32", "seq_len=50", "seeds=4"}, 3},
         {NULL, {NULL}, 0}},
    [VG_RUN_STANDARD] =
        {{"depth",
          {"depth=8,16,32,64", "act=sigmoid", "init=xavier_normal", "vs", "act=relu",
           "init=he_normal", "vs", "act=relu", "init=he_normal", "skip=residual", "norm=layer",
           "norm_at=pre"},
          20},
         {"act x init",
          {"depth=32", "act=sigmoid,tanh,relu,leaky_relu,prelu,gelu,gelu_tanh,elu,selu,silu,linear",
           "init=xavier_normal,he_normal,lecun_normal,standard_uniform,orthogonal"},
          60},
         {"time", {"model=rnn,lstm,gru", "width=128", "batch=64"}, 20},
         {NULL, {NULL}, 0}},
    [VG_RUN_PUBLISH] =
        {{"depth",
          {"seeds=16", "depth=8,16,32,64,128", "act=sigmoid", "init=xavier_normal", "vs",
           "act=tanh", "init=xavier_normal", "vs", "act=relu", "init=he_normal", "vs", "act=relu",
           "init=he_normal", "skip=residual", "norm=layer", "norm_at=pre"},
          60},
         {"act x init",
          {"depth=32", "seeds=16",
           "act=sigmoid,tanh,relu,leaky_relu,prelu,gelu,gelu_tanh,elu,selu,silu,linear",
           "init=xavier_normal,xavier_uniform,he_normal,he_uniform,lecun_normal,standard_uniform,"
           "orthogonal"},
          300},
         {"time", {"model=rnn,lstm,gru", "width=256", "seeds=16", "seq_len=100"}, 120},
         {NULL, {NULL}, 0}},
};

static double total_s(const picture *p)
{
    double seconds = 0;
    for (; p->name; p++)
        seconds += p->seconds;
    return seconds;
}

/* Nets that are mended, each by every fix. */
static const char *const bases[] = {"act=sigmoid", "act=tanh", "act=relu"};
enum { BASES = sizeof bases / sizeof *bases };
static const picture base_of[] = {
    [VG_RUN_QUICK] = {"fixes",
                      {"init=xavier_normal", "depth=16", "width=128", "batch=128", "seeds=3"},
                      12},
    [VG_RUN_STANDARD] = {"fixes", {"init=xavier_normal", "depth=32", "width=256", "seeds=3"}, 60},
    [VG_RUN_PUBLISH] = {"fixes", {"init=xavier_normal", "depth=32", "width=256"}, 150},
};
/* Where a budget allows no more. */
static const picture small_base = {
    "fixes", {"init=xavier_normal", "depth=8", "width=32", "batch=32", "seeds=3"}, 3};

static const picture *base_for(const vg_run *run)
{
    int level = run->level;
    while (level > VG_RUN_QUICK && !vg_run_affords(run, BASES * base_of[level].seconds))
        level--;
    return vg_run_affords(run, BASES * base_of[level].seconds) ? &base_of[level] : &small_base;
}

static const picture *pictures_for(const vg_run *run)
{
    int level = run->level;
    while (level > VG_RUN_QUICK && !vg_run_affords(run, total_s(pictures[level])))
        level--;
    return pictures[level];
}

/* The backend, threads and seed of the command line, then the words. */
static vg_status parse(const vg_run *run, const picture *p, vg_sweep *sweep)
{
    char backend[64], threads[48], seed[48], *words[WORDS_MAX + 4];
    int count = 0;
    snprintf(threads, sizeof threads, "threads=%d",
             run->options->thread_list[run->options->thread_count - 1]);
    words[count++] = threads;
    if (run->options->seed_text) {
        snprintf(seed, sizeof seed, "seed=%llu", (unsigned long long)run->options->seed);
        words[count++] = seed;
    }
    if (run->options->backend && !strchr(run->options->backend, ',')) {
        snprintf(backend, sizeof backend, "backend=%.50s", run->options->backend);
        words[count++] = backend;
    }
    for (int i = 0; i < WORDS_MAX && p->words[i]; i++)
        words[count++] = (char *)p->words[i];
    return vg_sweep_parse(count, words, sweep);
}

double vg_run_decay_estimate(const vg_run *run, char *what, size_t size)
{
    long long nets = 0;
    for (const picture *p = pictures_for(run); p->name; p++) {
        vg_sweep sweep = {0};
        if (!parse(run, p, &sweep))
            nets += sweep.points;
        vg_sweep_release(&sweep);
    }
    snprintf(what, size, "%lld networks at initialisation", nets);
    return total_s(pictures_for(run));
}

static json_t *known_record(const vg_run *run, const char *name)
{
    size_t index;
    json_t *record;
    json_array_foreach(json_object_get(run->before, "decay"), index, record)
        if (!strcmp(vg_json_get_text(record, "name", ""), name))
            return json_incref(record);
    return NULL;
}

static bool stop(void)
{
    return vg_interrupted();
}

static vg_status one_net(vg_run *run, const vg_sweep *sweep, int64_t point,
                         const char *picture_name, vg_progress *progress)
{
    vg_spec spec;
    char name[512];
    json_t *record;
    VG_TRY(vg_sweep_point(sweep, point, &spec, NULL));
    vg_spec_label(&spec, name, sizeof name);
    vg_progress_step(progress, (int)point, name);
    record = known_record(run, name);
    if (!record) {
        vg_decay_options how = {.interrupted = stop};
        VG_TRY(vg_spec_resolve(&spec, VG_FOR_DECAY));
        /* deep enough for subnormals: what they cost, and what narrow formats would lose */
        how.precision = spec.model == VG_MODEL_mlp && spec.depth == 64 &&
                        (run->level != VG_RUN_QUICK || spec.act == VG_OP_sigmoid);
        vg_status status = vg_decay_measure(&spec, &how, &record);
        if (status == VG_EUNSUPPORTED) { /* one backend lacks one layer: the others go on */
            vg_say(run->options->quiet, "skipped: %s: %s", name, vg_status_message());
            return VG_OK;
        }
        VG_TRY(status);
        vg_json_set_text(record, "name", name);
        vg_json_set_text(record, "picture", picture_name);
    }
    json_array_append_new(json_object_get(run->results, "decay"), record);
    return VG_OK;
}

static vg_status one_picture(vg_run *run, const picture *p)
{
    vg_sweep sweep = {0};
    vg_progress progress;
    vg_status status = parse(run, p, &sweep);
    vg_progress_begin(&progress, "decay", (int)sweep.points, run->options->quiet);
    for (int64_t i = 0; i < sweep.points && !status && !vg_interrupted(); i++)
        status = one_net(run, &sweep, i, p->name, &progress);
    vg_progress_end(&progress);
    vg_sweep_release(&sweep);
    return vg_interrupted() ? VG_OK : status;
}

/* --- fixes ---------------------------------------------------------------------------------- */

static json_t *records_of(vg_run *run)
{
    json_t *records = json_object_get(run->results, "decay");
    if (!records) {
        records = json_array();
        json_object_set_new(run->results, "decay", records);
    }
    return records;
}

/* The records of an earlier run for @p base (NULL: those that are no fixes). Returns how many. */
static int keep_records(vg_run *run, const char *base)
{
    size_t index;
    json_t *record;
    int kept = 0;
    json_array_foreach(json_object_get(run->before, "decay"), index, record) {
        const char *of = vg_json_get_text(record, "fixes_of", NULL);
        if (base ? !of || strcmp(of, base) : of != NULL)
            continue;
        json_array_append(records_of(run), record);
        kept++;
    }
    return kept;
}

void vg_run_decay_keep(vg_run *run)
{
    keep_records(run, NULL);
}

void vg_run_fixes_keep(vg_run *run)
{
    for (int i = 0; i < BASES; i++)
        keep_records(run, bases[i]);
}

static vg_status fixes_of(vg_run *run, const char *base)
{
    picture p = *base_for(run);
    vg_options options = *run->options;
    vg_sweep sweep = {0};
    vg_spec spec;
    json_t *records = json_array(), *record;
    size_t index;
    int last = 0;
    while (p.words[last])
        last++;
    p.words[last] = base;
    options.format = VG_FORMAT_JSON; /* nothing on standard output */
    vg_status status = parse(run, &p, &sweep);
    if (status == VG_OK)
        status = vg_sweep_point(&sweep, 0, &spec, NULL);
    if (status == VG_OK)
        status = vg_decay_fixes(&spec, &options, stop, records);
    vg_sweep_release(&sweep);
    json_array_foreach(records, index, record) {
        vg_json_set_text(record, "picture", "fixes");
        vg_json_set_text(record, "fixes_of", base);
    }
    json_array_extend(records_of(run), records);
    json_decref(records);
    return vg_interrupted() ? VG_OK : status;
}

vg_status vg_run_decay(vg_run *run)
{
    records_of(run);
    for (const picture *p = pictures_for(run); p->name && !vg_interrupted(); p++)
        VG_TRY(one_picture(run, p));
    run->partial |= vg_interrupted();
    return VG_OK;
}

double vg_run_fixes_estimate(const vg_run *run, char *what, size_t size)
{
    const picture *p = base_for(run);
    snprintf(what, size, "every fix of %d networks, %s, %s, with its cost", BASES, p->words[1],
             p->words[2]);
    return BASES * p->seconds;
}

vg_status vg_run_fixes(vg_run *run)
{
    for (int i = 0; i < BASES && !vg_interrupted(); i++)
        if (!keep_records(run, bases[i]))
            VG_TRY(fixes_of(run, bases[i]));
    run->partial |= vg_interrupted();
    return VG_OK;
}
