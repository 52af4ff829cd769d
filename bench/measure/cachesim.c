/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/cachesim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/cachesim_run.h"
#include "measure/callgrind.h"
#include "results/results.h"
#include "vgbench/cpu.h"

const char *vg_sim_backend(void)
{
    if (vg_cpu_detect() & VG_ISA_AVX2)
        return "avx2";
    return vg_cpu_detect() & VG_ISA_NEON ? "neon" : "scalar";
}

/* --- geometry ------------------------------------------------------------------------------- */

static int64_t power_of_two_below(int64_t n)
{
    int64_t p = 1;
    while (2 * p <= n)
        p *= 2;
    return p;
}

/* Callgrind wants a power of two of sets and of line, and sizes that fit an int. */
static vg_sim_cache simulated(const vg_cache *real, int ways_unknown)
{
    enum { LINE = 64, LARGEST = 1 << 30 };
    vg_sim_cache c = {.real = *real};
    c.line = real->line >= 16 && power_of_two_below(real->line) == real->line ? real->line : LINE;
    c.ways = real->ways > 0 && real->ways <= 64 ? real->ways : ways_unknown;
    int64_t bytes = real->bytes < LARGEST ? real->bytes : LARGEST;
    c.bytes = power_of_two_below(bytes / c.line / c.ways) * c.ways * c.line;
    c.exact = c.bytes == real->bytes && c.ways == real->ways && c.line == real->line;
    return c;
}

static const vg_cache *cache_of(const vg_topology *t, int level, char not_type)
{
    for (int i = 0; i < t->cache_count; i++)
        if (t->caches[i].level == level && t->caches[i].type != not_type && t->caches[i].bytes)
            return &t->caches[i];
    return NULL;
}

vg_status vg_sim_geometry_of(const vg_topology *t, vg_sim_geometry *g)
{
    enum { WAYS_FIRST = 8, WAYS_OUTER = 16 };
    const vg_cache *d1 = cache_of(t, 1, 'i'), *i1 = cache_of(t, 1, 'd');
    *g = (vg_sim_geometry){.outers = 0};
    if (!d1)
        return vg_fail(VG_EUNSUPPORTED,
                       "%s knows no first-level data cache: its size is needed to simulate it",
                       t->source);
    g->d1 = simulated(d1, WAYS_FIRST);
    g->i1 = simulated(i1 ? i1 : d1, WAYS_FIRST);
    for (int level = 2; level <= VG_SIM_LEVELS; level++) {
        const vg_cache *c = cache_of(t, level, 'i');
        if (c)
            g->outer[g->outers++] = simulated(c, WAYS_OUTER);
    }
    return VG_OK;
}

static json_t *cache_json(const vg_sim_cache *c, const char *type)
{
    json_t *one = json_object();
    json_object_set_new(one, "level", json_integer(c->real.level));
    vg_json_set_text(one, "type", type);
    json_object_set_new(one, "size", json_integer((json_int_t)c->real.bytes));
    json_object_set_new(one, "ways", c->real.ways ? json_integer(c->real.ways) : json_null());
    json_object_set_new(one, "line", json_integer(c->line));
    json_object_set_new(one, "simulated_size", json_integer((json_int_t)c->bytes));
    json_object_set_new(one, "simulated_ways", json_integer(c->ways));
    json_object_set_new(one, "exact", json_boolean(c->exact));
    return one;
}

json_t *vg_sim_geometry_json(const vg_sim_geometry *g)
{
    json_t *array = json_array();
    json_array_append_new(array, cache_json(&g->i1, "instruction"));
    json_array_append_new(array, cache_json(&g->d1, "data"));
    for (int i = 0; i < g->outers; i++)
        json_array_append_new(array, cache_json(&g->outer[i], "unified"));
    return array;
}

/* --- from parts to rows --------------------------------------------------------------------- */

