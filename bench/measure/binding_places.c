/* SPDX-License-Identifier: Apache-2.0 */
/* From words to CPUs; the rest of binding.h is in binding.c. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/binding.h"
#include "measure/nearest.h"

typedef enum level { PACKAGE, NUMA, CORE, PU, LEVELS } level;

static const struct {
    const char *name;
    level level;
} level_names[] = {{"package", PACKAGE}, {"socket", PACKAGE}, {"numa", NUMA}, {"node", NUMA},
                   {"numanode", NUMA},   {"core", CORE},      {"pu", PU}};
enum { LEVEL_NAMES = sizeof level_names / sizeof *level_names };

/* The machine, and what is chosen of it so far. */
typedef struct choice {
    const char *text; /* whole, for messages */
    const vg_pu *pus;
    int count;
    bool *in;  /* [count] */
    int *keys; /* [count], for orders */
} choice;

static int id_of(const vg_pu *pus, int i, level at)
{
    switch (at) {
    case PACKAGE:
        return pus[i].package;
    case NUMA:
        return pus[i].numa;
    case CORE:
        return pus[i].core;
    default:
        return i;
    }
}

/* The objects of level @p at among those that are chosen: keys[i] becomes the rank of that of i. */
static int rank(const choice *c, level at)
{
    int objects = 0;
    for (int i = 0; i < c->count; i++) {
        if (!c->in[i])
            continue;
        int k = 0;
        while (k < i && !(c->in[k] && id_of(c->pus, k, at) == id_of(c->pus, i, at)))
            k++;
        c->keys[i] = k < i ? c->keys[k] : objects++;
    }
    return objects;
}

/* Which hardware thread of its core i is, among those that are chosen. */
static int sibling(const choice *c, int i)
{
    int before = 0;
    for (int k = 0; k < i; k++)
        before += c->in[k] && c->pus[k].core == c->pus[i].core;
    return before;
}

static void add(int cpu, int *cpus, int *places)
{
    for (int i = 0; i < *places; i++)
        if (cpus[i] == cpu)
            return;
    cpus[(*places)++] = cpu;
}

/* First one of every core, then the second ones: @p from to @p to (inclusive) of that order. */
static void add_cores_first(const choice *c, int from, int to, int *cpus, int *places)
{
    int at = 0, chosen = 0;
    for (int i = 0; i < c->count; i++)
        chosen += c->in[i];
    for (int thread = 0; at < chosen; thread++)
        for (int i = 0; i < c->count; i++)
            if (c->in[i] && sibling(c, i) == thread) {
                if (at >= from && at <= to)
                    add(c->pus[i].os, cpus, places);
                at++;
            }
}

/* --- policies ------------------------------------------------------------------------------- */

typedef struct spread_key {
    int thread, in_node, node, package, os;
    int rank; /* of the node in the machine */
} spread_key;

static int compare_spread(const void *a, const void *b)
{
    const spread_key *x = a, *y = b;
    const int p[] = {x->thread, x->in_node, x->node, x->package, x->os},
              q[] = {y->thread, y->in_node, y->node, y->package, y->os};
    for (int i = 0; i < 5; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return 0;
}

/* Packages in turn, in each its nodes in turn, in each its cores in order. */
static vg_status spread(const choice *c, int *cpus, int *places)
{
    spread_key *keys = calloc((size_t)c->count, sizeof *keys);
    int n = 0;
    if (!keys)
        return vg_fail(VG_ENOMEM, "--bind: out of memory");
    rank(c, NUMA);
    for (int i = 0; i < c->count; i++) {
        if (!c->in[i])
            continue;
        spread_key key = {.thread = sibling(c, i), .package = c->pus[i].package,
                          .os = c->pus[i].os, .rank = c->keys[i]};
        int first_node = c->keys[i];
        for (int k = 0; k < i; k++) {
            bool same = c->in[k] && c->pus[k].package == c->pus[i].package;
            if (same && c->keys[k] < first_node)
                first_node = c->keys[k];
        }
        for (int k = 0; k < n; k++)
            key.in_node += keys[k].rank == key.rank && keys[k].package == key.package &&
                           keys[k].thread == key.thread; /* a node may span packages */
        key.node = c->keys[i] - first_node;
        keys[n++] = key;
    }
    qsort(keys, (size_t)n, sizeof *keys, compare_spread);
    for (int i = 0; i < n; i++)
        add(keys[i].os, cpus, places);
    free(keys);
    return VG_OK;
}

/* --- locations ------------------------------------------------------------------------------ */

static vg_status malformed(const choice *c, const char *word)
{
    static const char *const words[] = {"compact", "spread", "none",     "package", "socket", "numa",
                                        "node",    "core",   "numanode", "pu",      NULL};
    char bare[64], hint[64];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, ":"), word);
    return vg_fail(VG_EINVAL,
                   "--bind=%.100s: '%.60s' is neither compact, spread or none, nor a location as "
                   "core:0-3, package:1.core:0, pu:2, S0:0-7, M0:0-3%s",
                   c->text, word, vg_did_you_mean(bare, words, hint, sizeof hint));
}

typedef struct indices {
    int first, last, step;
} indices;

static bool read_number(const char **text, int *value)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    long number = strtol(*text, &end, 10);
    *text = end;
    *value = number < 1 << 20 ? (int)number : 1 << 20;
    return true;
}

