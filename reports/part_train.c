/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 11: training runs, what went wrong in them, time to a target, the time of a step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/train_plot.h"

enum { MAPS = 4 /* records that get plots of their own */ };

/* --- runs --------------------------------------------------------------------------------------- */

static bool has_steps(const json_t *record)
{
    return json_array_size(json_object_get(record, "steps")) > 0;
}

static void name_cell(vg_text *out, const json_t *record)
{
    char *name = vg_train_name(record);
    vg_cell_md(out, name ? name : "");
    free(name);
}

static void codes_cell(vg_text *out, const json_t *events)
{
    size_t i;
    json_t *event;
    vg_cell(out);
    json_array_foreach(events, i, event) {
        const char *code = vg_doc_str(event, "code");
        vg_text_add(out, i ? ", " : "");
        vg_text_md(out, code ? code : "?");
    }
    if (!json_array_size(events))
        vg_text_add(out, "none");
}

static void train_row(vg_text *out, const json_t *record)
{
    char a[VG_NUM];
    const json_t *steps = json_object_get(record, "steps");
    size_t n = json_array_size(steps);
    const json_t *last = json_array_get(steps, n ? n - 1 : 0);
    const json_t *reached = json_object_get(record, "reached");
    const char *stopped = vg_doc_str(record, "stopped");
    double loss = vg_doc_num(record, "loss"), accuracy = vg_doc_num(record, "accuracy");
    vg_row_begin(out);
    name_cell(out, record);
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(last, "step"), 1));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(json_array_get(steps, 0), "loss"), 4));
    vg_cell_printf(out, "%s",
                   vg_num(a, isfinite(loss) ? loss : vg_doc_num(last, "loss"), 4));
    vg_cell_printf(out, "%s",
                   vg_num_percent(a, isfinite(accuracy) ? accuracy : vg_doc_num(last, "accuracy")));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(record, "train_s"), 3));
    if (json_is_true(reached))
        vg_cell_printf(out, "target in %s s", vg_num(a, vg_doc_num(record, "time_to_target_s"), 3));
    else if (json_is_false(reached))
        vg_cell_printf(out, "target not reached");
    else
        vg_cell_md(out, stopped ? stopped : "no target");
    codes_cell(out, json_object_get(record, "events"));
    vg_row_end(out);
}

static int runs_table(vg_text *out, const json_t *list)
{
    static const char *const head[] = {"net",      "steps",   "first loss", "loss",
                                       "accuracy", "time, s", "ended by",   "events"};
    size_t i;
    json_t *record;
    int rows = 0;
    json_array_foreach(list, i, record) {
        if (!has_steps(record))
            continue;
        if (!rows++)
            vg_table_head(out, "lrrrrrll", head);
        train_row(out, record);
    }
    if (rows)
        vg_text_add(out, "\nLoss and accuracy: validation part, batch norm on its running "
                         "statistics. Time: of the steps, statistics included.\n");
    return rows;
}

/* --- events ------------------------------------------------------------------------------------- */

static void event_row(vg_text *out, const json_t *record, const json_t *event)
{
    char a[VG_NUM];
    const char *code = vg_doc_str(event, "code"), *why = vg_doc_str(event, "why"),
               *change = vg_doc_str(event, "advice.change");
    vg_row_begin(out);
    name_cell(out, record);
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(event, "step"), 1));
    vg_cell_md(out, code ? code : "n/a");
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(event, "layer"), 1));
    vg_cell_md(out, why ? why : "");
    vg_cell_code(out, change ? change : "-");
    vg_row_end(out);
}

static void events_table(vg_text *out, const json_t *list)
{
    static const char *const head[] = {"net", "step", "seen", "layer", "why", "try"};
    size_t i, k;
    json_t *record, *event;
    int rows = 0;
    json_array_foreach(list, i, record) {
        json_array_foreach(json_object_get(record, "events"), k, event) {
            if (!rows++) {
                vg_details_begin(out, "What was seen while they trained");
                vg_table_head(out, "lrlrll", head);
            }
            event_row(out, record, event);
        }
    }
    if (rows)
        vg_details_end(out);
}

/* --- plots -------------------------------------------------------------------------------------- */

