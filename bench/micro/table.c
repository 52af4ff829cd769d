/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `vgbench bench`: one row per kernel and shape. */
#include <math.h>
#include <string.h>

#include "measure/stats.h"
#include "micro/entries.h"

/* "12.3 us" with three significant digits. */
static const char *time_text(double ns, char text[24])
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int unit = 0;
    if (!isfinite(ns))
        return strcpy(text, "n/a");
    for (; unit < 3 && ns >= 999.5; unit++)
        ns /= 1000;
    snprintf(text, 24, "%.*f %s", ns < 9.995 ? 2 : ns < 99.95 ? 1 : 0, ns, units[unit]);
    return text;
}

/* "12.3 us ±0.4%": half the interval as a share of the median. */
static const char *interval_text(double ns, double lo, double hi, char text[48])
{
    char time[24];
    if (!isfinite(ns))
        return strcpy(text, "n/a");
    if (!isfinite(lo))
        snprintf(text, 48, "%s", time_text(ns, time));
    else
        snprintf(text, 48, "%s ±%.1f%%", time_text(ns, time), 50 * (hi - lo) / ns);
    return text;
}

static const char *ratio_text(const vg_case_comparison *x, char text[48])
{
    if (!isfinite(x->ratio))
        return strcpy(text, "n/a");
    snprintf(text, 48, "%.2f [%.2f, %.2f]", x->ratio, x->lo, x->hi);
    return text;
}

static const char *rate_text(const vg_case_comparison *x, char text[32])
{
    if (!isfinite(x->rate))
        return strcpy(text, "n/a");
    double giga = x->rate * 1e-9;
    snprintf(text, 32, "%.*f %s",
             giga < 9.995   ? 2
             : giga < 99.95 ? 1
                            : 0,
             giga, x->by_flops ? "GFLOP/s" : "GB/s");
    return text;
}

static void percent_and_ulp(const vg_case_comparison *x, char percent[16], char ulp[16])
{
    if (isfinite(x->roof_fraction))
        snprintf(percent, 16, "%.0f%%%s", 100 * x->roof_fraction, x->roof_fraction > 1 ? "!" : "");
    else
        strcpy(percent, "n/a");
    if (isfinite(x->ulp_max))
        snprintf(ulp, 16, "%.2g", x->ulp_max);
    else
        strcpy(ulp, "n/a");
}

static const char *verdict_text(const vg_case_comparison *x, char text[80])
{
    if (!x->best || !x->base)
        return x->best || x->base ? "-" : "no time";
    int n = snprintf(text, 80, "%s%s%s", vg_verdict_name(x->verdict), *x->crowded ? ": " : "",
                     x->crowded);
    if (x->contradicted)
        snprintf(text + n, (size_t)(80 - n), "; medians %.2f (!)", x->base_ns / x->best_ns);
    return text;
}

void vg_bench_table_head(FILE *out, vg_format format, int width, vg_cold cold)
{
    char title[48] = "kernel and shape";
    if (cold)
        snprintf(title, sizeof title, "kernel and shape, %s", vg_cold_text(cold));
    if (format == VG_FORMAT_TABLE)
        fprintf(out, "%-*s %-8s %16s %16s %19s %13s %5s %6s  %s\n", width, title, "own best",
                "time (95% CI)", "oneDNN", "ratio [95% CI]", "rate", "roof", "ulp", "verdict");
    else if (format == VG_FORMAT_MD)
        fprintf(out,
                "| %s | own best | oneDNN | ratio [95 %% CI] | rate | of roof | "
                "ulp | verdict |\n|---|---:|---:|---:|---:|---:|---:|---|\n",
                title);
    else if (format == VG_FORMAT_CSV)
        fprintf(out, "kernel,shape,threads,own_backend,own_ns,own_lo_ns,own_hi_ns,onednn_ns,"
                     "onednn_lo_ns,onednn_hi_ns,ratio,ratio_lo,ratio_hi,rate_per_s,rate_unit,"
                     "roof_fraction,ulp_max,verdict,max_isa,cold_cache,oversubscribed\n");
}

/* Non-ASCII characters take more bytes than columns; printf pads bytes. */
static void print_padded(FILE *out, const char *text, int width)
{
    int columns = 0;
    for (const char *p = text; *p; p++)
        columns += (*p & 0xc0) != 0x80;
    fprintf(out, "%*s%s ", width > columns ? width - columns : 0, "", text);
}

