/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ink of text and axes: contrast about 4.5 on white and 4.2 on GitHub's dark page. */
#define INK "#6e7781"

static const char style[] =
    "set encoding utf8\n"
    "set border 3 lc rgb '" INK "'\n"
    "set tics nomirror out scale 0.5 textcolor rgb '" INK "'\n"
    "set grid lc rgb '" INK "' lw 0.4 dt 3\n"
    "set key below left horizontal reverse Left maxcols 2 samplen 3 noenhanced "
    "textcolor rgb '" INK "'\n"
    "set title noenhanced textcolor rgb '" INK "'\n"
    "set xlabel noenhanced textcolor rgb '" INK "' offset 0,0.4\n"
    "set ylabel noenhanced textcolor rgb '" INK "'\n"
    "set cblabel noenhanced textcolor rgb '" INK "'\n"
    "set style fill transparent solid 0.18 noborder\n"
    "set datafile missing '?'\n";

void vg_plot_look(vg_text *script, int i, double size)
{
    static const int points[VG_COLOURS] = {7, 5, 9, 13, 11, 6, 4};
    vg_text_printf(script, "lc rgb '%s' lw 2 dt %d pt %d ps %.1f", vg_colours[i % VG_COLOURS],
                   1 + i / VG_COLOURS % 4, points[i % VG_COLOURS], size);
}

/* Runs gnuplot in the folder of the plots. */
static bool run(vg_plots *plots, const char *script, const char *output)
{
    char assign[300];
    snprintf(assign, sizeof assign, "output='%s'", output);
    char *argv[] = {
        (char *)plots->gnuplot, "--default-settings", "-e", assign, (char *)script, NULL};
    vg_status status = vg_gnuplot_run(
        &(vg_gnuplot){.argv = argv, .dir = plots->dir, .input = -1, .limit_s = plots->timeout_s});
    if (status == VG_OK)
        return true;
    plots->given_up = status != VG_EEXTERNAL;
    snprintf(plots->reason, sizeof plots->reason, "%s", vg_status_message());
    return false;
}

static vg_status write_file(const vg_plots *plots, const char *name, const char *suffix,
                            const vg_text *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", plots->dir, name, suffix);
    if (text->failed)
        return vg_fail(VG_ENOMEM, "no memory for plot %s", name);
    return vg_file_write(path, text->p ? text->p : "", text->len);
}

/* An SVG that gnuplot left half-written must not replace a whole one. */
static bool draw(vg_plots *plots, const char *name)
{
    char script[200], partial[200], from[4096], to[4096];
    struct stat info;
    snprintf(script, sizeof script, "%s.gp", name);
    snprintf(partial, sizeof partial, "%s.svg.part", name);
    snprintf(from, sizeof from, "%s/%s", plots->dir, partial);
    snprintf(to, sizeof to, "%s/%s.svg", plots->dir, name);
    if (!plots->given_up && run(plots, script, partial)) {
        if (!stat(from, &info) && info.st_size > 0 && !rename(from, to))
            return true;
        snprintf(plots->reason, sizeof plots->reason, "gnuplot wrote nothing");
    }
    unlink(from);
    return false;
}

/* Writes data and script, and has the image drawn, unless an earlier report of this run did. */
static vg_status make_files(vg_plots *plots, vg_plot *plot, const char *name, bool *drawn)
{
    vg_text script = {0};
    const json_t *before = json_object_get(plots->drawn, name);
    *drawn = json_is_true(before);
    if (before)
        return VG_OK;
    if (mkdir(plots->dir, 0777) && errno != EEXIST)
        return vg_fail(VG_EIO, "cannot create %s: %s", plots->dir, strerror(errno));
    vg_text_printf(&script, "# Draw again: gnuplot %s.gp\n", name);
    vg_text_printf(&script, "if (!exists('output')) output = '%s.svg'\ndata = '%s.dat'\n", name,
                   name);
    vg_text_printf(&script,
                   "set terminal svg size %d,%d fixed enhanced font 'sans-serif,14' name '%s'\n",
                   plot->width ? plot->width : 800, plot->height ? plot->height : 420, name);
    vg_text_add(&script, style);
    vg_text_add(&script, "set output output\n");
    vg_text_add(&script, plot->script.p ? plot->script.p : "");
    script.failed = script.failed || plot->script.failed;
    vg_status status = write_file(plots, name, "dat", &plot->data);
    if (status == VG_OK)
        status = write_file(plots, name, "gp", &script);
    free(script.p);
    if (status != VG_OK)
        return status;
    *drawn = draw(plots, name);
    plots->drawn = plots->drawn ? plots->drawn : json_object();
    json_object_set_new(plots->drawn, name, json_boolean(*drawn));
    return VG_OK;
}

void vg_plots_release(vg_plots *plots)
{
    json_decref(plots->drawn);
    plots->drawn = NULL;
}

static vg_status draw_files(vg_plots *plots, vg_plot *plot, const char *name, const char *alt,
                            vg_text *out)
{
    bool drawn;
    VG_TRY(make_files(plots, plot, name, &drawn));
    if (drawn) {
        plots->made++;
        vg_text_add(out, "\n![");
        vg_text_md(out, alt);
        vg_text_printf(out, "](%s/%s.svg)\n", plots->link, name);
    } else {
        plots->failed++;
        vg_text_add(out, "\n*Plot missing: ");
        vg_text_md(out, plots->reason);
        vg_text_printf(out, ". Its data: [%s.dat](%s/%s.dat), script: [%s.gp](%s/%s.gp).*\n", name,
                       plots->link, name, name, plots->link, name);
    }
    return VG_OK;
}

vg_status vg_plot_draw(vg_plots *plots, vg_plot *plot, const char *name, const char *alt,
                       vg_text *out)
{
    vg_status status = plots ? draw_files(plots, plot, name, alt, out) : VG_OK;
    free(plot->data.p);
    free(plot->script.p);
    *plot = (vg_plot){0};
    return status;
}
