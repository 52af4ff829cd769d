/* SPDX-License-Identifier: Apache-2.0 */
/* The list of subcommands. */
#include <stddef.h>

#include "cli/command.h"

const vg_command vg_commands[] = {
    {"list", vg_cmd_list, "every kernel row and whether it runs here"},
    {"verify", vg_cmd_verify, "every kernel row against the double-precision oracle"},
    {NULL, NULL, NULL},
};
