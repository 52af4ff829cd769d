/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/train/breakdown.h"
#include "harness/train/run.h"
#include "harness/train/schedule.h"
#include "measure/clock.h"
#include "results/results.h"

int64_t vg_train_steps_per_epoch(const vg_spec *spec, const vg_dataset *data)
{
    int64_t batch = spec->batch < data->train_count ? spec->batch : data->train_count;
    bool single = data->train_count % batch == 1 && batch > 1 && spec->norm == VG_OP_batch_norm;
    return vg_dataset_batches(data->train_count, batch) - single;
}

int64_t vg_train_total(const vg_spec *spec, const vg_dataset *data)
{
    bool epochs = vg_spec_given(spec, offsetof(vg_spec, epochs)),
         steps = vg_spec_given(spec, offsetof(vg_spec, steps));
    int64_t by_epochs = (epochs ? spec->epochs : VG_TRAIN_EPOCHS) *
                        vg_train_steps_per_epoch(spec, data);
    if (!steps)
        return by_epochs;
    return epochs && by_epochs < spec->steps ? by_epochs : spec->steps;
}

/* --- validation ---------------------------------------------------------------------------- */

static bool target_reached(const vg_spec *spec, const vg_score *score)
{
    bool by_loss = !isnan(spec->target_loss), by_accuracy = !isnan(spec->target_accuracy);
    if (!by_loss && !by_accuracy)
        return false;
    return (!by_loss || score->loss <= spec->target_loss) &&
           (!by_accuracy || score->accuracy >= spec->target_accuracy);
}

static void report_progress(vg_train_run *run, double lr, bool epoch_ended)
{
    const vg_run_state *s = &run->state;
    if (!run->options->progress)
        return;
    vg_train_progress p = {.step = s->step,
                           .total = run->total,
                           .epoch = (s->step + run->per_epoch - 1) / run->per_epoch,
                           .epochs = (run->total + run->per_epoch - 1) / run->per_epoch,
                           .loss = run->result.loss,
                           .accuracy = run->result.accuracy,
                           .validation_loss = s->last.loss,
                           .validation_accuracy = s->last.accuracy,
                           .lr = lr,
                           .train_s = s->train_s,
                           .epoch_ended = epoch_ended};
    run->options->progress(run->options->user, &p);
}

/* An entry of epochs[]: after an epoch, or where `eval_every` asks for it. */
static json_t *epoch_json(const vg_train_run *run, double lr)
{
    const vg_run_state *s = &run->state;
    int64_t in_epoch = (s->step - 1) % run->per_epoch + 1;
    json_t *entry = json_object();
    vg_json_set_number(entry, "epoch", (double)s->step / (double)run->per_epoch);
    json_object_set_new(entry, "step", json_integer(s->step));
    vg_json_set_number(entry, "lr", lr);
    vg_json_set_number(entry, "train_loss", s->epoch_loss / (double)in_epoch);
    vg_json_set_number(entry, "loss", s->last.loss);
    vg_json_set_number(entry, "accuracy", s->last.accuracy);
    vg_json_set_number(entry, "train_s", s->train_s);
    vg_json_set_number(entry, "eval_s", s->eval_s);
    return entry;
}

static void stop(vg_train_run *run, vg_train_end end)
{
    run->end = end;
    run->ended = true;
}

/* How far the validation has come: 0 as before the first step, 1 at the target. */
static double way_covered(const vg_train_run *run)
{
    const vg_run_state *s = &run->state;
    const vg_spec *spec = &run->spec;
    double by_loss = (s->first.loss - s->last.loss) / (s->first.loss - spec->target_loss);
    double by_accuracy = (s->last.accuracy - s->first.accuracy) /
                         (spec->target_accuracy - s->first.accuracy);
    return isnan(spec->target_accuracy) ? by_loss
           : isnan(spec->target_loss)   ? by_accuracy
                                        : fmin(by_loss, by_accuracy);
}

static bool is_hopeless(const vg_train_run *run)
{
    double part = run->options->hopeless_at;
    return part > 0 && (double)run->state.step >= part * (double)run->total &&
           !(way_covered(run) >= 0.05);
}

static vg_status score(const vg_train_run *run, vg_score *score)
{
    const vg_dataset *data = run->data;
    bool held_out = data->validation_count > 0; /* without: what it was trained on */
    return vg_stepper_score(run->stepper, held_out ? data->validation : data->train,
                            held_out ? data->validation_count : data->train_count, score);
}

