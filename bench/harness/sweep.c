/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/sweep.h"

#include <stdlib.h>
#include <string.h>

static vg_status out_of_memory(void)
{
    return vg_fail(VG_ENOMEM, "out of memory for a sweep");
}

static void assignment_release(vg_assignment *a)
{
    free(a->key);
    free(a->value);
    free(a->origin);
    free(a->entry);
}

vg_status vg_variant_set(vg_variant *v, const char *key, const char *value, const char *origin)
{
    int i = 0;
    while (i < v->count && strcmp(v->items[i].key, key))
        i++;
    if (i == v->capacity) {
        int capacity = v->capacity ? 2 * v->capacity : 16;
        vg_assignment *grown = realloc(v->items, (size_t)capacity * sizeof *grown);
        if (!grown)
            return out_of_memory();
        v->items = grown;
        v->capacity = capacity;
    }
    vg_assignment fresh = {.key = strdup(key), .value = strdup(value), .origin = strdup(origin)};
    if (!fresh.key || !fresh.value || !fresh.origin) {
        assignment_release(&fresh);
        return out_of_memory();
    }
    if (i < v->count)
        assignment_release(&v->items[i]);
    else
        v->count++;
    v->items[i] = fresh;
    return VG_OK;
}

static vg_status copy_items(vg_variant *to, const vg_variant *from)
{
    for (int i = 0; i < from->count; i++)
        VG_TRY(vg_variant_set(to, from->items[i].key, from->items[i].value, from->items[i].origin));
    return VG_OK;
}

vg_status vg_sweep_add_variant(vg_sweep *sweep, const vg_variant *base, vg_variant **added)
{
    if (sweep->count == sweep->capacity) {
        int capacity = sweep->capacity ? 2 * sweep->capacity : 8;
        vg_variant *grown = realloc(sweep->variants, (size_t)capacity * sizeof *grown);
        if (!grown)
            return out_of_memory();
        sweep->variants = grown;
        sweep->capacity = capacity;
    }
    vg_variant *v = &sweep->variants[sweep->count++];
    *v = (vg_variant){0};
    *added = v;
    return base ? copy_items(v, base) : VG_OK;
}

static void variant_release(vg_variant *v)
{
    for (int i = 0; i < v->count; i++)
        assignment_release(&v->items[i]);
    free(v->items);
    free(v->name);
    free(v->claim.claim);
    free(v->claim.quantity);
    free(v->claim.paper);
    free(v->claim.tolerance);
    free(v->claim.then);
    *v = (vg_variant){0};
}

void vg_sweep_release(vg_sweep *sweep)
{
    for (int i = 0; i < sweep->count; i++)
        variant_release(&sweep->variants[i]);
    free(sweep->variants);
    *sweep = (vg_sweep){0};
}

/* --- lists --------------------------------------------------------------------------------- */

/* Finds the entries once: a list may be long, and every point asks for one of them. */
static vg_status split(vg_assignment *a)
{
    a->length = 1;
    for (const char *p = a->value; *p; p++)
        a->length += *p == ',';
    free(a->entry);
    a->entry = calloc((size_t)a->length, sizeof *a->entry);
    if (!a->entry)
        return out_of_memory();
    const char *p = a->value;
    for (int64_t i = 0; i < a->length; i++, p += strcspn(p, ",") + 1)
        a->entry[i] = p;
    return VG_OK;
}

/* Entry @p index of a comma list into @p text; false when it is empty or too long. */
static bool list_entry(const vg_assignment *a, int64_t index, char *text, size_t size)
{
    size_t n = strcspn(a->entry[index], ",");
    if (n == 0 || n >= size)
        return false;
    memcpy(text, a->entry[index], n);
    text[n] = '\0';
    return true;
}

static vg_status check_values(const vg_assignment *a)
{
    vg_spec spec;
    vg_spec_init(&spec);
    for (int64_t i = 0; i < a->length; i++) {
        char text[256], message[512];
        vg_status status;
        if (list_entry(a, i, text, sizeof text))
            status = vg_spec_set(&spec, a->key, text);
        else
            status = vg_fail(VG_EINVAL, "%s=%s: an empty or overlong value in the list", a->key,
                             a->value);
        if (status != VG_OK && a->origin[0]) {
            strcpy(message, vg_status_message());
            return vg_fail(status, "%s%s", a->origin, message);
        }
        VG_TRY(status);
    }
    return VG_OK;
}

static vg_status count_points(vg_sweep *sweep)
{
    sweep->points = 0;
    for (int v = 0; v < sweep->count; v++) {
        int64_t points = 1;
        for (int i = 0; i < sweep->variants[v].count; i++) {
            vg_assignment *a = &sweep->variants[v].items[i];
            VG_TRY(split(a));
            VG_TRY(check_values(a));
            if (__builtin_mul_overflow(points, a->length, &points) ||
                points > 1000000000)
                return vg_fail(VG_EINVAL, "the sweep has more than 10^9 points");
        }
        sweep->points += points;
    }
    return VG_OK;
}

/* --- words --------------------------------------------------------------------------------- */

static bool is_yaml(const char *word)
{
    size_t n = strlen(word);
    return n > 5 && !strcmp(word + n - 5, ".yaml") && !strchr(word, '=');
}

