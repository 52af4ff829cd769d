/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/binding.h"
#include "measure/interrupt.h"
#include "results/results.h"

extern char **environ;

/* The environment with OMP_WAIT_POLICY replaced; the array is the caller's, the texts are
 * shared. */
static char **environment_with(const char *wait_policy, char *own, size_t size)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **copy = malloc((count + 2) * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (!wait_policy || strncmp(environ[i], "OMP_WAIT_POLICY=", 16))
            copy[kept++] = environ[i];
    if (copy && wait_policy) {
        snprintf(own, size, "OMP_WAIT_POLICY=%s", wait_policy);
        copy[kept++] = own;
    }
    if (copy)
        copy[kept] = NULL;
    return copy;
}

static vg_status wait_for(pid_t pid, int *code)
{
    int state;
    while (waitpid(pid, &state, 0) < 0) {
        if (errno != EINTR)
            return vg_fail(VG_EEXTERNAL, "waiting for a child: %s", strerror(errno));
        if (vg_interrupted() == SIGTERM) /* SIGINT of a terminal reaches the child by itself */
            kill(pid, SIGTERM);
    }
    if (WIFSIGNALED(state))
        return vg_fail(VG_EEXTERNAL, "a child was ended by signal %d", WTERMSIG(state));
    *code = WEXITSTATUS(state);
    return VG_OK;
}

static vg_status spawn(char *const argv[], const char *wait_policy, pid_t *pid)
{
    char own[64];
    char **envp = environment_with(wait_policy, own, sizeof own);
    posix_spawn_file_actions_t actions;
    if (!envp || posix_spawn_file_actions_init(&actions)) {
        free(envp);
        return vg_fail(VG_ENOMEM, "out of memory for a child");
    }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    vg_binding_loosen();
    int error = posix_spawn(pid, "/proc/self/exe", &actions, NULL, argv, envp);
    vg_binding_tighten();
    posix_spawn_file_actions_destroy(&actions);
    free(envp);
    return error ? vg_fail(VG_EEXTERNAL, "a child could not be started: %s", strerror(error))
                 : VG_OK;
}

vg_status vg_child_run(const char *const words[], const char *file, const char *wait_policy,
                       json_t **results, int *code)
{
    enum { WORDS_MAX = 32 };
    static char program[] = "vgbench", output[] = "-o";
    char *argv[WORDS_MAX + 4] = {program};
    int argc = 1;
    pid_t pid;
    *results = NULL;
    for (int i = 0; words[i] && i < WORDS_MAX; i++)
        argv[argc++] = (char *)words[i];
    argv[argc++] = output;
    argv[argc++] = (char *)file;
    argv[argc] = NULL;
    unlink(file);
    VG_TRY(spawn(argv, wait_policy, &pid));
    VG_TRY(wait_for(pid, code));
    if (access(file, R_OK))
        return vg_fail(VG_EEXTERNAL, "a child (vgbench %s) failed with exit code %d", words[0],
                       *code);
    vg_status status = vg_results_load(file, results);
    unlink(file);
    return status;
}