static vg_status validate(vg_train_run *run, double lr)
{
    vg_run_state *s = &run->state;
    double begin = vg_clock_s();
    VG_TRY(score(run, &s->last));
    s->eval_s += vg_clock_s() - begin;
    json_t *entry = epoch_json(run, lr);
    vg_train_keep(s->epochs, entry);
    vg_train_log(run, entry);
    report_progress(run, lr, true);
    if (!s->steps_to_target && target_reached(&run->spec, &s->last)) {
        s->steps_to_target = s->step;
        s->time_to_target_s = s->train_s;
        stop(run, VG_TRAIN_TARGET);
    }
    if (s->last.loss < s->best_loss) {
        s->best_loss = s->last.loss;
        s->best_epoch = s->step / run->per_epoch;
    }
    if (!run->ended && is_hopeless(run))
        stop(run, VG_TRAIN_HOPELESS);
    if (run->options->patience && !run->ended &&
        s->step / run->per_epoch - s->best_epoch >= run->options->patience)
        stop(run, VG_TRAIN_EARLY);
    return VG_OK;
}

/* --- steps --------------------------------------------------------------------------------- */

static void tell_events(const vg_train_run *run, int fresh)
{
    size_t count = json_array_size(run->state.events);
    for (size_t i = count - (size_t)fresh; i < count; i++) {
        const json_t *event = json_array_get(run->state.events, i);
        vg_train_log(run, event);
        if (run->options->event)
            run->options->event(run->options->user, event);
    }
}

static void record_step(vg_train_run *run, double lr)
{
    vg_run_state *s = &run->state;
    json_t *entry = vg_train_step_json(run, lr, !run->options->light);
    vg_train_keep(s->steps, entry);
    vg_train_log(run, entry);
    if (!run->options->light && isfinite(run->result.loss))
        tell_events(run, vg_events_judge(&run->events, s->step, &run->result,
                                         s->since_loss / (double)s->since_steps,
                                         run->spec.lr > 0 ? lr / run->spec.lr : 0, s->events));
    s->since_loss = 0;
    s->since_steps = 0;
    report_progress(run, lr, false);
}

static vg_status one_step(vg_train_run *run)
{
    vg_run_state *s = &run->state;
    int64_t in_epoch = s->step % run->per_epoch;
    int64_t at = in_epoch * run->spec.batch, left = run->data->train_count - at;
    double lr = vg_schedule_lr(&run->spec, s->step, run->total);
    bool monitored = s->step % run->every == 0 || s->step + 1 == run->total;
    double begin = vg_clock_s();
    VG_TRY(vg_stepper_run(run->stepper, s->step, run->order + at,
                          left < run->spec.batch ? left : run->spec.batch, lr,
                          monitored && !run->options->light, &run->result));
    s->train_s += vg_clock_s() - begin;
    s->step++;
    s->epoch_loss = (in_epoch ? s->epoch_loss : 0) + run->result.loss;
    s->since_loss += run->result.loss;
    s->since_steps++;
    if (monitored || !isfinite(run->result.loss))
        record_step(run, lr);
    if (!isfinite(run->result.loss)) {
        vg_events_non_finite(s->step, run->result.loss, s->events);
        tell_events(run, 1);
        stop(run, VG_TRAIN_NON_FINITE);
        return VG_OK;
    }
    int64_t every = run->options->eval_every ? run->options->eval_every : run->per_epoch;
    if (s->step % every == 0 || s->step == run->total)
        VG_TRY(validate(run, lr));
    return VG_OK;
}

static bool checkpoint_is_due(const vg_train_run *run)
{
    int64_t every = run->options->checkpoint_every ? run->options->checkpoint_every
                                                   : run->per_epoch;
    return run->options->checkpoint && run->end != VG_TRAIN_NON_FINITE &&
           (run->ended || run->state.step == run->total || run->state.step % every == 0);
}

