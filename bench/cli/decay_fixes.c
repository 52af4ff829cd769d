/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decay_fixes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fixes_view.h"
#include "cli/progress.h"
#include "harness/cost.h"
#include "harness/decay.h"
#include "harness/fixes.h"
#include "measure/roofline.h"
#include "results/results.h"

enum { NAME = 160, ADVICE = 5, FIX_SEEDS = 3, CELL_SEEDS = 2 };

typedef struct matrix {
    const vg_options *options;
    bool (*interrupted)(void);
    vg_progress progress;
    json_t *fixes; /* records of the fixes */
    json_t *tried; /* vg_fix_network() of each: two changes may make one network */
    vg_cost_base *base; /* timed beside every fix */
    double peak;   /* FLOP/s */
    int skipped;
} matrix;

/* --- measurement --------------------------------------------------------------------------- */

static vg_status measure(const matrix *m, const vg_spec *unresolved, const char *name,
                         json_t **record)
{
    vg_spec spec = *unresolved;
    vg_decay_options how = {.cost = true, .base = m->base, .interrupted = m->interrupted};
    VG_TRY(vg_spec_resolve(&spec, VG_FOR_DECAY));
    VG_TRY(vg_decay_measure(&spec, &how, record));
    json_t *cost = json_object_get(*record, "cost");
    if (isfinite(m->peak))
        vg_json_set_number(cost, "peak_fraction",
                           1e9 * vg_json_get_number(cost, "gflops") / m->peak);
    json_object_set_new(*record, "name", json_string(name));
    return VG_OK;
}

static vg_status set_integer(vg_spec *spec, const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return vg_spec_set(spec, key, text);
}

static vg_status add(matrix *m, const vg_spec *spec, const char *name, int fix, bool equal)
{
    json_t *record;
    VG_TRY(measure(m, spec, name, &record));
    json_object_set_new(record, "fix", json_integer(fix));
    json_object_set_new(record, "equal_matrices", json_boolean(equal));
    json_array_append_new(m->fixes, record);
    return VG_OK;
}

/* Of a recurrent network: a cell with more gates also at the width that has as many weights. */
static vg_status try_cell(matrix *m, const vg_spec *base, const vg_spec *fixed,
                          const vg_spec *resolved, int index, const vg_fix *fix)
{
    vg_spec plain = *base, narrow = *fixed;
    char name[NAME];
    VG_TRY(vg_spec_resolve(&plain, VG_FOR_DECAY));
    int64_t width = vg_fix_equal_width(&plain, resolved);
    if (!width)
        return add(m, fixed, fix->change, index, true);
    VG_TRY(set_integer(&narrow, "width", width));
    snprintf(name, sizeof name, "%s width=%lld", fix->change, (long long)width);
    VG_TRY(add(m, &narrow, name, index, true));
    snprintf(name, sizeof name, "%s (same width)", fix->change);
    return add(m, fixed, name, index, false);
}

/* Whether another change has made this network already. */
static bool was_tried(matrix *m, const vg_spec *resolved)
{
    json_t *network = vg_fix_network(resolved), *other;
    size_t index;
    bool found = false;
    json_array_foreach(m->tried, index, other)
        found = found || json_equal(other, network);
    json_array_append_new(m->tried, network);
    return found;
}

/* One fix. One that shortens the network has no rank; a block of two matrices (or a gate) also runs
 * at half the depth. */
static vg_status try_fix(matrix *m, const vg_spec *base, int index, const vg_fix *fix)
{
    vg_spec fixed, resolved;
    bool same;
    char name[NAME];
    VG_TRY(vg_fix_apply(fix, base, &fixed, &same));
    if (same)
        return VG_OK;
    resolved = fixed;
    VG_TRY(vg_spec_resolve(&resolved, VG_FOR_DECAY));
    if (was_tried(m, &resolved))
        return VG_OK;
    if (vg_fix_shortens(fix)) {
        snprintf(name, sizeof name, "%s (fewer %s)", fix->change,
                 resolved.model == VG_MODEL_mlp ? "matrices" : "steps");
        return add(m, &fixed, name, index, false);
    }
    if (resolved.model != VG_MODEL_mlp)
        return try_cell(m, base, &fixed, &resolved, index, fix);
    vg_spec plain = *base;
    VG_TRY(vg_spec_resolve(&plain, VG_FOR_DECAY));
    if (!vg_fix_doubles(&plain, &resolved) || resolved.depth < 2)
        return add(m, &fixed, fix->change, index, true);
    vg_spec half = fixed;
    VG_TRY(set_integer(&half, "depth", resolved.depth / 2));
    snprintf(name, sizeof name, "%s", fix->change);
    VG_TRY(add(m, &half, name, index, true));
    snprintf(name, sizeof name, "%s (same depth)", fix->change);
    return add(m, &fixed, name, index, false);
}

