/* SPDX-License-Identifier: Apache-2.0 */
/** @file sha256.h
 * SHA-256 (FIPS 180-4) of a file, so that a report names the very data it was made of.
 */
#ifndef VG_REPORTS_SHA256_H
#define VG_REPORTS_SHA256_H

#include <stddef.h>

#include "vgbench/status.h"

enum { VG_SHA256_TEXT = 65 };

/** Of @p size bytes, as 64 hexadecimal digits. Returns @p text. */
const char *vg_sha256(const void *data, size_t size, char text[VG_SHA256_TEXT]);

/** Of the file at @p path. VG_EIO. */
vg_status vg_sha256_file(const char *path, char text[VG_SHA256_TEXT]);

#endif
