/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/cachesim_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure/binding.h"
#include "micro/sampler.h"
#include "results/results.h"

enum { PROCESSES_MAX = 64, WORDS_MAX = 48, PATH = 128 };
static const char *const file_names[] = {"out", "lst", "log", "err"};
enum { OUT, LIST, LOG, ERR, FILES };

/* --- files ---------------------------------------------------------------------------------- */

static void path_of(const vg_sim_files *files, int which, int process, char path[PATH])
{
    snprintf(path, PATH, "%s/%s%02d%s", files->dir, file_names[which], process,
             which == LIST ? ".json" : "");
}

vg_status vg_sim_files_make(vg_sim_files *files)
{
    *files = (vg_sim_files){.dir = "/tmp/vgbench-XXXXXX"};
    if (!mkdtemp(files->dir)) {
        files->dir[0] = '\0';
        return vg_fail(VG_EIO, "/tmp: no folder can be made in it: %s", strerror(errno));
    }
    return VG_OK;
}

void vg_sim_files_remove(vg_sim_files *files)
{
    char path[PATH];
    if (!files->dir[0])
        return;
    for (int p = 0; p < files->processes; p++)
        for (int which = 0; which < FILES; which++) {
            path_of(files, which, p, path);
            unlink(path);
        }
    rmdir(files->dir);
}

static char *read_all(const char *path, size_t *size)
{
    char *text = NULL;
    FILE *in = fopen(path, "rb");
    long length = -1;
    if (in && !fseek(in, 0, SEEK_END) && (length = ftell(in)) >= 0 && !fseek(in, 0, SEEK_SET))
        text = malloc((size_t)length + 1);
    if (text) {
        *size = fread(text, 1, (size_t)length, in);
        text[*size] = '\0';
    }
    if (in)
        fclose(in);
    return text;
}

vg_status vg_sim_load(const vg_sim_files *files, int process, json_t **list, char **text,
                      size_t *size)
{
    char path[PATH];
    json_error_t error;
    path_of(files, LIST, process, path);
    *list = json_load_file(path, 0, &error);
    if (!*list)
        return vg_fail(VG_EEXTERNAL, "the simulated process left no list of its rows: %s",
                       error.text);
    path_of(files, OUT, process, path);
    *text = read_all(path, size);
    if (!*text) {
        json_decref(*list);
        return vg_fail(VG_EEXTERNAL, "%s: cannot be read: %s", path, strerror(errno));
    }
    return VG_OK;
}

/* --- a process ------------------------------------------------------------------------------ */

/* The environment lies on the simulated stack and moves it: only what the child needs. */
static int environment(char *environment[], char storage[][512], int room)
{
    static const char *const kept[] = {"LD_LIBRARY_PATH", "VALGRIND_LIB", "VGBENCH_DATA"};
    static char threads[] = "OMP_NUM_THREADS=1", policy[] = "OMP_WAIT_POLICY=passive",
                locale[] = "LC_ALL=C";
    int count = 0;
    environment[count++] = threads;
    environment[count++] = policy;
    environment[count++] = locale;
    for (int i = 0; i < 3 && count + 1 < room; i++) {
        const char *value = getenv(kept[i]);
        if (value && snprintf(storage[i], 512, "%s=%s", kept[i], value) < 512)
            environment[count++] = storage[i];
    }
    environment[count] = NULL;
    return count;
}

static void cache_word(char *word, size_t size, const char *name, const vg_sim_cache *c)
{
    snprintf(word, size, "--%s=%lld,%d,%d", name, (long long)c->bytes, c->ways, c->line);
}

/* What a process is started with; argv and env point into the rest and into the request. */
typedef struct command {
    char exe[512], words[7][PATH + 40], paths[FILES][PATH], storage[3][512];
    char *argv[WORDS_MAX], *env[8];
} command;

static vg_status find_paths(const vg_sim_files *files, int process, command *c)
{
    ssize_t length = readlink("/proc/self/exe", c->exe, sizeof c->exe - 1);
    if (length < 0)
        return vg_fail(VG_EEXTERNAL, "/proc/self/exe: %s", strerror(errno));
    c->exe[length] = '\0';
    for (int which = 0; which < FILES; which++)
        path_of(files, which, process, c->paths[which]);
    return VG_OK;
}

static void write_words(const vg_sim_request *request, const vg_sim_cache *last, int process,
                        const char *valgrind, command *c)
{
    enum { SIZE = sizeof c->words[0] };
    int argc = 0;
    cache_word(c->words[0], SIZE, "I1", &request->geometry->i1);
    cache_word(c->words[1], SIZE, "D1", &request->geometry->d1);
    cache_word(c->words[2], SIZE, "LL", last);
    snprintf(c->words[3], SIZE, "--callgrind-out-file=%s", c->paths[OUT]);
    snprintf(c->words[4], SIZE, "--log-file=%s", c->paths[LOG]);
    snprintf(c->words[5], SIZE, "--first=%02d", process);
    snprintf(c->words[6], SIZE, "--step=%02d", request->processes);
    const char *const head[] = {valgrind,
                                "--tool=callgrind",
                                "--cache-sim=yes",
                                "--instr-atstart=no",
                                "--collect-atstart=no",
                                "--combine-dumps=yes",
                                "--dump-line=no",
                                "--vgdb=no",
                                c->words[0],
                                c->words[1],
                                c->words[2],
                                c->words[3],
                                c->words[4],
                                c->exe,
                                "simulate",
                                "-o",
                                c->paths[LIST],
                                c->words[5],
                                c->words[6]};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        c->argv[argc++] = (char *)head[i];
    for (int i = 0; request->words[i] && argc + 1 < WORDS_MAX; i++)
        c->argv[argc++] = (char *)request->words[i];
    c->argv[argc] = NULL;
    environment(c->env, c->storage, 8);
}

