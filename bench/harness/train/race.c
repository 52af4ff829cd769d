/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/race.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/fixes.h"
#include "harness/train/lr_find.h"
#include "harness/train/train.h"
#include "measure/stats.h"
#include "results/results.h"

static const double HOPELESS_AT = 0.25;
enum { EVALS_PER_EPOCH = 4 };

/* --- the field ----------------------------------------------------------------------------- */

/* Changes of the training, beside the laboratory's changes of the network. An optimizer comes with
 * a rate that is usual for it. */
static const char *const training[] = {
    "optimizer=sgd lr=0.1",   "optimizer=momentum lr=0.01", "optimizer=adam lr=0.001",
    "optimizer=adamw lr=0.001", "schedule=cosine",          "schedule=warmup_cosine",
    "schedule=step",          "lr*0.1",                     "lr*10",
    "clip_norm=1"};
enum { TRAINING = sizeof training / sizeof *training };

static vg_status set_number(vg_spec *spec, const char *key, double value)
{
    char text[64];
    snprintf(text, sizeof text, "%.9g", value);
    return vg_spec_set(spec, key, text);
}

static vg_status set_words(const char *change, vg_spec *spec)
{
    char copy[128], *rest = NULL;
    if (!strncmp(change, "lr*", 3))
        return set_number(spec, "lr", spec->lr * strtod(change + 3, NULL));
    snprintf(copy, sizeof copy, "%s", change);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        VG_TRY(vg_spec_set(spec, word, equals + 1));
    }
    return VG_OK;
}

static bool is_doubled(const vg_spec *s)
{
    return s->block_layers == 2 || s->skip == VG_SKIP_highway;
}

/* As many square matrices as the base has. */
static vg_status equalise(const vg_spec *base, vg_racer *racer)
{
    vg_spec plain = *base, resolved = racer->spec;
    VG_TRY(vg_spec_resolve(&plain, VG_FOR_TRAIN));
    VG_TRY(vg_spec_resolve(&resolved, VG_FOR_TRAIN));
    if (!is_doubled(&resolved) || is_doubled(&plain) || resolved.depth < 2)
        return VG_OK;
    return set_number(&racer->spec, "depth", (double)(resolved.depth / 2));
}

static bool equal_specs(const vg_spec *a, const vg_spec *b)
{
    vg_spec x = *a, y = *b;
    if (vg_spec_resolve(&x, VG_FOR_TRAIN) || vg_spec_resolve(&y, VG_FOR_TRAIN))
        return false;
    json_t *p = vg_spec_json(&x), *q = vg_spec_json(&y);
    bool same = json_equal(p, q);
    json_decref(p);
    json_decref(q);
    return same;
}

/* What cannot be had for this base (depth/4 of 2, a combination that makes no sense) stays away. */
static void add(const vg_spec *base, vg_racer *field, int *count, const vg_racer *racer)
{
    vg_racer fitted = *racer;
    if (equalise(base, &fitted) != VG_OK)
        return;
    for (int i = 0; i < *count; i++)
        if (equal_specs(&field[i].spec, &fitted.spec))
            return;
    field[(*count)++] = fitted;
}

vg_status vg_race_field(const vg_spec *base, vg_racer **out, int *count)
{
    int fixes;
    const vg_fix *fix = vg_fixes(&fixes);
    vg_racer *field = calloc((size_t)fixes + TRAINING + 1, sizeof *field);
    if (!field)
        return vg_fail(VG_ENOMEM, "out of memory for the field of a race");
    *count = 1;
    strcpy(field->change, "as it is");
    field->spec = *base;
    for (int i = 0; i < fixes; i++) {
        vg_racer racer;
        bool same = true;
        snprintf(racer.change, sizeof racer.change, "%s", fix[i].change);
        if (vg_fix_concerns(&fix[i], base->model) &&
            vg_fix_apply(&fix[i], base, &racer.spec, &same) == VG_OK && !same)
            add(base, field, count, &racer);
    }
    for (int i = 0; i < TRAINING; i++) {
        vg_racer racer = {.spec = *base};
        snprintf(racer.change, sizeof racer.change, "%s", training[i]);
        if (set_words(training[i], &racer.spec) == VG_OK)
            add(base, field, count, &racer);
    }
    *out = field;
    return VG_OK;
}

