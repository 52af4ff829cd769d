/* SPDX-License-Identifier: Apache-2.0 */
/* The plots of `vgbench train --plot`: loss against step, or against the learning rate. */
#include <math.h>

#include "cli/gnuplot.h"
#include "cli/train_modes.h"
#include "results/results.h"

static bool is_range_test(const json_t *records)
{
    return json_object_get(json_array_get(records, 0), "lr_find") != NULL;
}

/* Both return how many points they have written. */
static int write_steps(FILE *out, const json_t *record)
{
    int points = 0;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(record, "steps"), i, entry) {
        double loss = vg_json_get_number(entry, "loss_mean");
        if (!(loss > 0 && isfinite(loss)))
            continue;
        fprintf(out, "%lld %.9g\n", (long long)json_integer_value(json_object_get(entry, "step")),
                loss);
        points++;
    }
    return points;
}

static int write_rates(FILE *out, const json_t *record)
{
    int points = 0;
    size_t i;
    json_t *point;
    json_array_foreach(json_object_get(json_object_get(record, "lr_find"), "points"), i, point) {
        double smooth = vg_json_get_number(point, "smooth");
        if (!isfinite(smooth))
            continue;
        fprintf(out, "%.9g %.9g\n", vg_json_get_number(point, "lr"), smooth);
        points++;
    }
    return points;
}

static int write_script(FILE *out, const void *context, const char *path)
{
    const json_t *records = context;
    bool rates = is_range_test(records);
    size_t count = json_array_size(records), i;
    int points = 0;
    json_t *record;
    fprintf(out, "set terminal svg size 900,540 dynamic enhanced background '#ffffff' "
                 "font 'sans-serif,13'\nset output ");
    vg_gnuplot_quote(out, path);
    fprintf(out, "\nset grid back lc '#dddddd'\nset ylabel 'loss'\nset xlabel '%s'\n"
                 "set key outside bottom center horizontal noenhanced\n%s",
            rates ? "learning rate" : "step",
            rates ? "set logscale x\nset format x '10^{%T}'\n" : "set logscale y\n");
    json_array_foreach((json_t *)records, i, record) {
        fprintf(out, "$d%zu << EOD\n", i);
        points += rates ? write_rates(out, record) : write_steps(out, record);
        fprintf(out, "EOD\n");
    }
    for (i = 0; i < count; i++) {
        fprintf(out, "%s$d%zu using 1:2 with lines lc '%s' lw 2 title ", i ? ", " : "plot ", i,
                vg_colours[i % VG_COLOURS]);
        vg_gnuplot_quote(out, vg_json_get_text(json_array_get(records, i), "name", "network"));
    }
    fprintf(out, "\n");
    return points;
}

vg_status vg_train_plot_records(const json_t *records, const char *path)
{
    return vg_gnuplot_draw(path, write_script, records);
}
