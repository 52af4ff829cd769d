/* SPDX-License-Identifier: Apache-2.0 */
/* The list of subcommands and help topics. A command without a summary is an alias. */
#include <stddef.h>

#include "cli/command.h"
#include "cli/help.h"
#include "harness/spec.h"

const vg_command vg_commands[] = {
    {"run", vg_cmd_run, "the whole suite into a folder, with its report", true},
    {"bench", vg_cmd_bench, "kernels against oneDNN: time, ratio, share of the roof, accuracy",
     true},
    {"info", vg_cmd_info, "machine, libraries, and what would spoil the numbers", false},
    {"doctor", vg_cmd_info, NULL, false},
    {"list", vg_cmd_list, "every kernel row and whether it runs here", false},
    {"decay", vg_cmd_decay, "how much gradient survives across depth, beside theory", true},
    {"train", vg_cmd_train, "whether the gradient becomes learning, and how fast", true},
    {"profile", vg_cmd_profile, "what the caches see of kernels and of training steps", true},
    {"roofline", vg_cmd_roofline, "measured peaks, and what kernels and layers reach of them",
     true},
    {"verify", vg_cmd_verify, "every kernel row against the double-precision oracle", false},
    {"report", vg_cmd_report, "Markdown and plots from saved results", false},
    {"compare", vg_cmd_compare, "two results files, or the backends of one", false},
    {"simulate", vg_cmd_simulate, NULL, false}, /* what profile runs under valgrind */
    {NULL, NULL, NULL, false},
};

const vg_help_topic vg_help_topics[] = {
    {"spec", vg_spec_help, "the key=value words of decay and train"},
    {"names", vg_help_names, "kernels, shapes and shape files"},
    {NULL, NULL, NULL},
};
