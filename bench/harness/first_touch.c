/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/first_touch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels/base/partition.h"
#include "results/results.h"

enum { UNIT = 4096 /* floats: the unit of the passes over parameters */ };

/* --- touching ------------------------------------------------------------------------------ */

typedef struct extent {
    vg_task task; /* first: what a phase is given */
    float *begin, *end;
} extent;

static void zero_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    const extent *e = (const extent *)task;
    int64_t count = vg_min64(UNIT, e->end - e->begin - unit * UNIT);
    memset(e->begin + unit * UNIT, 0, (size_t)count * sizeof *e->begin);
}

static vg_status zero(vg_team *team, float *block, const size_t *ends, int count, extent *extents)
{
    vg_plan plan = {0};
    vg_status status = VG_OK;
    for (int i = 0; i < count && status == VG_OK; i++) {
        extent *e = &extents[i];
        *e = (extent){.begin = block + (i ? ends[i - 1] : 0), .end = block + ends[i]};
        double floats = (double)(e->end - e->begin);
        vg_phase phase = {.run = zero_unit,
                          .units = vg_ceil_div(e->end - e->begin, UNIT),
                          .independent = true,
                          .cost_ns = 0.5 * floats}; /* a page fault for every 1024 */
        if (e->end > e->begin)
            status = vg_plan_append_phase(&plan, &e->task, &phase, 0);
    }
    if (status == VG_OK)
        status = vg_team_run(team, &plan, NULL);
    vg_plan_release(&plan);
    return status;
}

vg_status vg_touch_extents(vg_team *team, unsigned stagger, const size_t *ends, int count,
                           float **block)
{
    size_t bytes;
    void *memory;
    *block = NULL;
    VG_TRY(vg_size_mul(ends[count - 1], sizeof(float), &bytes));
    VG_TRY(vg_alloc(bytes, stagger, &memory));
    extent *extents = calloc((size_t)count, sizeof *extents);
    vg_status status = extents ? zero(team, memory, ends, count, extents)
                               : vg_fail(VG_ENOMEM, "out of memory for %d extents", count);
    free(extents);
    if (status == VG_OK)
        *block = memory;
    else
        vg_free(memory);
    return status;
}

vg_status vg_touch_floats(vg_team *team, unsigned stagger, size_t count, float **block)
{
    return vg_touch_extents(team, stagger, &count, 1, block);
}

vg_status vg_touch_arena(vg_team *team, unsigned stagger, const vg_arena *arena, float **block)
{
    size_t *ends = calloc((size_t)arena->count + 1, sizeof *ends);
    *block = NULL;
    if (!ends)
        return vg_fail(VG_ENOMEM, "out of memory for %d segments", arena->count);
    for (int i = 0; i < arena->count; i++)
        ends[i] = (size_t)(i + 1 < arena->count ? arena->segments[i + 1].offset : arena->floats);
    vg_status status = vg_touch_extents(team, stagger, ends, arena->count, block);
    free(ends);
    return status;
}

/* --- where pages are ----------------------------------------------------------------------- */

enum { SAMPLES = 256, NODES = 1024 };

static json_t *no_answer(const char *why)
{
    json_t *json = json_object();
    vg_json_set_text(json, "reason", why);
    return json;
}

#if defined(__linux__) && defined(SYS_move_pages)
static json_t *fractions(const int *node, int count)
{
    int pages[NODES] = {0}, known = 0;
    for (int i = 0; i < count; i++)
        if (node[i] >= 0 && node[i] < NODES) {
            pages[node[i]]++;
            known++;
        }
    if (!known)
        return no_answer("move_pages: no page is known to the system");
    json_t *json = json_object();
    for (int n = 0; n < NODES; n++) {
        char name[32];
        snprintf(name, sizeof name, "node %d", n);
        if (pages[n])
            vg_json_set_number(json, name, (double)pages[n] / known);
    }
    return json;
}

json_t *vg_touch_placement(const void *p, size_t bytes)
{
    void *page[SAMPLES];
    int node[SAMPLES], count = 0;
    size_t size = (size_t)sysconf(_SC_PAGESIZE), pages = bytes / size;
    char *first = (char *)p + (size - (uintptr_t)p % size) % size; /* of a page */
    size_t every = pages / SAMPLES + 1;
    for (size_t at = 0; at < pages; at += every)
        page[count++] = first + at * size;
    if (!count)
        return no_answer("less than a page");
    if (syscall(SYS_move_pages, 0, (unsigned long)count, page, NULL, node, 0) < 0)
        return no_answer(strerror(errno));
    return fractions(node, count);
}
#else
json_t *vg_touch_placement(const void *p, size_t bytes)
{
    (void)p;
    (void)bytes;
    return no_answer("the system does not say where pages are");
}
#endif
