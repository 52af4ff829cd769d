/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/idx.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/data/file.h"
#include "harness/data/gunzip.h"
#include "vgbench/memory.h"

static int item_size(int type)
{
    static const uint8_t size[16] = {
        [0x08] = 1, [0x09] = 1, [0x0b] = 2, [0x0c] = 4, [0x0d] = 4, [0x0e] = 8};
    return type < 16 ? size[type] : 0;
}

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The header at @p b, of which @p size bytes are there, and the length that it asks for. */
static vg_status read_header(const char *name, const uint8_t *b, size_t size, vg_idx *a,
                             int64_t *length)
{
    if (size < 4 || b[0] || b[1] || !item_size(b[2]))
        return vg_fail(VG_EFORMAT, "%s: not an IDX file (offset 0: two zero bytes and a type of "
                       "0x08, 0x09, 0x0b to 0x0e are needed)", name);
    a->type = b[2];
    a->dims = b[3];
    if (a->dims < 1 || a->dims > VG_IDX_DIMS)
        return vg_fail(VG_EFORMAT, "%s: offset 3: %d dimensions, allowed are 1 to %d", name,
                       a->dims, VG_IDX_DIMS);
    if (size < 4 + 4 * (size_t)a->dims)
        return vg_fail(VG_EFORMAT, "%s: truncated in its header (%zu bytes)", name, size);
    for (int i = 0; i < a->dims; i++)
        a->shape[i] = big32(b + 4 + 4 * i);
    int64_t bytes;
    VG_TRY(vg_extents_product(name, a->shape, a->dims, item_size(a->type), &bytes));
    a->count = bytes / item_size(a->type);
    *length = bytes + 4 + 4 * a->dims;
    return VG_OK;
}

static vg_status check_length(const char *name, const vg_idx *a, int64_t needed, uint64_t has)
{
    if ((uint64_t)needed == has)
        return VG_OK;
    return vg_fail(VG_EFORMAT, "%s: %llu bytes, its header (%d dimensions, first %lld) needs %lld: %s",
                   name, (unsigned long long)has, a->dims, (long long)a->shape[0],
                   (long long)needed, (uint64_t)needed > has ? "truncated" : "too long");
}

/* Memory is taken for what the header says, after a check that so much can come out at all. */
static vg_status unpack(const char *name, const uint8_t *packed, size_t size, vg_idx *a)
{
    uint8_t head[4 + 4 * VG_IDX_DIMS];
    size_t got;
    int64_t needed;
    void *memory;
    VG_TRY(vg_gunzip_start(name, packed, size, head, sizeof head, &got));
    VG_TRY(read_header(name, head, got, a, &needed));
    if ((uint64_t)needed / VG_GUNZIP_RATIO > size)
        return vg_fail(VG_EFORMAT, "%s: %lld bytes cannot come out of %zu: damaged", name,
                       (long long)needed, size);
    VG_TRY(vg_alloc((size_t)needed, 0, &memory));
    a->memory = memory;
    return vg_gunzip(name, packed, size, memory, (size_t)needed);
}

vg_status vg_idx_parse(const char *name, uint8_t *bytes, size_t size, vg_idx *a)
{
    *a = (vg_idx){0};
    vg_status status;
    if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
        status = unpack(name, bytes, size, a);
        vg_free(bytes);
    } else {
        int64_t needed;
        a->memory = bytes;
        status = read_header(name, bytes, size, a, &needed);
        if (status == VG_OK)
            status = check_length(name, a, needed, size);
    }
    if (status != VG_OK)
        vg_idx_release(a);
    else
        a->data = a->memory + 4 + 4 * a->dims;
    return status;
}

vg_status vg_idx_read(const char *path, vg_idx *a)
{
    uint8_t *bytes;
    size_t size;
    *a = (vg_idx){0};
    VG_TRY(vg_file_load(path, &bytes, &size));
    return vg_idx_parse(path, bytes, size, a);
}

double vg_idx_value(const vg_idx *a, int64_t i)
{
    const uint8_t *p = a->data + i * item_size(a->type);
    switch (a->type) {
    case 0x08:
        return *p;
    case 0x09:
        return (int8_t)*p;
    case 0x0b:
        return (int16_t)(p[0] << 8 | p[1]);
    case 0x0c:
        return (int32_t)big32(p);
    case 0x0d: {
        uint32_t bits = big32(p);
        float value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    default: {
        uint64_t bits = (uint64_t)big32(p) << 32 | big32(p + 4);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    }
}

vg_status vg_idx_floats(const vg_idx *a, const char *name, int64_t first, int64_t count, int pixels,
                        float *out)
{
    if (a->type == 0x08) {
        const float unit = pixels ? 1.0f / 255 : 1;
        const uint8_t *p = a->data + first;
        for (int64_t i = 0; i < count; i++)
            out[i] = (float)p[i] * unit;
        return VG_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        out[i] = (float)vg_idx_value(a, first + i);
        if (!isfinite(out[i]))
            return vg_fail(VG_EFORMAT, "%s: offset %lld: %g: finite numbers are needed", name,
                           (long long)(4 + 4 * a->dims + (first + i) * item_size(a->type)),
                           vg_idx_value(a, first + i));
    }
    return VG_OK;
}

void vg_idx_release(vg_idx *a)
{
    vg_free(a->memory);
    *a = (vg_idx){0};
}