static vg_status maps(vg_report *report, const json_t *list, int document)
{
    size_t i;
    json_t *record;
    int drawn = 0;
    json_array_foreach(list, i, record) {
        char name[64];
        const json_t *first = json_array_get(json_object_get(record, "steps"), 0);
        if (!json_array_size(json_object_get(first, "layers")) || drawn == MAPS)
            continue;
        drawn++;
        snprintf(name, sizeof name, "gradient_steps_%d_%d", document + 1, drawn);
        VG_TRY(vg_train_plot_heat(report, record, name));
        snprintf(name, sizeof name, "update_ratio_%d_%d", document + 1, drawn);
        VG_TRY(vg_train_plot_updates(report, record, name));
    }
    return VG_OK;
}

/* --- time of a step ----------------------------------------------------------------------------- */

static double interval(const json_t *list, size_t index)
{
    const json_t *value = json_array_get(list, index);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void parts_cell(vg_text *out, const json_t *breakdown)
{
    static const char *const shown[] = {"forward", "backward", "optimizer", "barriers"};
    char a[VG_NUM];
    double total = vg_doc_num(breakdown, "total_us");
    const json_t *parts = json_object_get(breakdown, "parts");
    vg_cell(out);
    for (int i = 0; i < 4; i++)
        vg_text_printf(out, "%s%s %s", i ? ", " : "", shown[i],
                       vg_num_percent(a, vg_doc_num(parts, shown[i]) / total));
}

static void time_row(vg_text *out, const json_t *record, const json_t *time)
{
    char a[VG_NUM], b[VG_NUM], ratio[80];
    const json_t *ci = json_object_get(time, "step_us_ci95"),
                 *rci = json_object_get(time, "ratio_ci95");
    vg_estimate r = {vg_doc_num(time, "ratio"), interval(rci, 0), interval(rci, 1)};
    vg_row_begin(out);
    name_cell(out, record);
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(record, "spec.threads"), 1));
    vg_cell_printf(out, "%s [%s", vg_num(a, vg_doc_num(time, "step_us"), 4),
                   vg_num(b, interval(ci, 0), 4));
    vg_text_printf(out, ", %s]", vg_num(b, interval(ci, 1), 4));
    vg_cell_printf(out, "%s", vg_num_percent(a, vg_doc_num(time, "share_of_peak")));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(time, "onednn_step_us"), 4));
    vg_cell_printf(out, "%s", isfinite(r.mid) ? vg_ratio_text(ratio, r) : "n/a");
    parts_cell(out, json_object_get(time, "breakdown"));
    vg_cell_printf(out, "%s",
                   vg_num_percent(a, vg_doc_num(time, "onednn_breakdown.onednn.glue_fraction")));
    vg_row_end(out);
}

static void time_table(vg_text *out, const json_t *list)
{
    static const char *const head[] = {"net",        "threads",  "step, us [95 % CI]", "of peak",
                                       "oneDNN, us", "vs oneDNN", "where it goes",     "its glue"};
    size_t i;
    json_t *record;
    int rows = 0;
    json_array_foreach(list, i, record) {
        const json_t *time = json_object_get(record, "step_time");
        if (!json_is_object(time))
            continue;
        if (!rows++) {
            vg_text_add(out, "\n**A whole training step** (forward, backward, optimizer) beside "
                             "the same step composed of oneDNN\n\n");
            vg_table_head(out, "lrrrrrlr", head);
        }
        time_row(out, record, time);
    }
    if (rows)
        vg_text_add(out, "\nOf peak: 6 x batch x sum(in x out) flops a step over the FMA peak of "
                         "as many threads, measured in turn. Its glue: what of oneDNN's step is "
                         "neither primitive nor reorder nor our loss and optimizer.\n");
}

/* --- where a step goes --------------------------------------------------------------------------- */

static double share(const json_t *breakdown, const char *part)
{
    return vg_doc_num(json_object_get(breakdown, "parts"), part) /
           vg_doc_num(breakdown, "total_us");
}