/* --- runs ---------------------------------------------------------------------------------- */

enum { SEEDS_MAX = 1000 };

/* The runs of one side. */
typedef struct runs {
    int count, reached;
    double steps[SEEDS_MAX], seconds[SEEDS_MAX]; /* of those that reached it */
    double loss[SEEDS_MAX], accuracy[SEEDS_MAX];
    json_t *stopped;
    bool cut; /* the last one by the limit */
    double params, matrices;
} runs;

/* limit_s: seconds in steps after which a run ends; 0: none. */
static vg_status run_once(const vg_spec *spec, const vg_race_options *o, double limit_s, runs *r)
{
    int64_t per_epoch = vg_train_steps_per_epoch(spec, o->shared);
    vg_train_options how = {.data = o->data,
                            .shared = o->shared,
                            .light = true,
                            .eval_every = (per_epoch + EVALS_PER_EPOCH - 1) / EVALS_PER_EPOCH,
                            .hopeless_at = HOPELESS_AT,
                            .limit_s = limit_s,
                            .interrupted = o->interrupted};
    json_t *record;
    vg_train_end end;
    VG_TRY(vg_train(spec, &how, &record, &end));
    r->cut = r->cut || end == VG_TRAIN_LIMIT;
    int i = r->count++;
    r->loss[i] = vg_json_get_number(record, "loss");
    r->accuracy[i] = vg_json_get_number(record, "accuracy");
    r->params = vg_json_get_number(record, "params");
    r->matrices = vg_json_get_number(record, "matrices");
    json_array_append(r->stopped, json_object_get(record, "stopped"));
    if (json_is_true(json_object_get(record, "reached"))) {
        r->steps[r->reached] = vg_json_get_number(record, "steps_to_target");
        r->seconds[r->reached++] = vg_json_get_number(record, "time_to_target_s");
    }
    json_decref(record);
    return VG_OK;
}

static vg_status run_seeds(const vg_spec *resolved, const vg_race_options *o, double limit_s,
                           runs *r)
{
    vg_spec spec = *resolved;
    int64_t seeds = spec.seeds < SEEDS_MAX ? spec.seeds : SEEDS_MAX;
    r->stopped = json_array();
    for (int64_t i = 0; i < seeds && !r->cut; i++) {
        if (o->interrupted && o->interrupted())
            break;
        spec.seed = resolved->seed + i;
        VG_TRY(run_once(&spec, o, limit_s, r));
    }
    return VG_OK;
}

/* Medians and intervals over the runs that reached the target; those of one run have none. */
static json_t *side_json(runs *r)
{
    json_t *side = json_object();
    size_t n = (size_t)r->reached;
    vg_interval ci;
    json_object_set_new(side, "runs", json_integer(r->count));
    json_object_set_new(side, "reached", json_integer(r->reached));
    vg_json_set_number(side, "steps", vg_stat_median(r->steps, n));
    if (vg_stat_median_ci(r->steps, n, 0.95, 1000, 1, &ci) != VG_OK)
        ci = (vg_interval){NAN, NAN};
    json_object_set_new(side, "steps_ci95", vg_json_interval(ci.lo, ci.hi));
    vg_json_set_number(side, "time_s", vg_stat_median(r->seconds, n));
    if (vg_stat_median_ci(r->seconds, n, 0.95, 1000, 1, &ci) != VG_OK)
        ci = (vg_interval){NAN, NAN};
    json_object_set_new(side, "time_s_ci95", vg_json_interval(ci.lo, ci.hi));
    json_object_set(side, "stopped", r->stopped);
    return side;
}

