/* SPDX-License-Identifier: Apache-2.0 */
/** @file save.h
 * Files that appear whole or not at all.
 */
#ifndef VG_RESULTS_SAVE_H
#define VG_RESULTS_SAVE_H

#include <stddef.h>

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Writes @p size bytes into a temporary file beside @p path, then renames it. Path "-" is
 * stdout. */
vg_status vg_file_save(const char *path, const char *text, size_t size);

/** Whether @p path can be written (without touching a file that is there). */
vg_status vg_file_check(const char *path);

#ifdef __cplusplus
}
#endif
#endif
