/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/train_view.h"

#include <math.h>
#include <string.h>

#include "cli/output.h"
#include "cli/spec_words.h"
#include "results/results.h"

static const char *number(double value, const char *format, char text[32])
{
    if (isnan(value))
        strcpy(text, "n/a");
    else
        snprintf(text, 32, format, value);
    return text;
}

static const char *percent(double fraction, char text[32])
{
    return number(100 * fraction, "%.2f %%", text);
}

/* Codes of the events, each with its step: "vanishing@1 plateau@420". */
static void events_text(const json_t *record, char *text, size_t size)
{
    size_t i, used = 0;
    json_t *event;
    text[0] = '\0';
    json_array_foreach(json_object_get(record, "events"), i, event) {
        int n = snprintf(text + used, size - used, "%s%s@%lld", used ? " " : "",
                         vg_json_get_text(event, "code", "?"),
                         (long long)json_integer_value(json_object_get(event, "step")));
        used += n > 0 && (size_t)n < size - used ? (size_t)n : 0;
    }
}

typedef struct cells {
    char steps[32], first[32], loss[32], accuracy[32], time[32], rate[32], end[64], events[256];
} cells;

static void fill(const json_t *record, cells *c)
{
    const json_t *first = json_array_get(json_object_get(record, "steps"), 0);
    double time = vg_json_get_number(record, "train_s");
    const char *stopped = vg_json_get_text(record, "stopped", "?");
    number(vg_json_get_number(record, "done_steps"), "%.0f", c->steps);
    number(vg_json_get_number(first, "loss"), "%.4g", c->first);
    number(vg_json_get_number(record, "loss"), "%.4g", c->loss);
    percent(vg_json_get_number(record, "accuracy"), c->accuracy);
    number(time, "%.3g s", c->time);
    number(vg_json_get_number(record, "steps_per_s"), "%.4g", c->rate);
    events_text(record, c->events, sizeof c->events);
    if (json_is_true(json_object_get(record, "reached")))
        snprintf(c->end, sizeof c->end, "target in %.3g s",
                 vg_json_get_number(record, "time_to_target_s"));
    else
        snprintf(c->end, sizeof c->end, "%s%s", stopped,
                 json_is_false(json_object_get(record, "reached")) ? ", target not reached" : "");
}

void vg_train_print_head(FILE *out, vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        fprintf(out, "%-44s %7s %10s %10s %9s %8s %8s  %-28s %s\n", "network", "steps",
                "first loss", "loss", "accuracy", "time", "steps/s", "ended by", "events");
    else if (format == VG_FORMAT_MD)
        fprintf(out, "| network | steps | first loss | loss | accuracy | time | steps/s | ended by "
                     "| events |\n|---|---:|---:|---:|---:|---:|---:|---|---|\n");
    if (format != VG_FORMAT_CSV)
        return;
    fprintf(out, "network,seed,steps,first_loss,loss,accuracy,train_s,steps_per_s,reached,"
                 "steps_to_target,time_to_target_s,stopped,events");
    vg_spec_csv_head(out);
    fputc('\n', out);
}

static void print_csv(FILE *out, const char *name, const json_t *record, const cells *c)
{
    const json_t *first = json_array_get(json_object_get(record, "steps"), 0),
                 *reached = json_object_get(record, "reached");
    vg_csv_text(out, name);
    vg_csv_number(out, vg_json_get_number(record, "seed"));
    vg_csv_number(out, vg_json_get_number(record, "done_steps"));
    vg_csv_number(out, vg_json_get_number(first, "loss"));
    vg_csv_number(out, vg_json_get_number(record, "loss"));
    vg_csv_number(out, vg_json_get_number(record, "accuracy"));
    vg_csv_number(out, vg_json_get_number(record, "train_s"));
    vg_csv_number(out, vg_json_get_number(record, "steps_per_s"));
    fprintf(out, ",%s", json_is_true(reached) ? "true" : json_is_false(reached) ? "false" : "");
    vg_csv_number(out, vg_json_get_number(record, "steps_to_target"));
    vg_csv_number(out, vg_json_get_number(record, "time_to_target_s"));
    fprintf(out, ",%s,", vg_json_get_text(record, "stopped", ""));
    vg_csv_text(out, c->events);
    vg_spec_csv(out, json_object_get(record, "spec"));
    fputc('\n', out);
}

static void print_md(FILE *out, const char *name, const cells *c)
{
    fputs("| ", out);
    vg_md_text(out, name);
    fprintf(out, " | %s | %s | %s | %s | %s | %s | %s | %s |\n", c->steps, c->first, c->loss,
            c->accuracy, c->time, c->rate, c->end, c->events);
}

void vg_train_print_row(FILE *out, vg_format format, bool color, const char *name,
                        const json_t *record)
{
    cells c;
    fill(record, &c);
    bool sick = c.events[0] != '\0';
    if (format == VG_FORMAT_CSV)
        print_csv(out, name, record, &c);
    else if (format == VG_FORMAT_MD)
        print_md(out, name, &c);
    else
        fprintf(out, "%-44s %7s %10s %10s %9s %8s %8s  %-28s %s%s%s\n", name, c.steps, c.first,
                c.loss, c.accuracy, c.time, c.rate, c.end, color && sick ? "\x1b[33m" : "",
                c.events, color && sick ? "\x1b[0m" : "");
    fflush(out);
}

const char *vg_train_event_text(const json_t *event, char *text, size_t size)
{
    const json_t *advice = json_object_get(event, "advice");
    const char *change = vg_json_get_text(advice, "change", NULL);
    int n = snprintf(text, size, "step %lld: %s",
                     (long long)json_integer_value(json_object_get(event, "step")),
                     vg_json_get_text(event, "code", "?"));
    if (json_is_integer(json_object_get(event, "layer")) && n > 0 && (size_t)n < size)
        n += snprintf(text + n, size - (size_t)n, " at layer %lld",
                      (long long)json_integer_value(json_object_get(event, "layer")));
    if (n > 0 && (size_t)n < size)
        n += snprintf(text + n, size - (size_t)n, ": %s", vg_json_get_text(event, "why", ""));
    if (change && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, " (try %s)", change);
    return text;
}
