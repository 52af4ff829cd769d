/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: IDX arrays. The first byte says how the rest arrives: as it is, or as the content of
 * a gzip file whose check sum is right, which chance would never give. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/checkpoint.h"
#include "harness/data/idx.h"
#include "vgbench/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One stored block holds at most 65535 bytes. */
static size_t pack(const uint8_t *data, size_t size, uint8_t *out)
{
    static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1};
    uint32_t crc = vg_crc32(0, data, size), length = (uint32_t)size;
    uint8_t lengths[] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size,
                         (uint8_t)(~size >> 8)};
    memcpy(out, head, sizeof head);
    memcpy(out + 11, lengths, sizeof lengths);
    memcpy(out + 15, data, size);
    memcpy(out + 15 + size, &crc, sizeof crc);
    memcpy(out + 19 + size, &length, sizeof length);
    return size + 23;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 60000)
        return 0;
    void *bytes;
    size_t length = size - 1;
    if (vg_alloc(size + 32, 0, &bytes) != VG_OK)
        return 0;
    if (data[0] & 1)
        length = pack(data + 1, length, bytes);
    else
        memcpy(bytes, data + 1, length);
    vg_idx a;
    if (vg_idx_parse("input", bytes, length, &a) == VG_OK) {
        float *out = malloc(((size_t)a.count + 1) * sizeof *out);
        if (out && vg_idx_floats(&a, "input", 0, a.count, data[0] & 2, out) == VG_OK && a.count &&
            vg_idx_value(&a, a.count - 1) != vg_idx_value(&a, a.count - 1))
            abort(); /* a NaN must have been refused */
        free(out);
        vg_idx_release(&a);
    }
    return 0;
}
