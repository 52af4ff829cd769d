/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/events.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/diagnose.h"
#include "harness/fixes.h"
#include "harness/theory.h"
#include "measure/stats.h"
#include "results/results.h"

static const double TOO_SMALL_UPDATE = 1e-4, PROGRESS = 0.1, DEAD_RISE = 0.25, DIVERGED = 4;

/* --- advice -------------------------------------------------------------------------------- */

typedef struct remedy {
    const char *code, *change, *torch, *keras, *why;
} remedy;

static const remedy remedies[] = {
    {"vanishing", "skip=residual norm=layer norm_at=pre", NULL, NULL, NULL},
    {"exploding", "skip=residual norm=layer norm_at=pre", NULL, NULL, NULL},
    {"collapsed_variance", "skip=residual norm=layer norm_at=pre", NULL, NULL, NULL},
    {"exploded_variance", "skip=residual norm=layer norm_at=pre", NULL, NULL, NULL},
    {"saturated", "skip=residual norm=layer norm_at=pre", NULL, NULL, NULL},
    {"correlated", "skip=residual norm=layer norm_at=pre", NULL, NULL, NULL},
    {"subnormal", "skip=residual norm=layer norm_at=pre", NULL, NULL, NULL},
    {"growing", "skip=scaled", NULL, NULL, NULL},
    {"dead", "act=leaky_relu init=he_normal", NULL, NULL, NULL},
    {"non_finite", "clip_norm=1 lr/10", "clip_grad_norm_(model.parameters(), 1.0); lr / 10",
     "optimizer.global_clipnorm = 1.0; learning_rate / 10", "one step was too long"},
    {"diverging", "clip_norm=1 lr/10", "clip_grad_norm_(model.parameters(), 1.0); lr / 10",
     "optimizer.global_clipnorm = 1.0; learning_rate / 10", "steps are too long"},
    {"plateau", "schedule=step", "torch.optim.lr_scheduler.MultiStepLR(optimizer, ...)",
     "keras.callbacks.ReduceLROnPlateau()", "shorter steps see smaller slopes; no cure at chance"},
    {"lr_too_low", "lr*10", "optimizer = torch.optim.AdamW(..., lr=10 * lr)",
     "optimizer.learning_rate = 10 * lr", "the gradient arrives: the steps are too short"},
};

static json_t *advice_of(const char *code)
{
    const remedy *r = NULL;
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (!strcmp(remedies[i].code, code))
            r = &remedies[i];
    if (!r)
        return json_null();
    const char *torch = r->torch, *keras = r->keras, *why = r->why;
    int count;
    const vg_fix *fixes = vg_fixes(&count);
    for (int i = 0; i < count && !torch; i++)
        if (!strcmp(fixes[i].change, r->change)) {
            torch = fixes[i].torch;
            keras = fixes[i].keras;
            why = fixes[i].why;
        }
    json_t *advice = json_object();
    vg_json_set_text(advice, "change", r->change);
    vg_json_set_text(advice, "torch", torch);
    vg_json_set_text(advice, "keras", keras);
    vg_json_set_text(advice, "why", why);
    return advice;
}

/* --- telling ------------------------------------------------------------------------------- */

static bool told(const json_t *list, const char *code)
{
    size_t i;
    json_t *event;
    json_array_foreach((json_t *)list, i, event)
        if (!strcmp(vg_json_get_text(event, "code", ""), code))
            return true;
    return false;
}

typedef struct finding {
    const char *code;
    int64_t layer; /* 0: the network */
    double value, limit;
} finding;

VG_PRINTF(4, 5)
static int tell(json_t *list, int64_t step, const finding *f, const char *why, ...)
{
    char text[256];
    va_list arguments;
    if (told(list, f->code))
        return 0;
    va_start(arguments, why);
    vsnprintf(text, sizeof text, why, arguments);
    va_end(arguments);
    json_t *event = json_object();
    vg_json_set_text(event, "code", f->code);
    json_object_set_new(event, "step", json_integer(step));
    json_object_set_new(event, "layer", f->layer ? json_integer(f->layer) : json_null());
    vg_json_set_number(event, "value", f->value);
    vg_json_set_number(event, "limit", f->limit);
    vg_json_set_text(event, "why", text);
    json_object_set_new(event, "advice", advice_of(f->code));
    json_array_append_new(list, event);
    return 1;
}

