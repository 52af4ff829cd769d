/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 11: seconds to a target for every fix, cost and benefit in one number. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/train_plot.h"

static void race_row(vg_text *out, const json_t *row)
{
    char a[VG_NUM], b[VG_NUM], ratio[80];
    const json_t *own = json_object_get(row, "own"), *ci = json_object_get(own, "time_s_ci95");
    const char *change = vg_doc_str(row, "change");
    double time = vg_doc_num(own, "time_s"), theirs = vg_doc_num(row, "onednn.time_s");
    double lr = vg_doc_num(row, "largest_stable_lr");
    const json_t *lo = json_array_get(ci, 0), *hi = json_array_get(ci, 1);
    vg_row_begin(out);
    vg_cell_code(out, change ? change : "n/a");
    vg_cell_printf(out, "%s of %s", vg_num(a, vg_doc_num(own, "reached"), 1),
                   vg_num(b, vg_doc_num(own, "runs"), 1));
    vg_cell_printf(out, "%s", isfinite(time) ? vg_num(a, vg_doc_num(own, "steps"), 4) : "-");
    vg_cell_printf(out, "%s", isfinite(time) ? vg_num(a, time, 3) : "-");
    if (json_is_number(lo) && json_is_number(hi))
        vg_text_printf(out, " [%s, %s]", vg_num(a, json_number_value(lo), 3),
                       vg_num(b, json_number_value(hi), 3));
    double above = vg_doc_num(row, "onednn.time_s_above");
    if (isfinite(above))
        vg_cell_printf(out, "> %s", vg_num(a, above, 3));
    else
        vg_cell_printf(out, "%s", isfinite(theirs) ? vg_num(a, theirs, 3) : "-");
    vg_estimate r = {theirs / time, NAN, NAN};
    if (isfinite(r.mid))
        snprintf(ratio, sizeof ratio, " (%sx)", vg_num(a, r.mid, 3));
    vg_text_add(out, isfinite(r.mid) ? ratio : "");
    vg_cell_printf(out, "%s", isfinite(lr) ? vg_num(a, lr, 2) : "-");
    vg_cell_printf(out, "%s", vg_num(a, vg_doc_num(row, "loss"), 4));
    vg_cell_printf(out, "%s", vg_num_percent(a, vg_doc_num(row, "accuracy")));
    vg_row_end(out);
}

/* "a validation loss of 0.5 and a validation accuracy of 40 %" */
static void target_text(vg_text *out, const json_t *one)
{
    char a[VG_NUM];
    double loss = vg_doc_num(one, "target_loss"), accuracy = vg_doc_num(one, "target_accuracy");
    if (isfinite(loss))
        vg_text_printf(out, "a validation loss of %s", vg_num(a, loss, 3));
    if (isfinite(accuracy))
        vg_text_printf(out, "%sa validation accuracy of %s", isfinite(loss) ? " and " : "",
                       vg_num_percent(a, accuracy));
}

static void race(vg_text *out, const json_t *one)
{
    static const char *const head[] = {
        "change",    "reached",           "steps", "time, s [95 % CI]",
        "oneDNN, s", "largest stable lr", "loss",  "accuracy"};
    char a[VG_NUM];
    const char *label = vg_doc_str(one, "label"), *data = vg_doc_str(one, "data"),
               *rule = vg_doc_str(one, "rule");
    size_t i;
    json_t *row;
    vg_text_add(out, "\n**Time to ");
    target_text(out, one);
    vg_text_printf(out, "**, %s seeds; as it is: ", vg_num(a, vg_doc_num(one, "seeds"), 1));
    vg_text_code(out, label ? label : "n/a");
    if (data) {
        vg_text_add(out, "; data: ");
        vg_text_md(out, data);
    }
    vg_text_add(out, "\n\n");
    vg_table_head(out, "lrrrrrrr", head);
    json_array_foreach(json_object_get(one, "rows"), i, row)
        race_row(out, row);
    if (rule) {
        vg_text_add(out, "\n");
        vg_text_md(out, rule);
        vg_text_add(out, "\n");
    }
}

void vg_race_table(vg_text *out, const json_t *races)
{
    size_t i;
    json_t *one;
    json_array_foreach(races, i, one)
        if (json_array_size(json_object_get(one, "rows")))
            race(out, one);
}

static void reached_text(vg_text *out, const json_t *row)
{
    char a[VG_NUM], b[VG_NUM];
    vg_text_printf(out, "%s of %s runs", vg_num(a, vg_doc_num(row, "own.reached"), 1),
                   vg_num(b, vg_doc_num(row, "own.runs"), 1));
}

/* Whether @p row cannot be told from @p best: as many runs reached the target, and the intervals
 * of the time overlap, or one is not known. */
static bool as_good(const json_t *row, const json_t *best)
{
    const json_t *a = vg_doc_get(row, "own.time_s_ci95"), *b = vg_doc_get(best, "own.time_s_ci95");
    return vg_doc_num(row, "own.reached") == vg_doc_num(best, "own.reached") &&
           !(vg_doc_bound(a, 0) > vg_doc_bound(b, 1)) && !(vg_doc_bound(a, 1) < vg_doc_bound(b, 0));
}

/* "`a`", or "`a` or `b`" where their intervals overlap. Returns how many there are. */
static int winners(vg_text *out, const json_t *rows)
{
    enum { NAMED = 3 };
    const json_t *best = json_array_get(rows, 0);
    size_t i;
    int count = 0;
    json_t *row;
    json_array_foreach(rows, i, row) {
        const char *change = vg_doc_str(row, "change");
        if (!change || !as_good(row, best) || count++ >= NAMED)
            continue;
        vg_text_add(out, count > 1 ? " or " : "");
        vg_text_code(out, change);
    }
    if (count > NAMED)
        vg_text_printf(out, " or %d more", count - NAMED);
    return count;
}

/* Rows are ranked: the first is the best, if it has reached the target at all. */
static void sentence(vg_text *out, const json_t *one)
{
    char a[VG_NUM];
    size_t i;
    json_t *row;
    const json_t *best = json_array_get(json_object_get(one, "rows"), 0);
    const char *change = vg_doc_str(best, "change");
    if (!change || !(vg_doc_num(best, "own.reached") > 0))
        return;
    vg_text_add(out, "- **First to ");
    target_text(out, one);
    vg_text_add(out, ": ");
    int count = winners(out, json_object_get(one, "rows"));
    vg_text_printf(out, "** after %s%s of steps (median over the seeds%s; ",
                   count > 1 ? "about " : "", vg_num_time(a, 1e9 * vg_doc_num(best, "own.time_s")),
                   count > 1 ? ", whose intervals overlap" : "");
    reached_text(out, best);
    vg_text_add(out, ")");
    json_array_foreach(json_object_get(one, "rows"), i, row) {
        const char *name = vg_doc_str(row, "change");
        if (!name || strcmp(name, "as it is"))
            continue;
        vg_text_add(out, "; as it is, ");
        vg_text_code(out, vg_doc_str(one, "label") ? vg_doc_str(one, "label") : "n/a");
        vg_text_add(out, " reached it in ");
        reached_text(out, row);
        break;
    }
    vg_text_add(out, ".\n");
}

void vg_race_sentences(vg_text *out, const json_t *races)
{
    size_t i;
    json_t *one;
    json_array_foreach(races, i, one)
        sentence(out, one);
}
