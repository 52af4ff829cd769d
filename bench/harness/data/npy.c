/* SPDX-License-Identifier: Apache-2.0 */
/* numpy.lib.format: magic, version, length of the header, a Python dictionary as text, data. */
#include "harness/data/npy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/data/file.h"
#include "harness/data/npy_format.h"
#include "vgbench/memory.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "arrays are written as memory holds them: little-endian machines only"
#endif

/* Padded with spaces so that the data begins at a multiple of 64 bytes. */
static int npy_header(const char *type, int64_t steps, int64_t rows, int64_t cols, char header[128])
{
    char shape[64] = "", text[118];
    if (steps > 0)
        snprintf(shape, sizeof shape, "%lld, %lld, %lld", (long long)steps, (long long)rows,
                 (long long)cols);
    else if (cols > 0 && rows > 0)
        snprintf(shape, sizeof shape, "%lld, %lld", (long long)rows, (long long)cols);
    else if (cols > 0)
        snprintf(shape, sizeof shape, "%lld,", (long long)cols);
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type,
             shape);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10); /* 118 = 128 - 10 */
    snprintf(header + 10, 118, "%-117s", text);
    header[127] = '\n';
    return 128;
}

vg_status vg_npy_write(const char *path, const char *type, const void *data, int64_t rows,
                       int64_t cols)
{
    return vg_npy_write_steps(path, type, data, 0, rows, cols);
}

vg_status vg_npy_write_steps(const char *path, const char *type, const void *data, int64_t steps,
                             int64_t rows, int64_t cols)
{
    char header[128];
    size_t size = type[2] - '0', count = (size_t)(rows ? rows : 1) * (size_t)(cols ? cols : 1);
    int length = npy_header(type, steps, rows, cols, header);
    count *= (size_t)(steps ? steps : 1);
    FILE *file = fopen(path, "wb");
    if (!file)
        return vg_fail(VG_EIO, "%s: cannot be written: %s", path, strerror(errno));
    bool ok = fwrite(header, (size_t)length, 1, file) == 1;
    ok = fwrite(data, size, count, file) == count && ok;
    ok = fclose(file) == 0 && ok;
    if (ok)
        return VG_OK;
    int reason = errno;
    unlink(path); /* half an array is none */
    return vg_fail(VG_EIO, "%s: cannot be written: %s", path, strerror(reason));
}

/* --- the header's dictionary ------------------------------------------------------------------ */

typedef struct reader {
    const char *name; /* of the file */
    const uint8_t *bytes;
    size_t at, end;
} reader;

static vg_status malformed(const reader *r, const char *what)
{
    return vg_fail(VG_EFORMAT, "%s: offset %zu of its header: %s", r->name, r->at, what);
}

static void skip_spaces(reader *r)
{
    while (r->at < r->end && (r->bytes[r->at] == ' ' || r->bytes[r->at] == '\n'))
        r->at++;
}

static bool accept(reader *r, char c)
{
    skip_spaces(r);
    if (r->at == r->end || r->bytes[r->at] != (uint8_t)c)
        return false;
    r->at++;
    return true;
}

/* 'text' or "text", without escapes. */
static vg_status read_string(reader *r, char *text, size_t size)
{
    skip_spaces(r);
    uint8_t quote = r->at < r->end ? r->bytes[r->at] : 0;
    if (quote != '\'' && quote != '"')
        return malformed(r, "a quoted word is needed");
    size_t n = 0;
    for (r->at++; r->at < r->end && r->bytes[r->at] != quote; r->at++) {
        if (n + 1 >= size)
            return malformed(r, "a word that is too long");
        text[n++] = (char)r->bytes[r->at];
    }
    text[n] = '\0';
    if (r->at == r->end)
        return malformed(r, "a quoted word without an end");
    r->at++;
    return VG_OK;
}

static vg_status read_shape(reader *r, vg_npy *a)
{
    if (!accept(r, '('))
        return malformed(r, "the shape is a list in parentheses");
    for (a->dims = 0; !accept(r, ')'); a->dims++) {
        if (a->dims == VG_NPY_DIMS)
            return malformed(r, "an array of more than 8 dimensions");
        skip_spaces(r);
        int64_t extent = 0;
        size_t start = r->at;
        for (; r->at < r->end && r->bytes[r->at] >= '0' && r->bytes[r->at] <= '9'; r->at++)
            if (__builtin_mul_overflow(extent, 10, &extent) ||
                __builtin_add_overflow(extent, r->bytes[r->at] - '0', &extent))
                return malformed(r, "an extent that is too large");
        if (r->at == start)
            return malformed(r, "an extent is a whole number");
        a->shape[a->dims] = extent;
        if (!accept(r, ',')) {
            a->dims++;
            return accept(r, ')') ? VG_OK : malformed(r, "',' or ')' is needed");
        }
    }
    return VG_OK;
}

static vg_status read_order(reader *r)
{
    static const char yes[] = "True", no[] = "False";
    skip_spaces(r);
    size_t left = r->end - r->at;
    if (left >= 5 && !memcmp(r->bytes + r->at, no, 5)) {
        r->at += 5;
        return VG_OK;
    }
    if (left >= 4 && !memcmp(r->bytes + r->at, yes, 4))
        return vg_fail(VG_EFORMAT,
                       "%s: in Fortran order; save numpy.ascontiguousarray(a) instead", r->name);
    return malformed(r, "fortran_order is True or False");
}

