/* SPDX-License-Identifier: Apache-2.0 */
/** @file file.h
 * Whole files in memory, and messages about them.
 */
#ifndef VG_HARNESS_DATA_FILE_H
#define VG_HARNESS_DATA_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

/** Reads the regular file @p path into vg_alloc()ed memory with a zero byte after its end. */
vg_status vg_file_load(const char *path, uint8_t **bytes, size_t *size);

/** Makes "a/b.npy" of folder and name; VG_EINVAL where it does not fit. */
vg_status vg_path_join(const char *folder, const char *name, char *path, size_t size);

/** Product of @p dims extents times @p item; VG_EFORMAT naming @p file where it overflows. */
vg_status vg_extents_product(const char *file, const int64_t *shape, int dims, int64_t item,
                             int64_t *product);

#endif
