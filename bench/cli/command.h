/* SPDX-License-Identifier: Apache-2.0 */
/** @file command.h
 * The subcommands of vgbench. Each is one file cmd_<name>.c with one entry point.
 */
#ifndef VG_CLI_COMMAND_H
#define VG_CLI_COMMAND_H

#include <stdbool.h>

/** Exit codes of the program. */
enum {
    VG_EXIT_OK = 0,
    VG_EXIT_FAILED = 1,  /**< a check failed, a regression, an input/output error */
    VG_EXIT_USAGE = 2,   /**< bad arguments */
    VG_EXIT_REFUSED = 3, /**< environment refused (--strict) */
};

/** @p argv[0] is the subcommand's name; returns an exit code. */
typedef int vg_command_fn(int argc, char **argv);

typedef struct vg_command {
    const char *name;
    vg_command_fn *run;
    const char *summary; /**< one line for `vgbench help`; NULL: an alias */
    bool times;          /**< it times teams of threads, which must not sleep while they wait */
} vg_command;

extern const vg_command vg_commands[];

vg_command_fn vg_cmd_compare;
vg_command_fn vg_cmd_decay;
vg_command_fn vg_cmd_bench;
vg_command_fn vg_cmd_info;
vg_command_fn vg_cmd_list;
vg_command_fn vg_cmd_profile;
vg_command_fn vg_cmd_report;
vg_command_fn vg_cmd_roofline;
vg_command_fn vg_cmd_run;
vg_command_fn vg_cmd_simulate;
vg_command_fn vg_cmd_train;
vg_command_fn vg_cmd_verify;

#endif
