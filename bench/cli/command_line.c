/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command_line.h"

#include <stdio.h>
#include <string.h>

static void put_quoted(FILE *out, const char *word)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./,:+@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

char *vg_command_line(int argc, char **argv)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs("vgbench", out);
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--resume") || !strcmp(argv[i], "--force"))
            continue;
        fputc(' ', out);
        put_quoted(out, argv[i]);
    }
    fclose(out);
    return text;
}
