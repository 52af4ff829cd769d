/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gnuplot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/save.h"

static const char suffix[] = ".svg";

vg_status vg_gnuplot_check(const char *path)
{
    size_t length = strlen(path), least = sizeof suffix - 1;
    if (length <= least || strcmp(path + length - least, suffix))
        return vg_fail(VG_EINVAL, "--plot=%s: plots are SVG, the name must end in .svg", path);
    return vg_file_check(path);
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

enum { LIMIT_S = 60 }; /* a plot takes it well under a second */

/* The script lies in a file without a name: writing into a pipe of a gnuplot that has died would be
 * the end of this program, too, and one that hangs would hang it. */
static vg_status run_script(const char *script, size_t size)
{
    static char program[] = "gnuplot", from_input[] = "-";
    char *const argv[] = {program, from_input, NULL};
    const char *given = getenv("VGBENCH_PLOT_SECONDS");
    int limit = given && atoi(given) > 0 ? atoi(given) : LIMIT_S;
    int in = memfd_create("gnuplot", MFD_CLOEXEC);
    vg_status status = VG_OK;
    if (in < 0 || pwrite(in, script, size, 0) != (ssize_t)size)
        status = vg_fail(VG_EIO, "gnuplot: %s", strerror(errno));
    else
        status = vg_gnuplot_run(&(vg_gnuplot){.argv = argv, .input = in, .limit_s = limit});
    if (in >= 0)
        close(in);
    return status;
}

static vg_status draw(const char *temporary, const char *path, const char *script, size_t size)
{
    char reason[256];
    struct stat info;
    vg_status status = run_script(script, size);
    if (status != VG_OK) {
        snprintf(reason, sizeof reason, "%s", vg_status_message());
        return vg_fail(status, "no plot: %s", reason);
    }
    if (stat(temporary, &info) || !info.st_size)
        return vg_fail(VG_EEXTERNAL, "no plot: gnuplot wrote nothing into %s", path);
    return rename(temporary, path) ? vg_fail(VG_EIO, "%s: %s", path, strerror(errno)) : VG_OK;
}

vg_status vg_gnuplot_draw(const char *path, vg_gnuplot_fn *write, const void *context)
{
    char temporary[4096], *script = NULL;
    size_t size = 0;
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return vg_fail(VG_EINVAL, "--plot: a path of more than 4 KiB");
    FILE *memory = open_memstream(&script, &size);
    if (!memory)
        return vg_fail(VG_ENOMEM, "out of memory for the plot");
    int points = write(memory, context, temporary);
    fclose(memory);
    vg_status status =
        points ? draw(temporary, path, script, size)
               : vg_fail(VG_EIO, "--plot=%s: nothing to plot, no value is finite", path);
    free(script);
    if (status != VG_OK)
        unlink(temporary);
    return status;
}
