/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/checkpoint_format.h"
#include "harness/data/file.h"
#include "vgbench/memory.h"

static vg_status check_head(const char *name, const vg_ckpt_head *head, size_t size)
{
    if (memcmp(head->magic, VG_CKPT_MAGIC, sizeof head->magic) != 0)
        return vg_fail(VG_EFORMAT, "%s: not a checkpoint of vgbench (offset 0)", name);
    if (head->crc != vg_crc32(0, head, offsetof(vg_ckpt_head, crc)))
        return vg_fail(VG_EFORMAT, "%s: the first 48 bytes are damaged (CRC)", name);
    if (head->version != VG_CKPT_VERSION)
        return vg_fail(VG_EFORMAT, "%s: version %u, this program reads version %d", name,
                       head->version, VG_CKPT_VERSION);
    if (head->file_bytes != size)
        return vg_fail(VG_EFORMAT, "%s: %zu bytes, its header says %llu: truncated or damaged",
                       name, size, (unsigned long long)head->file_bytes);
    if (head->blobs > VG_BLOBS_MAX)
        return vg_fail(VG_EFORMAT, "%s: %u blobs, at most %d are allowed", name, head->blobs,
                       VG_BLOBS_MAX);
    return VG_OK;
}

/* Room for @p bytes from @p at on, with padding; moves @p at on. */
static bool take(uint64_t *at, uint64_t bytes, uint64_t size)
{
    if (*at > size || bytes > size - *at)
        return false;
    *at += bytes;
    *at = (*at + 63) & ~UINT64_C(63);
    return *at <= size;
}

static vg_status check_entry(const char *name, const vg_ckpt_entry *e, uint32_t i,
                             const uint8_t *bytes, size_t size, uint64_t *at)
{
    size_t item = vg_blob_item((vg_blob_type)e->type);
    if (!e->name[0] || !memchr(e->name, 0, sizeof e->name) || !item)
        return vg_fail(VG_EFORMAT, "%s: entry %u of the table has no valid name or type", name, i);
    uint64_t start = *at;
    if (e->offset != start || e->count > size / item || !take(at, e->count * item, size))
        return vg_fail(VG_EFORMAT, "%s: '%s' (%llu numbers at offset %llu) does not fit the file",
                       name, e->name, (unsigned long long)e->count,
                       (unsigned long long)e->offset);
    if (e->crc != vg_crc32(0, bytes + start, (size_t)(e->count * item)))
        return vg_fail(VG_EFORMAT, "%s: '%s' at offset %llu is damaged (CRC)", name, e->name,
                       (unsigned long long)start);
    return VG_OK;
}

static vg_status read_header(const char *name, const vg_ckpt_head *head, const uint8_t *text,
                             vg_checkpoint *c)
{
    if (head->header_crc != vg_crc32(0, text, (size_t)head->header_bytes))
        return vg_fail(VG_EFORMAT, "%s: its JSON header is damaged (CRC)", name);
    json_error_t error;
    c->header = json_loadb((const char *)text, (size_t)head->header_bytes, JSON_REJECT_DUPLICATES,
                           &error);
    if (!c->header)
        return vg_fail(VG_EFORMAT, "%s: its header is no valid JSON: line %d: %s", name,
                       error.line, error.text);
    if (!json_is_object(c->header))
        return vg_fail(VG_EFORMAT, "%s: its header is no JSON object", name);
    return VG_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const vg_blob *const *)a)->name, (*(const vg_blob *const *)b)->name);
}

vg_status vg_blob_names_check(const char *name, const vg_blob *blobs, int count)
{
    const vg_blob **sorted = malloc(((size_t)count + 1) * sizeof *sorted);
    if (!sorted)
        return vg_fail(VG_ENOMEM, "out of memory for %s", name);
    for (int i = 0; i < count; i++)
        sorted[i] = &blobs[i];
    qsort(sorted, (size_t)count, sizeof *sorted, by_name);
    vg_status status = VG_OK;
    for (int i = 1; i < count && status == VG_OK; i++)
        if (!strcmp(sorted[i]->name, sorted[i - 1]->name))
            status = vg_fail(VG_EFORMAT, "%s: two blobs are called '%s'", name, sorted[i]->name);
    free(sorted);
    return status;
}

