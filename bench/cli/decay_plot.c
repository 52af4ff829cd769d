/* SPDX-License-Identifier: Apache-2.0 */
/* The plot of `vgbench decay --plot`. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/decay_view.h"
#include "cli/gnuplot.h"
#include "results/results.h"

/* Columns: layer, measured norm, low and high end of the seeds' spread, prediction. The prediction
 * is relative to the last block and is scaled to what was measured there. Returns how many lines. */
static int write_data(FILE *out, const json_t *record, size_t index)
{
    const json_t *layers = json_object_get(record, "layers"),
                 *rate = json_object_get(record, "rate"),
                 *curve = json_object_get(json_object_get(record, "theory"), "signal");
    const char *signal = vg_json_get_text(rate, "signal", "delta");
    const char *key = strcmp(signal, "delta") ? "grad_out_l2" : "delta_l2";
    size_t depth = json_array_size(layers);
    double top = vg_json_get_number(json_array_get(layers, depth - 1), key);
    int points = 0;
    fprintf(out, "$d%zu << EOD\n", index);
    for (size_t l = 0; l < depth; l++) {
        const json_t *layer = json_array_get(layers, l);
        double norm = vg_json_get_number(layer, key), sd = vg_json_get_number(layer, "ln_sd");
        double spread = isfinite(sd) ? exp(sd) : 1;
        if (!(norm > 0 && isfinite(norm)))
            continue;
        points++;
        fprintf(out, "%zu %.9g %.9g %.9g", l + 1, norm, norm / spread, norm * spread);
        if (json_is_number(json_array_get(curve, l)))
            fprintf(out, " %.9g\n", top * json_number_value(json_array_get(curve, l)));
        else
            fprintf(out, " NaN\n");
    }
    fprintf(out, "EOD\n");
    return points;
}

static int write_script(FILE *out, const void *context, const char *path)
{
    const json_t *records = context;
    int points = 0;
    size_t index, count = json_array_size(records);
    const json_t *record;
    fprintf(out, "set terminal svg size 900,540 dynamic enhanced background '#ffffff' "
                 "font 'sans-serif,13'\nset output ");
    vg_gnuplot_quote(out, path);
    fprintf(out, "\nset logscale y\nset format y '10^{%%T}'\nset grid back lc '#dddddd'\n"
                 "set xlabel 'layer (1 = next to the input)'\n"
                 "set ylabel 'norm of the back-propagated gradient'\n"
                 "set key outside bottom center horizontal noenhanced\n");
    json_array_foreach((json_t *)records, index, record)
        points += write_data(out, record, index);
    fprintf(out, "plot ");
    for (size_t i = 0; i < count; i++) {
        const char *colour = vg_colours[i % VG_COLOURS];
        fprintf(out,
                "%s$d%zu using 1:3:4 with filledcurves fc '%s' fs transparent solid 0.18 notitle, "
                "$d%zu using 1:5 with lines lc '%s' lw 1.5 dt 2 notitle, "
                "$d%zu using 1:2 with linespoints lc '%s' lw 2 pt 7 ps 0.35 title ",
                i ? ", " : "", i, colour, i, colour, i, colour);
        vg_gnuplot_quote(out, vg_json_get_text(json_array_get(records, i), "name", "network"));
    }
    fprintf(out, "\n");
    return points;
}

vg_status vg_decay_plot(const json_t *records, const char *path)
{
    return vg_gnuplot_draw(path, write_script, records);
}
