/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decay_view.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "cli/output.h"
#include "cli/spec_words.h"
#include "results/results.h"

enum { BAR = 16 };

/* A cell a decade of the signal that is left: full at 1, empty at 1e-16; '+' for growth. */
static void bar(double survival, char text[2 * BAR])
{
    int cells = survival > 0 ? (int)lround(BAR + log10(survival)) : 0;
    cells = cells < 0 ? 0 : cells > BAR + 8 ? BAR + 8 : cells;
    for (int i = 0; i < cells; i++)
        text[i] = i < BAR ? '#' : '+';
    for (int i = cells; i < BAR; i++)
        text[i] = '.';
    text[cells > BAR ? cells : BAR] = '\0';
}

static void number(double value, const char *format, char text[32])
{
    if (isnan(value))
        strcpy(text, "n/a");
    else
        snprintf(text, 32, format, value);
}

static const char *shade(const char *verdict)
{
    if (!strcmp(verdict, "healthy"))
        return "\x1b[32m";
    return strcmp(verdict, "growing") ? "\x1b[31m" : "\x1b[33m";
}

/* The columns of a record as texts. */
typedef struct cells {
    char factor[32], interval[64], theory[32], survival[32], bar[2 * BAR];
    const char *verdict, *within;
} cells;

static void fill(const json_t *record, cells *c)
{
    const json_t *rate = json_object_get(record, "rate"), *ci = json_object_get(rate, "ci95");
    const json_t *theory = json_object_get(record, "theory");
    double survival = vg_json_get_number(record, "survival");
    number(vg_json_get_number(rate, "factor_per_layer"), "%.4g", c->factor);
    double lo = vg_json_bound(ci, 0), hi = vg_json_bound(ci, 1);
    if (isfinite(lo))
        snprintf(c->interval, sizeof c->interval, "%.4g..%.4g", exp(lo / 2), exp(hi / 2));
    else
        strcpy(c->interval, "n/a");
    number(exp(vg_json_get_number(theory, "ln_sq_per_layer") / 2), "%.4g", c->theory);
    number(survival, "%.7g", c->survival);
    bar(survival, c->bar);
    c->verdict = vg_json_get_text(record, "verdict", "?");
    const json_t *within = json_object_get(theory, "within");
    c->within = json_is_true(within) ? "agrees" : json_is_false(within) ? "DIFFERS" : "";
}

void vg_decay_print_head(FILE *out, vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        fprintf(out, "%-44s %9s %19s %9s %-7s %13s  %-*s  %s\n", "network", "factor/l",
                "95% interval", "theory", "", "survival", BAR, "decades left", "verdict");
    else if (format == VG_FORMAT_MD)
        fprintf(out,
                "| network | factor per layer | 95 %% interval | theory | survival | verdict |\n"
                "|---|---:|---:|---:|---:|---|\n");
    if (format != VG_FORMAT_CSV)
        return;
    fprintf(out, "network,signal,ln_sq_per_layer,ci_low,ci_high,factor_per_layer,"
                 "theory_ln_sq_per_layer,theory_sd,within,survival,loss,verdict");
    vg_spec_csv_head(out);
    fputc('\n', out);
}

static void print_csv(FILE *out, const char *name, const json_t *record, const cells *c)
{
    const json_t *rate = json_object_get(record, "rate"), *ci = json_object_get(rate, "ci95");
    const json_t *theory = json_object_get(record, "theory");
    vg_csv_text(out, name);
    fprintf(out, ",%s", vg_json_get_text(rate, "signal", ""));
    vg_csv_number(out, vg_json_get_number(rate, "ln_sq_per_layer"));
    vg_csv_number(out, vg_json_bound(ci, 0));
    vg_csv_number(out, vg_json_bound(ci, 1));
    vg_csv_number(out, vg_json_get_number(rate, "factor_per_layer"));
    vg_csv_number(out, vg_json_get_number(theory, "ln_sq_per_layer"));
    vg_csv_number(out, vg_json_get_number(theory, "sd_ln"));
    fprintf(out, ",%s", !c->within[0] ? "" : strcmp(c->within, "agrees") ? "false" : "true");
    vg_csv_number(out, vg_json_get_number(record, "survival"));
    vg_csv_number(out, vg_json_get_number(record, "loss"));
    fprintf(out, ",%s", c->verdict);
    vg_spec_csv(out, json_object_get(record, "spec"));
    fputc('\n', out);
}