/* A median of the seeds that were fast enough would flatter: where one was cut, there is none. */
static json_t *cut_side(runs *r, double limit_s)
{
    r->reached = 0;
    json_t *side = side_json(r);
    vg_json_set_number(side, "time_s_above", limit_s);
    return side;
}

static json_t *onednn_side(const vg_spec *own, const vg_race_options *o, const runs *reached)
{
    vg_spec spec = *own;
    json_t *side = json_null();
    if (o->no_onednn || !reached->reached || own->backend == VG_BACKEND_onednn)
        return side;
    spec.backend = VG_BACKEND_onednn;
    double limit_s = (o->onednn_limit > 0 ? o->onednn_limit : VG_RACE_ONEDNN_LIMIT) *
                     vg_stat_median(reached->seconds, (size_t)reached->reached);
    runs *r = calloc(1, sizeof *r);
    if (r && run_seeds(&spec, o, limit_s, r) == VG_OK)
        side = r->cut ? cut_side(r, limit_s) : side_json(r);
    json_decref(r ? r->stopped : NULL);
    free(r);
    return side;
}

static vg_status make_row(const vg_racer *racer, const vg_spec *spec, const vg_race_options *o,
                          runs *r, json_t **row)
{
    char label[512];
    double largest = NAN;
    VG_TRY(run_seeds(spec, o, 0, r));
    if (!o->no_rates)
        VG_TRY(vg_lr_largest_stable(spec, o->shared, &largest));
    json_t *json = *row = json_object();
    vg_json_set_text(json, "change", racer->change);
    json_object_set_new(json, "spec", vg_spec_json(spec));
    vg_json_set_text(json, "label", vg_spec_label(spec, label, sizeof label));
    json_object_set_new(json, "seeds", json_integer(r->count));
    vg_json_set_number(json, "params", r->params);
    vg_json_set_number(json, "matrices", r->matrices);
    json_object_set_new(json, "own", side_json(r));
    json_object_set_new(json, "onednn", onednn_side(spec, o, r));
    vg_json_set_number(json, "largest_stable_lr", largest);
    vg_json_set_number(json, "loss", vg_stat_median(r->loss, (size_t)r->count));
    vg_json_set_number(json, "accuracy", vg_stat_median(r->accuracy, (size_t)r->count));
    return VG_OK;
}

vg_status vg_race_run(const vg_racer *racer, const vg_race_options *options, json_t **row)
{
    vg_race_options o = *options;
    vg_spec spec = racer->spec;
    *row = NULL;
    VG_TRY(vg_spec_resolve(&spec, VG_FOR_TRAIN));
    if (o.shared && spec.data_kind == VG_DATA_file) { /* the file says what it holds */
        spec.in_dim = o.shared->in_dim;
        spec.classes = o.shared->classes;
    }
    bool own_data = !o.shared || o.shared->in_dim != spec.in_dim || o.shared->classes != spec.classes;
    if (own_data)
        VG_TRY(vg_dataset_open(&spec, &o.data, &o.shared));
    runs *r = calloc(1, sizeof *r);
    vg_status status = r ? make_row(racer, &spec, &o, r, row)
                         : vg_fail(VG_ENOMEM, "out of memory for the runs of a race");
    json_decref(r ? r->stopped : NULL);
    free(r);
    if (own_data)
        vg_dataset_close(o.shared);
    return status;
}

/* --- order --------------------------------------------------------------------------------- */

static int ascending(double a, double b)
{
    bool a_nan = isnan(a), b_nan = isnan(b);
    if (a_nan || b_nan)
        return a_nan - b_nan;
    return (a > b) - (a < b);
}

int vg_race_compare(const json_t *a, const json_t *b)
{
    const json_t *x = json_object_get(a, "own"), *y = json_object_get(b, "own");
    int order = ascending(-vg_json_get_number(x, "reached"), -vg_json_get_number(y, "reached"));
    if (!order)
        order = ascending(vg_json_get_number(x, "time_s"), vg_json_get_number(y, "time_s"));
    return order ? order : ascending(vg_json_get_number(a, "loss"), vg_json_get_number(b, "loss"));
}
