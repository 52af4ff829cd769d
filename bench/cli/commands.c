/* SPDX-License-Identifier: Apache-2.0 */
/* The list of subcommands and help topics. A command without a summary is an alias. */
#include <stddef.h>

#include "cli/command.h"
#include "cli/help.h"
#include "harness/spec.h"

const vg_command vg_commands[] = {
    {"run", vg_cmd_run, "the whole suite into a folder, with its report"},
    {"bench", vg_cmd_bench, "kernels against oneDNN: time, ratio, share of the roof, accuracy"},
    {"info", vg_cmd_info, "machine, libraries, and what would spoil the numbers"},
    {"doctor", vg_cmd_info, NULL},
    {"list", vg_cmd_list, "every kernel row and whether it runs here"},
    {"decay", vg_cmd_decay, "how much gradient survives across depth, beside theory"},
    {"train", vg_cmd_train, "whether the gradient becomes learning, and how fast"},
    {"profile", vg_cmd_profile, "what the caches see of kernels and of training steps"},
    {"roofline", vg_cmd_roofline, "measured peaks, and what kernels and layers reach of them"},
    {"verify", vg_cmd_verify, "every kernel row against the double-precision oracle"},
    {"report", vg_cmd_report, "Markdown and plots from saved results"},
    {"compare", vg_cmd_compare, "two results files, or the backends of one"},
    {"simulate", vg_cmd_simulate, NULL}, /* what profile runs under valgrind */
    {NULL, NULL, NULL},
};

const vg_help_topic vg_help_topics[] = {
    {"spec", vg_spec_help, "the key=value words of decay and train"},
    {"names", vg_help_names, "kernels, shapes and shape files"},
    {NULL, NULL, NULL},
};