static void print_md(FILE *out, const char *name, const cells *c)
{
    fputs("| ", out);
    vg_md_text(out, name);
    fprintf(out, " | %s | %s | %s %s | %s | **%s** |\n", c->factor, c->interval, c->theory,
            c->within, c->survival, c->verdict);
}

void vg_decay_print_row(FILE *out, vg_format format, bool color, const char *name,
                        const json_t *record)
{
    cells c;
    fill(record, &c);
    if (format == VG_FORMAT_CSV)
        print_csv(out, name, record, &c);
    else if (format == VG_FORMAT_MD)
        print_md(out, name, &c);
    else
        fprintf(out, "%-44s %9s %19s %9s %-7s %13s  %s  %s%s%s\n", name, c.factor, c.interval,
                c.theory, c.within, c.survival, c.bar, color ? shade(c.verdict) : "", c.verdict,
                color ? "\x1b[0m" : "");
    fflush(out);
}

/* What a tool would see that looks at weight gradients. */
static void print_weight_gradients(FILE *out, const json_t *record)
{
    const json_t *layers = json_object_get(record, "layers");
    size_t depth = json_array_size(layers);
    double first = vg_json_get_number(json_array_get(layers, 0), "grad_weight_l2");
    double last =
        vg_json_get_number(json_array_get(layers, depth ? depth - 1 : 0), "grad_weight_l2");
    double survival = vg_json_get_number(record, "survival");
    if (!(first > 0) || !(last > 0))
        return;
    fprintf(out,
            "    weight gradients, first layer over last: %.3g, where the signal itself keeps %.3g",
            first / last, survival);
    bool hidden =
        !strcmp(vg_json_get_text(record, "verdict", ""), "vanishing") && first / last > 1e-3;
    fprintf(out, hidden ? ": by weight gradients alone this net would pass for healthy\n" : "\n");
}

static void print_advice(FILE *out, const json_t *record)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(record, "advice"), index, one)
        fprintf(out, "    try %s: survival %.3g is predicted; PyTorch: %s\n",
                vg_json_get_text(one, "change", ""), vg_json_get_number(one, "survival"),
                vg_json_get_text(one, "torch", ""));
    if (index)
        fprintf(out, "    (at equal matrix count; --fixes measures and times all of them)\n");
}

/* What the theory says and within what it may be off. */
static void print_theory(FILE *out, const json_t *record)
{
    const json_t *theory = json_object_get(record, "theory"),
                 *band = json_object_get(theory, "band");
    const char *reason = vg_json_get_text(theory, "reason", NULL);
    if (reason)
        fprintf(out, "    theory: n/a (%s)\n", reason);
    else if (json_is_number(json_array_get(band, 0)))
        fprintf(out, "    theory: factor %.4g, agrees from %.4g to %.4g; %s\n",
                exp(vg_json_get_number(theory, "ln_sq_per_layer") / 2),
                exp(json_number_value(json_array_get(band, 0)) / 2),
                exp(json_number_value(json_array_get(band, 1)) / 2),
                vg_json_get_text(theory, "formula", ""));
}

static void print_product(FILE *out, const json_t *record)
{
    const json_t *explain = json_object_get(record, "explain");
    bool norm = strcmp(vg_json_get_text(json_object_get(record, "spec"), "norm", "none"), "none");
    if (explain)
        fprintf(out,
                "    squared gradient per layer: %.4g by the slopes of f x %.4g by the %s = %.4g\n",
                vg_json_get_number(explain, "slope_sq_per_layer"),
                vg_json_get_number(explain, "weight_sq_per_layer"),
                norm ? "weights and norm" : "weights", vg_json_get_number(explain, "sq_per_layer"));
    else
        fprintf(out, "    slopes x weights: n/a (%s)\n",
                vg_json_get_text(record, "explain_reason", "not recorded"));
}

