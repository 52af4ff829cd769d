/* SPDX-License-Identifier: Apache-2.0 */
/* Reading values into a spec, and writing it down. */
#include "harness/spec.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure/nearest.h"

enum { NEAREST_WORDS = 64, ALLOWED_TEXT = 320 };

static vg_status unknown_key(const char *name)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    const char *names[NEAREST_WORDS + 1] = {0};
    for (int i = 0; i < count; i++)
        names[i] = keys[i].name;
    char hint[64];
    return vg_fail(VG_EINVAL, "unknown key '%s'%s; `vgbench help spec` lists the keys", name,
                   vg_did_you_mean(name, names, hint, sizeof hint));
}

static vg_status unknown_word(const vg_key *key, const char *value)
{
    const char *names[NEAREST_WORDS + 1] = {0};
    char allowed[ALLOWED_TEXT] = "";
    int n = 0;
    for (const vg_word *w = key->words; w->name; w++) {
        names[n++] = w->name;
        if (w->alias)
            continue;
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, " %s", w->name);
    }
    char hint[64];
    return vg_fail(VG_EINVAL, "%s=%s: allowed are%s%s", key->name, value, allowed,
                   vg_did_you_mean(value, names, hint, sizeof hint));
}

static vg_status set_data(vg_spec *spec, const vg_key *key, const char *value)
{
    for (const vg_word *w = key->words; w->name; w++) {
        const char *colon = strchr(w->name, ':');
        bool match = colon ? !strncmp(value, w->name, (size_t)(colon - w->name) + 1) &&
                                 value[colon - w->name + 1]
                           : !strcmp(value, w->name);
        if (!match)
            continue;
        if (strlen(value) >= sizeof spec->data)
            return vg_fail(VG_EINVAL, "data: a path of more than %zu characters",
                           sizeof spec->data - 1);
        strcpy(spec->data, value);
        spec->data_kind = w->value;
        return VG_OK;
    }
    return unknown_word(key, value);
}

static vg_status read_int(const vg_key *key, const char *value, int64_t *out)
{
    char *end;
    errno = 0;
    long long v = strtoll(value, &end, 10);
    if (errno || end == value || *end || (double)v < key->min || (double)v > key->max)
        return vg_fail(VG_EINVAL, "%s=%s: a whole number from %.0f to %.0f is needed", key->name,
                       value, key->min, key->max);
    *out = v;
    return VG_OK;
}

static vg_status read_real(const vg_key *key, const char *value, double *out)
{
    char *end;
    double v = strtod(value, &end);
    /* written so that a NaN is refused too */
    if (end == value || *end || !(v >= key->min && v <= key->max))
        return vg_fail(VG_EINVAL, "%s=%s: a number from %g to %g is needed", key->name, value,
                       key->min, key->max);
    *out = v;
    return VG_OK;
}

static vg_status read_word(const vg_key *key, const char *value, int *out)
{
    for (const vg_word *w = key->words; w->name; w++)
        if (!strcmp(w->name, value)) {
            *out = w->value;
            return VG_OK;
        }
    return unknown_word(key, value);
}

static vg_status read_flag(const vg_key *key, const char *value, int *out)
{
    static const char *const words[] = {"0", "1", "off", "on", "false", "true", NULL};
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], value)) {
            *out = i & 1;
            return VG_OK;
        }
    return vg_fail(VG_EINVAL, "%s=%s: allowed are 0 and 1", key->name, value);
}

static vg_status set_value(vg_spec *spec, const vg_key *key, const char *value)
{
    void *field = (char *)spec + key->offset;
    switch (key->kind) {
    case VG_KEY_WORD:
        return read_word(key, value, field);
    case VG_KEY_INT:
        return read_int(key, value, field);
    case VG_KEY_REAL:
        return read_real(key, value, field);
    case VG_KEY_FLAG:
        return read_flag(key, value, field);
    case VG_KEY_DATA:
        return set_data(spec, key, value);
    }
    return VG_EINVAL;
}

vg_status vg_spec_set(vg_spec *spec, const char *name, const char *value)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    for (int i = 0; i < count; i++)
        if (!strcmp(keys[i].name, name)) {
            VG_TRY(set_value(spec, &keys[i], value));
            spec->given |= UINT64_C(1) << i;
            return VG_OK;
        }
    return unknown_key(name);
}

bool vg_spec_given(const vg_spec *spec, size_t field)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    for (int i = 0; i < count; i++)
        if (keys[i].offset == field)
            return spec->given >> i & 1;
    return false;
}

void vg_spec_init(vg_spec *spec)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    *spec = (vg_spec){.target_loss = NAN, .target_accuracy = NAN};
    for (int i = 0; i < count; i++)
        if (keys[i].initial)
            set_value(spec, &keys[i], keys[i].initial);
}

static json_t *value_json(const vg_spec *spec, const vg_key *key)
{
    const char *field = (const char *)spec + key->offset;
    int word;
    int64_t whole;
    double real;
    switch (key->kind) {
    case VG_KEY_WORD:
        memcpy(&word, field, sizeof word);
        return json_string(vg_key_word(key, word));
    case VG_KEY_FLAG:
        memcpy(&word, field, sizeof word);
        return json_integer(word);
    case VG_KEY_INT:
        memcpy(&whole, field, sizeof whole);
        return whole || key->min == 0 ? json_integer(whole) : json_null();
    case VG_KEY_REAL:
        memcpy(&real, field, sizeof real);
        return isfinite(real) ? json_real(real) : json_null();
    case VG_KEY_DATA:
        return json_string(field);
    }
    return NULL;
}

json_t *vg_spec_json(const vg_spec *spec)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    json_t *object = json_object();
    for (int i = 0; i < count; i++)
        if (json_object_set_new(object, keys[i].name, value_json(spec, &keys[i]))) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static int value_text(const vg_spec *spec, const vg_key *key, char *text, size_t size)
{
    const char *field = (const char *)spec + key->offset;
    int word;
    int64_t whole;
    double real;
    switch (key->kind) {
    case VG_KEY_WORD:
        memcpy(&word, field, sizeof word);
        return snprintf(text, size, "%s", vg_key_word(key, word));
    case VG_KEY_FLAG:
        memcpy(&word, field, sizeof word);
        return snprintf(text, size, "%d", word);
    case VG_KEY_INT:
        memcpy(&whole, field, sizeof whole);
        return snprintf(text, size, "%lld", (long long)whole);
    case VG_KEY_REAL:
        memcpy(&real, field, sizeof real);
        return snprintf(text, size, "%.9g", real);
    case VG_KEY_DATA:
        return snprintf(text, size, "%s", field);
    }
    return 0;
}

char *vg_spec_label(const vg_spec *spec, char *text, size_t size)
{
    int count;
    const vg_key *keys = vg_spec_keys(&count);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (!(spec->given >> i & 1))
            continue;
        char value[288];
        value_text(spec, &keys[i], value, sizeof value);
        int n = snprintf(text + used, size - used, "%s%s=%s", used ? " " : "", keys[i].name, value);
        if (n < 0 || (size_t)n >= size - used)
            return text;
        used += (size_t)n;
    }
    if (!used)
        snprintf(text, size, "default");
    return text;
}
