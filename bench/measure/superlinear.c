/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/superlinear.h"

#include <stdio.h>
#include <string.h>

#include "measure/latency.h"
#include "measure/topology.h"

void vg_private_caches(double caches[VG_PRIVATE_LEVELS])
{
    const vg_topology *t = vg_topology_get();
    int siblings = t->cores > 0 ? t->pus / t->cores : 1;
    memset(caches, 0, VG_PRIVATE_LEVELS * sizeof *caches);
    for (int i = 0; i < t->cache_count; i++) {
        const vg_cache *c = &t->caches[i];
        if (c->type != 'i' && c->level <= VG_PRIVATE_LEVELS && c->shared_by > 0 &&
            c->shared_by <= siblings && c->level != vg_reach_last()->level)
            caches[c->level - 1] = (double)c->bytes;
    }
}

/* The level that holds the data of a run on all threads together, and not on one; 0: none. */
static int level_gained(const vg_speedup *s)
{
    for (int level = 1; level <= VG_PRIVATE_LEVELS; level++) {
        double size = s->caches[level - 1];
        if (size > 0 && s->bytes > size && s->bytes <= size * s->threads)
            return level;
    }
    return 0;
}

bool vg_speedup_above_ideal(const vg_speedup *s, char *text, size_t size)
{
    if (!(s->lo > s->threads))
        return false;
    int level = level_gained(s);
    if (s->base_again_ns / s->ns <= s->threads)
        snprintf(text, size,
                 "the base drifted: %.4g us before the other points, %.4g after them, "
                 "which gives x %.2f",
                 s->base_ns / 1e3, s->base_again_ns / 1e3, s->base_again_ns / s->ns);
    else if (level)
        snprintf(text, size, "%.0f KiB lie in the L%d caches of %d cores, not in one of %.0f KiB",
                 s->bytes / 1024, level, s->threads, s->caches[level - 1] / 1024);
    else
        snprintf(text, size,
                 "no cause is seen: neither caches nor drift of the base explain it; the "
                 "CPU that the base ran on may have been slower or shared");
    return true;
}
