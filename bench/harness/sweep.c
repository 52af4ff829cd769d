/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/sweep.h"

#include <stdlib.h>
#include <string.h>

static vg_status out_of_memory(void)
{
    return vg_fail(VG_ENOMEM, "out of memory for a sweep");
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
    vg_assignment fresh = {strdup(key), strdup(value), strdup(origin)};
    if (!fresh.key || !fresh.value || !fresh.origin) {
        free(fresh.key);
        free(fresh.value);
        free(fresh.origin);
        return out_of_memory();
    }
    if (i < v->count) {
        free(v->items[i].key);
        free(v->items[i].value);
        free(v->items[i].origin);
    } else {
        v->count++;
    }
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
    for (int i = 0; i < v->count; i++) {
        free(v->items[i].key);
        free(v->items[i].value);
        free(v->items[i].origin);
    }
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

static int64_t list_length(const char *value)
{
    int64_t n = 1;
    for (; *value; value++)
        n += *value == ',';
    return n;
}

/* Entry @p index of a comma list into @p text; false when it is empty or too long. */
static bool list_entry(const char *value, int64_t index, char *text, size_t size)
{
    for (; index > 0; index--)
        value = strchr(value, ',') + 1;
    size_t n = strcspn(value, ",");
    if (n == 0 || n >= size)
        return false;
    memcpy(text, value, n);
    text[n] = '\0';
    return true;
}

static vg_status check_values(const vg_assignment *a)
{
    vg_spec spec;
    vg_spec_init(&spec);
    for (int64_t i = 0, n = list_length(a->value); i < n; i++) {
        char text[256], message[512];
        vg_status status;
        if (list_entry(a->value, i, text, sizeof text))
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
            const vg_assignment *a = &sweep->variants[v].items[i];
            VG_TRY(check_values(a));
            if (__builtin_mul_overflow(points, list_length(a->value), &points) ||
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
            points *= list_length(one->items[i].value);
        if (index >= points) {
            index -= points;
            continue;
        }
        for (int i = one->count - 1; i >= 0; i--) {
            char text[256];
            int64_t n = list_length(one->items[i].value);
            list_entry(one->items[i].value, index % n, text, sizeof text);
            index /= n;
            VG_TRY(vg_spec_set(spec, one->items[i].key, text));
        }
        if (variant)
            *variant = v;
        return VG_OK;
    }
    return vg_fail(VG_EINVAL, "point %lld is beyond the sweep", (long long)index);
}
