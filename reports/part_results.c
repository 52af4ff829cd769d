/* SPDX-License-Identifier: Apache-2.0 */
/* Part 7: every row, per op, and the maps of wins and losses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/kernels_plot.h"
#include "reports/parts.h"
#include "reports/repro.h"

/* A page of more lines is of no use to a reader; the rest is in the results file and its CSV. */
enum { MOST_LINES = 3000 };

static void verdict_cell(vg_text *out, const vg_rows *rows, const vg_problem *c)
{
    char buf[80];
    double medians = vg_problem_contradiction(rows, c);
    vg_cell_printf(out, "%s %s", vg_ratio_text(buf, c->ratio), vg_verdict_name(c->verdict));
    if (isfinite(medians))
        vg_text_printf(out, "; medians %s (!)", vg_num(buf, medians, 3));
    if (*c->crowded) {
        vg_text_add(out, ": ");
        vg_text_md(out, c->crowded);
    }
}

static void result_row(vg_text *out, const vg_rows *rows, const vg_row *row, const vg_problem *c)
{
    char buf[80], lo[VG_NUM], hi[VG_NUM];
    vg_row_begin(out);
    vg_cell_code(out, *row->shape ? row->shape : row->kernel);
    if (*row->cold) {
        vg_text_add(out, ", cold ");
        vg_text_md(out, row->cold);
    }
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
    vg_cell_printf(out, "%s%s", vg_num_percent(buf, row->roof_fraction),
                   row->roof_fraction > 1 ? " (!)" : "");
    bool is_own = c->own >= 0 && row == &rows->rows[c->own];
    if (is_own && !c->why_none)
        verdict_cell(out, rows, c);
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
    if (report->count > 1) { /* rows of several files would make a page nobody can open */
        vg_text_add(&report->out,
                    "Every row, its samples' interval and its repeat command stand in "
                    "the report of each file by itself: `vgbench report FILE.json`; "
                    "files are compared row by row by `vgbench compare A.json "
                    "B.json`.\n");
        return VG_OK;
    }
    for (int d = 0; d < report->count; d++) {
        vg_part_document(report, d);
        if (!report->rows[d].count)
            vg_part_missing(report, "timed kernels", "vgbench run --only=kernels");
        else
            VG_TRY(results(report, d));
        VG_TRY(vg_plot_grids(report, d));
        VG_TRY(vg_part_scaling(report, d));
    }
    return VG_OK;
}
