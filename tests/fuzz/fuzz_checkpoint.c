/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: checkpoints. The first byte says which check sums are made right, so that what lies
 * behind them is reached. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/checkpoint_format.h"
#include "vgbench/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend_blobs(uint8_t *bytes, size_t size, uint32_t count)
{
    for (size_t i = 0; i < count && 64 + (i + 1) * sizeof(vg_ckpt_entry) <= size; i++) {
        vg_ckpt_entry e;
        memcpy(&e, bytes + 64 + i * sizeof e, sizeof e);
        size_t item = vg_blob_item((vg_blob_type)e.type);
        if (item && e.offset <= size && e.count <= (size - e.offset) / item)
            e.crc = vg_crc32(0, bytes + e.offset, e.count * item);
        memcpy(bytes + 64 + i * sizeof e, &e, sizeof e);
    }
}

static void mend(uint8_t *bytes, size_t size)
{
    vg_ckpt_head head;
    memcpy(&head, bytes, sizeof head);
    head.file_bytes = size;
    mend_blobs(bytes, size, head.blobs);
    uint64_t table = head.blobs * sizeof(vg_ckpt_entry),
             text = 64 + ((table + 63) & ~UINT64_C(63));
    if (table <= size - 64)
        head.table_crc = vg_crc32(0, bytes + 64, (size_t)table);
    if (text <= size && head.header_bytes <= size - text)
        head.header_crc = vg_crc32(0, bytes + text, (size_t)head.header_bytes);
    head.crc = vg_crc32(0, &head, offsetof(vg_ckpt_head, crc));
    memcpy(bytes, &head, sizeof head);
}

/* Every number of every blob lies inside the file. */
static void use(const vg_checkpoint *c)
{
    volatile uint8_t sink = 0;
    const void *data;
    for (int i = 0; i < c->count; i++) {
        const vg_blob *b = &c->blobs[i];
        for (size_t k = 0; k < (size_t)b->count * vg_blob_item(b->type); k++)
            sink = ((const uint8_t *)b->data)[k];
        if (vg_checkpoint_get(c, b->name, b->type, b->count, &data) != VG_OK || data != b->data)
            abort();
    }
    (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *bytes;
    if (size < 1 || vg_alloc(size, 0, &bytes) != VG_OK)
        return 0;
    memcpy(bytes, data + 1, size - 1);
    if (data[0] & 1 && size - 1 >= 64)
        mend(bytes, size - 1);
    vg_checkpoint c;
    if (vg_checkpoint_parse("input", bytes, size - 1, &c) != VG_OK) {
        vg_free(bytes);
        return 0;
    }
    use(&c);
    vg_checkpoint_release(&c);
    return 0;
}