void vg_events_non_finite(int64_t step, double loss, json_t *list)
{
    finding f = {"non_finite", 0, NAN, NAN};
    tell(list, step, &f, "the loss is %s", isnan(loss) ? "not a number" : "infinite");
}

/* --- rules --------------------------------------------------------------------------------- */

vg_status vg_events_begin(const vg_spec *spec, vg_events *e)
{
    vg_theory theory = {0};
    *e = (vg_events){.spec = spec, .spread = NAN, .first_loss = NAN, .best_loss = INFINITY};
    bool recurrent = spec->model != VG_MODEL_mlp;
    int64_t entries = recurrent ? spec->seq_len : spec->depth;
    e->decay = (vg_decay){.depth = entries,
                          .seeds = 1,
                          .trunk = recurrent || spec->skip != VG_SKIP_none,
                          .recurrent = recurrent};
    e->decay.stats = calloc((size_t)entries, sizeof *e->decay.stats);
    e->decay.loss = calloc(1, sizeof *e->decay.loss);
    e->first_dead = calloc((size_t)entries, sizeof *e->first_dead);
    if (!e->decay.stats || !e->decay.loss || !e->first_dead)
        return vg_fail(VG_ENOMEM, "out of memory for the judgement of %lld layers",
                       (long long)entries);
    if (!recurrent && vg_theory_predict(spec, &theory) == VG_OK && theory.valid)
        e->spread = vg_theory_spread(&theory);
    vg_theory_release(&theory);
    return VG_OK;
}

void vg_events_end(vg_events *e)
{
    vg_decay_release(&e->decay);
    free(e->first_dead);
    *e = (vg_events){0};
}

/* The laboratory's judgement of these statistics; VG_OK with e->decay fitted. */
static vg_status fit(vg_events *e, const vg_step_result *r)
{
    vg_decay *d = &e->decay;
    free(d->mean_ln);
    free(d->seed_rate);
    d->mean_ln = d->seed_rate = NULL;
    d->reason = NULL;
    d->loss[0] = r->loss;
    d->correlation = r->correlation;
    for (int64_t l = 0; l < d->depth; l++)
        d->stats[l] = r->layers[l].block;
    return vg_decay_fit(d);
}

/* The shape of the gradient matters while there is something to learn. */
static int laboratory(vg_events *e, int64_t step, double loss, json_t *list)
{
    int fresh = 0;
    size_t i;
    json_t *found, *findings = vg_findings(e->spec, &e->decay, e->spread);
    json_array_foreach(findings, i, found) {
        const char *code = vg_json_get_text(found, "code", "");
        bool other_formats = !strncmp(code, "underflow", 9), dead = !strcmp(code, "dead");
        if (other_formats || (dead && e->have_first) || loss < 0.5 * e->first_loss)
            continue;
        finding f = {code, (int64_t)json_integer_value(json_object_get(found, "layer")),
                     vg_json_get_number(found, "value"), vg_json_get_number(found, "limit")};
        fresh += tell(list, step, &f, "%s", vg_json_get_text(found, "why", ""));
    }
    json_decref(findings);
    return fresh;
}

static int dying(vg_events *e, int64_t step, const vg_step_result *r, json_t *list)
{
    double most = DEAD_RISE;
    int64_t at = 0;
    for (int64_t l = 0; l < e->decay.depth; l++) {
        double dead = r->layers[l].block.dead;
        if (!e->have_first)
            e->first_dead[l] = dead;
        else if (dead - e->first_dead[l] > most) {
            most = dead - e->first_dead[l];
            at = l + 1;
        }
    }
    if (!at)
        return 0;
    double now = r->layers[at - 1].block.dead, first = e->first_dead[at - 1];
    finding f = {"dead", at, now, first + DEAD_RISE};
    return tell(list, step, &f,
                "%.0f %% of the units pass no gradient on the whole batch; at the first step "
                "%.0f %%",
                100 * now, 100 * first);
}

