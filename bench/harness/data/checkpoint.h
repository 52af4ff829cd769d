/* SPDX-License-Identifier: Apache-2.0 */
/** @file checkpoint.h
 * A container of a JSON header and named, typed arrays, each with its CRC-32; what it means is its
 * writer's affair. It appears whole or not at all: a temporary file beside it, fsync, rename, fsync
 * of the folder. A writer that is killed leaves at most PATH.tmp, which the next write reuses.
 *
 * Format, little-endian, each part padded with zeros to a multiple of 64 bytes:
 *   8 bytes "\x93VGCKPT\n", u32 version 1, u32 blobs, u64 bytes of the file, u64 bytes of the header,
 *   u32 CRC of the header, u32 CRC of the table, u32 0, u32 CRC of the 44 bytes before  (48 bytes)
 *   table: per blob 48 bytes name (zero-terminated), u32 type, u32 CRC, u64 count, u64 offset
 *   header: JSON text          blobs
 */
#ifndef VG_HARNESS_DATA_CHECKPOINT_H
#define VG_HARNESS_DATA_CHECKPOINT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

typedef enum vg_blob_type {
    VG_BLOB_u8 = 1,
    VG_BLOB_i32,
    VG_BLOB_i64,
    VG_BLOB_f32,
    VG_BLOB_f64
} vg_blob_type;

enum { VG_BLOB_NAME = 48, VG_BLOBS_MAX = 65536 };

typedef struct vg_blob {
    char name[VG_BLOB_NAME];
    vg_blob_type type;
    int64_t count;    /**< numbers, 0 or more */
    const void *data; /**< after a read 64-byte aligned, inside the checkpoint */
} vg_blob;

typedef struct vg_checkpoint {
    json_t *header;
    vg_blob *blobs;
    int count;
    void *memory; /**< of the blobs' data */
} vg_checkpoint;

/** Writes @p header (an object) and @p count blobs with distinct names as @p path. On any failure
 * (disk full, no permission) a file that was there before is untouched. VG_EIO with the reason. */
vg_status vg_checkpoint_write(const char *path, const json_t *header, const vg_blob *blobs,
                              int count);

/** Reads and checks @p path: magic, version, every count and CRC, before and after memory is taken.
 * VG_EIO, VG_EFORMAT with file, offset and reason. */
vg_status vg_checkpoint_read(const char *path, vg_checkpoint *checkpoint);

/** Data of blob @p name into @p data; VG_EFORMAT where it is missing or has another type or count
 * than @p type and @p count (negative: any). */
vg_status vg_checkpoint_get(const vg_checkpoint *checkpoint, const char *name, vg_blob_type type,
                            int64_t count, const void **data);

void vg_checkpoint_release(vg_checkpoint *checkpoint);

/** CRC-32 (IEEE 802.3, as in gzip) of @p size bytes, continuing @p crc (0 at the start). */
uint32_t vg_crc32(uint32_t crc, const void *data, size_t size);

#endif
