/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/command.h"
#include "measure/nearest.h"
#include "micro/gbench.h"
#include "micro/shapes.h"
#include "vgbench/onednn.h"

/* Texts whose numbers come from the gallery. */
static const struct {
    const char *name, *title, *text;
} texts[] = {
#include "cli/topics.inc"
};
enum { TEXTS = sizeof texts / sizeof *texts };

void vg_help_commands(FILE *out)
{
    fprintf(out, "usage: vgbench COMMAND [ARGUMENTS]\n\n"
                 "What every fix of the vanishing-gradient problem buys, and what it costs.\n\n");
    for (const vg_command *c = vg_commands; c->name; c++)
        if (c->summary)
            fprintf(out, "  %-10s %s\n", c->name, c->summary);
    fprintf(out, "  %-10s %s\n\n", "help", "this list, or help on a command or topic");
    fprintf(out, "Topics (vgbench help TOPIC):\n");
    for (const vg_help_topic *t = vg_help_topics; t->name; t++)
        fprintf(out, "  %-10s %s\n", t->name, t->summary);
    for (int i = 0; i < TEXTS; i++)
        fprintf(out, "  %-10s %s\n", texts[i].name, texts[i].title);
    fprintf(out, "\nExit codes: 0 fine, 1 a check failed, 2 usage, 3 refused.\n");
}

void vg_help_version(FILE *out)
{
    const char *onednn = vg_onednn_version(), *gbench = vg_gbench_version();
    fprintf(out, "vgbench %s (oneDNN %s, Google Benchmark %s)\n", VG_VERSION,
            *onednn ? onednn : "not built in", gbench ? gbench : "not built in");
}

void vg_help_shape_words(vg_op op, char *text, size_t size)
{
    size_t n = 0;
    for (int i = 0; i < vg_op_extents(op) && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", i ? " " : "", vg_op_key(op, i));
    if (n < size)
        snprintf(text + n, size - n, "%s%s%s", vg_op_has_weights(op) ? " weights:plain|packed" : "",
                 vg_op_has_act(op) ? " act:ACTIVATION" : "",
                 vg_op_has_norm(op) ? " norm:NORM" : "");
}

void vg_help_names(FILE *out)
{
    fprintf(
        out,
        "A kernel is named <op>/<dir>/<backend>/<key:value>/.../threads:N, for example\n"
        "  dense/bwd_weights/avx512/batch:256/in:512/out:512/weights:plain/threads:2\n"
        "Every --filter is a regular expression on that name; a leading - negates it.\n\n"
        "A shape is the op and its extents in this order, then weights:, act: or norm: where the\n"
        "op has them (dense 100 300 200 weights:packed). A shape file has one shape a line; # \n"
        "begins a comment; the op activations stands for all of them.\n\n");
    for (int op = 1; op < VG_OP_COUNT; op++) {
        char words[160];
        vg_help_shape_words((vg_op)op, words, sizeof words);
        fprintf(out, "  %-16s %s\n", vg_op_name((vg_op)op), words);
    }
    vg_shape_set sets[VG_SHAPE_SETS_MAX];
    int count = vg_shape_sets(sets);
    fprintf(out, "\nSets (--shapes=mlp, or several: --shapes=mlp+tails):\n");
    for (int i = 0; i < count; i++)
        fprintf(out, "  %-16s %s\n", sets[i].name, sets[i].about);
}

/* The words that `vgbench help` takes. */
static void topic_names(const char *names[64])
{
    int count = 0;
    for (const vg_help_topic *t = vg_help_topics; t->name && count < 20; t++)
        names[count++] = t->name;
    for (int i = 0; i < TEXTS && count < 40; i++)
        names[count++] = texts[i].name;
    for (const vg_command *c = vg_commands; c->name && count < 63; c++)
        if (c->summary)
            names[count++] = c->name;
    names[count] = NULL;
}

static int unknown_topic(const char *word)
{
    const char *names[64];
    char hint[64], all[400];
    topic_names(names);
    fprintf(stderr, "vgbench help: no topic '%s': there are %s%s\n", word,
            vg_words_join(names, all, sizeof all), vg_did_you_mean(word, names, hint, sizeof hint));
    return VG_EXIT_USAGE;
}

int vg_help(int argc, char **argv)
{
    if (argc < 2) {
        vg_help_commands(stdout);
        return VG_EXIT_OK;
    }
    for (const vg_help_topic *t = vg_help_topics; t->name; t++)
        if (!strcmp(argv[1], t->name)) {
            t->print(stdout);
            return VG_EXIT_OK;
        }
    for (const vg_command *c = vg_commands; c->name; c++)
        if (!strcmp(argv[1], c->name)) {
            char help[] = "--help", *words[] = {argv[1], help, NULL};
            return c->run(2, words);
        }
    for (int i = 0; i < TEXTS; i++)
        if (!strcmp(argv[1], texts[i].name)) {
            printf("%s\n\n%s", texts[i].title, texts[i].text);
            return VG_EXIT_OK;
        }
    return unknown_topic(argv[1]);
}
