/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench train --lr-find */
#include <math.h>
#include <string.h>

#include "cli/output.h"
#include "cli/spec_words.h"
#include "cli/train_modes.h"
#include "harness/train/lr_find.h"
#include "results/results.h"

enum { BAR = 40, ROWS = 20 };

static json_t *found_json(const vg_lr_found *found, json_t *points)
{
    json_t *json = json_object();
    vg_json_set_number(json, "suggestion", found->suggestion);
    vg_json_set_number(json, "lowest", found->lowest);
    vg_json_set_number(json, "diverged", found->diverged);
    vg_json_set_number(json, "largest_stable", found->largest_stable);
    json_object_set_new(json, "points", points);
    return json;
}

/* The smoothed loss against the rate, a row for every fifth step. */
static void print_curve(FILE *out, const json_t *points, const vg_lr_found *found)
{
    size_t count = json_array_size(points);
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < count; i++) {
        double smooth = vg_json_get_number(json_array_get(points, i), "smooth");
        low = fmin(low, smooth);
        high = isfinite(smooth) ? fmax(high, smooth) : high;
    }
    for (size_t i = 0; i < count; i += VG_LR_STEPS / ROWS) {
        const json_t *p = json_array_get(points, i);
        double lr = vg_json_get_number(p, "lr"), smooth = vg_json_get_number(p, "smooth");
        double cells = high > low ? BAR * (smooth - low) / (high - low) : 0;
        char bar[BAR + 1] = "";
        int n = isfinite(cells) ? (int)lround(cells) : BAR;
        memset(bar, '#', (size_t)n);
        bar[n] = '\0';
        double step = log(10 / 1e-7) / (VG_LR_STEPS - 1) * (VG_LR_STEPS / ROWS) / 2;
        fprintf(out, "    %9.2e %9.4g %s%s\n", lr, smooth, bar,
                fabs(log(lr / found->suggestion)) <= step ? "  < suggested" : "");
    }
}

static const char *rate(double lr, char text[32])
{
    if (isnan(lr))
        strcpy(text, "none");
    else
        snprintf(text, 32, "%.2g", lr);
    return text;
}

void vg_lr_print_head(FILE *out, vg_format format)
{
    if (format == VG_FORMAT_TABLE)
        fprintf(out, "%-44s %10s %12s %10s %15s\n", "network", "suggested", "lowest loss",
                "diverged", "largest stable");
    else if (format == VG_FORMAT_MD)
        fprintf(out, "| network | suggested | lowest loss | diverged | largest stable |\n"
                     "|---|---:|---:|---:|---:|\n");
    if (format != VG_FORMAT_CSV)
        return;
    fprintf(out, "network,suggested,lowest,diverged,largest_stable");
    vg_spec_csv_head(out);
    fputc('\n', out);
}

void vg_lr_print_row(FILE *out, vg_format format, const json_t *record)
{
    static const char *const keys[] = {"suggestion", "lowest", "diverged", "largest_stable"};
    const json_t *found = json_object_get(record, "lr_find");
    const char *name = vg_json_get_text(record, "name", "");
    char text[4][32];
    for (int i = 0; i < 4; i++)
        rate(vg_json_get_number(found, keys[i]), text[i]);
    if (format == VG_FORMAT_TABLE) {
        fprintf(out, "%-44s %10s %12s %10s %15s\n", name, text[0], text[1], text[2], text[3]);
    } else if (format == VG_FORMAT_MD) {
        fputs("| ", out);
        vg_md_text(out, name);
        fprintf(out, " | %s | %s | %s | %s |\n", text[0], text[1], text[2], text[3]);
    } else {
        vg_csv_text(out, name);
        for (int i = 0; i < 4; i++)
            vg_csv_number(out, vg_json_get_number(found, keys[i]));
        vg_spec_csv(out, json_object_get(record, "spec"));
        fputc('\n', out);
    }
}

static vg_status find(const vg_train_session *s, vg_spec *spec, vg_lr_found *found,
                      json_t **points)
{
    vg_dataset *data;
    VG_TRY(vg_dataset_open(spec, &s->how.data, &data));
    vg_status status = vg_lr_find(spec, data, found, points);
    vg_dataset_close(data);
    return status;
}

vg_status vg_train_lr_find(vg_train_session *s)
{
    vg_format format = s->options.format;
    for (int64_t i = 0; i < s->sweep.points && !vg_train_stop_asked(); i++) {
        vg_spec spec;
        char name[VG_TRAIN_NAME], label[VG_TRAIN_NAME];
        vg_lr_found found;
        json_t *points, *record;
        VG_TRY(vg_train_point(s, i, &spec, name));
        VG_TRY(find(s, &spec, &found, &points));
        record = json_object();
        vg_json_set_text(record, "name", name);
        json_object_set_new(record, "spec", vg_spec_json(&spec));
        vg_json_set_text(record, "label", vg_spec_label(&spec, label, sizeof label));
        json_object_set_new(record, "steps", json_array());
        json_object_set_new(record, "lr_find", found_json(&found, points));
        json_array_append_new(s->records, record);
        if (format != VG_FORMAT_JSON && !s->done)
            vg_lr_print_head(stdout, format);
        if (format != VG_FORMAT_JSON)
            vg_lr_print_row(stdout, format, record);
        if (format == VG_FORMAT_TABLE && s->sweep.points == 1)
            print_curve(stdout, points, &found);
        s->done++;
    }
    return VG_OK;
}
