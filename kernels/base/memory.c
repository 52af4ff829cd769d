/* SPDX-License-Identifier: Apache-2.0 */
#include "vgbench/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    HUGE_PAGE = 2 << 20,
    PAGE = 4096,
    /* Prefetchers fetch lines in pairs; blocks begin with a whole one. Where two threads write halves
     * of short rows (batch norm behind an addition, 128 x 256), lines still move to and fro between
     * them in some runs, 16 us instead of 5, wherever the blocks begin. */
    LINE_PAIR = 128,
    /* Downwards: what is allocated later is mostly written, and a load then meets a store with its
     * own low 12 bits only if that is almost a page of stores old. */
    STAGGER_STEP = 256,
    STAGGER_MAX = PAGE / STAGGER_STEP
};

/* Sits just below the block that the caller sees. */
typedef struct block_header {
    void *base;
    size_t mapped; /* bytes of the mapping; 0: from aligned_alloc */
    size_t bytes;  /* asked for */
} block_header;

_Static_assert(sizeof(block_header) <= LINE_PAIR, "header must fit below an aligned block");

static void *map_huge(size_t bytes)
{
    /* Over-allocate by one huge page to align, then give the ends back. */
    size_t total = bytes + HUGE_PAGE;
    char *raw = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED)
        return NULL;
    size_t head = (HUGE_PAGE - ((uintptr_t)raw & (HUGE_PAGE - 1))) & (HUGE_PAGE - 1);
    if (head)
        munmap(raw, head);
    if (HUGE_PAGE - head)
        munmap(raw + head + bytes, HUGE_PAGE - head);
#ifdef MADV_HUGEPAGE
    madvise(raw + head, bytes, MADV_HUGEPAGE); /* advice: a refusal costs speed only */
#endif
    return raw + head;
}

vg_status vg_alloc(size_t bytes, unsigned stagger, void **out)
{
    *out = NULL;
    size_t down = (STAGGER_MAX - stagger % STAGGER_MAX) % STAGGER_MAX;
    size_t lead = LINE_PAIR + down * STAGGER_STEP;
    size_t page = bytes >= HUGE_PAGE ? HUGE_PAGE : bytes >= PAGE ? PAGE : LINE_PAIR;
    if (bytes > (size_t)PTRDIFF_MAX - lead - 2 * (size_t)HUGE_PAGE)
        return vg_fail(VG_ENOMEM, "a buffer of %zu bytes is too large for this machine", bytes);
    size_t total = (bytes + lead + page - 1) & ~(page - 1);
    int huge = bytes >= HUGE_PAGE;
    char *base = huge ? map_huge(total) : aligned_alloc(page, total);
    if (!base)
        return vg_fail(VG_ENOMEM, "out of memory: %zu bytes could not be allocated", bytes);
    char *block = base + lead;
    block_header header = {base, huge ? total : 0, bytes};
    memcpy(block - sizeof header, &header, sizeof header);
    *out = block;
    return VG_OK;
}

void vg_free(void *block)
{
    if (!block)
        return;
    block_header header;
    memcpy(&header, (char *)block - sizeof header, sizeof header);
    if (header.mapped)
        munmap(header.base, header.mapped);
    else
        free(header.base);
}

size_t vg_alloc_bytes(const void *block)
{
    block_header header;
    memcpy(&header, (const char *)block - sizeof header, sizeof header);
    return header.bytes;
}

vg_status vg_size_mul(size_t a, size_t b, size_t *out)
{
    if (__builtin_mul_overflow(a, b, out))
        return vg_fail(VG_ENOMEM, "%zu x %zu overflows the address space", a, b);
    return VG_OK;
}

vg_status vg_arena_add(vg_arena *arena, const char *name, int64_t rows, int64_t cols, int *index)
{
    if (rows < 1 || cols < 1)
        return vg_fail(VG_EINVAL, "segment %s: %lld x %lld, extents must be at least 1", name,
                       (long long)rows, (long long)cols);
    if (strlen(name) >= sizeof arena->segments->name)
        return vg_fail(VG_EINVAL, "segment name '%s' is longer than 47 characters", name);
    size_t count, bytes;
    VG_TRY(vg_size_mul((size_t)rows, (size_t)cols, &count));
    VG_TRY(vg_size_mul(count + (size_t)arena->floats + 16, sizeof(float), &bytes));
    if (arena->count == arena->capacity) {
        int capacity = arena->capacity ? 2 * arena->capacity : 32;
        vg_segment *grown = realloc(arena->segments, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for a table of %d segments", capacity);
        arena->segments = grown;
        arena->capacity = capacity;
    }
    vg_segment *segment = &arena->segments[arena->count];
    *segment = (vg_segment){.rows = rows, .cols = cols, .offset = arena->floats};
    strcpy(segment->name, name);
    arena->floats += (int64_t)((count + 15) & ~(size_t)15);
    *index = arena->count++;
    return VG_OK;
}

const vg_segment *vg_arena_find(const vg_arena *arena, const char *name)
{
    for (int i = 0; i < arena->count; i++)
        if (!strcmp(arena->segments[i].name, name))
            return &arena->segments[i];
    return NULL;
}

vg_status vg_arena_block(const vg_arena *arena, unsigned stagger, float **block)
{
    void *memory;
    VG_TRY(vg_alloc((size_t)arena->floats * sizeof(float), stagger, &memory));
    memset(memory, 0, (size_t)arena->floats * sizeof(float));
    *block = memory;
    return VG_OK;
}

void vg_arena_release(vg_arena *arena)
{
    free(arena->segments);
    *arena = (vg_arena){0};
}
