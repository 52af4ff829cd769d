/* SPDX-License-Identifier: Apache-2.0 */
/* The plot of `vgbench decay --plot`: gnuplot reads script and data from a pipe; no shell. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/decay_view.h"
#include "results/results.h"

/* Okabe & Ito: distinguishable with colour-blindness, on white and on dark ground. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                      "#E69F00", "#56B4E9", "#999999"};
enum { COLOURS = sizeof colours / sizeof *colours };

static void quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("''", out);
        else if (*text != '\n')
            fputc(*text, out);
    fputc('\'', out);
}

/* Columns: layer, measured norm, low and high end of the seeds' spread, prediction. The prediction
 * is relative to the last block and is scaled to what was measured there. */
static void write_data(FILE *out, const json_t *record, size_t index)
{
    const json_t *layers = json_object_get(record, "layers"),
                 *rate = json_object_get(record, "rate"),
                 *curve = json_object_get(json_object_get(record, "theory"), "signal");
    const char *signal = vg_json_get_text(rate, "signal", "delta");
    const char *key = strcmp(signal, "delta") ? "grad_out_l2" : "delta_l2";
    size_t depth = json_array_size(layers);
    double top = vg_json_get_number(json_array_get(layers, depth - 1), key);
    fprintf(out, "$d%zu << EOD\n", index);
    for (size_t l = 0; l < depth; l++) {
        const json_t *layer = json_array_get(layers, l);
        double norm = vg_json_get_number(layer, key), sd = vg_json_get_number(layer, "ln_sd");
        double spread = isfinite(sd) ? exp(sd) : 1;
        if (!(norm > 0))
            continue;
        fprintf(out, "%zu %.9g %.9g %.9g", l + 1, norm, norm / spread, norm * spread);
        if (json_is_number(json_array_get(curve, l)))
            fprintf(out, " %.9g\n", top * json_number_value(json_array_get(curve, l)));
        else
            fprintf(out, " NaN\n");
    }
    fprintf(out, "EOD\n");
}

static void write_script(FILE *out, const json_t *records, const char *path)
{
    size_t index, count = json_array_size(records);
    const json_t *record;
    fprintf(out, "set terminal svg size 900,540 dynamic enhanced background '#ffffff' "
                 "font 'sans-serif,13'\nset output ");
    quoted(out, path);
    fprintf(out, "\nset logscale y\nset format y '10^{%%T}'\nset grid back lc '#dddddd'\n"
                 "set xlabel 'layer (1 = next to the input)'\n"
                 "set ylabel 'norm of the back-propagated gradient'\n"
                 "set key outside bottom center horizontal noenhanced\n");
    json_array_foreach((json_t *)records, index, record)
        write_data(out, record, index);
    fprintf(out, "plot ");
    for (size_t i = 0; i < count; i++) {
        const char *colour = colours[i % COLOURS];
        fprintf(out,
                "%s$d%zu using 1:3:4 with filledcurves fc '%s' fs transparent solid 0.18 notitle, "
                "$d%zu using 1:5 with lines lc '%s' lw 1.5 dt 2 notitle, "
                "$d%zu using 1:2 with linespoints lc '%s' lw 2 pt 7 ps 0.35 title ",
                i ? ", " : "", i, colour, i, colour, i, colour);
        quoted(out, vg_json_get_text(json_array_get(records, i), "name", "network"));
    }
    fprintf(out, "\n");
}

static vg_status run_gnuplot(const char *script, size_t size)
{
    int ends[2];
    if (pipe(ends))
        return vg_fail(VG_EIO, "gnuplot: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp("gnuplot", "gnuplot", "-", (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    FILE *in = fdopen(ends[1], "w");
    bool sent = child > 0 && in && fwrite(script, size, 1, in) == 1;
    if (in)
        fclose(in);
    int state = 0;
    if (child < 0 || waitpid(child, &state, 0) < 0)
        return vg_fail(VG_EIO, "gnuplot: %s", strerror(errno));
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return vg_fail(VG_EUNSUPPORTED, "no plot: gnuplot is not installed (Debian package "
                                        "gnuplot-nox)");
    if (!sent || state)
        return vg_fail(VG_EEXTERNAL, "gnuplot failed");
    return VG_OK;
}

vg_status vg_decay_plot(const json_t *records, const char *path)
{
    char temporary[4096], *script = NULL;
    size_t size = 0;
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return vg_fail(VG_EINVAL, "--plot: a path of more than 4 KiB");
    FILE *memory = open_memstream(&script, &size);
    if (!memory)
        return vg_fail(VG_ENOMEM, "out of memory for the plot");
    write_script(memory, records, temporary);
    fclose(memory);
    vg_status status = run_gnuplot(script, size);
    free(script);
    if (status == VG_OK && rename(temporary, path))
        status = vg_fail(VG_EIO, "%s: %s", path, strerror(errno));
    if (status != VG_OK)
        unlink(temporary);
    return status;
}
