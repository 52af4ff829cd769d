/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a run (results.json, `train[]`) and the lines of its metrics log. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "harness/train/run.h"
#include "results/results.h"

/* What is written of a layer. */
static const struct {
    const char *key;
    size_t field;
} columns[] = {
    {"grad_norm", offsetof(vg_layer_step, block.grad_weight_l2)},
    {"grad_norm_post", offsetof(vg_layer_step, grad_norm_post)},
    {"delta_norm", offsetof(vg_layer_step, block.delta_l2)},
    {"grad_out_norm", offsetof(vg_layer_step, block.grad_out_l2)},
    {"weight_norm", offsetof(vg_layer_step, block.weight_l2)},
    {"mean_abs_dw", offsetof(vg_layer_step, mean_abs_dw)},
    {"update_ratio", offsetof(vg_layer_step, update_ratio)},
    {"out_mean", offsetof(vg_layer_step, block.out_mean)},
    {"out_std", offsetof(vg_layer_step, block.out_std)},
    {"saturated", offsetof(vg_layer_step, block.saturated)},
    {"dead", offsetof(vg_layer_step, block.dead)},
    {"subnormal", offsetof(vg_layer_step, block.subnormal)},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* Six digits: a record is read by people and plots. */
static json_t *rounded(double value)
{
    char text[32];
    if (!isfinite(value))
        return json_null();
    snprintf(text, sizeof text, "%.6g", value);
    return json_real(strtod(text, NULL));
}

static json_t *layer_json(const vg_layer_step *layer, int64_t index)
{
    json_t *entry = json_object();
    json_object_set_new(entry, "index", json_integer(index));
    for (int c = 0; c < COLUMNS; c++) {
        double value;
        memcpy(&value, (const char *)layer + columns[c].field, sizeof value);
        json_object_set_new(entry, columns[c].key, rounded(value));
    }
    return entry;
}

json_t *vg_train_step_json(const vg_train_run *run, double lr, bool layers)
{
    const vg_step_result *r = &run->result;
    const vg_run_state *s = &run->state;
    json_t *entry = json_object();
    json_object_set_new(entry, "step", json_integer(s->step));
    vg_json_set_number(entry, "loss", r->loss);
    vg_json_set_number(entry, "loss_mean", s->since_loss / (double)s->since_steps);
    vg_json_set_number(entry, "accuracy", r->accuracy);
    vg_json_set_number(entry, "lr", lr);
    vg_json_set_number(entry, "clip_factor", r->clip_factor);
    vg_json_set_number(entry, "grad_norm_pre", r->grad_norm);
    vg_json_set_number(entry, "grad_norm_post", r->grad_norm * r->clip_factor);
    if (!layers || !r->layers)
        return entry;
    json_t *list = json_array();
    for (int64_t l = 0; l < r->entries; l++)
        json_array_append_new(list, layer_json(&r->layers[l], l + 1));
    json_object_set_new(entry, "layers", list);
    return entry;
}

void vg_train_keep(json_t *list, json_t *entry)
{
    enum { ENTRIES_MAX = 1000 };
    size_t count = json_array_size(list);
    if (count >= ENTRIES_MAX) {
        for (size_t i = 1; 2 * i < count; i++)
            json_array_set(list, i, json_array_get(list, 2 * i));
        while (json_array_size(list) > (count + 1) / 2)
            json_array_remove(list, json_array_size(list) - 1);
    }
    json_array_append_new(list, entry);
}

/* --- the log ------------------------------------------------------------------------------- */

/* layers[6].grad_norm becomes grad_norm/layer_007. */
static void flatten(json_t *line, const json_t *layers)
{
    size_t i;
    json_t *layer, *value;
    const char *key;
    char name[64];
    json_array_foreach((json_t *)layers, i, layer) {
        json_object_foreach(layer, key, value) {
            if (!strcmp(key, "index"))
                continue;
            snprintf(name, sizeof name, "%s/layer_%03zu", key, i + 1);
            json_object_set(line, name, value);
        }
    }
}

void vg_train_log(const vg_train_run *run, const json_t *entry)
{
    if (!run->options->log)
        return;
    json_t *line = json_copy((json_t *)entry), *layers = json_object_get(entry, "layers");
    json_object_set_new(line, "seed", json_integer(run->spec.seed));
    json_object_del(line, "layers");
    flatten(line, layers);
    json_dumpf(line, run->options->log, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fputc('\n', run->options->log);
    fflush(run->options->log);
    json_decref(line);
}

/* --- the record ---------------------------------------------------------------------------- */

const char *vg_train_end_word(vg_train_end end)
{
    static const char *const words[] = {"steps", "target", "early", "non_finite", "interrupted",
                                        "hopeless", "limit"};
    return words[end];
}

static json_t *data_json(const vg_train_run *run)
{
    const vg_dataset *d = run->data;
    json_t *data = json_object();
    vg_json_set_text(data, "origin", d->origin);
    json_object_set_new(data, "train", json_integer(d->train_count));
    json_object_set_new(data, "validation", json_integer(d->validation_count));
    json_object_set_new(data, "steps_per_epoch", json_integer(run->per_epoch));
    return data;
}

static void set_target(json_t *record, const vg_train_run *run)
{
    const vg_run_state *s = &run->state;
    bool target = !isnan(run->spec.target_loss) || !isnan(run->spec.target_accuracy);
    json_object_set_new(record, "reached",
                        target ? json_boolean(s->steps_to_target > 0) : json_null());
    json_object_set_new(record, "steps_to_target",
                        s->steps_to_target ? json_integer(s->steps_to_target) : json_null());
    vg_json_set_number(record, "time_to_target_s",
                       s->steps_to_target ? s->time_to_target_s : (double)NAN);
}

json_t *vg_train_record(vg_train_run *run)
{
    const vg_run_state *s = &run->state;
    char label[512];
    json_t *record = json_object();
    json_object_set_new(record, "spec", vg_spec_json(&run->spec));
    vg_json_set_text(record, "label", vg_spec_label(&run->spec, label, sizeof label));
    json_object_set_new(record, "seed", json_integer(run->spec.seed));
    json_object_set_new(record, "params", json_integer(vg_net_params(vg_stepper_net(run->stepper))));
    json_object_set_new(record, "matrices",
                        json_integer(vg_net_matrices(vg_stepper_net(run->stepper))));
    json_object_set_new(record, "data", data_json(run));
    json_object_set_new(record, "total_steps", json_integer(run->total));
    json_object_set_new(record, "done_steps", json_integer(s->step));
    json_object_set_new(record, "every", json_integer(run->every));
    if (run->resumed)
        json_object_set(record, "resumed_at", run->resumed);
    json_object_set(record, "steps", s->steps);
    json_object_set(record, "epochs", s->epochs);
    json_object_set(record, "events", s->events);
    vg_json_set_text(record, "stopped", vg_train_end_word(run->end));
    set_target(record, run);
    vg_json_set_number(record, "loss", s->last.loss);
    vg_json_set_number(record, "accuracy", s->last.accuracy);
    vg_json_set_number(record, "train_s", s->train_s);
    vg_json_set_number(record, "eval_s", s->eval_s);
    vg_json_set_number(record, "steps_per_s",
                       s->train_s > 0 ? (double)s->step / s->train_s : (double)NAN);
    return record;
}
