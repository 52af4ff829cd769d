/* SPDX-License-Identifier: Apache-2.0 */
/** @file gbench_flags.h
 * The --benchmark_* flags (and their BENCHMARK_* environment twins). Those that mean the whole
 * program (filter, format, out, list_tests) are taken here, the others are handed to the library.
 */
#ifndef VG_CLI_GBENCH_FLAGS_H
#define VG_CLI_GBENCH_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"

typedef struct vg_gbench_flags {
    const char *filter;  /**< --benchmark_filter, or NULL */
    const char *display; /**< --benchmark_format, or NULL: our own table */
    const char *out, *out_format;
    bool list_tests, display_aggregates_only, report_aggregates_only, color, tabular;
    bool native;        /**< a flag was given that only the library's own run honours */
    int64_t iterations; /**< min_time=100x */
    char min_time[48];  /**< in the spelling of the installed version; "" not given */
    const char *rest[VG_OPTION_LIST_MAX]; /**< handed on as they are */
    int rest_count;
} vg_gbench_flags;

/** Sorts the flags. One-line errors that name the nearest flag. */
vg_status vg_gbench_flags_read(const vg_option_list *given, vg_gbench_flags *flags);

/** Initialises the library with them. */
vg_status vg_gbench_flags_apply(const vg_gbench_flags *flags);

#endif