static vg_status parse(const char *name, const uint8_t *bytes, size_t size, vg_checkpoint *c)
{
    vg_ckpt_head head;
    if (size < 64)
        return vg_fail(VG_EFORMAT, "%s: %zu bytes are too few for a checkpoint", name, size);
    memcpy(&head, bytes, sizeof head);
    VG_TRY(check_head(name, &head, size));
    uint64_t table_at = 64, at = table_at, table_bytes = head.blobs * sizeof(vg_ckpt_entry);
    if (!take(&at, table_bytes, size) ||
        head.table_crc != vg_crc32(0, bytes + table_at, (size_t)table_bytes))
        return vg_fail(VG_EFORMAT, "%s: its table of blobs is damaged", name);
    uint64_t text_at = at;
    if (!take(&at, head.header_bytes, size))
        return vg_fail(VG_EFORMAT, "%s: a JSON header of %llu bytes does not fit the file", name,
                       (unsigned long long)head.header_bytes);
    VG_TRY(read_header(name, &head, bytes + text_at, c));
    c->blobs = calloc((size_t)head.blobs + 1, sizeof *c->blobs);
    if (!c->blobs)
        return vg_fail(VG_ENOMEM, "out of memory for %s", name);
    for (uint32_t i = 0; i < head.blobs; i++) {
        vg_ckpt_entry e;
        memcpy(&e, bytes + table_at + i * sizeof e, sizeof e);
        VG_TRY(check_entry(name, &e, i, bytes, size, &at));
        vg_blob *b = &c->blobs[c->count++];
        *b = (vg_blob){.type = (vg_blob_type)e.type,
                       .count = (int64_t)e.count,
                       .data = bytes + e.offset};
        memcpy(b->name, e.name, sizeof b->name);
    }
    if (at != size)
        return vg_fail(VG_EFORMAT, "%s: %llu bytes after the last blob", name,
                       (unsigned long long)(size - at));
    return vg_blob_names_check(name, c->blobs, c->count);
}

vg_status vg_checkpoint_parse(const char *name, uint8_t *bytes, size_t size, vg_checkpoint *c)
{
    *c = (vg_checkpoint){0};
    vg_status status = parse(name, bytes, size, c);
    if (status == VG_OK)
        c->memory = bytes;
    else
        vg_checkpoint_release(c);
    return status;
}

vg_status vg_checkpoint_read(const char *path, vg_checkpoint *c)
{
    uint8_t *bytes;
    size_t size;
    *c = (vg_checkpoint){0};
    VG_TRY(vg_file_load(path, &bytes, &size));
    vg_status status = vg_checkpoint_parse(path, bytes, size, c);
    if (status != VG_OK)
        vg_free(bytes);
    return status;
}

vg_status vg_checkpoint_get(const vg_checkpoint *c, const char *name, vg_blob_type type,
                            int64_t count, const void **data)
{
    static const char *const types[] = {"?", "u8", "i32", "i64", "f32", "f64"};
    for (int i = 0; i < c->count; i++) {
        const vg_blob *b = &c->blobs[i];
        if (strcmp(b->name, name) != 0)
            continue;
        if (b->type != type || (count >= 0 && b->count != count))
            return vg_fail(VG_EFORMAT, "checkpoint: '%s' has %lld %s, needed are %lld %s", name,
                           (long long)b->count, types[b->type],
                           (long long)(count >= 0 ? count : b->count), types[type]);
        *data = b->data;
        return VG_OK;
    }
    return vg_fail(VG_EFORMAT, "checkpoint: it has no '%s'", name);
}

void vg_checkpoint_release(vg_checkpoint *c)
{
    json_decref(c->header);
    free(c->blobs);
    vg_free(c->memory);
    *c = (vg_checkpoint){0};
}
