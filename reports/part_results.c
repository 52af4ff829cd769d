/* SPDX-License-Identifier: Apache-2.0 */
/* Every row, per op; cache behaviour, roofline, accuracy. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/kernels_plot.h"
#include "reports/parts.h"
#include "reports/repro.h"

/* A page of more lines is of no use to a reader; the rest is in the results file and its CSV. */
enum { MOST_LINES = 3000 };

static void result_row(vg_text *out, const vg_rows *rows, const vg_row *row, const vg_problem *c)
{
    char buf[80], lo[VG_NUM], hi[VG_NUM];
    vg_row_begin(out);
    vg_cell_code(out, *row->shape ? row->shape : row->kernel);
    vg_cell_md(out, row->backend);
    if (*row->error) {
        vg_cell_md(out, row->error);
        vg_cell_printf(out, "-");
    } else {
        vg_cell_printf(out, "%s", vg_num_time(buf, row->ns.mid));
        vg_text_printf(out, " [%s, %s], n=%d", vg_num_time(lo, row->ns.lo),
                       vg_num_time(hi, row->ns.hi), row->n);
        vg_cell_printf(out, "%s", vg_throughput_text(buf, row));
    }
    vg_cell_printf(out, "%s", vg_num_percent(buf, row->roof_fraction));
    bool is_own = c->own >= 0 && row == &rows->rows[c->own];
    if (is_own && !c->why_none)
        vg_cell_printf(out, "%s %s", vg_ratio_text(buf, c->ratio), vg_verdict_name(c->verdict));
    else if (is_own)
        vg_cell_md(out, c->why_none);
    else
        vg_cell_printf(out, " ");
    vg_cell_printf(out, "%s", isnan(row->prepare_ns) ? "-" : vg_num_time(buf, row->prepare_ns));
    vg_cell_md(out, row->impl);
    if (row->used && row->used < row->threads)
        vg_text_printf(out, "; %d of %d threads worked", row->used, row->threads);
    vg_row_end(out);
}

static vg_status results_of_op(vg_report *report, int document, const char *op, const char *dir,
                               int *lines)
{
    const vg_rows *rows = &report->rows[document];
    static const char *const head[] = {"shape",   "backend",       "time [95 % CI], n",
                                       "rate",    "of roof",       "to oneDNN",
                                       "prepare", "implementation"};
    vg_text *out = &report->out;
    bool open = false;
    for (int i = 0; i < rows->case_count && *lines < MOST_LINES; i++) {
        const vg_problem *c = &rows->cases[i];
        const vg_row *any = &rows->rows[c->any];
        if (strcmp(any->op, op) != 0 || strcmp(any->dir, dir) != 0)
            continue;
        if (!open) {
            vg_text escaped = {0};
            vg_text_html(&escaped, op);
            vg_text_add(&escaped, " ");
            vg_text_html(&escaped, dir);
            vg_details_begin(out, "%s", escaped.p ? escaped.p : "");
            free(escaped.p);
            VG_TRY(vg_plot_rates(report, document, op, dir));
            vg_text_add(out, "\n");
            vg_table_head(out, "llrrrlrl", head);
            open = true;
        }
        bool known = false;
        for (int b = VG_BACKEND_COUNT - 1; b >= 0; b--) {
            if (c->rows[b] < 0)
                continue;
            result_row(out, rows, &rows->rows[c->rows[b]], c);
            known = true;
            ++*lines;
        }
        if (!known) {
            result_row(out, rows, any, c);
            ++*lines;
        }
    }
    if (open) {
        vg_repro_lines(report, rows, op, dir);
        vg_details_end(out);
    }
    return VG_OK;
}

