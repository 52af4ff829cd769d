/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fixes_view.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "cli/decay_view.h"
#include "cli/output.h"
#include "results/results.h"

enum { NAME = 160 };

/* --- numbers of a row ---------------------------------------------------------------------- */

typedef struct row {
    const char *name, *verdict;
    bool equal;
    int depth;
    double survival, half, ms, ms_ci[2], ratio, ratio_ci[2], gflops, part, bytes, onednn_ms;
} row;

static bool is_cell(const json_t *record)
{
    return strcmp(vg_json_get_text(json_object_get(record, "spec"), "model", "mlp"), "mlp") != 0;
}

static void bounds(const json_t *interval, double out[2])
{
    for (int end = 0; end < 2; end++)
        out[end] = vg_json_bound(interval, end);
}

static row row_of(const json_t *record, const char *name)
{
    const json_t *cost = json_object_get(record, "cost"), *spec = json_object_get(record, "spec");
    row r = {
        .name = name,
        .verdict = vg_json_get_text(record, "verdict", ""),
        .equal = json_is_true(json_object_get(record, "equal_matrices")),
        .depth = (int)vg_json_get_number(spec, is_cell(record) ? "seq_len" : "depth"),
        .survival = vg_json_get_number(record, "survival"),
        .half = vg_json_get_number(json_object_get(record, "rate"), "half_life_layers"),
        .ms = vg_json_get_number(cost, "step_ms"),
        .ratio = vg_json_get_number(cost, "step_ratio"),
        .part = vg_json_get_number(cost, "peak_fraction"),
        .gflops = vg_json_get_number(cost, "gflops"),
        .bytes = vg_json_get_number(cost, "bytes_per_step"),
        .onednn_ms = vg_json_get_number(cost, "onednn_step_ms"),
    };
    bounds(json_object_get(cost, "step_ms_ci95"), r.ms_ci);
    bounds(json_object_get(cost, "step_ratio_ci95"), r.ratio_ci);
    return r;
}

/* --- rows ---------------------------------------------------------------------------------- */

static void print_head(FILE *out, vg_format format, bool cell)
{
    const char *length = cell ? "steps" : "depth";
    if (format == VG_FORMAT_CSV)
        fputs("fix,equal_matrices,depth,survival,half_life_layers,step_ms,step_ms_lo,step_ms_hi,"
              "step_ratio,step_ratio_lo,step_ratio_hi,gflops,peak_fraction,bytes_per_step,"
              "onednn_step_ms,verdict\n",
              out);
    else if (format == VG_FORMAT_MD)
        fprintf(out,
                "| fix | %s | survival | %s to half | step, ms [95 %%] | step / now [95 %%] | "
                "GFLOP/s (of peak) | MB a step | vs oneDNN | verdict |\n"
                "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|\n",
                length, cell ? "steps" : "layers");
    else
        fprintf(out, "%-64s %5s %10s %8s %19s %18s %14s %8s %9s  %s\n", "fix", length, "survival",
                "to half", "step, ms [95%]", "step / now [95%]", "GF/s (of peak)", "MB/step",
                "vs oneDNN", "verdict");
}

static void print_csv(FILE *out, const row *r)
{
    const double numbers[] = {r->survival,    r->half,   r->ms,   r->ms_ci[0], r->ms_ci[1], r->ratio,
                              r->ratio_ci[0], r->ratio_ci[1], r->gflops, r->part, r->bytes,
                              r->onednn_ms};
    vg_csv_text(out, r->name);
    fprintf(out, ",%s,%d", r->equal ? "true" : "false", r->depth);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        vg_csv_number(out, numbers[i]);
    fprintf(out, ",%s\n", r->verdict);
}

static const char *text_of(double value, const char *format, char text[32])
{
    if (isfinite(value))
        snprintf(text, 32, format, value);
    else
        strcpy(text, "-");
    return text;
}