static vg_status train_steps(vg_train_run *run)
{
    while (!run->ended && run->state.step < run->total) {
        int64_t epoch = run->state.step / run->per_epoch;
        if (epoch != run->order_epoch)
            vg_dataset_order(run->data, run->spec.seed, epoch, run->order);
        run->order_epoch = epoch;
        VG_TRY(one_step(run));
        if (!run->ended && run->options->limit_s > 0 && run->state.train_s > run->options->limit_s)
            stop(run, VG_TRAIN_LIMIT);
        if (!run->ended && run->options->interrupted && run->options->interrupted())
            stop(run, VG_TRAIN_INTERRUPTED);
        if (checkpoint_is_due(run))
            VG_TRY(vg_snapshot_save(run));
    }
    return VG_OK;
}

/* --- the run ------------------------------------------------------------------------------- */

static vg_status begin(vg_train_run *run)
{
    vg_run_state *s = &run->state;
    if (run->options->shared)
        run->data = run->options->shared;
    else
        VG_TRY(vg_dataset_open(&run->spec, &run->options->data, &run->data));
    VG_TRY(vg_team_create((int)run->spec.threads, run->spec.ftz, &run->team));
    if (run->spec.batch > run->data->train_count)
        run->spec.batch = run->data->train_count;
    VG_TRY(vg_stepper_create(&run->spec, run->data, run->team, !run->options->light,
                             &run->stepper));
    VG_TRY(vg_stepper_reset(run->stepper, run->spec.seed));
    run->order = calloc((size_t)run->data->train_count, sizeof *run->order);
    s->steps = json_array();
    s->epochs = json_array();
    s->events = json_array();
    if (!run->order || !s->steps || !s->epochs || !s->events)
        return vg_fail(VG_ENOMEM, "out of memory for the order of %lld samples",
                       (long long)run->data->train_count);
    run->per_epoch = vg_train_steps_per_epoch(&run->spec, run->data);
    run->total = vg_train_total(&run->spec, run->data);
    run->every = run->options->every ? run->options->every
                                     : (run->total + VG_TRAIN_RECORDS - 1) / VG_TRAIN_RECORDS;
    run->order_epoch = -1;
    s->best_loss = INFINITY;
    s->last = (vg_score){.loss = NAN, .accuracy = NAN};
    if (run->options->hopeless_at > 0)
        VG_TRY(score(run, &s->first));
    VG_TRY(vg_events_begin(&run->spec, &run->events));
    if (run->options->checkpoint)
        VG_TRY(vg_snapshot_load(run));
    return VG_OK;
}

static void release(vg_train_run *run)
{
    vg_events_end(&run->events);
    vg_stepper_destroy(run->stepper);
    vg_team_destroy(run->team);
    if (!run->options->shared)
        vg_dataset_close(run->data);
    free(run->order);
    json_decref(run->state.steps);
    json_decref(run->state.epochs);
    json_decref(run->state.events);
    json_decref(run->resumed);
}

/* Where the time of a step goes. The moments of the optimizer are spoilt by it: the run is over and
 * its checkpoint written. */
static vg_status look_at_a_step(vg_train_run *run, json_t *record)
{
    static const double BUDGET_S = 0.2;
    json_t *breakdown;
    if (run->options->light || run->end == VG_TRAIN_NON_FINITE || run->end == VG_TRAIN_INTERRUPTED)
        return VG_OK;
    json_object_set_new(record, "placement", vg_stepper_placement(run->stepper));
    VG_TRY(vg_breakdown(run->stepper, run->team, &run->spec, run->data->train, BUDGET_S,
                        &breakdown));
    json_object_set_new(record, "breakdown", breakdown);
    return VG_OK;
}

vg_status vg_train(const vg_spec *spec, const vg_train_options *asked, json_t **record,
                   vg_train_end *end)
{
    vg_train_options fitting = *asked, *options = &fitting;
    bool blind = !asked->light && !vg_net_watchable(spec);
    options->light |= blind;
    vg_train_run *run = calloc(1, sizeof *run);
    *record = NULL;
    if (!run)
        return vg_fail(VG_ENOMEM, "out of memory for a training run");
    run->spec = *spec;
    run->options = options;
    vg_status status = begin(run);
    if (status == VG_OK)
        status = train_steps(run);
    if (status == VG_OK && options->checkpoint)
        status = vg_snapshot_export(run);
    if (status == VG_OK)
        *record = vg_train_record(run);
    if (status == VG_OK && blind)
        vg_json_set_text(*record, "statistics_reason",
                         "this backend keeps the gradients of the states to itself");
    if (status == VG_OK)
        status = look_at_a_step(run, *record);
    if (end)
        *end = run->end;
    release(run);
    free(run);
    return status;
}