static double median_update(const vg_step_result *r, int64_t depth)
{
    double *ratios = calloc((size_t)depth, sizeof *ratios), median = NAN;
    if (!ratios)
        return NAN;
    for (int64_t l = 0; l < depth; l++)
        ratios[l] = r->layers[l].update_ratio;
    median = vg_stat_median(ratios, (size_t)depth);
    free(ratios);
    return median;
}

static int too_low(vg_events *e, int64_t step, const vg_step_result *r, double loss, json_t *list)
{
    double ratio = median_update(r, e->decay.depth);
    double fallen = (e->first_loss - loss) / e->first_loss;
    if (e->records < VG_EVENT_WINDOW / 2 || !(ratio < TOO_SMALL_UPDATE) || !(fallen < PROGRESS) ||
        !strcmp(vg_decay_verdict(&e->decay, e->spec, e->spread), "vanishing"))
        return 0;
    finding f = {"lr_too_low", 0, ratio, TOO_SMALL_UPDATE};
    return tell(list, step, &f,
                "half of the layers change by less than %.2g of their weights a step, the loss "
                "has fallen by %.2g %%, and the gradient does arrive: the learning rate is too "
                "low",
                ratio, 100 * fallen);
}

static double mean(const double *values, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += values[i];
    return sum / count;
}

static double variance(const double *values, int count)
{
    double centre = mean(values, count), sum = 0;
    for (int i = 0; i < count; i++)
        sum += (values[i] - centre) * (values[i] - centre);
    return sum / (count - 1);
}

static int flat(vg_events *e, int64_t step, json_t *list)
{
    enum { HALF = VG_EVENT_WINDOW / 2 };
    if (e->records < VG_EVENT_WINDOW)
        return 0;
    double before = mean(e->recent, HALF), now = mean(e->recent + HALF, HALF);
    double fallen = (before - now) / before;
    double error = sqrt((variance(e->recent, HALF) + variance(e->recent + HALF, HALF)) / HALF);
    if (!(fallen < 0.01) || !(fallen + 2 * error / before < 0.03) ||
        !(now > 0.25 * e->first_loss))
        return 0;
    finding f = {"plateau", 0, fallen, 0.01};
    double chance = log((double)e->spec->classes);
    bool guessing = e->spec->loss == VG_OP_softmax_xent && fabs(now - chance) < 0.03 * chance;
    return tell(list, step, &f, "the loss stays at %.4g (%.2g %% lower in ten records)%s", now,
                100 * fallen, guessing ? ": that of guessing" : "");
}

static int diverging(vg_events *e, int64_t step, double loss, json_t *list)
{
    finding f = {"diverging", 0, loss / e->best_loss, DIVERGED};
    if (!(loss > DIVERGED * e->best_loss) || !(loss > e->first_loss))
        return 0;
    return tell(list, step, &f, "the loss is %.3g times its best, and above where it began",
                loss / e->best_loss);
}

static void remember(vg_events *e, double loss)
{
    memmove(e->recent, e->recent + 1, (VG_EVENT_WINDOW - 1) * sizeof *e->recent);
    e->recent[VG_EVENT_WINDOW - 1] = loss;
    e->best_loss = loss < e->best_loss ? loss : e->best_loss;
    e->first_loss = e->records ? e->first_loss : loss;
    e->records++;
}

int vg_events_judge(vg_events *e, int64_t step, const vg_step_result *r, double loss,
                    double lr_part, json_t *list)
{
    int fresh = 0;
    remember(e, loss);
    if (!r->layers || fit(e, r) != VG_OK)
        return 0;
    fresh += laboratory(e, step, loss, list);
    fresh += dying(e, step, r, list);
    fresh += diverging(e, step, loss, list);
    if (lr_part >= 0.25) { /* not in a warm-up, not at the end of a cosine */
        fresh += too_low(e, step, r, loss, list);
        fresh += flat(e, step, list);
    }
    e->have_first = true;
    return fresh;
}