static vg_status start(const char *valgrind, command *c, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return vg_fail(VG_ENOMEM, "out of memory for a process");
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, c->paths[ERR], O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    int before = personality(0xffffffff); /* the same addresses in every run */
    if (before >= 0)
        personality((unsigned long)before | ADDR_NO_RANDOMIZE);
    vg_binding_loosen();
    int error = posix_spawnp(pid, valgrind, &actions, NULL, c->argv, c->env);
    vg_binding_tighten();
    if (before >= 0)
        personality((unsigned long)before);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT)
        return vg_fail(VG_EUNSUPPORTED,
                       "%s is not installed, and without hardware counters it is what counts "
                       "(Debian package valgrind)",
                       valgrind);
    return error ? vg_fail(VG_EUNSUPPORTED, "%s cannot be run: %s", valgrind, strerror(error))
                 : VG_OK;
}

static vg_status spawn(const vg_sim_request *request, const vg_sim_cache *last,
                       const vg_sim_files *files, int process, pid_t *pid)
{
    command c;
    const char *valgrind = request->valgrind ? request->valgrind : "valgrind";
    VG_TRY(find_paths(files, process, &c));
    write_words(request, last, process, valgrind, &c);
    return start(valgrind, &c, pid);
}

/* --- waiting -------------------------------------------------------------------------------- */

/* The last line of a file that says something, for a message. */
static void last_words(const char *path, char *text, size_t size)
{
    char line[256];
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        const char *start = strncmp(line, "==", 2) ? line : strchr(line + 2, ' ');
        if (start && start[strspn(start, " ")])
            snprintf(text, size, "%s", start + strspn(start, " "));
    }
    if (in)
        fclose(in);
}

enum { LIMIT_S = 3600, GRACE_S = 5 };

/* Seconds that a simulation may take: an hour, or what VGBENCH_SIM_SECONDS says. */
static double limit_s(void)
{
    const char *text = getenv("VGBENCH_SIM_SECONDS");
    double value = text ? strtod(text, NULL) : 0;
    return value > 0 ? value : LIMIT_S;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Until the process ends; one that hangs, or does not end when it is asked to, is killed. */
static vg_status wait_state(pid_t pid, int *state)
{
    const struct timespec nap = {0, 10000000};
    double limit = limit_s(), end = now_s() + limit;
    bool asked = false;
    for (pid_t got; (got = waitpid(pid, state, WNOHANG)) != pid; nanosleep(&nap, NULL)) {
        if (got < 0 && errno != EINTR)
            return vg_fail(VG_EEXTERNAL, "waiting for valgrind: %s", strerror(errno));
        if (vg_interrupted() && !asked) {
            kill(pid, SIGTERM);
            asked = true;
            end = now_s() + GRACE_S;
        }
        if (now_s() < end)
            continue;
        kill(pid, SIGKILL);
        while (waitpid(pid, state, 0) < 0 && errno == EINTR)
            ;
        if (!asked)
            return vg_fail(VG_EEXTERNAL, "valgrind did not end within %g s (VGBENCH_SIM_SECONDS)",
                           limit);
        return VG_OK;
    }
    return VG_OK;
}

static vg_status wait_for(pid_t pid, const vg_sim_files *files, int process)
{
    int state;
    char path[PATH], text[200] = "no message";
    VG_TRY(wait_state(pid, &state));
    if (WIFEXITED(state) && !WEXITSTATUS(state))
        return VG_OK;
    path_of(files, LOG, process, path);
    last_words(path, text, sizeof text);
    path_of(files, ERR, process, path);
    last_words(path, text, sizeof text);
    if (vg_interrupted())
        return vg_fail(VG_EEXTERNAL, "the simulation was interrupted");
    if (WIFSIGNALED(state))
        return vg_fail(VG_EEXTERNAL, "valgrind ended by signal %d: %s", WTERMSIG(state), text);
    return vg_fail(VG_EEXTERNAL, "valgrind ended with exit code %d: %s", WEXITSTATUS(state), text);
}

vg_status vg_sim_processes(const vg_sim_request *request, const vg_sim_cache *last,
                           vg_sim_files *files)
{
    pid_t pids[PROCESSES_MAX];
    int started = 0;
    vg_status status = VG_OK;
    if (request->processes < 1 || request->processes > PROCESSES_MAX)
        return vg_fail(VG_EINVAL, "processes=%d: 1 to %d", request->processes, PROCESSES_MAX);
    files->processes = request->processes;
    for (; started < request->processes && !status; started += !status)
        status = spawn(request, last, files, started, &pids[started]);
    char message[512];
    snprintf(message, sizeof message, "%s", status ? vg_status_message() : "");
    for (int p = 0; p < started; p++) {
        vg_status one = wait_for(pids[p], files, p);
        if (one && !status) {
            status = one;
            snprintf(message, sizeof message, "%s", vg_status_message());
        }
    }
    return status ? vg_fail(status, "%s", message) : VG_OK;
}
