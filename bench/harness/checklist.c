/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/checklist.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "results/results.h"
#include "vgbench/ops.h"

static const double LN10 = 2.302585092994046;

typedef struct list {
    const vg_spec *spec;
    const json_t *record;
    json_t *items;
} list;

typedef enum state { NO, YES, NOT_HERE } state;

VG_PRINTF(4, 5)
static void line(list *l, const char *item, state s, const char *why, ...)
{
    static const char *const words[] = {"no", "yes", "n/a"};
    char text[256];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(text, sizeof text, why, arguments);
    va_end(arguments);
    json_t *one = json_object();
    vg_json_set_text(one, "item", item);
    vg_json_set_text(one, "state", words[s]);
    vg_json_set_text(one, "why", text);
    json_array_append_new(l->items, one);
}

/* A statistic in the middle of the network. */
static double middle(const list *l, const char *key)
{
    const json_t *layers = json_object_get(l->record, "layers");
    return vg_json_get_number(json_array_get(layers, json_array_size(layers) / 2), key);
}

static double end(const list *l, const char *key, bool last)
{
    const json_t *layers = json_object_get(l->record, "layers");
    return vg_json_get_number(json_array_get(layers, last ? json_array_size(layers) - 1 : 0), key);
}

static bool is_healthy(const list *l)
{
    return !strcmp(vg_json_get_text(l->record, "verdict", ""), "healthy");
}

/* Blocks or steps after which a tenth of the signal is left. */
static double reach(const list *l)
{
    double ln_sq = vg_json_get_number(json_object_get(l->record, "rate"), "ln_sq_per_layer");
    return ln_sq < 0 ? 2 * LN10 / -ln_sq : (double)INFINITY;
}

static void activation(list *l)
{
    int act = l->spec->act;
    bool family = act != VG_OP_sigmoid && act != VG_OP_tanh && act != VG_OP_linear;
    line(l, "ReLU family in the hidden layers", family ? YES : NO,
         "%s: E f'^2 = %.3g in the middle of the network", vg_spec_word(l->spec, "act"),
         middle(l, "slope_sq_mean"));
}

/* Of the activations on the way up, and where nothing but blocks lies on it, of the gradient on the way
 * down: tanh may settle on a small signal whose gradient the weights still take to nothing. */
static void initialisation(list *l)
{
    const vg_spec *s = l->spec;
    const json_t *rate = json_object_get(l->record, "rate");
    double first = end(l, "out_std", false), last = end(l, "out_std", true);
    double drift = log(last / first) / (double)(s->depth > 1 ? s->depth - 1 : 1);
    double down = vg_json_get_number(rate, "ln_sq_per_layer") / 2;
    bool keeps = fabs(drift) < 0.1 && (s->skip != VG_SKIP_none || !(fabs(down) >= 0.1));
    if (s->norm)
        line(l, "initialisation that keeps the variance", NOT_HERE,
             "%s; %s norm makes up for the scale: std %.3g in block 1, %.3g in block %lld",
             vg_spec_word(s, "init"), vg_spec_word(s, "norm"), first, last, (long long)s->depth);
    else if (isfinite(down))
        line(l, "initialisation that keeps the variance", keeps ? YES : NO,
             "%s: std of the activations %.3g in block 1, %.3g in block %lld; gradient x%.3g a block",
             vg_spec_word(s, "init"), first, last, (long long)s->depth, exp(down));
    else
        line(l, "initialisation that keeps the variance", keeps ? YES : NO,
             "%s: std of the activations %.3g in block 1, %.3g in block %lld",
             vg_spec_word(s, "init"), first, last, (long long)s->depth);
}

static void normalisation(list *l)
{
    const vg_spec *s = l->spec;
    if (!s->norm)
        line(l, "normalisation", NO, "none");
    else
        line(l, "normalisation", YES, "%s, %s: %.3g per block where the signal is measured",
             vg_spec_word(s, "norm"), vg_spec_word(s, "norm_at"),
             vg_json_get_number(json_object_get(l->record, "rate"), "factor_per_layer"));
}

static void skips(list *l)
{
    const vg_spec *s = l->spec;
    if (s->skip != VG_SKIP_none)
        line(l, "a path round the blocks", YES, "skip=%s", vg_spec_word(s, "skip"));
    else if (s->depth <= 10)
        line(l, "a path round the blocks", NOT_HERE, "%lld blocks do without",
             (long long)s->depth);
    else
        line(l, "a path round the blocks", NO, "%lld blocks without one", (long long)s->depth);
}

static void watched(list *l, const char *what)
{
    double survival = vg_json_get_number(l->record, "survival");
    if (isfinite(survival))
        line(l, "gradient norms watched", YES, "per %s; %.3g of the signal arrives at the first",
             what, survival);
    else
        line(l, "gradient norms watched", YES, "per %s; they are not finite", what);
    line(l, "reasonable learning rate and schedule", NOT_HERE,
         "nothing has been updated; `vgbench train --lr-find` says");
}

static void length(list *l, const char *what, const char *item)
{
    double steps = reach(l);
    if (is_healthy(l) || !isfinite(steps))
        line(l, item, NOT_HERE, "the length is not what ails it");
    else
        line(l, item, NO, "a tenth of the signal is left after %.3g %ss", steps, what);
}

/* Recurrent models: what stands in the place of activation, initialisation and skips. */
static void cells(list *l)
{
    const vg_spec *s = l->spec;
    bool plain = s->model == VG_MODEL_rnn;
    double gate = middle(l, "carry_mean"), steps = (double)s->seq_len;
    if (plain)
        line(l, "a gated cell, or relu on the identity",
             s->act == VG_OP_relu && s->init_rec == VG_INIT_identity ? YES : NO,
             "%s: E f'^2 = %.3g per step", vg_spec_word(s, "act"), middle(l, "slope_sq_mean"));
    else
        line(l, "a gated cell, or relu on the identity", YES, "%s", vg_spec_word(s, "model"));
    line(l, "orthogonal or identity recurrence",
         s->init_rec == VG_INIT_orthogonal || s->init_rec == VG_INIT_identity ? YES : NO,
         "%s: spectral radius %.4g", vg_spec_word(s, "init_rec"),
         vg_json_get_number(json_object_get(l->record, "recurrent"), "spectral_radius"));
    if (plain)
        line(l, "a gate that remembers for the length", NOT_HERE, "there is no gate");
    else
        line(l, "a gate that remembers for the length", pow(gate, steps) > 0.05 ? YES : NO,
             "%.3g^%.0f = %.2g of the state is carried to the end", gate, steps, pow(gate, steps));
    line(l, "gradient clipping", NOT_HERE,
         "one factor for all steps: it tames explosion and mends no decay");
}

json_t *vg_checklist(const vg_spec *spec, const json_t *record)
{
    list l = {spec, record, json_array()};
    bool cell = spec->model != VG_MODEL_mlp;
    if (cell) {
        cells(&l);
    } else {
        activation(&l);
        initialisation(&l);
        normalisation(&l);
        skips(&l);
    }
    watched(&l, cell ? "step" : "block");
    length(&l, cell ? "step" : "block", cell ? "a shorter sequence" : "less depth");
    return l.items;
}