static void set_count(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_misses(json_t *object, int level, uint64_t misses, int line)
{
    char key[32];
    snprintf(key, sizeof key, "l%d_misses", level);
    set_count(object, key, misses);
    snprintf(key, sizeof key, "l%d_bytes", level);
    set_count(object, key, misses * (uint64_t)line);
}

/* The counts of a part; @p outer: the cache that stood as callgrind's last level, or NULL. */
static void add_counts(json_t *row, const char *state, const vg_callgrind_part *part,
                       const vg_sim_geometry *g, const vg_sim_cache *outer)
{
    json_t *object = json_object_get(row, state);
    if (!object) {
        object = json_object();
        json_object_set_new(row, state, object);
        set_count(object, "instructions", part->counts[VG_CG_Ir]);
        set_count(object, "loads", part->counts[VG_CG_Dr]);
        set_count(object, "stores", part->counts[VG_CG_Dw]);
        set_count(object, "l1i_misses", part->counts[VG_CG_I1mr]);
        set_misses(object, 1, part->counts[VG_CG_D1mr] + part->counts[VG_CG_D1mw], g->d1.line);
    }
    if (outer)
        set_misses(object, outer->real.level, part->counts[VG_CG_DLmr] + part->counts[VG_CG_DLmw],
                   outer->line);
}

/* Joins the list that a process wrote with the parts that callgrind wrote of it. */
static vg_status join(json_t *rows, const json_t *list, const vg_callgrind *parts,
                      const vg_sim_geometry *g, const vg_sim_cache *outer)
{
    static const char *const states[] = {"cold", "hot", "cold_weights"};
    enum { ALWAYS = 2, STATES = 3 };
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry) {
        char name[64];
        json_int_t place = json_integer_value(json_object_get(entry, "place"));
        while (place >= (json_int_t)json_array_size(rows))
            json_array_append_new(rows, json_null());
        if (json_is_null(json_array_get(rows, (size_t)place)))
            json_array_set(rows, (size_t)place, entry);
        if (json_object_get(entry, "error"))
            continue;
        for (int s = 0; s < STATES; s++) {
            snprintf(name, sizeof name, "%08lld %s", (long long)place, states[s]);
            const vg_callgrind_part *part = vg_callgrind_find(parts, name);
            if (!part && s >= ALWAYS)
                continue; /* was not asked for */
            if (!part)
                return vg_fail(VG_EEXTERNAL, "callgrind wrote no part '%s'", name);
            add_counts(json_array_get(rows, (size_t)place), states[s], part, g, outer);
        }
    }
    return VG_OK;
}

static vg_status read_job(const vg_sim_files *files, int job, json_t *rows,
                              const vg_sim_geometry *g, const vg_sim_cache *outer,
                              char creator[64])
{
    char *text;
    size_t size;
    vg_callgrind parts;
    json_t *list;
    VG_TRY(vg_sim_load(files, job, &list, &text, &size));
    vg_status status = vg_callgrind_parse(text, size, &parts);
    free(text);
    if (!status) {
        memcpy(creator, parts.creator, sizeof parts.creator);
        status = join(rows, list, &parts, g, outer);
        vg_callgrind_release(&parts);
    }
    json_decref(list);
    return status;
}

vg_status vg_sim_run(const vg_sim_request *request, json_t **rows, char creator[64])
{
    const vg_sim_geometry *g = request->geometry;
    vg_sim_files files;
    creator[0] = '\0';
    *rows = json_array();
    vg_status status = vg_sim_files_make(&files);
    if (!status)
        status = vg_sim_processes(request, &files);
    for (int pass = 0; !status && (pass < g->outers || !pass); pass++)
        for (int p = 0; p < request->processes && !status; p++)
            status = read_job(&files, pass * request->processes + p, *rows, g,
                              g->outers ? &g->outer[pass] : NULL, creator);
    vg_sim_files_remove(&files);
    if (status) {
        json_decref(*rows);
        *rows = NULL;
    }
    return status;
}
