/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench train --race */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/train_modes.h"
#include "harness/train/race.h"
#include "results/results.h"

enum { RACE_SEEDS = 3 };

static const char rule[] =
    "A run ends at the target (validation, four times an epoch; its time is that of its steps), or "
    "after its last step, or at a quarter of the steps where it has covered less than a twentieth "
    "of the way from before the first step to the target. Two-matrix blocks and gates run at half "
    "the depth. oneDNN runs what reached the target on own kernels; a run whose steps take 10 "
    "times the own time is stopped, and the table says > that time. Largest stable rate: of the "
    "half decades from 1e-6 to 100 the largest at which 100 steps end no higher than they began "
    "and are never above four times that.";

_Static_assert(VG_RACE_ONEDNN_LIMIT == 10, "the rule and the help of --race say 10");

/* --- table --------------------------------------------------------------------------------- */

static const char *number(double value, const char *format, char text[32])
{
    if (isnan(value))
        strcpy(text, "-");
    else
        snprintf(text, 32, format, value);
    return text;
}

typedef struct cells {
    char reached[32], steps[32], time[32], range[72], onednn[32], ratio[32], rate[32], loss[32],
        accuracy[32];
} cells;

static void fill(const json_t *row, cells *c)
{
    const json_t *own = json_object_get(row, "own"), *other = json_object_get(row, "onednn");
    const json_t *ci = json_object_get(own, "time_s_ci95");
    double time = vg_json_get_number(own, "time_s"), theirs = vg_json_get_number(other, "time_s");
    snprintf(c->reached, sizeof c->reached, "%.0f of %.0f", vg_json_get_number(own, "reached"),
             vg_json_get_number(own, "runs"));
    number(vg_json_get_number(own, "steps"), "%.0f", c->steps);
    number(time, "%.3g", c->time);
    if (json_is_number(json_array_get(ci, 0)))
        snprintf(c->range, sizeof c->range, "%.3g..%.3g",
                 json_number_value(json_array_get(ci, 0)),
                 json_number_value(json_array_get(ci, 1)));
    else
        strcpy(c->range, "-");
    double above = vg_json_get_number(other, "time_s_above");
    number(isnan(above) ? theirs : above, isnan(above) ? "%.3g" : "> %.3g", c->onednn);
    number((isnan(above) ? theirs : above) / time, isnan(above) ? "%.2f" : "> %.2g", c->ratio);
    number(vg_json_get_number(row, "largest_stable_lr"), "%.2g", c->rate);
    number(vg_json_get_number(row, "loss"), "%.4g", c->loss);
    number(100 * vg_json_get_number(row, "accuracy"), "%.1f %%", c->accuracy);
}

void vg_race_print_head(FILE *out, vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        fprintf(out, "%-52s %8s %7s %8s %15s %9s %6s %9s %9s %9s\n", "change", "reached", "steps",
                "time s", "95% interval", "oneDNN s", "ratio", "stable lr", "loss", "accuracy");
    else if (format == VG_FORMAT_MD)
        fprintf(out, "| change | reached | steps | time, s | 95 %% interval | oneDNN, s | ratio | "
                     "stable lr | loss | accuracy |\n|---|---|---:|---:|---|---:|---:|---:|---:|"
                     "---:|\n");
    else
        fprintf(out, "change,reached,runs,steps,time_s,onednn_time_s,largest_stable_lr,loss,"
                     "accuracy,onednn_time_s_above\n");
}

static void print_csv(FILE *out, const json_t *row)
{
    const json_t *own = json_object_get(row, "own"), *other = json_object_get(row, "onednn");
    vg_csv_text(out, vg_json_get_text(row, "change", ""));
    vg_csv_number(out, vg_json_get_number(own, "reached"));
    vg_csv_number(out, vg_json_get_number(own, "runs"));
    vg_csv_number(out, vg_json_get_number(own, "steps"));
    vg_csv_number(out, vg_json_get_number(own, "time_s"));
    vg_csv_number(out, vg_json_get_number(other, "time_s"));
    vg_csv_number(out, vg_json_get_number(row, "largest_stable_lr"));
    vg_csv_number(out, vg_json_get_number(row, "loss"));
    vg_csv_number(out, vg_json_get_number(row, "accuracy"));
    vg_csv_number(out, vg_json_get_number(other, "time_s_above"));
    fputc('\n', out);
}

void vg_race_print_row(FILE *out, vg_format format, bool color, const json_t *row)
{
    cells c;
    const char *change = vg_json_get_text(row, "change", "");
    bool none = vg_json_get_number(json_object_get(row, "own"), "reached") == 0;
    fill(row, &c);
    if (format == VG_FORMAT_CSV)
        print_csv(out, row);
    else if (format == VG_FORMAT_MD)
        fprintf(out, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", change, c.reached,
                c.steps, c.time, c.range, c.onednn, c.ratio, c.rate, c.loss, c.accuracy);
    else
        fprintf(out, "%-52s %s%8s%s %7s %8s %15s %9s %6s %9s %9s %9s\n", change,
                color ? none ? "\x1b[31m" : "\x1b[32m" : "", c.reached, color ? "\x1b[0m" : "",
                c.steps, c.time, c.range, c.onednn, c.ratio, c.rate, c.loss, c.accuracy);
    fflush(out);
}