static vg_status results(vg_report *report, int document)
{
    const vg_rows *rows = &report->rows[document];
    int lines = 0;
    vg_status status = VG_OK;
    json_t *seen = json_object();
    if (!seen)
        return vg_fail(VG_ENOMEM, "no memory for the list of ops");
    for (int i = 0; i < rows->case_count && status == VG_OK; i++) {
        const vg_row *row = &rows->rows[rows->cases[i].any];
        char key[160];
        snprintf(key, sizeof key, "%.70s/%.70s", row->op, row->dir);
        if (json_object_get(seen, key))
            continue;
        json_object_set_new(seen, key, json_true());
        status = results_of_op(report, document, row->op, row->dir, &lines);
    }
    json_decref(seen);
    VG_TRY(status);
    if (lines < rows->count)
        vg_text_printf(&report->out, "\n%d of %d rows are shown; all are in the results file.\n",
                       lines, rows->count);
    return VG_OK;
}

vg_status vg_part_results(vg_report *report)
{
    vg_part_title(report, 7, "Results per op");
    for (int d = 0; d < report->count; d++) {
        vg_part_document(report, d);
        if (!report->rows[d].count)
            vg_part_missing(report, "timed kernels", "`vgbench run --only=kernels` measures them");
        else
            VG_TRY(results(report, d));
        VG_TRY(vg_plot_grids(report, d));
    }
    return VG_OK;
}

vg_status vg_part_cache(vg_report *report)
{
    vg_part_title(report, 8, "Cache behaviour");
    for (int d = 0; d < report->count; d++) {
        const char *reason = vg_doc_str(report->docs[d], "machine.pmu.reason");
        vg_part_document(report, d);
        vg_part_missing(report, "cache counters", "`vgbench profile` measures or simulates them");
        if (reason) {
            vg_text_add(&report->out, "\nHardware counters here: ");
            vg_text_md(&report->out, reason);
            vg_text_add(&report->out, "\n");
        }
    }
    return VG_OK;
}

/* --- roofline --------------------------------------------------------------------------------- */

static void roofs(vg_report *report, const json_t *list)
{
    static const char *const head[] = {"roof", "value", "95 % CI", "threads", "n"};
    char buf[VG_NUM], lo[VG_NUM], hi[VG_NUM];
    vg_text *out = &report->out;
    size_t i;
    json_t *roof;
    vg_table_head(out, "lrrrr", head);
    json_array_foreach(list, i, roof) {
        const char *name = vg_doc_str(roof, "name"), *kind = vg_doc_str(roof, "kind");
        const char *unit = kind && !strcmp(kind, "flops") ? "GFLOP/s" : "GB/s";
        const json_t *ci = json_object_get(roof, "ci95");
        vg_row_begin(out);
        vg_cell_md(out, name ? name : "not named");
        vg_cell_printf(out, "%s %s", vg_num(buf, vg_doc_num(roof, "value") / 1e9, 3), unit);
        if (json_is_number(json_array_get(ci, 0)) && json_is_number(json_array_get(ci, 1)))
            vg_cell_printf(out, "%s to %s",
                           vg_num(lo, json_number_value(json_array_get(ci, 0)) / 1e9, 3),
                           vg_num(hi, json_number_value(json_array_get(ci, 1)) / 1e9, 3));
        else
            vg_cell_printf(out, "n/a");
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(roof, "threads"), 1));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(roof, "n"), 1));
        vg_row_end(out);
    }
}

vg_status vg_part_roofline(vg_report *report)
{
    vg_part_title(report, 9, "Roofline");
    for (int d = 0; d < report->count; d++) {
        const json_t *list = vg_doc_get(report->docs[d], "roofline.roofs");
        vg_part_document(report, d);
        if (json_array_size(list)) {
            roofs(report, list);
            VG_TRY(vg_plot_roofline(report, d));
        } else
            vg_part_missing(report, "measured roofs", "`vgbench roofline` measures them");
    }
    return VG_OK;
}

/* --- accuracy --------------------------------------------------------------------------------- */

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
        failed += vg_doc_num(row, "failures") > 0;
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
            vg_part_missing(report, "verification", "`vgbench verify` or `vgbench run` brings it");
    }
    return VG_OK;
}
