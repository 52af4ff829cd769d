/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/null_reasons.h"

#include <stdio.h>
#include <string.h>

#include "results/results.h"

static const char overflow[] = "not finite: the findings name the layer where it began";
static const char nowhere[] = "no layer loses that much";

/* What does not depend on the values; a path that ends in '.' stands for all below it. */
typedef enum nets { ANY, RECURRENT, GATED } nets;
static const char shared[] = "recurrent: the same weights and units serve every step";
static const char gates[] = "a gated cell has a slope per gate";
static const struct {
    const char *path;
    nets of;
    const char *reason;
} fixed[] = {
    {"layers.weight_l2", RECURRENT, shared},
    {"layers.grad_weight_l2", RECURRENT, shared},
    {"layers.grad_bias_l2", RECURRENT, shared},
    {"layers.dead", RECURRENT, shared},
    {"layers.delta_l2", GATED, gates},
    {"layers.slope_abs_mean", GATED, gates},
    {"layers.slope_sq_mean", GATED, gates},
    {"layers.slope_abs_max", GATED, gates},
    {"rate.half_life_layers", ANY, "the signal does not fall"},
    {"theory.deviation_sd", ANY, "no spread is predicted"},
    {"findings.layer", ANY, "concerns the whole network"},
    {"findings.limit", ANY, "any finite value is allowed"},
    {"precision.ftz.", ANY, nowhere},
    {"precision.formats.half_from", ANY, nowhere},
    {"advice.step_ratio", ANY, "predicted, not timed: --fixes times it"},
};

static bool is_fixed(const char *path, const char *rule)
{
    size_t n = strlen(rule);
    return rule[n - 1] == '.' ? !strncmp(path, rule, n) : !strcmp(path, rule);
}

static bool lies_in(const char *path, const char *object)
{
    size_t n = strlen(object);
    return !strncmp(path, object, n) && (path[n] == '.' || path[n] == '\0');
}

static const char *reason_of(const char *path, const json_t *record, const vg_decay *d)
{
    double survival = vg_json_get_number(record, "survival");
    bool one = d->seeds == 1 && (!strcmp(path, "layers.ln_sd") || !strcmp(path, "rate.ci95"));
    if (one)
        return "one seed has no spread";
    if (!strcmp(path, "layers.ln_sd") || lies_in(path, "by_seed") || !strcmp(path, "findings.value"))
        return survival == 0 ? "the signal is zero there: minus infinity decades" : overflow;
    if (!strcmp(path, "rate"))
        return d->reason;
    if (lies_in(path, "theory") && strcmp(path, "theory.deviation_sd"))
        return vg_json_get_text(json_object_get(record, "theory"), "reason", overflow);
    if (lies_in(path, "cost"))
        return strstr(path, "onednn") ? vg_json_get_text(json_object_get(record, "cost"),
                                                         "onednn_reason", overflow)
                                      : vg_json_get_text(json_object_get(record, "cost"),
                                                         "misses_reason", overflow);
    const char *model = vg_json_get_text(json_object_get(record, "spec"), "model", "mlp");
    nets is = !d->recurrent ? ANY : strcmp(model, "rnn") ? GATED : RECURRENT;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (fixed[i].of <= is && is_fixed(path, fixed[i].path))
            return fixed[i].reason;
    return overflow;
}

typedef struct search {
    const json_t *record;
    const vg_decay *d;
    json_t *reasons;
} search;

static void look(search *s, const json_t *value, const char *path)
{
    char below[160];
    const char *key;
    size_t index;
    json_t *item;
    if (json_is_null(value) && !json_object_get(s->reasons, path))
        vg_json_set_text(s->reasons, path, reason_of(path, s->record, s->d));
    json_array_foreach(value, index, item)
        look(s, item, path);
    json_object_foreach((json_t *)value, key, item) {
        snprintf(below, sizeof below, "%s%s%s", path, path[0] ? "." : "", key);
        if (path[0] || strcmp(key, "spec"))
            look(s, item, below);
    }
}

void vg_null_reasons(json_t *record, const vg_decay *decay)
{
    search s = {record, decay, json_object()};
    json_object_del(record, "null_reasons");
    look(&s, record, "");
    if (json_object_size(s.reasons))
        json_object_set(record, "null_reasons", s.reasons);
    json_decref(s.reasons);
}
