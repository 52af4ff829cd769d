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
#include "measure/clock.h"
#include "measure/interrupt.h"
#include "results/results.h"

enum { JOBS_MAX = VG_SIM_PROCESSES_MAX * VG_SIM_LEVELS, WORDS_MAX = 48, PATH = 128 };
static const char *const file_names[] = {"out", "lst", "log", "err"};
enum { OUT, LIST, LOG, ERR, FILES };

/* --- files ---------------------------------------------------------------------------------- */

static void path_of(const vg_sim_files *files, int which, int job, char path[PATH])
{
    snprintf(path, PATH, "%s/%s%03d%s", files->dir, file_names[which], job,
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
    for (int p = 0; p < files->jobs; p++)
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

vg_status vg_sim_load(const vg_sim_files *files, int job, json_t **list, char **text,
                      size_t *size)
{
    char path[PATH];
    json_error_t error;
    path_of(files, LIST, job, path);
    *list = json_load_file(path, 0, &error);
    if (!*list)
        return vg_fail(VG_EEXTERNAL, "the simulated process left no list of its rows: %s",
                       error.text);
    path_of(files, OUT, job, path);
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

static vg_status find_paths(const vg_sim_files *files, int job, command *c)
{
    ssize_t length = readlink("/proc/self/exe", c->exe, sizeof c->exe - 1);
    if (length < 0)
        return vg_fail(VG_EEXTERNAL, "/proc/self/exe: %s", strerror(errno));
    c->exe[length] = '\0';
    for (int which = 0; which < FILES; which++)
        path_of(files, which, job, c->paths[which]);
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
    snprintf(c->words[5], SIZE, "--first=%03d", process);
    snprintf(c->words[6], SIZE, "--step=%03d", request->processes);
    const char *const head[] = {valgrind,
                                "--tool=callgrind",
                                "--cache-sim=yes",
                                "--instr-atstart=no",
                                "--collect-atstart=no",
                                "--combine-dumps=yes",
                                "--dump-line=no",
                                "--vgdb=no",
                                "--vex-iropt-level=0", /* 2 leaves out loads that nobody uses */
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

/* Job @p job: a share of the rows, with one of the outer levels as callgrind's last. */
static vg_status spawn(const vg_sim_request *request, const vg_sim_files *files, int job, pid_t *pid)
{
    command c;
    const vg_sim_geometry *g = request->geometry;
    const char *valgrind = request->valgrind ? request->valgrind : "valgrind";
    const vg_sim_cache *last = g->outers ? &g->outer[job / request->processes] : &g->d1;
    VG_TRY(find_paths(files, job, &c));
    write_words(request, last, job % request->processes, valgrind, &c);
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

/* One of the processes that run side by side. */
typedef struct slot {
    pid_t pid; /* 0: free */
    int job;
    double end; /* when it has had its time */
    bool asked; /* to end */
} slot;

static vg_status judge(int state, const vg_sim_files *files, int job)
{
    char path[PATH], text[200] = "no message";
    if (WIFEXITED(state) && !WEXITSTATUS(state))
        return VG_OK;
    path_of(files, LOG, job, path);
    last_words(path, text, sizeof text);
    path_of(files, ERR, job, path);
    last_words(path, text, sizeof text);
    if (vg_interrupted())
        return vg_fail(VG_EEXTERNAL, "the simulation was interrupted");
    if (WIFSIGNALED(state))
        return vg_fail(VG_EEXTERNAL, "valgrind ended by signal %d: %s", WTERMSIG(state), text);
    return vg_fail(VG_EEXTERNAL, "valgrind ended with exit code %d: %s", WEXITSTATUS(state), text);
}

/* Looks after a process: one that hangs, or does not end when it is asked to, is killed. */
static vg_status look_at(slot *s, const vg_sim_files *files, bool stop)
{
    int state;
    pid_t got = waitpid(s->pid, &state, WNOHANG);
    if (got == s->pid) {
        s->pid = 0;
        return judge(state, files, s->job);
    }
    if (got < 0 && errno != EINTR) {
        s->pid = 0;
        return vg_fail(VG_EEXTERNAL, "waiting for valgrind: %s", strerror(errno));
    }
    if ((stop || vg_interrupted()) && !s->asked) {
        kill(s->pid, SIGTERM);
        s->asked = true;
        s->end = vg_clock_s() + GRACE_S;
    }
    if (vg_clock_s() < s->end)
        return VG_OK;
    kill(s->pid, SIGKILL);
    while (waitpid(s->pid, &state, 0) < 0 && errno == EINTR)
        ;
    s->pid = 0;
    return s->asked ? VG_OK
                    : vg_fail(VG_EEXTERNAL,
                              "valgrind did not end within %g s (VGBENCH_SIM_SECONDS)", limit_s());
}

vg_status vg_sim_processes(const vg_sim_request *request, vg_sim_files *files)
{
    enum { SLOTS = 64 };
    const struct timespec nap = {0, 10000000};
    slot slots[SLOTS] = {{0}};
    int jobs = request->processes * (request->geometry->outers ? request->geometry->outers : 1);
    int room = request->parallel < 1 ? 1 : request->parallel < SLOTS ? request->parallel : SLOTS;
    int begun = 0, running = 0;
    vg_status status = VG_OK;
    char message[512] = "";
    if (request->processes < 1 || request->processes > VG_SIM_PROCESSES_MAX || jobs > JOBS_MAX)
        return vg_fail(VG_EINVAL, "processes=%d: 1 to %d", request->processes,
                       VG_SIM_PROCESSES_MAX);
    files->jobs = jobs;
    do {
        running = 0;
        for (int i = 0; i < room; i++) {
            slot *s = &slots[i];
            vg_status one = s->pid ? look_at(s, files, status != VG_OK) : VG_OK;
            if (!one && !s->pid && begun < jobs && !status && !vg_interrupted()) {
                *s = (slot){.job = begun++, .end = vg_clock_s() + limit_s()};
                one = spawn(request, files, s->job, &s->pid);
                s->pid = one ? 0 : s->pid;
            }
            running += s->pid != 0;
            if (one && !status) { /* the first failure counts, and stops the others */
                status = one;
                snprintf(message, sizeof message, "%s", vg_status_message());
            }
        }
        if (running)
            nanosleep(&nap, NULL);
    } while (running || (begun < jobs && !status && !vg_interrupted()));
    if (!status && begun < jobs)
        return vg_fail(VG_EEXTERNAL, "the simulation was interrupted");
    return status ? vg_fail(status, "%s", message) : VG_OK;
}
