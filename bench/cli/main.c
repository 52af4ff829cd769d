/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static int usage(FILE *out)
{
    fprintf(out, "usage: vgbench COMMAND [ARGUMENTS]\n\n");
    for (const vg_command *c = vg_commands; c->name; c++)
        fprintf(out, "  %-10s %s\n", c->name, c->summary);
    return out == stdout ? VG_EXIT_OK : VG_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return usage(stdout);
    for (const vg_command *c = vg_commands; c->name; c++)
        if (!strcmp(argv[1], c->name))
            return c->run(argc - 1, argv + 1);
    fprintf(stderr, "vgbench: unknown command '%s'\n", argv[1]);
    return usage(stderr);
}