static vg_status read_word(const char *word, vg_variant *variant, vg_sweep *sweep, bool base)
{
    if (is_yaml(word)) {
        if (!base)
            return vg_fail(VG_EINVAL, "%s: files stand before the first `vs`", word);
        return vg_sweep_read_yaml(word, variant, sweep);
    }
    const char *equals = strchr(word, '=');
    char key[64];
    size_t n = equals ? (size_t)(equals - word) : 0;
    if (!equals || n == 0 || n >= sizeof key)
        return vg_fail(VG_EINVAL, "'%s': a spec word is key=value, vs, or a file ending in .yaml",
                       word);
    memcpy(key, word, n);
    key[n] = '\0';
    return vg_variant_set(variant, key, equals + 1, "");
}

/* Words override what variants of a file say, so they are set again on each. */
static vg_status override_variants(vg_sweep *sweep, const vg_variant *base)
{
    for (int v = 0; v < sweep->count; v++) {
        vg_variant merged = {.name = sweep->variants[v].name, .claim = sweep->variants[v].claim};
        sweep->variants[v].name = NULL;
        sweep->variants[v].claim = (vg_claim){0};
        vg_status status = VG_OK;
        for (int i = 0; i < base->count && status == VG_OK; i++)
            if (base->items[i].origin[0])
                status = vg_variant_set(&merged, base->items[i].key, base->items[i].value,
                                        base->items[i].origin);
        if (status == VG_OK)
            status = copy_items(&merged, &sweep->variants[v]);
        for (int i = 0; i < base->count && status == VG_OK; i++)
            if (!base->items[i].origin[0])
                status = vg_variant_set(&merged, base->items[i].key, base->items[i].value, "");
        variant_release(&sweep->variants[v]);
        sweep->variants[v] = merged;
        VG_TRY(status);
    }
    return VG_OK;
}

static vg_status parse(int count, char *const words[], vg_variant *base, vg_sweep *sweep)
{
    vg_variant *current = base;
    int from_files = 0;
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], "vs")) {
            VG_TRY(read_word(words[i], current, sweep, current == base));
            continue;
        }
        if (i + 1 == count || !strcmp(words[i + 1], "vs"))
            return vg_fail(VG_EINVAL, "vs: words of the variant are needed behind it");
        if (current == base) {
            VG_TRY(override_variants(sweep, base));
            from_files = sweep->count;
            if (!from_files)
                VG_TRY(vg_sweep_add_variant(sweep, base, &current));
        }
        VG_TRY(vg_sweep_add_variant(sweep, base, &current));
    }
    if (current != base)
        return VG_OK;
    VG_TRY(override_variants(sweep, base));
    return sweep->count ? VG_OK : vg_sweep_add_variant(sweep, base, &current);
}

vg_status vg_sweep_parse(int count, char *const words[], vg_sweep *sweep)
{
    *sweep = (vg_sweep){0};
    vg_variant base = {0};
    vg_status status = parse(count, words, &base, sweep);
    variant_release(&base);
    if (status == VG_OK)
        status = count_points(sweep);
    if (status != VG_OK)
        vg_sweep_release(sweep);
    return status;
}

vg_status vg_sweep_point(const vg_sweep *sweep, int64_t index, vg_spec *spec, int *variant)
{
    vg_spec_init(spec);
    for (int v = 0; v < sweep->count; v++) {
        const vg_variant *one = &sweep->variants[v];
        int64_t points = 1;
        for (int i = 0; i < one->count; i++)
            points *= one->items[i].length;
        if (index >= points) {
            index -= points;
            continue;
        }
        for (int i = one->count - 1; i >= 0; i--) {
            char text[256];
            int64_t n = one->items[i].length;
            list_entry(&one->items[i], index % n, text, sizeof text);
            index /= n;
            VG_TRY(vg_spec_set(spec, one->items[i].key, text));
        }
        if (variant)
            *variant = v;
        return VG_OK;
    }
    return vg_fail(VG_EINVAL, "point %lld is beyond the sweep", (long long)index);
}

/* --- what tells the points apart ----------------------------------------------------------- */

static bool same_field(const vg_spec *a, const vg_spec *b, const vg_key *key)
{
    const char *x = (const char *)a + key->offset, *y = (const char *)b + key->offset;
    if (key->kind == VG_KEY_DATA)
        return !strcmp(x, y);
    bool is_int = key->kind == VG_KEY_WORD || key->kind == VG_KEY_FLAG;
    return !memcmp(x, y, is_int ? sizeof(int) : sizeof(double));
}

/* The bits of the keys that differ between two specs, in value or in being given. */
static uint64_t differing(const vg_spec *a, const vg_spec *b)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    uint64_t bits = a->given ^ b->given;
    for (int k = 0; k < count; k++)
        if (!same_field(a, b, &keys[k]))
            bits |= UINT64_C(1) << k;
    return bits;
}

vg_status vg_sweep_varying(const vg_sweep *sweep, uint64_t *varying)
{
    vg_spec first, spec;
    int64_t start = 0;
    *varying = 0;
    VG_TRY(vg_sweep_point(sweep, 0, &first, NULL));
    for (int v = 0; v < sweep->count; v++) {
        int64_t points = 1;
        VG_TRY(vg_sweep_point(sweep, start, &spec, NULL));
        *varying |= differing(&first, &spec);
        for (int i = 0; i < sweep->variants[v].count; i++) {
            const vg_assignment *a = &sweep->variants[v].items[i];
            for (int64_t k = 1; k < a->length; k++) { /* the point has entry 0 */
                char text[256];
                list_entry(a, k, text, sizeof text);
                VG_TRY(vg_spec_set(&spec, a->key, text));
                *varying |= differing(&first, &spec);
            }
            points *= a->length;
        }
        start += points;
    }
    return VG_OK;
}
