/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/paper_trained.h"

#include <math.h>
#include <string.h>

#include "harness/train/train.h"
#include "results/results.h"

enum { SAMPLES = 2000, PREFIX = 8 /* "trained_" */ };

bool vg_is_trained_quantity(const char *quantity)
{
    return quantity && !strncmp(quantity, "trained_", PREFIX);
}

vg_status vg_trained_record(const vg_spec *unresolved, bool (*interrupted)(void), json_t **record)
{
    vg_spec spec = *unresolved;
    vg_train_options how = {.data = {.samples = SAMPLES, .validation = VG_DATASET_VALIDATION},
                            .interrupted = interrupted};
    VG_TRY(vg_spec_resolve(&spec, VG_FOR_TRAIN));
    return vg_train(&spec, &how, record, NULL);
}

static const json_t *last_step(const json_t *record)
{
    const json_t *steps = json_object_get(record, "steps");
    size_t n = json_array_size(steps);
    return json_array_get(steps, n ? n - 1 : 0);
}

/* The largest of @p value over the layers of a step. */
static double largest(const json_t *step, double (*value)(const json_t *step, const json_t *layer))
{
    double most = NAN;
    size_t i;
    json_t *layer;
    json_array_foreach(json_object_get(step, "layers"), i, layer)
        most = fmax(most, value(step, layer));
    return most;
}

static double dead(const json_t *step, const json_t *layer)
{
    (void)step;
    return vg_json_get_number(layer, "dead");
}

static double clip_deviation(const json_t *step, const json_t *layer)
{
    double before = vg_json_get_number(layer, "grad_norm"),
           after = vg_json_get_number(layer, "grad_norm_post");
    return fabs(after / before / vg_json_get_number(step, "clip_factor") - 1);
}

/* How much the first layer moves a step, over how much the last does, each relative to its weights. */
static double update_ratio(const json_t *step)
{
    const json_t *layers = json_object_get(step, "layers");
    size_t n = json_array_size(layers);
    return vg_json_get_number(json_array_get(layers, 0), "update_ratio") /
           vg_json_get_number(json_array_get(layers, n ? n - 1 : 0), "update_ratio");
}

static double was_seen(const json_t *record, const char *code)
{
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(record, "events"), i, event)
        if (!strcmp(vg_json_get_text(event, "code", ""), code))
            return 1;
    return 0;
}

double vg_trained_value(const json_t *record, const char *quantity)
{
    const char *name = quantity + PREFIX;
    const json_t *first = json_array_get(json_object_get(record, "steps"), 0);
    if (!strcmp(name, "accuracy") || !strcmp(name, "loss"))
        return vg_json_get_number(record, name);
    if (!strcmp(name, "loss_ratio"))
        return vg_json_get_number(last_step(record), "loss_mean") /
               vg_json_get_number(first, "loss");
    if (!strcmp(name, "dead"))
        return largest(last_step(record), dead);
    if (!strcmp(name, "update_ratio"))
        return update_ratio(last_step(record));
    if (!strcmp(name, "clip_spread"))
        return largest(first, clip_deviation);
    return was_seen(record, name);
}
