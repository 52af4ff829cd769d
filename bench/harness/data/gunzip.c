/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/gunzip.h"

#if VG_WITH_ZLIB

#include <limits.h>
#include <zlib.h>

enum { GZIP_ONLY = 16 + MAX_WBITS };

static vg_status damaged(const char *name, const z_stream *z, int code)
{
    if (code == Z_MEM_ERROR)
        return vg_fail(VG_ENOMEM, "out of memory for %s", name);
    return vg_fail(VG_EFORMAT, "%s: damaged gzip data near offset %lu: %s", name, z->total_in,
                   z->msg               ? z->msg
                   : code == Z_BUF_ERROR ? "truncated"
                                         : "not valid");
}

/* zlib counts in unsigned int: input and output go in pieces. Ends where the output is full, at the
 * end of the stream, or on an error. */
static int run(z_stream *z, size_t size, size_t room)
{
    const Bytef *in = z->next_in;
    Bytef *out = z->next_out;
    size_t taken = 0, made = 0;
    int code = Z_OK;
    while (code == Z_OK) {
        size_t in_left = size - taken, out_left = room - made;
        z->next_in = (Bytef *)(in + taken);
        z->next_out = out + made;
        z->avail_in = in_left < UINT_MAX ? (uInt)in_left : UINT_MAX;
        z->avail_out = out_left < UINT_MAX ? (uInt)out_left : UINT_MAX;
        code = inflate(z, Z_NO_FLUSH);
        taken = (size_t)(z->next_in - in);
        made = (size_t)(z->next_out - out);
    }
    return code;
}

vg_status vg_gunzip_start(const char *name, const uint8_t *packed, size_t size, uint8_t *out,
                          size_t room, size_t *got)
{
    z_stream z = {.next_in = (Bytef *)packed, .next_out = out};
    if (inflateInit2(&z, GZIP_ONLY) != Z_OK)
        return vg_fail(VG_ENOMEM, "out of memory for %s", name);
    int code = run(&z, size, room);
    vg_status status = VG_OK;
    *got = (size_t)(z.next_out - out);
    if (code != Z_STREAM_END && !(code == Z_BUF_ERROR && *got == room))
        status = damaged(name, &z, code);
    inflateEnd(&z);
    return status;
}

vg_status vg_gunzip(const char *name, const uint8_t *packed, size_t size, uint8_t *out,
                    size_t length)
{
    z_stream z = {.next_in = (Bytef *)packed, .next_out = out};
    if (inflateInit2(&z, GZIP_ONLY) != Z_OK)
        return vg_fail(VG_ENOMEM, "out of memory for %s", name);
    int code = run(&z, size, length);
    size_t made = (size_t)(z.next_out - out), taken = (size_t)(z.next_in - packed);
    vg_status status = VG_OK;
    if (code == Z_STREAM_END && made < length)
        status = vg_fail(VG_EFORMAT, "%s: %zu bytes unpacked, its header needs %zu: truncated",
                         name, made, length);
    else if (code == Z_BUF_ERROR && made == length && taken < size)
        status = vg_fail(VG_EFORMAT, "%s: more than the %zu bytes that its header says", name,
                         length);
    else if (code != Z_STREAM_END)
        status = damaged(name, &z, code);
    else if (taken != size)
        status = vg_fail(VG_EFORMAT, "%s: offset %zu: data after the end of the gzip stream", name,
                         taken);
    inflateEnd(&z);
    return status;
}

#else

static vg_status without(const char *name)
{
    return vg_fail(VG_EUNSUPPORTED,
                   "%s: compressed, and this program was built without zlib (Debian package "
                   "zlib1g-dev): unpack it with gunzip", name);
}

vg_status vg_gunzip_start(const char *name, const uint8_t *packed, size_t size, uint8_t *out,
                          size_t room, size_t *got)
{
    return without(name);
}

vg_status vg_gunzip(const char *name, const uint8_t *packed, size_t size, uint8_t *out,
                    size_t length)
{
    return without(name);
}

#endif
