/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/drift.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double vg_doc_drift(const json_t *doc)
{
    return vg_doc_num(doc, "noise.drift.range");
}

static double trend(const json_t *doc)
{
    double ghz = fabs(vg_doc_num(doc, "noise.drift.ghz_trend"));
    double most = fmax(ghz, fabs(vg_doc_num(doc, "noise.drift.bandwidth_trend")));
    return isfinite(most) ? most : 0;
}

double vg_doc_drift_between(const json_t *a, const json_t *b)
{
    double clocks = fabs(log(vg_doc_num(a, "noise.drift.ghz") / vg_doc_num(b, "noise.drift.ghz")));
    return fmax(hypot(trend(a), trend(b)), isfinite(clocks) ? clocks : 0);
}

double vg_doc_load(const json_t *doc)
{
    const json_t *load = json_array_get(vg_doc_get(doc, "context.load_avg"), 0);
    double cpus = vg_doc_num(doc, "context.num_cpus");
    return json_is_number(load) && cpus > 0 ? json_number_value(load) / cpus : NAN;
}

/* Rows are judged by the floor of their thread count: a run is as good as the highest. */
double vg_doc_highest_floor(const json_t *doc)
{
    const char *key;
    json_t *value;
    double floor = vg_doc_num(doc, "noise.floor");
    json_object_foreach((json_t *)vg_doc_get(doc, "noise.by_threads"), key, value)
        if (json_number_value(value) > floor)
            floor = json_number_value(value);
    return floor;
}

/* --- part 5 --------------------------------------------------------------------------------- */

static double middle(const json_t *looks, const char *key)
{
    double *values = calloc(json_array_size(looks) + 1, sizeof *values), median = (double)NAN;
    vg_samples s;
    size_t i;
    int n = 0;
    json_t *look;
    json_array_foreach(looks, i, look) {
        double value = vg_doc_num(look, key);
        if (values && value > 0 && isfinite(value))
            values[n++] = value;
    }
    if (n && !vg_samples_init(&s, values, NULL, n)) {
        median = s.sorted[n / 2];
        vg_samples_release(&s);
    }
    free(values);
    return median;
}

static vg_status draw(vg_report *report, int document, const json_t *looks)
{
    static const char *const keys[] = {"ghz", "bytes_per_s"};
    static const char *const names[] = {"clock rate", "bandwidth of 256 KiB"};
    vg_plot plot = {.height = 320};
    char name[40];
    size_t i;
    json_t *look;
    int lines = 0;
    vg_text_add(&plot.script, "set title 'Drift over the run, one thread, between cases'\n"
                              "set xlabel 'seconds since the first look'\n"
                              "set ylabel '% of the median'\n");
    for (int k = 0; k < 2; k++) {
        double median = middle(looks, keys[k]);
        if (!(median > 0))
            continue;
        json_array_foreach(looks, i, look) {
            double s = vg_doc_num(look, "s"), value = vg_doc_num(look, keys[k]);
            if (isfinite(s) && isfinite(value))
                vg_text_printf(&plot.data, "%.6g %.6g\n", s, 100 * value / median);
        }
        vg_text_add(&plot.data, "\n\n");
        vg_text_printf(&plot.script, "%sdata index %d using 1:2 with linespoints ",
                       lines ? ", \\\n     " : "plot ", lines);
        vg_plot_look(&plot.script, k, 0.5);
        vg_text_printf(&plot.script, " title '%s'", names[k]);
        lines++;
    }
    vg_text_add(&plot.script, "\n");
    snprintf(name, sizeof name, "drift_%d", document + 1);
    if (lines)
        return vg_plot_draw(report->plots, &plot, name,
                            "Clock rate and bandwidth over the time of the run", &report->out);
    free(plot.data.p);
    free(plot.script.p);
    return VG_OK;
}

vg_status vg_part_drift(vg_report *report, int document)
{
    const json_t *doc = report->docs[document], *looks = vg_doc_get(doc, "noise.drift.looks");
    char range[VG_NUM], ghz[VG_NUM], a[VG_NUM], b[VG_NUM];
    double drift = vg_doc_drift(doc), overhead = vg_doc_num(doc, "noise.timer.overhead_ns");
    vg_text *out = &report->out;
    if (isfinite(overhead))
        vg_text_printf(out,
                       "\nClock: resolution %s, a reading takes %s; two of them are %s of a "
                       "kernel of 10 us.\n",
                       vg_num_time(a, vg_doc_num(doc, "noise.timer.resolution_ns")),
                       vg_num_time(b, overhead),
                       vg_num_percent(range, vg_doc_num(doc, "noise.timer.share_of_10us")));
    if (isnan(drift))
        return VG_OK;
    vg_text_printf(
        out,
        "\nDrift: %zu looks between cases over the run. The clock rate (median %s GHz) and "
        "the bandwidth of a cache moved by up to **%s** (0.9 over 0.1 quantile); last "
        "third against first third: %s and %s. ",
        json_array_size(looks), vg_num(ghz, vg_doc_num(doc, "noise.drift.ghz"), 3),
        vg_num_percent(range, drift), vg_num_percent(a, vg_doc_num(doc, "noise.drift.ghz_trend")),
        vg_num_percent(b, vg_doc_num(doc, "noise.drift.bandwidth_trend")));
    vg_text_add(out,
                "Ratios within a run are of interleaved samples and do not see it; times do, and "
                "so does a comparison of two runs, which widens its floor by it.\n");
    return draw(report, document, looks);
}
