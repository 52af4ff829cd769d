/* SPDX-License-Identifier: Apache-2.0 */
/** @file filter.h
 * --filter: a POSIX extended regular expression on canonical kernel names, with the conventions of
 * --benchmark_filter: a leading '-' negates, "all" and "" match everything.
 */
#ifndef VG_MEASURE_FILTER_H
#define VG_MEASURE_FILTER_H

#include <regex.h>
#include <stdbool.h>

#include "vgbench/status.h"

typedef struct vg_filter {
    regex_t regex;
    bool all, negate;
} vg_filter;

/** @p pattern may be NULL. VG_EINVAL with the reason for a malformed expression. */
vg_status vg_filter_compile(vg_filter *filter, const char *pattern);

bool vg_filter_match(const vg_filter *filter, const char *name);

/** For names that have a form with suffixes too: a plain filter takes the row if either matches, a
 * negated one leaves it out if either does. */
bool vg_filter_match_either(const vg_filter *filter, const char *name, const char *longer);

void vg_filter_release(vg_filter *filter);

#endif
