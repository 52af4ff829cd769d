/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/help.h"
#include "measure/nearest.h"
#include "measure/machine.h"

/* libgomp reads OMP_WAIT_POLICY when it is loaded, and without `active` a fork after a pause costs
 * milliseconds: the program starts itself once more with the variable set. What the user has set
 * wins. Under valgrind a new program image would escape the tool. */
static void set_wait_policy(char **argv)
{
    const char *preload = getenv("LD_PRELOAD");
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT") || getenv("KMP_BLOCKTIME") ||
        getenv("VGBENCH_SET_WAIT_POLICY") || (preload && strstr(preload, "vgpreload")))
        return;
    setenv("OMP_WAIT_POLICY", "active", 1);
    setenv("VGBENCH_SET_WAIT_POLICY", "1", 1);
    execv("/proc/self/exe", argv);
    unsetenv("OMP_WAIT_POLICY"); /* no /proc: go on as we are, and say so in the record */
    unsetenv("VGBENCH_SET_WAIT_POLICY");
}

/* Commands that time teams. Verification runs more threads than there are CPUs, which must not
 * spin. */
static bool times_teams(const char *command)
{
    static const char *const names[] = {"bench", "run", "decay", "train", "profile", "roofline"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(command, names[i]))
            return true;
    return false;
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
    char runtimes[256];
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
        if (times_teams(c->name))
            set_wait_policy(argv);
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
