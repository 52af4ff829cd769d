/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gnuplot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                      "#E69F00", "#56B4E9", "#999999"};
enum { COLOURS = sizeof colours / sizeof *colours };

const char *vg_gnuplot_colour(int index)
{
    return colours[index % COLOURS];
}

void vg_gnuplot_quote(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("''", out);
        else if (*text != '\n')
            fputc(*text, out);
    fputc('\'', out);
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

vg_status vg_gnuplot_draw(const char *path,
                          void (*write)(FILE *out, const void *context, const char *path),
                          const void *context)
{
    char temporary[4096], *script = NULL;
    size_t size = 0;
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return vg_fail(VG_EINVAL, "--plot: a path of more than 4 KiB");
    FILE *memory = open_memstream(&script, &size);
    if (!memory)
        return vg_fail(VG_ENOMEM, "out of memory for the plot");
    write(memory, context, temporary);
    fclose(memory);
    vg_status status = run_gnuplot(script, size);
    free(script);
    if (status == VG_OK && rename(temporary, path))
        status = vg_fail(VG_EIO, "%s: %s", path, strerror(errno));
    if (status != VG_OK)
        unlink(temporary);
    return status;
}
