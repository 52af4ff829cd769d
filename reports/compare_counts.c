/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of a simulation are the same in every run of the same code: they are compared by equality,
 * and a difference is a change of the code, not noise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/compare.h"

/* What must agree before counts may be compared: another cache or simulator counts otherwise. */
static const char *const alike[] = {"kind", "tool", "isa", "threads", "caches"};

static bool is_simulated(const json_t *record)
{
    const char *source = vg_doc_str(record, "source");
    return source && !strcmp(source, "simulated");
}

static bool comparable(const json_t *a, const json_t *b)
{
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        const json_t *x = json_object_get(a, alike[i]), *y = json_object_get(b, alike[i]);
        if (x != y && !json_equal(x, y)) /* both may be missing */
            return false;
    }
    return is_simulated(a) && is_simulated(b);
}

/* A kernel by its canonical name, a network by its label. */
static const char *name_of(const json_t *row)
{
    const char *kernel = vg_doc_str(row, "kernel");
    return kernel ? kernel : vg_doc_str(row, "label");
}

static const json_t *row_named(const json_t *record, const char *wanted)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(record, "rows"), i, row) {
        const char *name = name_of(row);
        if (name && !strcmp(name, wanted))
            return row;
    }
    return NULL;
}

static void compare_counts(vg_comparison *k, const char *row, const char *when,
                           const json_t *old_row, const json_t *new_row)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get((json_t *)new_row, when), name, value) {
        double a = vg_doc_num(json_object_get(old_row, when), name);
        double b = json_is_number(value) ? json_number_value(value) : NAN;
        if (isnan(a) || isnan(b))
            continue;
        k->counts++;
        if (a == b)
            continue;
        /* From nothing to something is worse by any share. */
        bool worse = b > a * (1 + k->min_effect);
        k->worse_counts += worse;
        json_array_append_new(k->count_changes,
                              json_pack("{ss ss ss sf sf sb}", "row", row, "when", when,
                                        "counter", name, "old", a, "new", b, "worse", worse));
    }
}

static void compare_records(vg_comparison *k, const json_t *old_record, const json_t *new_record)
{
    static const char *const states[] = {"cold", "cold_weights", "hot"};
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(new_record, "rows"), i, row) {
        const char *name = name_of(row);
        const json_t *other = name ? row_named(old_record, name) : NULL;
        for (size_t s = 0; other && s < sizeof states / sizeof *states; s++)
            compare_counts(k, name, states[s], other, row);
    }
}

vg_status vg_counts_compare(vg_comparison *k)
{
    const json_t *old_list = json_object_get(k->doc_old, "profile");
    const json_t *new_list = json_object_get(k->doc_new, "profile");
    size_t i, j;
    json_t *old_record, *new_record;
    k->count_changes = json_array();
    if (!k->count_changes)
        return vg_fail(VG_ENOMEM, "no memory for counters");
    json_array_foreach(new_list, i, new_record) {
        json_array_foreach(old_list, j, old_record) {
            if (!comparable(old_record, new_record))
                continue;
            compare_records(k, old_record, new_record);
            break;
        }
    }
    return VG_OK;
}