static vg_status try_all(matrix *m, const vg_spec *base)
{
    int count;
    const vg_fix *fixes = vg_fixes(&count);
    for (int i = 0; i < count && !m->interrupted(); i++) {
        if (!vg_fix_concerns(&fixes[i], base->model))
            continue;
        vg_progress_step(&m->progress, i, fixes[i].change);
        vg_status status = try_fix(m, base, i, &fixes[i]);
        if (status == VG_ENOMEM)
            return status;
        if (status == VG_OK || m->interrupted())
            continue;
        m->skipped++;
        vg_say(m->options->quiet, "skipped: %s: %s", fixes[i].change, vg_status_message());
    }
    return VG_OK;
}

/* --- order --------------------------------------------------------------------------------- */

static int by_rank(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int order = vg_fix_compare(x, y);
    return order ? order : strcmp(vg_json_get_text(x, "name", ""), vg_json_get_text(y, "name", ""));
}

static void append_unranked(const matrix *m, const json_t *fix, json_t *sorted)
{
    size_t i;
    json_t *other;
    json_array_foreach(m->fixes, i, other)
        if (!json_is_true(json_object_get(other, "equal_matrices")) &&
            json_equal(json_object_get(other, "fix"), fix))
            json_array_append(sorted, other);
}

/* The ranked ones, each followed by its row at equal depth; then what has no ranked row. */
static vg_status sort(matrix *m)
{
    size_t count = json_array_size(m->fixes), ranked = 0;
    json_t **order = calloc(count + 1, sizeof *order), *sorted = json_array();
    if (!order)
        return vg_fail(VG_ENOMEM, "out of memory for the fix matrix");
    for (size_t i = 0; i < count; i++) {
        json_t *record = json_array_get(m->fixes, i);
        if (json_is_true(json_object_get(record, "equal_matrices")))
            order[ranked++] = record;
    }
    qsort(order, ranked, sizeof *order, by_rank);
    for (size_t i = 0; i < ranked; i++) {
        json_array_append(sorted, order[i]);
        append_unranked(m, json_object_get(order[i], "fix"), sorted);
    }
    int fixes;
    const vg_fix *fix = vg_fixes(&fixes);
    for (int i = 0; i < fixes; i++) {
        json_t *index = json_integer(i);
        if (vg_fix_shortens(&fix[i]))
            append_unranked(m, index, sorted);
        json_decref(index);
    }
    free(order);
    json_decref(m->fixes);
    m->fixes = sorted;
    return VG_OK;
}

/* --- entry --------------------------------------------------------------------------------- */

vg_status vg_decay_fixes(const vg_spec *unresolved, const vg_options *options,
                         bool (*interrupted)(void), json_t *records)
{
    matrix m = {.options = options, .interrupted = interrupted, .fixes = json_array(),
                .tried = json_array()};
    vg_spec base = *unresolved;
    json_t *record = NULL;
    int count;
    vg_fixes(&count);
    if (!vg_spec_given(&base, offsetof(vg_spec, seeds)))
        VG_TRY(set_integer(&base, "seeds", base.model == VG_MODEL_mlp ? FIX_SEEDS : CELL_SEEDS));
    vg_spec resolved = base;
    VG_TRY(vg_spec_resolve(&resolved, VG_FOR_DECAY));
    m.peak = vg_roof_compute((int)resolved.threads);
    vg_progress_begin(&m.progress, "fixes", count, options->quiet);
    vg_status status = measure(&m, &base, "none", &record);
    if (status == VG_OK)
        status = vg_cost_base_make(&resolved, &m.base);
    if (status == VG_OK)
        status = try_all(&m, &base);
    vg_cost_base_release(m.base);
    vg_progress_end(&m.progress);
    if (status == VG_OK)
        status = sort(&m);
    if (status == VG_OK) {
        if (strcmp(vg_json_get_text(record, "verdict", ""), "healthy")) {
            json_object_set_new(record, "advice", vg_fix_advice(record, m.fixes, ADVICE));
            json_object_del(record, "advice_reason");
        }
        json_array_append(records, record);
        json_array_extend(records, m.fixes);
        vg_fixes_print(stdout, options->format, records);
    }
    json_decref(record);
    json_decref(m.fixes);
    json_decref(m.tried);
    return status;
}
