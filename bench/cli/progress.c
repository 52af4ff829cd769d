/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/clock.h"

static bool line_stands; /* a progress line without its newline is on the terminal */

const char *vg_duration(double seconds, char text[32])
{
    long s = (long)(seconds + 0.5);
    if (s < 120)
        snprintf(text, 32, "%ld s", s);
    else if (s < 7200)
        snprintf(text, 32, "%ld min", (s + 30) / 60);
    else
        snprintf(text, 32, "%ld h %ld min", s / 3600, s % 3600 / 60);
    return text;
}

static void clear_line(void)
{
    if (line_stands)
        fputs("\r\033[K", stderr);
    line_stands = false;
}

void vg_progress_begin(vg_progress *progress, const char *what, int total, bool quiet)
{
    const char *term = getenv("TERM");
    *progress = (vg_progress){.what = what, .total = total, .silent = quiet, .begin = vg_clock_s()};
    progress->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
    progress->last = progress->begin;
}

void vg_progress_step(vg_progress *progress, int done, const char *item)
{
    const double every = progress->terminal ? 0.2 : 10;
    double now = vg_clock_s();
    progress->done = done;
    if (progress->silent || (now - progress->last < every && !(progress->terminal && done == 0)))
        return;
    progress->last = now;
    char left[32], tail[64] = "";
    if (done > 0 && progress->total > 0) {
        double rest = (now - progress->begin) / done * (progress->total - done);
        snprintf(tail, sizeof tail, ", %s left", vg_duration(rest, left));
    }
    clear_line();
    if (progress->total > 0)
        fprintf(stderr, "%s: %d/%d%s  %.90s", progress->what, done + 1, progress->total, tail,
                item);
    else
        fprintf(stderr, "%s: %d  %.90s", progress->what, done + 1, item);
    line_stands = progress->terminal;
    if (!progress->terminal)
        fputc('\n', stderr);
    fflush(stderr);
}

void vg_progress_end(vg_progress *progress)
{
    if (!progress->silent)
        clear_line();
}

void vg_say(bool quiet, const char *format, ...)
{
    if (quiet)
        return;
    clear_line();
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}
