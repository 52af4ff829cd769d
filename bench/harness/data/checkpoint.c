/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/data/checkpoint_format.h"
#include "harness/data/file.h"
#include "vgbench/memory.h"

_Static_assert(sizeof(vg_ckpt_head) == 48 && sizeof(vg_ckpt_entry) == 72, "the file's layout");

/* --- CRC-32, eight tables ("slicing by 8", Kounavis and Berry 2005) ---------------------------- */

typedef struct crc_tables {
    uint32_t t[8][256];
} crc_tables;

static void make_tables(crc_tables *tables)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
        tables->t[0][i] = c;
    }
    for (int k = 1; k < 8; k++)
        for (int i = 0; i < 256; i++)
            tables->t[k][i] =
                tables->t[k - 1][i] >> 8 ^ tables->t[0][tables->t[k - 1][i] & 255];
}

static uint32_t eight_bytes(const crc_tables *tables, uint32_t crc, const uint8_t *p)
{
    uint32_t low, high;
    memcpy(&low, p, 4);
    memcpy(&high, p + 4, 4);
    low ^= crc;
    return tables->t[7][low & 255] ^ tables->t[6][low >> 8 & 255] ^
           tables->t[5][low >> 16 & 255] ^ tables->t[4][low >> 24] ^ tables->t[3][high & 255] ^
           tables->t[2][high >> 8 & 255] ^ tables->t[1][high >> 16 & 255] ^
           tables->t[0][high >> 24];
}

/* Four bits at once, where eight tables would not pay. */
static const uint32_t nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t vg_crc32(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = data;
    crc = ~crc;
    if (size >= 1024) { /* where tables pay for being made anew each time: no state is kept */
        crc_tables tables;
        make_tables(&tables);
        for (; size >= 8; p += 8, size -= 8)
            crc = eight_bytes(&tables, crc, p);
    }
    for (; size; p++, size--) {
        crc ^= *p;
        crc = nibble[crc & 15] ^ crc >> 4;
        crc = nibble[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}

/* --- writing ----------------------------------------------------------------------------------- */

size_t vg_blob_item(vg_blob_type type)
{
    switch (type) {
    case VG_BLOB_u8:
        return 1;
    case VG_BLOB_i32:
    case VG_BLOB_f32:
        return 4;
    case VG_BLOB_i64:
    case VG_BLOB_f64:
        return 8;
    }
    return 0;
}

static uint64_t padded(uint64_t size)
{
    return (size + 63) & ~UINT64_C(63);
}

static bool write_part(int fd, const void *data, size_t size)
{
    static const char zeros[64];
    size_t padding = (size_t)(padded(size) - size);
    for (const char *p = data; size;) {
        ssize_t n = write(fd, p, size < 1 << 30 ? size : 1 << 30);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return padding == 0 || write(fd, zeros, padding) == (ssize_t)padding;
}

static vg_status make_table(const vg_blob *blobs, int count, uint64_t at, vg_ckpt_entry *table,
                            uint64_t *end)
{
    for (int i = 0; i < count; i++) {
        size_t length = strnlen(blobs[i].name, VG_BLOB_NAME), item = vg_blob_item(blobs[i].type);
        if (length == 0 || length == VG_BLOB_NAME || !item || blobs[i].count < 0)
            return vg_fail(VG_EINVAL, "blob %d of a checkpoint has no valid name, type or count",
                           i);
        uint64_t bytes = (uint64_t)blobs[i].count * item;
        table[i] = (vg_ckpt_entry){.type = (uint32_t)blobs[i].type,
                                   .crc = vg_crc32(0, blobs[i].data, bytes),
                                   .count = (uint64_t)blobs[i].count,
                                   .offset = at};
        memcpy(table[i].name, blobs[i].name, length);
        at += padded(bytes);
    }
    *end = at;
    return VG_OK;
}

static bool write_file(int fd, const vg_ckpt_head *head, const vg_ckpt_entry *table,
                       const char *text, const vg_blob *blobs)
{
    bool fine = write_part(fd, head, sizeof *head) &&
                write_part(fd, table, head->blobs * sizeof *table) &&
                write_part(fd, text, (size_t)head->header_bytes);
    for (uint32_t i = 0; fine && i < head->blobs; i++)
        fine = write_part(fd, blobs[i].data,
                          (size_t)blobs[i].count * vg_blob_item(blobs[i].type));
    return fine && fsync(fd) == 0;
}

/* The rename itself must survive a power cut. Some file systems cannot sync a folder: no error. */
static void sync_folder(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* PATH.tmp, locked, empty, and still in its place: a lock won after another writer's rename is a
 * lock on that writer's finished file. */
static int open_temporary(const char *name)
{
    for (int tries = 0; tries < 8; tries++) {
        struct stat mine, there;
        int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 &&
            lstat(name, &there) == 0 && mine.st_ino == there.st_ino &&
            mine.st_dev == there.st_dev && S_ISREG(mine.st_mode) && ftruncate(fd, 0) == 0)
            return fd;
        bool taken = errno == EWOULDBLOCK;
        close(fd);
        if (taken) {
            errno = EBUSY; /* another process writes this checkpoint */
            return -1;
        }
    }
    errno = EBUSY;
    return -1;
}

static vg_status save(const char *path, const vg_ckpt_head *head, const vg_ckpt_entry *table,
                      const char *text, const vg_blob *blobs)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return vg_fail(VG_EINVAL, "a path of more than %zu characters", sizeof temporary - 5);
    int fd = open_temporary(temporary);
    if (fd < 0)
        return vg_fail(VG_EIO, "%s: cannot be written: %s", path, strerror(errno));
    if (write_file(fd, head, table, text, blobs) && rename(temporary, path) == 0) {
        close(fd);
        sync_folder(path);
        return VG_OK;
    }
    vg_status status = vg_fail(VG_EIO, "%s: cannot be written: %s", path, strerror(errno));
    unlink(temporary);
    close(fd);
    return status;
}

vg_status vg_checkpoint_write(const char *path, const json_t *header, const vg_blob *blobs,
                              int count)
{
    if (!json_is_object(header) || count < 0 || count > VG_BLOBS_MAX)
        return vg_fail(VG_EINVAL, "%s: a checkpoint is an object and up to %d blobs", path,
                       VG_BLOBS_MAX);
    char *text = json_dumps(header, JSON_COMPACT | JSON_REAL_PRECISION(17));
    vg_ckpt_entry *table = calloc((size_t)count + 1, sizeof *table);
    vg_status status = text && table ? VG_OK
                                     : vg_fail(VG_ENOMEM, "out of memory for a checkpoint header");
    if (status == VG_OK) {
        vg_ckpt_head head = {.version = VG_CKPT_VERSION,
                             .blobs = (uint32_t)count,
                             .header_bytes = strlen(text)};
        memcpy(head.magic, VG_CKPT_MAGIC, sizeof head.magic);
        uint64_t table_bytes = (uint64_t)count * sizeof *table;
        status = make_table(blobs, count,
                            64 + padded(table_bytes) + padded(head.header_bytes), table,
                            &head.file_bytes);
        head.header_crc = vg_crc32(0, text, (size_t)head.header_bytes);
        head.table_crc = vg_crc32(0, table, (size_t)table_bytes);
        head.crc = vg_crc32(0, &head, offsetof(vg_ckpt_head, crc));
        if (status == VG_OK)
            status = vg_blob_names_check(path, blobs, count);
        if (status == VG_OK)
            status = save(path, &head, table, text, blobs);
    }
    free(text);
    free(table);
    return status;
}
