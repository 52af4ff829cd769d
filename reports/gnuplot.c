/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

const char *const vg_colours[VG_COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#c56a9d",
                                            "#c98a00", "#4fa3d8", "#808080"};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Waits for @p child; kills it after @p limit seconds. Returns its wait status, or -1. */
static int wait_for(pid_t child, double limit)
{
    double end = seconds() + limit;
    const struct timespec nap = {0, 2000000};
    for (;;) {
        int status;
        pid_t got = waitpid(child, &status, WNOHANG);
        if (got == child)
            return status;
        if (got < 0 && errno != EINTR)
            return -1;
        if (seconds() > end) {
            kill(child, SIGKILL);
            while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
            return -1;
        }
        nanosleep(&nap, NULL);
    }
}

/* ": first line" of what the program said that is more than a caret under its input; "" if nothing.
 */
static const char *complaint(int talk, char text[160])
{
    char all[4096], *rest = NULL;
    ssize_t length = talk < 0 ? 0 : pread(talk, all, sizeof all - 1, 0);
    all[length > 0 ? length : 0] = '\0';
    text[0] = '\0';
    for (char *line = strtok_r(all, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, " \t");
        if (!strncmp(line, "gnuplot>", 8) || !line[strspn(line, "^ \t\r")])
            continue;
        snprintf(text, 160, ": %s", line);
        break;
    }
    return text;
}

static vg_status judge(const vg_gnuplot *run, int status, int talk)
{
    char said[160];
    if (status < 0)
        return vg_fail(VG_EIO, "gnuplot did not end within %g s", run->limit_s);
    if (WIFSIGNALED(status))
        return vg_fail(VG_EEXTERNAL, "gnuplot died of signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status))
        return vg_fail(VG_EEXTERNAL, "gnuplot failed with exit code %d%s", WEXITSTATUS(status),
                       complaint(talk, said));
    return VG_OK;
}

vg_status vg_gnuplot_run(const vg_gnuplot *run)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int talk = memfd_create("gnuplot", MFD_CLOEXEC);
    posix_spawn_file_actions_init(&actions);
    if (run->dir)
        posix_spawn_file_actions_addchdir_np(&actions, run->dir);
    if (run->input >= 0)
        posix_spawn_file_actions_adddup2(&actions, run->input, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (talk >= 0)
        posix_spawn_file_actions_adddup2(&actions, talk, STDERR_FILENO);
    int error = posix_spawnp(&child, run->argv[0], &actions, NULL, run->argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    vg_status status =
        error ? vg_fail(VG_EUNSUPPORTED, "%s cannot be run: %s (Debian package gnuplot-nox)",
                        run->argv[0], strerror(error))
              : judge(run, wait_for(child, run->limit_s), talk);
    if (talk >= 0)
        close(talk);
    return status;
}