static void print_row(FILE *out, vg_format format, const row *r)
{
    char a[32], b[32], c[32], d[32], step[64], ratio[64] = "-", rate[64];
    if (format == VG_FORMAT_CSV) {
        print_csv(out, r);
        return;
    }
    snprintf(step, sizeof step, "%.3g [%.3g, %.3g]", r->ms, r->ms_ci[0], r->ms_ci[1]);
    if (isfinite(r->ratio))
        snprintf(ratio, sizeof ratio, "%.2f [%.2f, %.2f]", r->ratio, r->ratio_ci[0],
                 r->ratio_ci[1]);
    snprintf(rate, sizeof rate, isfinite(r->part) ? "%.3g (%.0f%%)" : "%.3g", r->gflops,
             100 * r->part);
    const char *line = "%-64s %5d %10s %8s %19s %18s %14s %8s %9s  %s\n";
    if (format == VG_FORMAT_MD)
        line = "| %s | %d | %s | %s | %s | %s | %s | %s | %s | **%s** |\n";
    fprintf(out, line, r->name, r->depth, text_of(r->survival, "%.3g", a),
            text_of(r->half, "%.3g", b), step, ratio, rate, text_of(r->bytes / 1e6, "%.4g", c),
            text_of(r->onednn_ms / r->ms, "%.2fx", d), r->verdict);
}

/* --- advice -------------------------------------------------------------------------------- */

/* What Markdown has in place of a blank line and an indent. */
typedef struct style {
    FILE *out;
    const char *before, *after; /* a title */
    const char *item;           /* a line of a list */
} style;

static void print_one_advice(const style *s, size_t index, const json_t *one)
{
    const char *at = vg_json_get_text(one, "at", "");
    double ci[2];
    bounds(json_object_get(one, "step_ratio_ci95"), ci);
    if (!index)
        fprintf(s->out,
                "%sWhat helps, at equal matrix count: the best of each kind, by the signal kept (in half "
                "decades) and the simplest change; then others; what suits one depth or length only "
                "last%s",
                s->before, s->after);
    fprintf(s->out,
            "%zu. %s%s%s%s: survival %.3g, step x%.2f [%.2f, %.2f]; %s\n   PyTorch: %s\n"
            "   Keras:   %s\n",
            index + 1, vg_json_get_text(one, "change", ""), at[0] ? " (" : "", at, at[0] ? ")" : "",
            vg_json_get_number(one, "survival"), vg_json_get_number(one, "step_ratio"), ci[0],
            ci[1], vg_json_get_text(one, "why", ""), vg_json_get_text(one, "torch", ""),
            vg_json_get_text(one, "keras", ""));
}

static void print_advice(const style *s, const json_t *base)
{
    size_t index;
    json_t *finding, *one;
    bool slow = false;
    json_array_foreach(json_object_get(base, "findings"), index, finding) {
        const char *code = vg_json_get_text(finding, "code", "");
        if (!index)
            fprintf(s->out, "%sWhat is wrong%s", s->before, s->after);
        fprintf(s->out, "%s%s: %s\n", s->item, code, vg_json_get_text(finding, "why", ""));
        slow = slow || !strcmp(code, "subnormal");
    }
    if (slow)
        fprintf(s->out, "%sStep ratios are to a step on subnormal floats, which may be many times "
                        "slower than one on numbers (--precision)\n",
                s->item);
    json_array_foreach(json_object_get(base, "advice"), index, one)
        print_one_advice(s, index, one);
    fprintf(s->out, "%sChecklist of the network as it is%s", s->before, s->after);
    vg_decay_print_checklist(s->out, s->item[0] ? s->item : "    ", base);
}

void vg_fixes_print(FILE *out, vg_format format, const json_t *records)
{
    const json_t *base = json_array_get(records, 0);
    const style plain = {out, "\n", "\n", ""}, markdown = {out, "\n### ", "\n\n", "- "};
    char name[NAME];
    if (format == VG_FORMAT_JSON)
        return;
    print_head(out, format, is_cell(base));
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        snprintf(name, sizeof name, i ? "%s" : "none (%s)",
                 vg_json_get_text(record, i ? "name" : "label", ""));
        row r = row_of(record, name);
        print_row(out, format, &r);
    }
    if (format != VG_FORMAT_CSV)
        print_advice(format == VG_FORMAT_MD ? &markdown : &plain, base);
    fflush(out);
}
