/* SPDX-License-Identifier: Apache-2.0 */
/* Decompression of gzip from memory into memory, by zlib where it is built in. */
#ifndef VG_HARNESS_DATA_GUNZIP_H
#define VG_HARNESS_DATA_GUNZIP_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

/** Deflate gives at most 1032 bytes for one (zlib's documentation, "Maximum compression factor"). */
enum { VG_GUNZIP_RATIO = 1033 };

/** The first bytes of the content, at most @p room; @p got says how many. */
vg_status vg_gunzip_start(const char *name, const uint8_t *packed, size_t size, uint8_t *out,
                          size_t room, size_t *got);

/** The whole content, which must be @p length bytes; the check sum and length of the trailer must
 * hold and nothing may follow. */
vg_status vg_gunzip(const char *name, const uint8_t *packed, size_t size, uint8_t *out,
                    size_t length);

#endif