void vg_decay_print_explanation(FILE *out, const json_t *record)
{
    size_t index;
    json_t *finding;
    print_product(out, record);
    print_theory(out, record);
    print_weight_gradients(out, record);
    json_array_foreach(json_object_get(record, "findings"), index, finding)
        fprintf(out, "    %s: %s\n", vg_json_get_text(finding, "code", ""),
                vg_json_get_text(finding, "why", ""));
    print_advice(out, record);
    vg_decay_print_checklist(out, "    ", record);
    fflush(out);
}

void vg_decay_print_checklist(FILE *out, const char *indent, const json_t *record)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(record, "checklist"), index, one) {
        const char *state = vg_json_get_text(one, "state", "n/a");
        fprintf(out, "%s[%s] %s: %s\n", indent,
                !strcmp(state, "yes")  ? "x"
                : !strcmp(state, "no") ? " "
                                       : "n/a",
                vg_json_get_text(one, "item", ""), vg_json_get_text(one, "why", ""));
    }
}

static bool has_subnormals(const json_t *record)
{
    size_t index;
    json_t *layer;
    json_array_foreach(json_object_get(record, "layers"), index, layer)
        if (vg_json_get_number(layer, "subnormal") > 0)
            return true;
    return false;
}

/* "; half subnormal from layer 9 down", where that is so anywhere. */
static void print_from(FILE *out, const json_t *object, const char *key, const char *what,
                       const char *unit)
{
    double from = vg_json_get_number(object, key);
    if (isfinite(from))
        fprintf(out, "; %s from %s %.0f down", what, unit, from);
}

static void print_ftz(FILE *out, const json_t *record, const json_t *ftz, const char *unit)
{
    const json_t *ci = json_object_get(ftz, "slowdown_ci95");
    double low = vg_json_bound(ci, 0), high = vg_json_bound(ci, 1);
    fprintf(out, "    backward pass %.3g ms %s, %.3g ms flushed: x%.3g [%.3g, %.3g], n=%.0f%s",
            vg_json_get_number(ftz, "backward_ms"),
            has_subnormals(record) ? "with subnormals" : "(no subnormals)",
            vg_json_get_number(ftz, "backward_ms_ftz"), vg_json_get_number(ftz, "slowdown"), low,
            high, vg_json_get_number(ftz, "n"),
            low <= 1 && 1 <= high ? ": nothing measured" : "");
    print_from(out, ftz, "subnormal_from", "half subnormal", unit);
    print_from(out, ftz, "zero_from", "all zero", unit);
    print_from(out, ftz, "zero_from_ftz", "flushed, all zero", unit);
    fprintf(out, "\n");
}

static void print_precision(FILE *out, const json_t *record)
{
    const json_t *precision = json_object_get(record, "precision"), *format,
                 *ftz = json_object_get(precision, "ftz");
    bool cell = strcmp(vg_json_get_text(json_object_get(record, "spec"), "model", "mlp"), "mlp");
    const char *unit = cell ? "step" : "layer";
    size_t index;
    if (!ftz)
        return;
    print_ftz(out, record, ftz, unit);
    json_array_foreach(json_object_get(precision, "formats"), index, format) {
        double half = vg_json_get_number(format, "half_from");
        fprintf(out, "    %s, loss scale %g: ", vg_json_get_text(format, "format", ""),
                vg_json_get_number(format, "loss_scale"));
        if (isfinite(half))
            fprintf(out, "half of the gradient is 0 from %s %.0f down to the %s\n", unit, half,
                    cell ? "first" : "input");
        else
            fprintf(out, "the gradient arrives everywhere\n");
    }
}

void vg_decay_print_extras(FILE *out, const json_t *record)
{
    const json_t *cost = json_object_get(record, "cost"),
                 *monitor = json_object_get(cost, "monitor");
    if (cost)
        fprintf(out, "    step %.3g ms, %.3g GFLOP/s", vg_json_get_number(cost, "step_ms"),
                vg_json_get_number(cost, "gflops"));
    if (isfinite(vg_json_get_number(cost, "onednn_step_ms")))
        fprintf(out, ", oneDNN %.3g ms", vg_json_get_number(cost, "onednn_step_ms"));
    if (monitor)
        fprintf(out, ", statistics x%.3f", vg_json_get_number(monitor, "ratio"));
    if (cost)
        fprintf(out, "\n");
    print_precision(out, record);
    fflush(out);
}