/* "all", "odd", "even", "1", "0-3", "4-" of @p objects. */
static bool read_indices(const char *text, int objects, indices *out)
{
    *out = (indices){0, objects - 1, 1};
    if (!strcmp(text, "all"))
        return true;
    if (!strcmp(text, "odd") || !strcmp(text, "even")) {
        *out = (indices){*text == 'o', objects - 1, 2};
        return true;
    }
    if (!read_number(&text, &out->first))
        return false;
    out->last = out->first;
    if (*text == '-') {
        text++;
        out->last = objects - 1;
        if (*text && !read_number(&text, &out->last))
            return false;
    }
    return !*text;
}

static vg_status check_range(const choice *c, const char *word, const indices *n, int objects)
{
    if (n->last < n->first)
        return vg_fail(VG_EINVAL, "--bind=%.100s: '%.60s' is empty: there are 0 to %d", c->text,
                       word, objects - 1);
    if (n->last >= objects)
        return vg_fail(VG_EINVAL, "--bind=%.100s: '%.60s': there are only 0 to %d", c->text, word,
                       objects - 1);
    return VG_OK;
}

static void choose_all(choice *c)
{
    memset(c->in, true, (size_t)c->count * sizeof *c->in);
}

/* "core:0-3": keeps those of what is chosen. */
static vg_status narrow(choice *c, const char *step)
{
    const char *colon = strchr(step, ':');
    size_t length = colon ? (size_t)(colon - step) : 0;
    for (int k = 0; colon && k < LEVEL_NAMES; k++) {
        indices n;
        if (strlen(level_names[k].name) != length || strncmp(step, level_names[k].name, length))
            continue;
        int objects = rank(c, level_names[k].level);
        if (!read_indices(colon + 1, objects, &n))
            break;
        VG_TRY(check_range(c, step, &n, objects));
        for (int i = 0; i < c->count; i++)
            c->in[i] = c->in[i] && c->keys[i] >= n.first && c->keys[i] <= n.last &&
                       (c->keys[i] - n.first) % n.step == 0;
        return VG_OK;
    }
    return malformed(c, step);
}

/* "S0:0-7", "M1:0", "N:2-3"; *is: whether it is of that form at all. */
static vg_status likwid(choice *c, const char *word, bool *is, int *cpus, int *places)
{
    const char *at = word + 1;
    int domain = 0, objects = 0;
    *is = (*word == 'N' && *at == ':') ||
          ((*word == 'S' || *word == 'M') && read_number(&at, &domain) && *at == ':');
    if (!*is)
        return VG_OK;
    choose_all(c);
    if (*word != 'N') {
        indices one = {domain, domain, 1};
        objects = rank(c, *word == 'S' ? PACKAGE : NUMA);
        VG_TRY(check_range(c, word, &one, objects));
        for (int i = 0; i < c->count; i++)
            c->in[i] = c->keys[i] == domain;
    }
    indices n;
    objects = 0;
    for (int i = 0; i < c->count; i++)
        objects += c->in[i];
    if (!read_indices(at + 1, objects, &n) || n.step != 1)
        return malformed(c, word);
    VG_TRY(check_range(c, word, &n, objects));
    add_cores_first(c, n.first, n.last, cpus, places);
    return VG_OK;
}

static vg_status location(choice *c, char *word, int *cpus, int *places)
{
    bool is;
    char *rest = NULL;
    VG_TRY(likwid(c, word, &is, cpus, places));
    if (is)
        return VG_OK;
    choose_all(c);
    for (char *step = strtok_r(word, ".", &rest); step; step = strtok_r(NULL, ".", &rest))
        VG_TRY(narrow(c, step));
    add_cores_first(c, 0, c->count, cpus, places);
    return VG_OK;
}

static vg_status check_allowed(const choice *c, const int *cpus, int places)
{
    for (int k = 0; k < places; k++)
        for (int i = 0; i < c->count; i++)
            if (c->pus[i].os == cpus[k] && !c->pus[i].allowed)
                return vg_fail(VG_EUNSUPPORTED,
                               "--bind=%.100s: CPU %d is not among those that this process may use "
                               "(taskset, cpuset of the control group)",
                               c->text, cpus[k]);
    return VG_OK;
}

static vg_status locations(choice *c, int *cpus, int *places)
{
    char copy[512], *rest = NULL;
    if (strlen(c->text) >= sizeof copy || !c->text[strspn(c->text, ",@.")])
        return malformed(c, c->text);
    snprintf(copy, sizeof copy, "%s", c->text);
    for (char *word = strtok_r(copy, ",@", &rest); word; word = strtok_r(NULL, ",@", &rest))
        VG_TRY(location(c, word, cpus, places));
    return check_allowed(c, cpus, *places);
}

vg_status vg_binding_places(const char *text, const vg_pu *pus, int count, int *cpus, int *places)
{
    choice c = {text, pus, count, calloc((size_t)count + 1, sizeof *c.in),
                calloc((size_t)count + 1, sizeof *c.keys)};
    vg_status status = VG_OK;
    *places = 0;
    if (!c.in || !c.keys) {
        status = vg_fail(VG_ENOMEM, "--bind: out of memory");
    } else if (!strcmp(text, "compact") || !strcmp(text, "spread")) {
        for (int i = 0; i < count; i++)
            c.in[i] = pus[i].allowed;
        if (*text == 'c')
            add_cores_first(&c, 0, count, cpus, places);
        else
            status = spread(&c, cpus, places);
    } else {
        status = locations(&c, cpus, places);
    }
    free(c.in);
    free(c.keys);
    return status;
}
