/* SPDX-License-Identifier: Apache-2.0 */
/* Experiment files. libyaml's event parser is used directly because every message must carry the
 * line of the word that is wrong, and a value may be one word or a list. */
#include <stdlib.h>
#include <string.h>

#include "harness/sweep.h"

#if VG_WITH_YAML
#include <yaml.h>

typedef struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool have_event;
    const char *path;
} reader;

static vg_status next(reader *r)
{
    if (r->have_event)
        yaml_event_delete(&r->event);
    r->have_event = false;
    if (!yaml_parser_parse(&r->parser, &r->event))
        return vg_fail(VG_EINVAL, "%s:%zu: %s", r->path, r->parser.problem_mark.line + 1,
                       r->parser.problem ? r->parser.problem : "not valid YAML");
    r->have_event = true;
    return VG_OK;
}

static size_t line_of(const reader *r)
{
    return r->event.start_mark.line + 1;
}

static vg_status expect(const reader *r, yaml_event_type_t type, const char *what)
{
    if (r->event.type == type)
        return VG_OK;
    return vg_fail(VG_EINVAL, "%s:%zu: %s is needed here", r->path, line_of(r), what);
}

static const char *scalar(const reader *r)
{
    return (const char *)r->event.data.scalar.value;
}

/* A scalar, or a list of scalars that becomes a comma list. Leaves the last event of the value. */
static vg_status read_value(reader *r, char *value, size_t size)
{
    if (r->event.type == YAML_SCALAR_EVENT) {
        if (strlen(scalar(r)) >= size)
            return vg_fail(VG_EINVAL, "%s:%zu: a value of more than %zu characters", r->path,
                           line_of(r), size - 1);
        strcpy(value, scalar(r));
        return VG_OK;
    }
    VG_TRY(expect(r, YAML_SEQUENCE_START_EVENT, "a value or a list of values"));
    value[0] = '\0';
    for (;;) {
        VG_TRY(next(r));
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return VG_OK;
        VG_TRY(expect(r, YAML_SCALAR_EVENT, "a word or number"));
        if (strlen(value) + strlen(scalar(r)) + 2 > size)
            return vg_fail(VG_EINVAL, "%s:%zu: a list of more than %zu characters", r->path,
                           line_of(r), size - 1);
        if (value[0])
            strcat(value, ",");
        strcat(value, scalar(r));
    }
}

static vg_status read_variants(reader *r, vg_sweep *sweep);

/* Texts of a variant that are no spec keys; NULL for other keys. */
static char **text_field(vg_variant *v, const char *key)
{
    static const char *const names[] = {"name", "claim", "quantity", "tolerance", "then"};
    static const char *const sources[] = {"paper", "theory", "advice"};
    char **fields[] = {&v->name, &v->claim.claim, &v->claim.quantity, &v->claim.tolerance,
                       &v->claim.then};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (!strcmp(key, sources[i])) {
            v->claim.source = sources[i];
            return &v->claim.paper;
        }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(key, names[i]))
            return fields[i];
    return NULL;
}

/* Keys of one mapping, from its start event to its end event; `about` is a text for the reader. */
static vg_status read_mapping(reader *r, vg_variant *variant, vg_sweep *top)
{
    VG_TRY(expect(r, YAML_MAPPING_START_EVENT, "a mapping of keys to values"));
    for (;;) {
        VG_TRY(next(r));
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return VG_OK;
        VG_TRY(expect(r, YAML_SCALAR_EVENT, "a key"));
        char key[64], origin[512], value[1024];
        snprintf(key, sizeof key, "%s", scalar(r));
        snprintf(origin, sizeof origin, "%s:%zu: ", r->path, line_of(r));
        VG_TRY(next(r));
        if (top && !strcmp(key, "variants")) {
            VG_TRY(read_variants(r, top));
            continue;
        }
        VG_TRY(read_value(r, value, sizeof value));
        char **text = top ? NULL : text_field(variant, key);
        if (text) {
            if (*text)
                return vg_fail(VG_EINVAL, "%s%s: given already; of paper, theory and advice there is one",
                               origin, key);
            *text = strdup(value);
        } else if (strcmp(key, "about") && strcmp(key, "name")) {
            VG_TRY(vg_variant_set(variant, key, value, origin));
        }
    }
}

static vg_status read_variants(reader *r, vg_sweep *sweep)
{
    VG_TRY(expect(r, YAML_SEQUENCE_START_EVENT, "a list of variants"));
    for (;;) {
        VG_TRY(next(r));
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return VG_OK;
        vg_variant *variant;
        VG_TRY(vg_sweep_add_variant(sweep, NULL, &variant));
        VG_TRY(read_mapping(r, variant, NULL));
    }
}

static vg_status read_document(reader *r, vg_variant *base, vg_sweep *sweep)
{
    VG_TRY(next(r));
    VG_TRY(next(r));
    if (r->event.type == YAML_STREAM_END_EVENT)
        return vg_fail(VG_EINVAL, "%s: the file is empty", r->path);
    VG_TRY(next(r));
    return read_mapping(r, base, sweep);
}

vg_status vg_sweep_read_yaml(const char *path, vg_variant *base, vg_sweep *sweep)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return vg_fail(VG_EINVAL, "%s: cannot be opened", path);
    reader r = {.path = path};
    if (!yaml_parser_initialize(&r.parser)) {
        fclose(file);
        return vg_fail(VG_ENOMEM, "out of memory for the YAML parser");
    }
    yaml_parser_set_input_file(&r.parser, file);
    vg_status status = read_document(&r, base, sweep);
    if (r.have_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    fclose(file);
    return status;
}

#else

vg_status vg_sweep_read_yaml(const char *path, vg_variant *base, vg_sweep *sweep)
{
    (void)base;
    (void)sweep;
    return vg_fail(VG_EUNSUPPORTED, "%s: built without YAML (Debian package libyaml-dev)", path);
}

#endif