/* --- the race ------------------------------------------------------------------------------ */

static vg_status read_base(const vg_train_session *s, vg_spec *base)
{
    if (s->sweep.points != 1)
        return vg_fail(VG_EINVAL, "--race takes one network");
    VG_TRY(vg_sweep_point(&s->sweep, 0, base, NULL));
    if (isnan(base->target_loss) && isnan(base->target_accuracy))
        return vg_fail(VG_EINVAL, "--race needs target_loss=X or target_accuracy=X");
    if (!vg_spec_given(base, offsetof(vg_spec, seeds))) {
        char text[16];
        snprintf(text, sizeof text, "%d", RACE_SEEDS);
        return vg_spec_set(base, "seeds", text);
    }
    return VG_OK;
}

static int by_rank(const void *a, const void *b)
{
    return vg_race_compare(*(json_t *const *)a, *(json_t *const *)b);
}

static vg_status sorted(json_t *rows, json_t **out)
{
    size_t count = json_array_size(rows);
    json_t **order = calloc(count + 1, sizeof *order);
    *out = json_array();
    if (!order)
        return vg_fail(VG_ENOMEM, "out of memory for the race");
    for (size_t i = 0; i < count; i++)
        order[i] = json_array_get(rows, i);
    qsort(order, count, sizeof *order, by_rank);
    for (size_t i = 0; i < count; i++)
        json_array_append(*out, order[i]);
    free(order);
    return VG_OK;
}

static void run_field(vg_train_session *s, const vg_racer *field, int count,
                      const vg_race_options *how, json_t *rows)
{
    vg_progress_begin(&s->progress, "race", count, s->options.quiet);
    for (int i = 0; i < count && !vg_train_stop_asked(); i++) {
        json_t *row;
        vg_progress_step(&s->progress, i, field[i].change);
        if (vg_race_run(&field[i], how, &row) == VG_OK)
            json_array_append_new(rows, row);
        else
            vg_say(s->options.quiet, "skipped: %s: %s", field[i].change, vg_status_message());
    }
    vg_progress_end(&s->progress);
}

static json_t *race_json(const vg_train_session *s, const vg_spec *base, json_t *rows)
{
    char label[VG_TRAIN_NAME];
    vg_spec resolved = *base;
    json_t *race = json_object();
    vg_spec_resolve(&resolved, VG_FOR_TRAIN);
    vg_json_set_text(race, "label", vg_spec_label(&resolved, label, sizeof label));
    json_object_set_new(race, "spec", vg_spec_json(&resolved));
    vg_json_set_number(race, "target_loss", base->target_loss);
    vg_json_set_number(race, "target_accuracy", base->target_accuracy);
    json_object_set_new(race, "seeds", json_integer(base->seeds));
    vg_json_set_text(race, "data", s->data_origin);
    vg_json_set_text(race, "rule", rule);
    json_object_set_new(race, "rows", rows);
    return race;
}

static vg_status race(vg_train_session *s, const vg_spec *base, vg_dataset *data, json_t **ranked)
{
    vg_race_options how = {.data = s->how.data,
                           .shared = data,
                           .interrupted = vg_train_stop_asked,
                           .no_onednn = vg_backend_usable(VG_BACKEND_onednn) != VG_OK};
    vg_racer *field;
    int count;
    json_t *rows = json_array();
    VG_TRY(vg_race_field(base, &field, &count));
    run_field(s, field, count, &how, rows);
    free(field);
    vg_status status = sorted(rows, ranked);
    json_decref(rows);
    return status;
}

vg_status vg_train_race(vg_train_session *s)
{
    vg_spec base, fitted;
    vg_dataset *data;
    json_t *rows = NULL, *row;
    size_t i;
    VG_TRY(read_base(s, &base));
    fitted = base;
    VG_TRY(vg_spec_resolve(&fitted, VG_FOR_TRAIN));
    VG_TRY(vg_dataset_open(&fitted, &s->how.data, &data));
    snprintf(s->data_origin, sizeof s->data_origin, "%s", data->origin);
    vg_status status = race(s, &base, data, &rows);
    vg_dataset_close(data);
    if (status != VG_OK)
        return status;
    if (s->options.format != VG_FORMAT_JSON) {
        vg_race_print_head(stdout, s->options.format);
        json_array_foreach(rows, i, row)
            vg_race_print_row(stdout, s->options.format, s->options.color, row);
    }
    if (s->options.format == VG_FORMAT_TABLE && !s->options.quiet)
        fprintf(stdout, "\n%s\n", rule);
    s->race = race_json(s, &base, rows);
    s->done = (int)json_array_size(rows);
    return VG_OK;
}
