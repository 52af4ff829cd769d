/* SPDX-License-Identifier: Apache-2.0 */
/* The plot of `vgbench decay --plot`. */
#include <math.h>
#include <stdbool.h>
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

enum { WIDTH = 900, BEST_FIXES = VG_COLOURS, MOST_NETS = 4 * VG_COLOURS };

/* What stands out of a plot of many nets: more than this many lines, or colours twice over, are read by
 * nobody. */
typedef struct scene {
    json_t *records;
    size_t count;
    bool fixes;       /* a net and its fixes, ranked */
    size_t shown;     /* curves of their own colour so far */
    size_t longest;   /* name in the legend */
    bool theory;      /* one of them has a prediction */
    const char *join; /* what parts the next curve from the one before */
} scene;

static bool is_time(const json_t *record)
{
    const json_t *spec = json_object_get(record, "spec");
    return strcmp(vg_json_get_text(spec, "model", "mlp"), "mlp") != 0;
}

static const char *name_of(const scene *s, size_t i)
{
    const char *name = vg_json_get_text(json_array_get(s->records, i), "name", "network");
    return s->fixes && !strcmp(name, "none") ? "no fix" : name;
}

/* Of fixes, the base and the best at equal work, which is how they are ranked; else the first nets. */
static bool stands_out(const scene *s, size_t i, size_t before)
{
    const json_t *record = json_array_get(s->records, i);
    if (!s->fixes)
        return before < MOST_NETS;
    return !json_object_get(record, "fix") ||
           (before <= BEST_FIXES && json_is_true(json_object_get(record, "equal_matrices")));
}

/* Counts what stands out and measures its names. */
static void look(scene *s)
{
    s->count = json_array_size(s->records);
    for (size_t i = 0; i < s->count; i++)
        s->fixes = s->fixes || json_object_get(json_array_get(s->records, i), "fix");
    for (size_t i = 0; i < s->count; i++) {
        size_t length = strlen(name_of(s, i));
        if (!stands_out(s, i, s->shown))
            continue;
        s->shown++;
        s->longest = length > s->longest ? length : s->longest;
    }
}

static void write_axes(FILE *out, const scene *s, const char *path)
{
    size_t steps = 0, columns = (WIDTH - 90) / (8 * s->longest + 90);
    for (size_t i = 0; i < s->count; i++)
        steps += is_time(json_array_get(s->records, i));
    columns = columns < 1 ? 1 : columns > 2 ? 2 : columns;
    fprintf(out,
            "set terminal svg size %d,%zu dynamic enhanced background '#ffffff' "
            "font 'sans-serif,13'\nset output ",
            WIDTH, 480 + 22 * ((s->shown + 1 + columns) / columns));
    vg_gnuplot_quote(out, path);
    fprintf(out,
            "\nset logscale y\nset format y '10^{%%T}'\nset grid back lc '#dddddd'\n"
            "set xlabel '%s'\nset ylabel 'norm of the back-propagated gradient'\n"
            "set key below left Left reverse horizontal maxcols %zu noenhanced spacing 1.1\n",
            !steps             ? "layer (1 = next to the input)"
            : steps < s->count ? "layer or time step (1 = next to the input, or the first)"
                               : "time step (1 = the first)",
            columns);
}

/* The k-th net that stands out, in a colour of its own; the base of fixes is black. */
static void write_curve(FILE *out, scene *s, size_t i, size_t k)
{
    static const int points[] = {7, 6, 5, 9};
    bool base = s->fixes && !k;
    size_t place = s->fixes && k ? k - 1 : k;
    const char *colour = base ? "#000000" : vg_colours[place % VG_COLOURS];
    fprintf(out,
            "%s$d%zu using 1:3:4 with filledcurves fc '%s' fs transparent solid 0.18 notitle, "
            "$d%zu using 1:5 with lines lc '%s' lw 1.5 dt 2 notitle, "
            "$d%zu using 1:2 with linespoints lc '%s' lw %d pt %d ps 0.4 title ",
            s->join, i, colour, i, colour, i, colour, base ? 3 : 2,
            points[place / VG_COLOURS % (sizeof points / sizeof *points)]);
    vg_gnuplot_quote(out, name_of(s, i));
    s->join = ", ";
    s->theory = s->theory ||
                json_object_get(json_object_get(json_array_get(s->records, i), "theory"), "signal");
}

/* The others are behind, without band and prediction. */
static void write_others(FILE *out, scene *s)
{
    size_t before = 0, others = s->count - s->shown;
    for (size_t i = 0; i < s->count; i++) {
        bool out_of_it = !stands_out(s, i, before);
        before += !out_of_it;
        if (!out_of_it)
            continue;
        fprintf(out, "%s$d%zu using 1:2 with lines lc '#c4c4c4' lw 1 ", s->join, i);
        if (others)
            fprintf(out, "title '%zu %s'", others, s->fixes ? "other fixes" : "more nets");
        else
            fprintf(out, "notitle");
        others = 0;
        s->join = ", ";
    }
}

static int write_script(FILE *out, const void *context, const char *path)
{
    scene s = {.records = (json_t *)context, .join = "plot "};
    int points = 0;
    size_t index, shown = 0;
    const json_t *record;
    look(&s);
    write_axes(out, &s, path);
    json_array_foreach(s.records, index, record)
        points += write_data(out, record, index);
    write_others(out, &s);
    for (size_t i = 0; i < s.count; i++)
        if (stands_out(&s, i, shown))
            write_curve(out, &s, i, shown++);
    fprintf(out, s.theory ? ", NaN with lines lc '#808080' lw 1.5 dt 2 title 'theory'\n" : "\n");
    return points;
}

vg_status vg_decay_plot(const json_t *records, const char *path)
{
    return vg_gnuplot_draw(path, write_script, records);
}
