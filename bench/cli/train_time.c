/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/train_modes.h"

#include <math.h>
#include <string.h>

#include "cli/output.h"
#include "cli/spec_words.h"
#include "harness/train/breakdown.h"
#include "results/results.h"

static const double BUDGET_S = 2;

static double number(const json_t *object, const char *key)
{
    return vg_json_get_number(object, key);
}

void vg_step_print_head(FILE *out, vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        fprintf(out, "%-44s %10s %7s %10s %7s %16s\n", "network", "step us", "peak", "oneDNN us",
                "ratio", "95% interval");
    else if (format == VG_FORMAT_MD)
        fprintf(out, "| network | step, us | of peak | oneDNN, us | ratio | 95 %% interval |\n"
                     "|---|---:|---:|---:|---:|---|\n");
    if (format != VG_FORMAT_CSV)
        return;
    fprintf(out, "network,step_us,share_of_peak,onednn_step_us,ratio,ratio_low,ratio_high");
    vg_spec_csv_head(out);
    fputc('\n', out);
}

static double end_of(const json_t *interval, size_t end)
{
    const json_t *value = json_array_get(interval, end);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

void vg_step_print_row(FILE *out, vg_format format, const json_t *record)
{
    static const char *const keys[] = {"step_us", "share_of_peak", "onednn_step_us", "ratio"};
    const json_t *t = json_object_get(record, "step_time"), *ci = json_object_get(t, "ratio_ci95");
    const char *name = vg_json_get_text(record, "name", "");
    double x[4], lo = end_of(ci, 0), hi = end_of(ci, 1);
    for (int i = 0; i < 4; i++)
        x[i] = number(t, keys[i]);
    if (format == VG_FORMAT_TABLE) {
        fprintf(out, "%-44s %10.1f %7.3f %10.1f %7.3f %7.3f ..%7.3f\n", name, x[0], x[1], x[2],
                x[3], lo, hi);
    } else if (format == VG_FORMAT_MD) {
        fputs("| ", out);
        vg_md_text(out, name);
        fprintf(out, " | %.1f | %.3f | %.1f | %.3f | %.3f .. %.3f |\n", x[0], x[1], x[2], x[3], lo,
                hi);
    } else {
        vg_csv_text(out, name);
        for (int i = 0; i < 4; i++)
            vg_csv_number(out, x[i]);
        vg_csv_number(out, lo);
        vg_csv_number(out, hi);
        vg_spec_csv(out, json_object_get(record, "spec"));
        fputc('\n', out);
    }
    fflush(out);
}

/* Where oneDNN's step goes, and what it is composed of. */
static void print_account(FILE *out, const json_t *breakdown)
{
    const json_t *library = json_object_get(breakdown, "onednn");
    size_t i;
    json_t *row;
    if (!library)
        return;
    fprintf(out,
            "            primitives %.1f + reorders %.1f + steps in C %.1f + own kernels %.1f + "
            "clock %.1f + glue %.1f us (%.2f %%)\n",
            number(library, "primitives_us"), number(library, "reorders_us"),
            number(library, "c_steps_us"), number(library, "own_us"), number(library, "clock_us"),
            number(library, "glue_us"), 100 * number(library, "glue_fraction"));
    json_array_foreach(json_object_get(breakdown, "composition"), i, row)
        fprintf(out, "            %3.0f x %s: %s\n", number(row, "calls"),
                vg_json_get_text(row, "kernel", ""), vg_json_get_text(row, "impl", ""));
}

/* "    own: forward 120.1, backward 240.3, ... us" */
static void print_parts(FILE *out, const char *side, const json_t *breakdown)
{
    const char *key;
    json_t *value;
    if (!breakdown)
        return;
    fprintf(out, "    %-7s", side);
    json_object_foreach(json_object_get(breakdown, "parts"), key, value)
        fprintf(out, " %s %.1f,", key, json_number_value(value));
    fprintf(out, " statistics +%.1f us\n", number(breakdown, "statistics_us"));
    fprintf(out, "           ");
    json_object_foreach(json_object_get(breakdown, "ops"), key, value)
        fprintf(out, " %s %.0f x %.2f,", key, number(value, "calls"),
                number(value, "us") / number(value, "calls"));
    fprintf(out, " us\n");
    print_account(out, breakdown);
}

vg_status vg_train_time(vg_train_session *s)
{
    vg_format format = s->options.format;
    for (int64_t i = 0; i < s->sweep.points && !vg_train_stop_asked(); i++) {
        vg_spec spec;
        char name[VG_TRAIN_NAME], label[VG_TRAIN_NAME];
        json_t *time, *record;
        VG_TRY(vg_train_point(s, i, &spec, name));
        VG_TRY(vg_step_time(&spec, BUDGET_S, &time));
        record = json_object();
        vg_json_set_text(record, "name", name);
        json_object_set_new(record, "spec", vg_spec_json(&spec));
        vg_json_set_text(record, "label", vg_spec_label(&spec, label, sizeof label));
        json_object_set_new(record, "steps", json_array());
        json_object_set_new(record, "step_time", time);
        json_array_append_new(s->records, record);
        if (format != VG_FORMAT_JSON && !s->done)
            vg_step_print_head(stdout, format);
        if (format != VG_FORMAT_JSON)
            vg_step_print_row(stdout, format, record);
        if (format == VG_FORMAT_TABLE && !s->options.quiet) {
            print_parts(stdout, "own", json_object_get(time, "breakdown"));
            print_parts(stdout, "oneDNN", json_object_get(time, "onednn_breakdown"));
        }
        s->done++;
    }
    return VG_OK;
}
