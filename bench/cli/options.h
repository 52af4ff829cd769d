/* SPDX-License-Identifier: Apache-2.0 */
/** @file options.h
 * Command lines: one table-driven parser for every subcommand, the options they share, and the
 * nearest valid word for those that are misspelt.
 *
 * An option is `--name`, `--name=VALUE`, `--name VALUE`, `-n VALUE` or `-nVALUE`. Words that are no
 * options (specs, files) are kept in their order. `--` ends the options.
 */
#ifndef VG_CLI_OPTIONS_H
#define VG_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "measure/nearest.h"
#include "vgbench/status.h"

typedef enum vg_option_kind {
    VG_OPTION_FLAG,   /**< bool: --quiet; --quiet=0 takes it back */
    VG_OPTION_TEXT,   /**< const char *: any text, not empty */
    VG_OPTION_INT,    /**< int64_t, at least `minimum` */
    VG_OPTION_REAL,   /**< double, finite */
    VG_OPTION_CHOICE, /**< const char *: one of `choices` */
    VG_OPTION_LIST,   /**< vg_option_list: may be given several times */
    VG_OPTION_PREFIX, /**< vg_option_list: every option that begins with `name`, whole ("--x=1") */
} vg_option_kind;

enum { VG_OPTION_LIST_MAX = 64 };

typedef struct vg_option_list {
    const char *items[VG_OPTION_LIST_MAX];
    int count;
} vg_option_list;

typedef struct vg_option {
    const char *name; /**< without dashes; an entry with NULL ends a table */
    char letter;      /**< -o, or 0 */
    vg_option_kind kind;
    void *value;                /**< where it goes; type by `kind` */
    const char *argument;       /**< "FILE", for the help */
    const char *help;           /**< one line */
    const char *const *choices; /**< NULL-terminated, for VG_OPTION_CHOICE */
    int64_t minimum;
    bool *given; /**< set when the option was there; may be NULL */
} vg_option;

typedef enum vg_format { VG_FORMAT_TABLE, VG_FORMAT_MD, VG_FORMAT_JSON, VG_FORMAT_CSV } vg_format;

enum { VG_MAX_OUTPUTS = 8, VG_MAX_THREAD_COUNTS = 16 };

/** What every measuring subcommand understands. */
typedef struct vg_options {
    int threads;                           /**< resolved: the first of thread_list */
    int thread_list[VG_MAX_THREAD_COUNTS]; /**< --threads=1,2,all */
    int thread_count;
    const char *threads_text; /**< as given, or NULL; decay reads it as its key `threads` */
    const char *backend;      /**< as given (one name or a comma list), or NULL */
    bool specs;               /**< decay, train: --seed is the key of a spec, a list as well */
    const char *seed_text;    /**< as given, or NULL */
    uint64_t seed;            /**< the first one; 1 unless given */
    vg_format format;         /**< of standard output; table unless given */
    vg_option_list outputs;   /**< -o FILE, format by extension: .json .md .csv */
    const char *max_isa;      /**< applied to own dispatch and oneDNN by vg_options_parse */
    bool quiet, yes, strict, help;
    bool color; /**< standard output is a terminal, NO_COLOR is not set */
} vg_options;

/** The words of a command line that are no options, in their order. */
typedef struct vg_words {
    const char **items;
    int count;
} vg_words;

/** Parses argv[1..] by the common options and the table @p own (may be NULL). Applies --max-isa to
 * the process and resolves threads: --threads, then OMP_NUM_THREADS, then the allowed CPUs. On
 * VG_EINVAL the message is complete: the option, what is allowed, the nearest valid word. With
 * --help only `help` is set and the rest is not looked at. @p words points into @p argv. */
vg_status vg_options_parse(int argc, char **argv, const vg_option *own, vg_options *options,
                           vg_words *words);

/** Prints "usage: vgbench <usage>", @p text, the own and the common options. */
void vg_options_help(FILE *out, const char *usage, const char *text, const vg_option *own);

/** A list of thread counts "1,2,all" into options->thread_list. */
vg_status vg_threads_parse(const char *text, vg_options *options);

/** CPUs of the allowed set (sched affinity and cgroup cpuset). */
int vg_allowed_cpus(void);

/** The format a file name asks for; VG_EINVAL names the extensions that are known. */
vg_status vg_format_of_file(const char *path, vg_format *format);

/** Prints "vgbench <command>: <last message>" on stderr and returns the exit code of @p status:
 * 2 for bad arguments and what is not there on this machine or in this build, 1 for the rest. */
int vg_exit_with(const char *command, vg_status status);

#endif
