/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/verify_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* NaNs with payloads of their own: what reads them shows, what keeps them is recognised. */
static const uint32_t red_zone_bits = 0x7fd5a5a5u, poison_bits = 0x7fcdeadbu;

enum { RED_ZONE = 64 /* floats on either side, as far as the mapping goes */ };

static vg_status map_fenced(vg_fenced *fenced, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (bytes + 2 * RED_ZONE * sizeof(float) + page - 1) / page * page;
    if (fenced->map && fenced->mapped >= inner + 2 * page)
        return VG_OK;
    if (fenced->map)
        munmap(fenced->map, fenced->mapped);
    fenced->map = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fenced->map == MAP_FAILED ||
        mprotect(fenced->map + page, inner, PROT_READ | PROT_WRITE)) {
        fenced->map = NULL;
        return vg_fail(VG_ENOMEM, "verify: a buffer of %zu bytes could not be mapped", inner);
    }
    fenced->mapped = inner + 2 * page;
    return VG_OK;
}

static void set_bits(float *at, uint32_t bits)
{
    memcpy(at, &bits, sizeof bits);
}

static uint32_t get_bits(const float *at)
{
    uint32_t bits;
    memcpy(&bits, at, sizeof bits);
    return bits;
}

vg_status vg_fenced_place(vg_fenced *fenced, int64_t rows, int64_t cols, int64_t ld,
                          vg_verify_place place)
{
    size_t floats = (size_t)((rows - 1) * ld + cols);
    VG_TRY(map_fenced(fenced, floats * sizeof(float)));
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    float *begin = (float *)(void *)(fenced->map + page);
    float *end = (float *)(void *)(fenced->map + fenced->mapped - page);
    fenced->p = place == VG_PLACE_END ? end - floats : begin + (place == VG_PLACE_ODD);
    fenced->rows = rows;
    fenced->cols = cols;
    fenced->ld = ld;
    float *low = fenced->p - begin > RED_ZONE ? fenced->p - RED_ZONE : begin;
    float *high = fenced->p + floats;
    high = end - high > RED_ZONE ? high + RED_ZONE : end;
    fenced->window = low;
    fenced->window_floats = (size_t)(high - low);
    for (float *at = low; at < high; at++)
        set_bits(at, red_zone_bits);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++)
            set_bits(fenced->p + r * ld + c, poison_bits);
    if (fenced->snapshot_floats < fenced->window_floats) {
        free(fenced->snapshot);
        fenced->snapshot = malloc(fenced->window_floats * sizeof(float));
        fenced->snapshot_floats = fenced->snapshot ? fenced->window_floats : 0;
    }
    if (!fenced->snapshot)
        return vg_fail(VG_ENOMEM, "verify: out of memory for %zu floats", fenced->window_floats);
    return VG_OK;
}

void vg_fenced_remember(vg_fenced *fenced)
{
    memcpy(fenced->snapshot, fenced->window, fenced->window_floats * sizeof(float));
}

const char *vg_fenced_broken(const vg_fenced *fenced, bool input, int64_t *row, int64_t *col)
{
    ptrdiff_t first = fenced->p - fenced->window;
    for (size_t i = 0; i < fenced->window_floats; i++) {
        if (get_bits(fenced->window + i) == get_bits(fenced->snapshot + i))
            continue;
        int64_t offset = (int64_t)i - first;
        int64_t r = offset < 0 ? 0 : offset / fenced->ld;
        r = r < fenced->rows ? r : fenced->rows - 1;
        int64_t c = offset - r * fenced->ld;
        bool element = c >= 0 && c < fenced->cols;
        if (element && !input)
            continue;
        *row = r;
        *col = c;
        return element ? "element" : c < 0 ? "before" : r + 1 < fenced->rows ? "gap" : "behind";
    }
    return NULL;
}

bool vg_fenced_is_poison(float value)
{
    return get_bits(&value) == poison_bits;
}

void vg_fenced_release(vg_fenced *fenced)
{
    if (fenced->map)
        munmap(fenced->map, fenced->mapped);
    free(fenced->snapshot);
    *fenced = (vg_fenced){0};
}