static vg_status read_type(reader *r, vg_npy *a, bool *swap)
{
    char type[16];
    VG_TRY(read_string(r, type, sizeof type));
    a->kind = type[0] ? type[1] : 0;
    a->item = a->kind ? type[2] - '0' : 0;
    bool number = (a->kind == 'f' && (a->item == 4 || a->item == 8)) ||
                  ((a->kind == 'i' || a->kind == 'u') &&
                   (a->item == 1 || a->item == 2 || a->item == 4 || a->item == 8)) ||
                  (a->kind == 'b' && a->item == 1);
    if (!strchr("<>|=", type[0]) || !number || type[3])
        return vg_fail(VG_EFORMAT, "%s: type '%s': allowed are f4 f8, i1 to i8, u1 to u8, b1",
                       r->name, type);
    *swap = type[0] == '>' && a->item > 1;
    return VG_OK;
}

static vg_status read_dictionary(reader *r, vg_npy *a, bool *swap)
{
    unsigned seen = 0;
    if (!accept(r, '{'))
        return malformed(r, "the header is a dictionary");
    while (!accept(r, '}')) {
        char key[32];
        VG_TRY(read_string(r, key, sizeof key));
        if (!accept(r, ':'))
            return malformed(r, "':' is needed");
        unsigned bit = !strcmp(key, "descr")           ? 1
                       : !strcmp(key, "fortran_order") ? 2
                       : !strcmp(key, "shape")         ? 4
                                                       : 0;
        if (!bit || seen & bit)
            return malformed(r, "keys are descr, fortran_order and shape, once each");
        seen |= bit;
        VG_TRY(bit == 1 ? read_type(r, a, swap) : bit == 2 ? read_order(r) : read_shape(r, a));
        if (!accept(r, ',')) {
            if (!accept(r, '}'))
                return malformed(r, "',' or '}' is needed");
            break;
        }
    }
    skip_spaces(r);
    if (seen != 7 || r->at != r->end)
        return malformed(r, "descr, fortran_order and shape are needed, and nothing else");
    return VG_OK;
}

/* --- the file --------------------------------------------------------------------------------- */

/* Start of the dictionary and of the data. */
static vg_status find_parts(const char *name, const uint8_t *b, size_t size, size_t *text,
                            size_t *data)
{
    if (size < 10 || memcmp(b, "\x93NUMPY", 6) != 0)
        return vg_fail(VG_EFORMAT, "%s: not a .npy file (offset 0)", name);
    if (b[6] < 1 || b[6] > 3 || b[7] != 0)
        return vg_fail(VG_EFORMAT, "%s: version %d.%d: allowed are 1.0, 2.0, 3.0", name, b[6],
                       b[7]);
    size_t length = b[8] | (size_t)b[9] << 8;
    *text = 10;
    if (b[6] > 1) {
        *text = 12;
        if (size < 12)
            return vg_fail(VG_EFORMAT, "%s: truncated in its header", name);
        length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    }
    if (length > size - *text)
        return vg_fail(VG_EFORMAT, "%s: a header of %zu bytes in a file of %zu: truncated", name,
                       length, size);
    *data = *text + length;
    return VG_OK;
}

static void copy_numbers(vg_npy *a, const uint8_t *from, bool swap)
{
    memcpy(a->data, from, (size_t)a->count * (size_t)a->item);
    if (!swap)
        return;
    uint8_t *p = a->data;
    for (int64_t i = 0; i < a->count; i++, p += a->item)
        for (int k = 0; k < a->item / 2; k++) {
            uint8_t byte = p[k];
            p[k] = p[a->item - 1 - k];
            p[a->item - 1 - k] = byte;
        }
}

vg_status vg_npy_parse(const char *name, const uint8_t *bytes, size_t size, vg_npy *a)
{
    size_t text = 0, data = 0;
    bool swap = false;
    int64_t needed;
    *a = (vg_npy){0};
    VG_TRY(find_parts(name, bytes, size, &text, &data));
    reader r = {name, bytes, text, data};
    VG_TRY(read_dictionary(&r, a, &swap));
    VG_TRY(vg_extents_product(name, a->shape, a->dims, a->item, &needed));
    if ((uint64_t)needed != size - data)
        return vg_fail(VG_EFORMAT, "%s: %zu bytes of data, its shape needs %lld: %s", name,
                       size - data, (long long)needed,
                       (uint64_t)needed > size - data ? "truncated" : "too long");
    a->count = needed / a->item;
    VG_TRY(vg_alloc((size_t)needed + 1, 0, &a->data));
    copy_numbers(a, bytes + data, swap);
    return VG_OK;
}

vg_status vg_npy_read(const char *path, vg_npy *a)
{
    uint8_t *bytes;
    size_t size;
    *a = (vg_npy){0};
    VG_TRY(vg_file_load(path, &bytes, &size));
    vg_status status = vg_npy_parse(path, bytes, size, a);
    vg_free(bytes);
    return status;
}

double vg_npy_value(const vg_npy *a, int64_t i)
{
    switch (a->kind << 4 | a->item) {
    case 'f' << 4 | 4:
        return ((const float *)a->data)[i];
    case 'f' << 4 | 8:
        return ((const double *)a->data)[i];
    case 'i' << 4 | 1:
        return ((const int8_t *)a->data)[i];
    case 'i' << 4 | 2:
        return ((const int16_t *)a->data)[i];
    case 'i' << 4 | 4:
        return ((const int32_t *)a->data)[i];
    case 'i' << 4 | 8:
        return (double)((const int64_t *)a->data)[i];
    case 'u' << 4 | 2:
        return ((const uint16_t *)a->data)[i];
    case 'u' << 4 | 4:
        return ((const uint32_t *)a->data)[i];
    case 'u' << 4 | 8:
        return (double)((const uint64_t *)a->data)[i];
    default: /* u1, b1 */
        return ((const uint8_t *)a->data)[i];
    }
}

void vg_npy_release(vg_npy *a)
{
    vg_free(a->data);
    *a = (vg_npy){0};
}
