/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gnuplot.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure/clock.h"

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

enum { LIMIT_S = 60 };

/* Waits for gnuplot, which has a minute (or VGBENCH_PLOT_SECONDS): a plot takes it well under a
 * second. */
static vg_status wait_for(pid_t child)
{
    const char *given = getenv("VGBENCH_PLOT_SECONDS");
    int limit = given && atoi(given) > 0 ? atoi(given) : LIMIT_S;
    const struct timespec nap = {0, 5000000};
    int state;
    for (double end = vg_clock_s() + limit;;) {
        pid_t got = waitpid(child, &state, WNOHANG);
        if (got == child)
            break;
        if (got < 0 && errno != EINTR)
            return vg_fail(VG_EIO, "gnuplot: %s", strerror(errno));
        if (vg_clock_s() > end) {
            kill(child, SIGKILL);
            waitpid(child, &state, 0);
            return vg_fail(VG_EEXTERNAL, "no plot: gnuplot did not end within %d s", limit);
        }
        nanosleep(&nap, NULL);
    }
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return vg_fail(VG_EUNSUPPORTED, "no plot: gnuplot is not installed (Debian package "
                                        "gnuplot-nox)");
    return state ? vg_fail(VG_EEXTERNAL, "no plot: gnuplot failed") : VG_OK;
}

/* The script lies in a file without a name: writing into a pipe of a gnuplot that has died would be
 * the end of this program, too, and one that hangs would hang it. */
static vg_status run_gnuplot(const char *script, size_t size)
{
    int in = memfd_create("gnuplot", MFD_CLOEXEC);
    if (in < 0 || pwrite(in, script, size, 0) != (ssize_t)size) {
        int reason = errno;
        if (in >= 0)
            close(in);
        return vg_fail(VG_EIO, "gnuplot: %s", strerror(reason));
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(in, STDIN_FILENO);
        execlp("gnuplot", "gnuplot", "-", (char *)NULL);
        _exit(127);
    }
    close(in);
    if (child < 0)
        return vg_fail(VG_EIO, "gnuplot: %s", strerror(errno));
    return wait_for(child);
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
