/* SPDX-License-Identifier: Apache-2.0 */
/* The plot of `vgbench roofline --format=svg` and `--plot`: a panel for every number of threads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/gnuplot.h"
#include "cli/roofline_points.h"
#include "results/results.h"

enum { KINDS = 4, PANELS_MAX = 6, LEVELS = 5 };

static int list_threads(const json_t *roofline, double threads[PANELS_MAX])
{
    size_t i;
    json_t *roof;
    int count = 0;
    json_array_foreach(json_object_get(roofline, "roofs"), i, roof) {
        double t = vg_json_get_number(roof, "threads");
        bool known = false;
        for (int k = 0; k < count; k++)
            known |= threads[k] == t;
        if (!known && count < PANELS_MAX)
            threads[count++] = t;
    }
    return count;
}

static int kind_of(const json_t *point)
{
    bool layer = !strcmp(vg_json_get_text(point, "what", ""), "layer");
    bool onednn = !strcmp(vg_json_get_text(point, "backend", ""), "onednn");
    return 2 * layer + onednn;
}

/* Columns: FLOP per byte, GFLOP/s, and both ends of its interval. Returns how many. */
static int write_points(FILE *out, const json_t *roofline, double threads, int kind, int panel)
{
    size_t i;
    json_t *p;
    int count = 0;
    fprintf(out, "$p%d_%d << EOD\n", panel, kind);
    json_array_foreach(json_object_get(roofline, "points"), i, p) {
        const json_t *ci = json_object_get(p, "ci95_ns");
        double flops = vg_json_get_number(p, "flops");
        if (vg_json_get_number(p, "threads") != threads || kind_of(p) != kind || !(flops > 0))
            continue;
        fprintf(out, "%.6g %.6g %.6g %.6g\n", vg_json_get_number(p, "intensity"),
                vg_json_get_number(p, "gflops"),
                flops / json_number_value(json_array_get(ci, 1)),
                flops / json_number_value(json_array_get(ci, 0)));
        count++;
    }
    fprintf(out, "EOD\n");
    return count;
}

static bool is_drawn(const json_t *roof, double threads, bool flops)
{
    bool triad = vg_json_get_number(roof, "reads") == 2 && vg_json_get_number(roof, "writes") == 1;
    return vg_json_get_number(roof, "threads") == threads &&
           !strcmp(vg_json_get_text(roof, "kind", ""), flops ? "flops" : "bandwidth") &&
           (flops || (triad && vg_json_get_number(roof, "in_place") == 0)) &&
           vg_json_get_number(roof, "value") > 0;
}

/* Whether no line of a value near it is there; it is then counted among them. */
static bool is_apart(double value, double drawn[LEVELS], int *levels)
{
    const double apart = 0.2;
    for (int i = 0; i < *levels; i++)
        if (fabs(value / drawn[i] - 1) < apart)
            return false;
    if (*levels == LEVELS)
        return false;
    drawn[(*levels)++] = value;
    return true;
}

/* FMA peaks, and triad (two reads, one write) of each level, which are measured first, up to the
 * highest peak; further sizes are those of single rows, and near one of these. */
static int write_roofs(FILE *out, const json_t *roofline, double threads)
{
    const json_t *roofs = json_object_get(roofline, "roofs");
    size_t i;
    json_t *roof;
    double peak = 0, drawn[LEVELS];
    int lines = 0, levels = 0;
    json_array_foreach((json_t *)roofs, i, roof)
        if (is_drawn(roof, threads, true))
            peak = fmax(peak, vg_json_get_number(roof, "value") / 1e9);
    json_array_foreach((json_t *)roofs, i, roof) {
        char title[200];
        double value = vg_json_get_number(roof, "value") / 1e9;
        bool flops = is_drawn(roof, threads, true);
        if (!flops && (!is_drawn(roof, threads, false) || !is_apart(value, drawn, &levels)))
            continue;
        fprintf(out, lines ? ", " : "plot ");
        if (flops)
            fprintf(out, "%.6g", value);
        else
            fprintf(out, "(%.6g*x <= %.6g ? %.6g*x : NaN)", value, peak, value);
        snprintf(title, sizeof title, "%s: %.4g %s", vg_json_get_text(roof, "name", ""), value,
                 flops ? "GFLOP/s" : "GB/s");
        fprintf(out, " with lines lc '#808080' dt %d title ", lines % 5 + 1);
        vg_gnuplot_quote(out, title);
        lines++;
    }
    return lines;
}

