/* SPDX-License-Identifier: Apache-2.0 */
/** @file gbench.h
 * C face of Google Benchmark (1.7.1 to 1.9.x). gbench.cc is the only C++ file of the project;
 * without the library gbench_absent.c gives the same symbols.
 *
 * Rows run on the calling thread and bring their own OpenMP team: ->Threads() is never used, since
 * its meaning changed in 1.9.0. Wall time decides (UseRealTime), process CPU time is shown.
 */
#ifndef VG_MICRO_GBENCH_H
#define VG_MICRO_GBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library, or NULL when built without it. */
const char *vg_gbench_version(void);

/** "debug" or "release": whether the library was built with assertions. "" without it. */
const char *vg_gbench_build_type(void);

/** One benchmark. */
typedef struct vg_gbench_row {
    const char *name;             /**< canonical kernel name */
    void (*begin)(void *context); /**< untimed, before every batch */
    void (*run)(void *context);   /**< one iteration */
    void *context;
    int64_t iterations;  /**< of a batch; 0: the library finds it by its min_time */
    double flops, bytes; /**< per iteration, for rates */
    const char *label;   /**< what runs */
    const char *error;   /**< not NULL: not timed, for this reason */
} vg_gbench_row;

/** Time of an iteration of row @p row, mean of a batch. */
typedef void vg_gbench_sample_fn(void *user, int row, double real_ns, double cpu_ns,
                                 int64_t iterations);

/** What the library prints and where. */
typedef struct vg_gbench_output {
    const char *display; /**< "console", "json", "csv": on stdout; NULL: nothing */
    const char *file;    /**< path, or NULL */
    const char *file_format;
    bool color, tabular;
    bool display_aggregates_only, file_aggregates_only;
    int name_width; /**< longest name that will come */
} vg_gbench_output;

/** Hands the flags to the library; argv[0] is the program. VG_EINVAL for a flag it does not
 * know. */
vg_status vg_gbench_initialize(int argc, char **argv);

/** A text of the context that reporters print. Call before the first run. */
void vg_gbench_context(const char *key, const char *value);

/** Makes @p rows (which must stay) the registered benchmarks, in place of all others. */
vg_status vg_gbench_register(const vg_gbench_row *rows, int count);

/** Runs every registered row once, in random order where the flag says so, `iterations` each, and
 * prints nothing: one round of paired samples. */
vg_status vg_gbench_round(vg_gbench_sample_fn *sample, void *user);

/** Runs the registered rows as the flags say, with all repetitions, and prints by its reporters.
 * Register with vg_gbench_register_native(). */
vg_status vg_gbench_run(vg_gbench_sample_fn *sample, void *user);
vg_status vg_gbench_register_native(const vg_gbench_row *rows, int count);

/** Opens the reporters of vg_gbench_run(). */
vg_status vg_gbench_open(const vg_gbench_output *output);

/** Ends them and writes the file, whole or not at all. */
vg_status vg_gbench_close(void);

#ifdef __cplusplus
}
#endif
#endif
