/* SPDX-License-Identifier: Apache-2.0 */
/* Part 10: every kernel row against the float64 oracle. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/broken.h"
#include "reports/parts.h"

/* A page of more lines is of no use to a reader; the rest is in the results file. */
enum { MOST_LINES = 3000 };

static void accuracy_table(vg_report *report, const json_t *list)
{
    static const char *const head[] = {"op",     "direction", "backend",         "cases",
                                       "failed", "max ulp",   "error / allowed", "where"};
    char buf[VG_NUM];
    vg_text *out = &report->out;
    size_t i, n = json_array_size(list), failed = 0;
    json_t *row;
    double cases = 0;
    json_array_foreach(list, i, row) {
        double c = vg_doc_num(row, "cases");
        cases += c > 0 ? c : 0;
        failed += vg_verify_failed(row);
    }
    vg_text_printf(out, "%zu rows against the float64 oracle in %.0f cases: %zu failed.\n", n,
                   cases, failed);
    bool fold = n > 24;
    if (fold)
        vg_details_begin(out, "%zu rows", n);
    else
        vg_text_add(out, "\n");
    vg_table_head(out, "lllrrrrl", head);
    json_array_foreach(list, i, row) {
        const char *op = vg_doc_str(row, "op"), *dir = vg_doc_str(row, "dir");
        const char *backend = vg_doc_str(row, "backend"), *skipped = vg_doc_str(row, "skipped");
        const char *where = vg_doc_str(row, "where");
        if (i == MOST_LINES)
            break;
        vg_row_begin(out);
        vg_cell_md(out, op ? op : "");
        vg_cell_md(out, dir ? dir : "");
        vg_cell_md(out, backend ? backend : "");
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(row, "cases"), 1));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(row, "failures"), 1));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(row, "ulp_max"), 2));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(row, "tolerance_max"), 2));
        vg_cell_md(out, skipped ? skipped : where ? where : "");
        vg_row_end(out);
    }
    if (fold)
        vg_details_end(out);
}

/* Without verify records the timed rows still carry what their verification found. */
static void accuracy_of_rows(vg_report *report, const vg_rows *rows)
{
    static const char *const head[] = {"op", "direction", "backend", "timed rows", "max ulp"};
    char key[200], buf[VG_NUM];
    json_t *seen = json_object();
    vg_table_head(&report->out, "lllrr", head);
    for (int i = 0; i < rows->count && json_object_size(seen) < 500; i++) {
        const vg_row *row = &rows->rows[i];
        snprintf(key, sizeof key, "%.60s/%.60s/%.60s", row->op, row->dir, row->backend);
        if (json_object_get(seen, key))
            continue;
        json_object_set_new(seen, key, json_true());
        int n = 0;
        double ulp = NAN;
        for (int j = i; j < rows->count; j++) {
            const vg_row *other = &rows->rows[j];
            if (strcmp(other->op, row->op) || strcmp(other->dir, row->dir) ||
                strcmp(other->backend, row->backend))
                continue;
            n++;
            ulp = fmax(ulp, other->ulp);
        }
        vg_row_begin(&report->out);
        vg_cell_md(&report->out, row->op);
        vg_cell_md(&report->out, row->dir);
        vg_cell_md(&report->out, row->backend);
        vg_cell_printf(&report->out, "%d", n);
        vg_cell_printf(&report->out, "%s", vg_num(buf, ulp, 2));
        vg_row_end(&report->out);
    }
    json_decref(seen);
}

vg_status vg_part_accuracy(vg_report *report)
{
    vg_part_title(report, 10, "Accuracy");
    for (int d = 0; d < report->count; d++) {
        const json_t *list = json_object_get(report->docs[d], "verify");
        vg_part_document(report, d);
        if (json_array_size(list))
            accuracy_table(report, list);
        else if (report->rows[d].count)
            accuracy_of_rows(report, &report->rows[d]);
        else
            vg_part_missing(report, "verification", "vgbench run --only=verify");
    }
    return VG_OK;
}
