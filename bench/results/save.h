/* SPDX-License-Identifier: Apache-2.0 */
/** @file save.h
 * Files that appear whole or not at all.
 */
#ifndef VG_RESULTS_SAVE_H
#define VG_RESULTS_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Writes @p size bytes into a temporary file beside @p path, then renames it. Path "-" is
 * stdout. */
vg_status vg_file_save(const char *path, const char *text, size_t size);

/** A file in the making: what is written to @p stream appears as @p path when it is closed. */
typedef struct vg_file {
    FILE *stream;
    char path[4096], temporary[4200]; /**< temporary "": written in place (stdout, a device) */
} vg_file;

vg_status vg_file_open(const char *path, vg_file *file);

/** Makes it appear, or with @p keep false (and when writing failed) leaves what was there. */
vg_status vg_file_close(vg_file *file, bool keep);

/** Keeps other processes out of folder @p dir until this one ends, however it ends: nothing is written
 * there. VG_EIO where another has it. A file system that knows no locks is no error. */
vg_status vg_folder_lock(const char *dir);

/** Whether @p path can be written (without touching a file that is there). */
vg_status vg_file_check(const char *path);

#ifdef __cplusplus
}
#endif
#endif