/* Returns how many points and roofs are in it. */
static int write_panel(FILE *out, const json_t *roofline, double threads, int panel)
{
    static const char *const names[KINDS] = {"own kernels", "oneDNN kernels", "own layers",
                                             "oneDNN layers"};
    static const int marks[KINDS] = {7, 5, 9, 13}; /* disc, square, triangle, diamond */
    int counts[KINDS], points = 0;
    for (int kind = 0; kind < KINDS; kind++)
        points += counts[kind] = write_points(out, roofline, threads, kind, panel);
    fprintf(out, "set title 'Roofline, %.0f thread%s'\n", threads, threads == 1 ? "" : "s");
    int roofs = write_roofs(out, roofline, threads), lines = roofs;
    for (int kind = 0; kind < KINDS; kind++) {
        const char *colour = vg_colours[kind];
        if (!counts[kind])
            continue;
        fprintf(out,
                "%s$p%d_%d using 1:3:(0):($4-$3) with vectors nohead lc '%s' lw 2 notitle, "
                "$p%d_%d using 1:2 with points lc '%s' pt %d ps %.1f title '%s (%d)'",
                lines++ ? ", " : "plot ", panel, kind, colour, panel, kind, colour, marks[kind],
                kind < 2 ? 0.6 : 0.9, names[kind], counts[kind]);
    }
    fputc('\n', out);
    return roofs + points;
}

static int write_script(FILE *out, const void *context, const char *path)
{
    const json_t *roofline = context;
    double threads[PANELS_MAX];
    int count = list_threads(roofline, threads);
    fprintf(out, "set terminal svg size 1150,%d dynamic enhanced background '#ffffff' font "
                 "'sans-serif,12'\nset output ", 560 * (count > 1 ? count : 1));
    vg_gnuplot_quote(out, path);
    fprintf(out, "\nset multiplot layout %d,1\nset logscale xy\nset grid back lc '#dddddd'\n"
                 "set format xy '%%g'\nset xrange [0.02:200]\n"
                 "set xlabel 'FLOP per byte of compulsory traffic'\n"
                 "set ylabel 'GFLOP/s, median and 95 %% interval'\n"
                 "set key outside right top vertical Left reverse noenhanced\n", count);
    int points = 0;
    for (int panel = 0; panel < count; panel++)
        points += write_panel(out, roofline, threads[panel], panel);
    fprintf(out, "unset multiplot\n");
    return points;
}

vg_status vg_roofline_plot(const json_t *roofline, const char *path)
{
    return vg_gnuplot_draw(path, write_script, roofline);
}

vg_status vg_roofline_plot_to(const json_t *roofline, FILE *out)
{
    char dir[] = "/tmp/vgbench-XXXXXX", path[64], buffer[4096];
    if (!mkdtemp(dir))
        return vg_fail(VG_EIO, "/tmp: no folder can be made in it");
    snprintf(path, sizeof path, "%s/roofline.svg", dir);
    vg_status status = vg_roofline_plot(roofline, path);
    FILE *in = status ? NULL : fopen(path, "rb");
    if (!status && !in)
        status = vg_fail(VG_EIO, "%s: cannot be read", path);
    for (size_t n; in && (n = fread(buffer, 1, sizeof buffer, in)) > 0;)
        fwrite(buffer, 1, n, out);
    if (in)
        fclose(in);
    unlink(path);
    rmdir(dir);
    return status;
}
