/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 8: what cold caches cost, beside the same with hot ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/parts.h"

enum { MOST_ROWS = 200 };

static void time_cell(vg_text *out, const json_t *cold, const char *key, const char *ci_key)
{
    char mid[VG_NUM], lo[VG_NUM], hi[VG_NUM];
    const json_t *ci = json_object_get(cold, ci_key);
    vg_cell_printf(out, "%s [%s, %s]", vg_num_time(mid, vg_doc_num(cold, key)),
                   vg_num_time(lo, json_number_value(json_array_get(ci, 0))),
                   vg_num_time(hi, json_number_value(json_array_get(ci, 1))));
}

static void cold_row(vg_text *out, const json_t *row, const json_t *cold)
{
    const char *kernel = vg_doc_str(row, "kernel"), *label = vg_doc_str(row, "label");
    const char *note = vg_doc_str(cold, "note");
    char buf[VG_NUM], again[VG_NUM];
    vg_row_begin(out);
    vg_cell_code(out, kernel ? kernel : label ? label : "not named");
    time_cell(out, cold, "hot_ns", "hot_ci95_ns");
    time_cell(out, cold, "cold_ns", "cold_ci95_ns");
    vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(cold, "cold_ns") / vg_doc_num(cold, "hot_ns"), 3));
    vg_cell_printf(out, "%s", vg_num_bytes(buf, vg_doc_num(cold, "check.bytes")));
    if (note)
        vg_cell_md(out, note);
    else
        vg_cell_printf(out, "%s, then %s", vg_num_time(buf, vg_doc_num(cold, "check.cold_ns")),
                       vg_num_time(again, vg_doc_num(cold, "check.hot_ns")));
    vg_row_end(out);
}

void vg_part_cold(vg_report *report, const json_t *record)
{
    static const char *const head[] = {"row",    "hot",     "cold",
                                       "cold / hot", "flushed", "reads after the flush"};
    const char *mode = vg_doc_str(record, "cold_cache");
    const json_t *rows = json_object_get(record, "rows");
    size_t i;
    json_t *row;
    int shown = 0;
    if (!mode)
        return;
    vg_text_printf(&report->out,
                   "\n%s: before each cold call %s flushed from every cache; hot and cold calls take "
                   "turns, on one path. That it was cold is seen by dependent reads of the largest "
                   "block flushed, after the flush and again.\n\n",
                   strcmp(mode, "wei") ? "All cold" : "Cold weights",
                   strcmp(mode, "wei") ? "all that the row uses is" : "the parameters are");
    vg_table_head(&report->out, "lrrrrr", head);
    json_array_foreach(rows, i, row) {
        const json_t *cold = json_object_get(row, "cold_cache");
        if (json_is_object(cold) && shown++ < MOST_ROWS)
            cold_row(&report->out, row, cold);
    }
}
