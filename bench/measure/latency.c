/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/latency.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "measure/clock.h"
#include "measure/stats.h"
#include "measure/topology.h"
#include "vgbench/memory.h"

enum { STEPS = 14, LINE = 64 };
static const size_t LEAST = 8 << 10;

/* --- sweep ---------------------------------------------------------------------------------- */

/* ns per load of a chain that visits every line of @p bytes in random order. */
static double chase(char *memory, size_t bytes)
{
    enum { LOADS = 200000, ROUNDS = 3 };
    size_t lines = bytes / LINE;
    double best = INFINITY;
    for (size_t i = 0; i < lines; i++)
        *(size_t *)(memory + i * LINE) = i;
    for (size_t i = lines; i-- > 1;) { /* Sattolo: one cycle through all lines */
        size_t k = (size_t)vg_stat_random(7, i, i);
        size_t *a = (size_t *)(memory + i * LINE), *b = (size_t *)(memory + k * LINE);
        size_t swap = *a;
        *a = *b;
        *b = swap;
    }
    for (int r = 0; r < ROUNDS; r++) {
        size_t at = 0;
        double begin = vg_clock_ns();
        for (int i = 0; i < LOADS; i++)
            at = *(volatile size_t *)(memory + at * LINE);
        best = fmin(best, (vg_clock_ns() - begin) / LOADS);
        if (at >= lines)
            return (double)NAN;
    }
    return best;
}

static vg_latency sweep[STEPS];
static int sweep_count;

static void measure_sweep(void)
{
    void *memory;
    if (vg_alloc(LEAST << (STEPS - 1), 0, &memory))
        return;
    for (; sweep_count < STEPS; sweep_count++) {
        size_t bytes = LEAST << sweep_count;
        sweep[sweep_count] = (vg_latency){(double)bytes, chase(memory, bytes)};
    }
    vg_free(memory);
}

int vg_latency_sweep(const vg_latency **points)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, measure_sweep);
    *points = sweep_count ? sweep : NULL;
    return sweep_count;
}

double vg_latency_at(const vg_latency *points, int count, double bytes)
{
    double ns = (double)NAN;
    for (int i = 0; i < count && points[i].bytes <= bytes; i++)
        ns = points[i].ns;
    return ns;
}

/* --- reach ---------------------------------------------------------------------------------- */

static bool may_be_short(double previous, double told)
{
    return previous > 0 && told >= 8 * previous;
}

vg_reach vg_reach_of(const vg_latency *points, int count, int level, double previous, double told)
{
    vg_reach reach = {.level = level, .told = told, .bytes = told};
    double first = vg_latency_at(points, count, 2 * previous), within = 2 * previous;
    if (!may_be_short(previous, told) || !(first > 0))
        return reach;
    for (int i = 0; i < count; i++) {
        const vg_latency *p = &points[i];
        if (p->bytes <= 2 * previous || p->bytes > told / 2)
            continue;
        if (p->ns > 3 * first) {
            reach.bytes = within;
            reach.first_at = 2 * previous;
            reach.first_ns = first;
            reach.beyond_at = p->bytes;
            reach.beyond_ns = p->ns;
            return reach;
        }
        within = p->bytes;
    }
    return reach;
}

const char *vg_reach_text(const vg_reach *r, char *text, size_t size)
{
    snprintf(text, size,
             "L%d is said to have %.0f MiB, and loads take %.0f ns at %.3g MiB, %.0f ns at "
             "%.3g: other programs or virtual machines have most of it",
             r->level, r->told / 0x1p20, r->first_ns, r->first_at / 0x1p20, r->beyond_ns,
             r->beyond_at / 0x1p20);
    return text;
}

static vg_reach last;

static void measure_last(void)
{
    const vg_topology *t = vg_topology_get();
    const vg_latency *points = NULL;
    double previous = 0, told = 0;
    for (int i = 0; i < t->cache_count; i++)
        if (t->caches[i].type != 'i') {
            previous = told;
            told = (double)t->caches[i].bytes;
            last.level = t->caches[i].level;
        }
    int count = may_be_short(previous, told) ? vg_latency_sweep(&points) : 0;
    last = vg_reach_of(points, count, last.level, previous, told);
}

const vg_reach *vg_reach_last(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, measure_last);
    return &last;
}

double vg_cache_felt(int level)
{
    double told = (double)vg_cache_bytes(level);
    return told > 0 && vg_reach_last()->level == level ? vg_reach_last()->bytes : told;
}
