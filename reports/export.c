/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/broken.h"
#include "reports/rows.h"

static vg_status finish(const vg_text *out)
{
    return out->failed ? vg_fail(VG_ENOMEM, "no memory for the export") : VG_OK;
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void csv_text(vg_text *out, const char *s)
{
    vg_text_add(out, ",");
    vg_text_csv(out, s);
}

static void csv_number(vg_text *out, double x)
{
    if (isfinite(x))
        vg_text_printf(out, ",%.9g", x);
    else
        vg_text_add(out, ",");
}

static void csv_row(vg_text *out, const vg_rows *rows, const vg_row *row, const vg_problem *c)
{
    bool own = c->own >= 0 && row == &rows->rows[c->own] && !c->why_none;
    vg_text_csv(out, row->kernel);
    csv_text(out, row->op);
    csv_text(out, row->dir);
    csv_text(out, row->backend);
    csv_text(out, row->shape);
    csv_number(out, row->threads ? row->threads : NAN);
    csv_text(out, row->max_isa);
    csv_text(out, row->cold);
    csv_number(out, row->n);
    csv_number(out, row->ns.mid);
    csv_number(out, row->ns.lo);
    csv_number(out, row->ns.hi);
    csv_number(out, row->flops / row->ns.mid);
    csv_number(out, row->bytes / row->ns.mid);
    csv_number(out, row->roof_fraction);
    csv_number(out, row->ulp);
    csv_text(out, row->verified > 0 ? "true" : row->verified == 0 ? "false" : "");
    csv_number(out, own ? c->ratio.mid : NAN);
    csv_number(out, own ? c->ratio.lo : NAN);
    csv_number(out, own ? c->ratio.hi : NAN);
    csv_text(out, own ? vg_verdict_name(c->verdict) : "");
    csv_number(out, row->prepare_ns);
    csv_text(out, row->impl);
    csv_text(out, row->error);
    vg_text_add(out, "\n");
}

vg_status vg_export_csv(const json_t *results, vg_text *out)
{
    vg_rows rows;
    VG_TRY(vg_rows_collect(results, &rows));
    vg_text_add(out,
                "kernel,op,dir,backend,shape,threads,max_isa,cold_cache,samples,median_ns,"
                "ci95_lo_ns,ci95_hi_ns,gflops,gbps,roof_fraction,ulp_max,verified,onednn_ratio,"
                "ratio_lo,ratio_hi,verdict,prepare_ns,impl,error\n");
    for (int i = 0; i < rows.case_count; i++) {
        const vg_problem *c = &rows.cases[i];
        bool known = false;
        for (int b = VG_BACKEND_COUNT - 1; b >= 0; b--) {
            if (c->rows[b] < 0)
                continue;
            csv_row(out, &rows, &rows.rows[c->rows[b]], c);
            known = true;
        }
        if (!known)
            csv_row(out, &rows, &rows.rows[c->any], c);
    }
    vg_rows_release(&rows);
    return finish(out);
}

/* --- JSON Lines ------------------------------------------------------------------------------- */

/* A record with a `kind` of its own has it as `profile_kind`. */
static vg_status line(vg_text *out, const char *kind, const json_t *record)
{
    char own_kind[64];
    json_t *object = json_pack("{ss}", "kind", kind), *inner = json_object_get(record, "kind");
    char *text = NULL;
    bool whole = object && !json_object_update(object, (json_t *)record);
    snprintf(own_kind, sizeof own_kind, "%s_kind", kind);
    if (whole && inner)
        whole = !json_object_set(object, own_kind, inner) &&
                !json_object_set_new(object, "kind", json_string(kind));
    if (whole)
        text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(object);
    if (!text)
        return vg_fail(VG_ENOMEM, "no memory for a line of JSON");
    vg_text_printf(out, "%s\n", text);
    free(text);
    return VG_OK;
}

/* A member of the document that belongs to the first line: texts, numbers, and what describes the
 * whole run. */
static bool is_of_run(const char *key, const json_t *value)
{
    return !json_is_array(value) && (!json_is_object(value) || !strcmp(key, "context") ||
                                     !strcmp(key, "machine") || !strcmp(key, "generator"));
}

/* Whatever parts the document has, and whatever parts later ones will have. */
vg_status vg_export_jsonl(const json_t *results, vg_text *out)
{
    json_t *run = json_object(), *part, *record;
    const char *key;
    size_t i;
    json_object_foreach((json_t *)results, key, part)
        if (is_of_run(key, part))
            json_object_set(run, key, part);
    vg_status status = line(out, "run", run);
    json_decref(run);
    VG_TRY(status);
    json_object_foreach((json_t *)results, key, part) {
        const char *kind = strcmp(key, "benchmarks") ? key : "benchmark";
        if (json_is_object(part) && !is_of_run(key, part))
            VG_TRY(line(out, kind, part));
        json_array_foreach(part, i, record)
            if (json_is_object(record))
                VG_TRY(line(out, kind, record));
    }
    return finish(out);
}

/* --- JUnit ------------------------------------------------------------------------------------ */

static void junit_case(vg_text *out, const json_t *row)
{
    char ulp[VG_NUM], used[VG_NUM];
    const char *op = vg_doc_str(row, "op"), *dir = vg_doc_str(row, "dir");
    const char *backend = vg_doc_str(row, "backend"), *skipped = vg_doc_str(row, "skipped");
    const char *where = vg_doc_str(row, "where"), *text = vg_doc_str(row, "text");
    vg_text_add(out, "  <testcase classname=\"");
    vg_text_html(out, op ? op : "");
    vg_text_add(out, ".");
    vg_text_html(out, dir ? dir : "");
    vg_text_add(out, "\" name=\"");
    vg_text_html(out, backend ? backend : "");
    vg_text_add(out, "\">");
    if (skipped) {
        vg_text_add(out, "<skipped message=\"");
        vg_text_html(out, skipped);
        vg_text_add(out, "\"/>");
    } else if (vg_verify_failed(row)) {
        vg_text_printf(
            out, "<failure message=\"%.0f of %.0f cases fail: %s ulp, %s of what is allowed, at ",
            vg_doc_num(row, "failures"), vg_doc_num(row, "cases"),
            vg_num(ulp, vg_doc_num(row, "ulp_max"), 3),
            vg_num(used, vg_doc_num(row, "tolerance_max"), 3));
        vg_text_html(out, where ? where : "a place not recorded");
        vg_text_add(out, "\">");
        vg_text_html(out, text ? text : "");
        vg_text_add(out, "</failure>");
    }
    vg_text_add(out, "</testcase>\n");
}

vg_status vg_export_junit(const json_t *results, vg_text *out)
{
    const json_t *list = json_object_get(results, "verify");
    size_t i, failed = 0, skipped = 0;
    json_t *row;
    json_array_foreach(list, i, row) {
        bool skip = vg_doc_str(row, "skipped") != NULL;
        skipped += skip;
        failed += !skip && vg_verify_failed(row);
    }
    vg_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    vg_text_printf(
        out,
        " <testsuite name=\"vgbench verify\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
        json_array_size(list), failed, skipped);
    json_array_foreach(list, i, row)
        junit_case(out, row);
    vg_text_add(out, " </testsuite>\n</testsuites>\n");
    return finish(out);
}