static void print_text(FILE *out, int width, bool color, const vg_case_result *r,
                       const vg_case_comparison *x)
{
    char name[320], own[48], base[48], ratio[48], rate[32], percent[16], ulp[16], verdict[80];
    const char *tint = x->verdict == VG_FASTER   ? "\033[32m"
                       : x->verdict == VG_SLOWER ? "\033[31m"
                                                 : "";
    vg_case_format(r->c, name, sizeof name);
    percent_and_ulp(x, percent, ulp);
    fprintf(out, "%-*s %-8s ", width, name,
            x->best ? vg_backend_name(x->best->kernel->backend) : "-");
    print_padded(out, interval_text(x->best_ns, x->best_lo, x->best_hi, own), 16);
    print_padded(out, interval_text(x->base_ns, x->base_lo, x->base_hi, base), 16);
    fprintf(out, "%19s %13s %5s %6s  %s%s%s\n", ratio_text(x, ratio), rate_text(x, rate), percent,
            ulp, color ? tint : "", verdict_text(x, verdict), color && *tint ? "\033[0m" : "");
    for (int i = 0; i < r->count; i++)
        if (r->rows[i].error[0])
            fprintf(out, "    %s: %s\n", vg_backend_name(r->rows[i].kernel->backend),
                    r->rows[i].error);
}

static void print_md(FILE *out, const vg_case_result *r, const vg_case_comparison *x)
{
    char name[320], own[48], base[48], ratio[48], rate[32], percent[16], ulp[16], verdict[80];
    vg_case_format(r->c, name, sizeof name);
    percent_and_ulp(x, percent, ulp);
    fprintf(out, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", name,
            interval_text(x->best_ns, x->best_lo, x->best_hi, own),
            interval_text(x->base_ns, x->base_lo, x->base_hi, base), ratio_text(x, ratio),
            rate_text(x, rate), percent, ulp, verdict_text(x, verdict));
}

static void print_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.9g", value);
    fputc(',', out);
}

static void print_csv(FILE *out, const vg_case_result *r, const vg_case_comparison *x)
{
    char keys[256], none[80];
    const bool both = x->best && x->base;
    vg_shape_format(r->c->op, &r->c->shape, keys, sizeof keys);
    fprintf(out, "%s/%s,%s,%d,%s,", vg_op_name(r->c->op), vg_dir_name(r->c->dir), keys,
            r->c->threads, x->best ? vg_backend_name(x->best->kernel->backend) : "");
    const double numbers[] = {x->best_ns, x->best_lo, x->best_hi, x->base_ns, x->base_lo,
                              x->base_hi, x->ratio,   x->lo,      x->hi,      x->rate};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        print_number(out, numbers[i]);
    fprintf(out, "%s,", x->by_flops ? "FLOP" : "byte");
    print_number(out, x->roof_fraction);
    print_number(out, x->ulp_max);
    fprintf(out, "%s,%s,%s,%s\n", both ? vg_verdict_name(x->verdict) : verdict_text(x, none),
            x->max_isa ? x->max_isa : "", r->cold ? vg_cold_names[r->cold] : "", x->crowded);
}

void vg_bench_table_row(FILE *out, vg_format format, int width, bool color,
                        const vg_case_result *result, const vg_case_comparison *comparison)
{
    if (format == VG_FORMAT_TABLE)
        print_text(out, width, color, result, comparison);
    else if (format == VG_FORMAT_MD)
        print_md(out, result, comparison);
    else if (format == VG_FORMAT_CSV)
        print_csv(out, result, comparison);
    fflush(out);
}

void vg_bench_table_foot(FILE *out, const vg_case_comparison *comparisons, const int *threads,
                         int count)
{
    for (int t = 0; t < count; t++) {
        int tally[VG_AMBIGUOUS + 1] = {0}, ratios = 0;
        const char *crowded = "";
        double logs = 0;
        bool seen = false;
        for (int i = 0; i < t; i++)
            seen |= threads[i] == threads[t];
        if (seen)
            continue;
        for (int i = 0; i < count; i++) {
            if (threads[i] != threads[t] || !isfinite(comparisons[i].ratio))
                continue;
            tally[comparisons[i].verdict]++;
            crowded = comparisons[i].crowded;
            logs += log(comparisons[i].ratio);
            ratios++;
        }
        if (ratios && *crowded)
            fprintf(out, "threads:%d  %s: no mean, none of the %d ratios is called\n", threads[t],
                    crowded, ratios);
        else if (ratios)
            fprintf(out,
                    "threads:%d  geometric mean of the ratios %.3f over %d: %d faster, %d "
                    "slower, %d same, %d ambiguous\n",
                    threads[t], exp(logs / ratios), ratios, tally[VG_FASTER], tally[VG_SLOWER],
                    tally[VG_SAME], tally[VG_AMBIGUOUS]);
    }
}
