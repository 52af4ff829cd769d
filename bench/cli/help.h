/* SPDX-License-Identifier: Apache-2.0 */
/** @file help.h
 * `vgbench help [TOPIC]`. A topic is a subcommand, or an entry of vg_help_topics[] (commands.c).
 */
#ifndef VG_CLI_HELP_H
#define VG_CLI_HELP_H

#include <stddef.h>
#include <stdio.h>

#include "vgbench/ops.h"

typedef struct vg_help_topic {
    const char *name;
    void (*print)(FILE *out);
    const char *summary;
} vg_help_topic;

/** Ends with a NULL name. */
extern const vg_help_topic vg_help_topics[];

/** @p argv[0] is "help"; returns an exit code. */
int vg_help(int argc, char **argv);

/** Usage and the list of commands. */
void vg_help_commands(FILE *out);

/** Version of vgbench and of what it was built with. */
void vg_help_version(FILE *out);

/** What follows op in a shape, "batch in out weights:plain|packed", into @p text. */
void vg_help_shape_words(vg_op op, char *text, size_t size);

/** Topic `names`: canonical kernel names, shapes and shape files. */
void vg_help_names(FILE *out);

#endif
