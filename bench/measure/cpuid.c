/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/cpuid.h"

#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { LISTS_END = 8 }; /* a list of more caches is no list */

/* Leaf 4, and AMD's copy of it: one cache per index, until type 0. */
static int listed(vg_cpuid_ask ask, void *user, unsigned leaf, vg_cache caches[VG_MAX_CACHES])
{
    static const char types[] = {'?', 'd', 'i', 'u'};
    unsigned r[4];
    int count = 0;
    for (unsigned i = 0; i < LISTS_END && ask(user, leaf, i, r) && (r[0] & 31); i++) {
        int64_t bytes = ((int64_t)(r[1] >> 22) + 1) * (((r[1] >> 12) & 1023) + 1) *
                        ((r[1] & 4095) + 1) * ((int64_t)r[2] + 1);
        if ((r[0] & 31) < sizeof types && count < VG_MAX_CACHES)
            caches[count++] =
                (vg_cache){.level = (int)(r[0] >> 5) & 7, .type = types[r[0] & 31], .bytes = bytes};
    }
    return count;
}

/* AMD's older leaves: sizes in KiB, of the last level in units of 512 KiB. */
static int amd_sizes(vg_cpuid_ask ask, void *user, vg_cache caches[VG_MAX_CACHES])
{
    unsigned first[4] = {0}, rest[4] = {0};
    int count = 0;
    if (!ask(user, 0x80000005, 0, first) || !ask(user, 0x80000006, 0, rest) || !first[2])
        return 0; /* Intel: nothing in the first */
    const vg_cache all[] = {{.level = 1, .type = 'd', .bytes = (int64_t)(first[2] >> 24) << 10},
                            {.level = 1, .type = 'i', .bytes = (int64_t)(first[3] >> 24) << 10},
                            {.level = 2, .type = 'u', .bytes = (int64_t)(rest[2] >> 16) << 10},
                            {.level = 3, .type = 'u', .bytes = (int64_t)(rest[3] >> 18) << 19}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].bytes > 0)
            caches[count++] = all[i];
    return count;
}

int vg_cpuid_caches(vg_cpuid_ask ask, void *user, vg_cache caches[VG_MAX_CACHES], unsigned *leaf)
{
    static const unsigned lists[] = {4, 0x8000001d};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int count = listed(ask, user, *leaf = lists[i], caches);
        if (count)
            return count;
    }
    *leaf = 0x80000005;
    return amd_sizes(ask, user, caches);
}

#if defined(__x86_64__)
static bool ask_cpu(void *user, unsigned leaf, unsigned index, unsigned regs[4])
{
    (void)user;
    return __get_cpuid_count(leaf, index, &regs[0], &regs[1], &regs[2], &regs[3]);
}

int vg_cpuid_caches_here(vg_cache caches[VG_MAX_CACHES], unsigned *leaf)
{
    return vg_cpuid_caches(ask_cpu, NULL, caches, leaf);
}
#else
int vg_cpuid_caches_here(vg_cache caches[VG_MAX_CACHES], unsigned *leaf)
{
    (void)caches;
    *leaf = 0;
    return 0;
}
#endif

/* --- comparison ----------------------------------------------------------------------------- */

static int64_t size_in(const vg_cache *caches, int count, const vg_cache *like)
{
    for (int i = 0; i < count; i++)
        if (caches[i].level == like->level && caches[i].type == like->type)
            return caches[i].bytes;
    return 0;
}

static void add(char *text, size_t size, const char *separator, const vg_cache *c)
{
    size_t n = strlen(text);
    snprintf(text + n, size - n, "%sL%d %s", separator, c->level, vg_cache_type(c->type));
}

static void add_size(char *text, size_t size, int64_t bytes, const char *whose)
{
    size_t n = strlen(text);
    if (bytes)
        snprintf(text + n, size - n, " %lld KiB%s", (long long)(bytes >> 10), whose);
    else
        snprintf(text + n, size - n, " none%s", whose);
}

static bool add_difference(char *text, size_t size, bool first, const vg_cache *c, int64_t there,
                           int64_t here)
{
    if (there == here)
        return false;
    add(text, size, first ? ": " : "; ", c);
    add_size(text, size, there, " there,");
    add_size(text, size, here, " by CPUID");
    return true;
}

vg_cpuid_verdict vg_cpuid_compare(const vg_topology *t, const vg_cache *caches, int count,
                                  unsigned leaf, char *text, size_t size)
{
    bool differs = false;
    if (!count) {
        snprintf(text, size, "says nothing of caches%s",
                 leaf ? " (a hypervisor may hide them): the topology is not confirmed"
                      : ": no x86 CPU");
        return VG_CPUID_NOTHING;
    }
    snprintf(text, size, "differs from the topology");
    for (int i = 0; i < t->cache_count; i++)
        differs |= add_difference(text, size, !differs, &t->caches[i], t->caches[i].bytes,
                                  size_in(caches, count, &t->caches[i]));
    for (int i = 0; i < count; i++)
        if (!size_in(t->caches, t->cache_count, &caches[i]))
            differs |= add_difference(text, size, !differs, &caches[i], 0, caches[i].bytes);
    if (differs)
        return VG_CPUID_DIFFERS;
    snprintf(text, size, "agrees with the topology (leaf 0x%x)", leaf);
    for (int i = 0; i < count; i++) {
        add(text, size, i ? ", " : ": ", &caches[i]);
        add_size(text, size, caches[i].bytes, "");
    }
    return VG_CPUID_AGREES;
}
