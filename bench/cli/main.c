/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"
#include "measure/binding.h"
#include "measure/nearest.h"
#include "measure/machine.h"
#include "micro/gbench.h"

/* Without `active` a fork of libgomp after a pause costs milliseconds. What the user has set
 * wins. */
static bool set_wait_policy(void)
{
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT") || getenv("KMP_BLOCKTIME") ||
        getenv("VGBENCH_SET_WAIT_POLICY"))
        return false;
    setenv("OMP_WAIT_POLICY", "active", 1);
    setenv("VGBENCH_SET_WAIT_POLICY", "1", 1);
    return true;
}

/* Before the options are parsed: what it says must be in the environment of a new program image. */
static const char *bind_text(int argc, char **argv)
{
    const char *text = NULL;
    for (int i = 2; i < argc && strcmp(argv[i], "--"); i++) {
        if (!strncmp(argv[i], "--bind=", 7))
            text = argv[i] + 7;
        else if (!strcmp(argv[i], "--bind") && i + 1 < argc)
            text = argv[++i];
    }
    return text && *text ? text : NULL; /* the parser complains of an empty one */
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

/* The OpenMP runtime reads its variables when it is loaded: the program sets them and starts itself
 * once more. Under valgrind a new program image would escape the tool. Returns an exit code. */
static int set_environment(const vg_command *command, int argc, char **argv)
{
    const char *preload = getenv("LD_PRELOAD"), *text = bind_text(argc, argv);
    const char *name = command->name;
    bool waits = false, binds = false; /* verification runs more threads than CPUs: no spinning */
    if ((preload && strstr(preload, "vgpreload")) || asks_for_help(argc, argv))
        return VG_EXIT_OK;
    if (command->times || text || command->run == vg_cmd_info) {
        vg_status status = vg_binding_prepare(text, &binds);
        if (status) {
            int code = vg_exit_with(name, status);
            return status == VG_EUNSUPPORTED ? VG_EXIT_REFUSED : code;
        }
        if (text && strcmp(text, "none") && vg_binding_reason())
            fprintf(stderr, "vgbench %s: --bind=%s: threads are not bound: %s\n", name, text,
                    vg_binding_reason());
    }
    if (command->times)
        waits = set_wait_policy();
    if (!waits && !binds)
        return VG_EXIT_OK;
    vg_binding_loosen(); /* a runtime that binds by the user's settings has bound this thread */
    execv("/proc/self/exe", argv);
    vg_binding_tighten();
    if (waits) { /* no /proc: go on as we are, and say so in the record */
        unsetenv("OMP_WAIT_POLICY");
        unsetenv("VGBENCH_SET_WAIT_POLICY");
    }
    if (binds)
        vg_binding_withdraw();
    return VG_EXIT_OK;
}

static int unknown_command(const char *word)
{
    const char *names[40];
    char hint[64];
    int count = 0;
    for (const vg_command *c = vg_commands; c->name && count < 38; c++)
        names[count++] = c->name;
    names[count++] = "help";
    names[count] = NULL;
    fprintf(stderr, "vgbench: unknown command '%s'%s (vgbench help lists them)\n", word,
            vg_did_you_mean(word, names, hint, sizeof hint));
    return VG_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const vg_timing_library timing = {vg_gbench_version, vg_gbench_build_type};
    char runtimes[256];
    vg_machine_set_timing_library(&timing);
    if (argc < 2) {
        vg_help_commands(stderr);
        return VG_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        vg_help_version(stdout);
        return VG_EXIT_OK;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return vg_help(argc - 1, argv + 1);
    for (const vg_command *c = vg_commands; c->name; c++) {
        if (strcmp(argv[1], c->name))
            continue;
        int code = set_environment(c, argc, argv);
        if (code != VG_EXIT_OK)
            return code;
        if (vg_openmp_runtimes(runtimes, sizeof runtimes) > 1) {
            fprintf(stderr,
                    "vgbench: two OpenMP runtimes in one process (%s): numbers would be "
                    "wrong; link oneDNN against the compiler's own\n",
                    runtimes);
            return VG_EXIT_REFUSED;
        }
        return c->run(argc - 1, argv + 1);
    }
    return unknown_command(argv[1]);
}
