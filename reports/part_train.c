/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 11: training runs, time to a loss. */
#include <math.h>
#include <stdlib.h>

#include "reports/nets.h"
#include "reports/nets_plot.h"
#include "reports/parts.h"

static void train_row(vg_text *out, const json_t *record)
{
    char a[VG_NUM];
    const json_t *steps = json_object_get(record, "steps");
    size_t n = json_array_size(steps);
    const json_t *last = json_array_get(steps, n ? n - 1 : 0);
    const json_t *reached = json_object_get(record, "reached");
    char *label = vg_train_label(record);
    vg_row_begin(out);
    vg_cell_md(out, label ? label : "");
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(last, "step"), 1));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(json_array_get(steps, 0), "loss"), 4));
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(last, "loss"), 4));
    vg_cell_printf(out, "%s", vg_num_percent(a, vg_doc_num(last, "accuracy")));
    if (json_is_true(reached))
        vg_cell_printf(out, "%s s", vg_num(a, vg_doc_num(record, "time_to_target_s"), 3));
    else
        vg_cell_printf(out, "%s", json_is_false(reached) ? "not reached" : "no target");
    vg_cell_printf(out, "%zu", json_array_size(json_object_get(record, "events")));
    vg_row_end(out);
    free(label);
}

vg_status vg_part_training(vg_report *report, int document)
{
    static const char *const head[] = {"net",      "steps",          "first loss", "last loss",
                                       "accuracy", "time to target", "events"};
    const json_t *list = json_object_get(report->docs[document], "train");
    size_t i;
    json_t *record;
    vg_text_add(&report->out, "\n### Training\n\n");
    if (!json_array_size(list)) {
        vg_part_missing(report, "training runs", "vgbench train");
        return VG_OK;
    }
    vg_table_head(&report->out, "lrrrrrr", head);
    json_array_foreach(list, i, record)
        train_row(&report->out, record);
    return vg_train_plot(report, document);
}