static void breakdown_row(vg_text *out, const json_t *record, const json_t *breakdown)
{
    static const char *const shown[] = {"forward", "backward", "optimizer", "barriers"};
    char a[VG_NUM];
    vg_row_begin(out);
    name_cell(out, record);
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(record, "spec.threads"), 1));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(breakdown, "total_us"), 4));
    for (int i = 0; i < 4; i++)
        vg_cell_printf(out, "%s", vg_num_percent(a, share(breakdown, shown[i])));
    vg_cell_printf(out, "+%s", vg_num_percent(a, vg_doc_num(breakdown, "statistics_us") /
                                                     vg_doc_num(breakdown, "total_us")));
    vg_row_end(out);
}

static void layers_of_a_step(vg_text *out, const json_t *record, const json_t *breakdown)
{
    static const char *const head[] = {"layer", "forward, us", "backward, us", "optimizer, us",
                                       "barriers, us", "statistics, us"};
    static const char *const keys[] = {"index",        "forward_us",  "backward_us",
                                       "optimizer_us", "barriers_us", "statistics_us"};
    size_t i;
    json_t *layer;
    char a[VG_NUM];
    const char *label = vg_doc_str(record, "label");
    vg_details_begin(out, "A step layer by layer: %s", label ? label : "");
    vg_table_head(out, "rrrrrr", head);
    json_array_foreach(json_object_get(breakdown, "layers"), i, layer) {
        vg_row_begin(out);
        for (int k = 0; k < 6; k++)
            vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(layer, keys[k]), k ? 3 : 1));
        vg_row_end(out);
    }
    vg_details_end(out);
}

static void breakdown_table(vg_text *out, const json_t *list)
{
    static const char *const head[] = {"net",      "threads",   "step, us", "forward",
                                       "backward", "optimizer", "barriers", "statistics"};
    size_t i;
    json_t *record;
    int rows = 0, shown = 0;
    json_array_foreach(list, i, record) {
        const json_t *breakdown = json_object_get(record, "breakdown");
        if (!json_is_object(breakdown))
            continue;
        if (!rows++) {
            vg_text_add(out, "\n**Where a step goes** (median of a few timed steps behind each "
                             "run; statistics: what a monitored step takes longer)\n\n");
            vg_table_head(out, "lrrrrrrr", head);
        }
        breakdown_row(out, record, breakdown);
    }
    json_array_foreach(list, i, record) {
        const json_t *breakdown = json_object_get(record, "breakdown");
        if (json_is_object(breakdown) && shown++ < MAPS)
            layers_of_a_step(out, record, breakdown);
    }
}

/* --- learning rates ----------------------------------------------------------------------------- */

static void rates_table(vg_text *out, const json_t *list)
{
    static const char *const head[] = {"net", "suggested", "lowest loss at", "diverged at",
                                       "largest stable"};
    static const char *const keys[] = {"suggestion", "lowest", "diverged", "largest_stable"};
    size_t i;
    json_t *record;
    char a[VG_NUM];
    int rows = 0;
    json_array_foreach(list, i, record) {
        const json_t *found = json_object_get(record, "lr_find");
        if (!json_is_object(found))
            continue;
        if (!rows++) {
            vg_text_add(out, "\n**Learning rates** (range test, and the largest rate that is "
                             "stable for 100 steps)\n\n");
            vg_table_head(out, "lrrrr", head);
        }
        vg_row_begin(out);
        name_cell(out, record);
        for (int k = 0; k < 4; k++) {
            double lr = vg_doc_num(found, keys[k]);
            vg_cell_printf(out, "%s", isfinite(lr) ? vg_num(a, lr, 2) : "none");
        }
        vg_row_end(out);
    }
}

/* --- the part ----------------------------------------------------------------------------------- */

vg_status vg_part_training(vg_report *report, int document)
{
    const json_t *list = json_object_get(report->docs[document], "train"),
                 *races = json_object_get(report->docs[document], "race");
    vg_text *out = &report->out;
    vg_text_add(out, "\n### Training\n\n");
    if (!json_array_size(list) && !json_array_size(races)) {
        vg_part_missing(report, "training runs", "vgbench train");
        return VG_OK;
    }
    int runs = runs_table(out, list);
    events_table(out, list);
    if (runs)
        VG_TRY(vg_train_plot(report, document));
    VG_TRY(maps(report, list, document));
    vg_race_table(out, races);
    rates_table(out, list);
    VG_TRY(vg_train_plot_rates(report, document));
    time_table(out, list);
    breakdown_table(out, list);
    return VG_OK;
}
