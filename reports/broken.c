/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/broken.h"

#include <string.h>

#include "reports/rows.h"

static void add_once(json_t *names, json_t *seen, const char *name)
{
    if (!name || json_object_get(seen, name))
        return;
    json_object_set_new(seen, name, json_true());
    json_array_append_new(names, json_string(name));
}

bool vg_verify_failed(const json_t *row)
{
    return vg_doc_num(row, "failures") > 0 || json_is_false(json_object_get(row, "verified"));
}

json_t *vg_doc_broken(const json_t *doc)
{
    json_t *names = json_array(), *seen = json_object(), *entry;
    size_t i;
    if (names && seen) {
        json_array_foreach(json_object_get(doc, "verify"), i, entry) {
            if (vg_verify_failed(entry))
                add_once(names, seen, vg_doc_str(entry, "kernel"));
        }
        json_array_foreach(json_object_get(doc, "benchmarks"), i, entry) {
            if (json_is_false(json_object_get(entry, "verified")))
                add_once(names, seen, vg_doc_str(entry, "kernel"));
        }
    }
    json_decref(seen);
    return names;
}

json_t *vg_doc_newly_broken(const json_t *old_doc, const json_t *new_doc)
{
    json_t *before = vg_doc_broken(old_doc), *now = vg_doc_broken(new_doc), *name;
    json_t *seen = json_object(), *newly = before && now && seen ? json_array() : NULL;
    size_t i;
    json_array_foreach(before, i, name)
        json_object_set(seen, json_string_value(name), name);
    json_array_foreach(now, i, name)
        if (!json_object_get(seen, json_string_value(name)))
            json_array_append(newly, name);
    json_decref(seen);
    json_decref(before);
    json_decref(now);
    return newly;
}
