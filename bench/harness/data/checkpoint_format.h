/* SPDX-License-Identifier: Apache-2.0 */
/* The file's layout (see checkpoint.h), for its writer and its reader. */
#ifndef VG_HARNESS_DATA_CHECKPOINT_FORMAT_H
#define VG_HARNESS_DATA_CHECKPOINT_FORMAT_H

#include "harness/data/checkpoint.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "checkpoints are written as memory holds them: little-endian machines only"
#endif

#define VG_CKPT_MAGIC "\x93VGCKPT\n"
enum { VG_CKPT_VERSION = 1 };

typedef struct vg_ckpt_head {
    char magic[8];
    uint32_t version, blobs;
    uint64_t file_bytes, header_bytes;
    uint32_t header_crc, table_crc, zero, crc;
} vg_ckpt_head;

typedef struct vg_ckpt_entry {
    char name[VG_BLOB_NAME];
    uint32_t type, crc;
    uint64_t count, offset;
} vg_ckpt_entry;

/** Bytes of one number; 0 for an unknown type. */
size_t vg_blob_item(vg_blob_type type);

/** VG_EFORMAT where two blobs have the same name. */
vg_status vg_blob_names_check(const char *name, const vg_blob *blobs, int count);

/** Checks and opens @p bytes, vg_alloc()ed memory that the checkpoint takes over on success. */
vg_status vg_checkpoint_parse(const char *name, uint8_t *bytes, size_t size,
                              vg_checkpoint *checkpoint);

#endif
