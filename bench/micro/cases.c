/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/nearest.h"
#include "measure/machine.h"
#include "measure/rig.h"

/* Own rows fastest first, then the comparator, then what plain C gives. */
static const vg_backend order[] = {
    VG_BACKEND_avx512, VG_BACKEND_avx2,      VG_BACKEND_neon,        VG_BACKEND_onednn,
    VG_BACKEND_scalar, VG_BACKEND_auto_avx2, VG_BACKEND_auto_avx512, VG_BACKEND_auto_neon,
};
enum { ORDER = sizeof order / sizeof *order };

static bool is_own(vg_backend backend)
{
    return backend == VG_BACKEND_avx512 || backend == VG_BACKEND_avx2 ||
           backend == VG_BACKEND_neon || backend == VG_BACKEND_scalar;
}

vg_status vg_backend_parse(const char *option, const char *word, vg_backend *backend)
{
    const char *names[VG_BACKEND_COUNT + 2] = {"best"};
    char hint[64], all[160];
    *backend = vg_backend_by_name(word);
    if (*backend != VG_BACKEND_COUNT)
        return VG_OK;
    for (int i = 0; i < VG_BACKEND_COUNT; i++)
        names[i + 1] = vg_backend_name((vg_backend)i);
    return vg_fail(VG_EINVAL, "--%s=%s: allowed are %s%s", option, word,
                   vg_words_join(names, all, sizeof all),
                   vg_did_you_mean(word, names, hint, sizeof hint));
}

vg_status vg_backends_check(const char *backends)
{
    char copy[256], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", backends);
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        vg_backend backend;
        VG_TRY(vg_backend_parse("backend", word, &backend));
        if (backend == VG_BACKEND_onednn && vg_backend_usable(backend))
            return vg_fail(VG_EUNSUPPORTED,
                           "--backend=onednn: built without oneDNN (Debian package "
                           "libdnnl-dev)");
        VG_TRY(vg_backend_usable(backend));
    }
    return VG_OK;
}

bool vg_backends_have(const char *backends, vg_backend backend)
{
    char copy[256], *rest = NULL;
    if (!backends)
        return true;
    snprintf(copy, sizeof copy, "%s", backends);
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        if (vg_backend_by_name(word) == backend)
            return true;
    return false;
}

void vg_gbench_name(const char *canonical, char *text, size_t size)
{
    snprintf(text, size, "%s/process_time/real_time", canonical);
}

static bool selected(const vg_filter *filter, const vg_kernel *kernel, const vg_case *c)
{
    char name[320], longer[360];
    vg_kernel_format(kernel, &c->shape, c->threads, name, sizeof name);
    vg_gbench_name(name, longer, sizeof longer);
    return vg_filter_match_either(filter, name, longer);
}

static void add_rows(vg_case *c, const char *backends, const vg_filter *filter)
{
    for (int i = 0; i < ORDER; i++) {
        const vg_kernel *kernel = vg_kernel_find(c->op, c->dir, order[i]);
        if (!kernel || vg_kernel_usable(kernel) || !vg_backends_have(backends, order[i]) ||
            !selected(filter, kernel, c))
            continue;
        if (kernel->impl->supports && kernel->impl->supports(&c->shape))
            continue;
        c->rows[c->row_count++] = kernel;
    }
}

static vg_status push(vg_case_list *list, const vg_case *c)
{
    if (list->count == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 64;
        vg_case *grown = realloc(list->items, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for %d cases", capacity);
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count++] = *c;
    return VG_OK;
}

/* A shape whose tensors do not fit is refused before anything is measured. */
static vg_status check_memory(const vg_case *c)
{
    double bytes = vg_rig_bytes(c->rows[0], &c->shape), limit = vg_memory_limit();
    char name[320];
    if (bytes <= limit / 2)
        return VG_OK;
    vg_case_format(c, name, sizeof name);
    return vg_fail(VG_ENOMEM, "%s needs %.3g GiB a row; half of this machine's memory is %.3g GiB",
                   name, bytes / 0x1p30, limit / 2 / 0x1p30);
}

static vg_status add_shape(const vg_case_query *query, const vg_filter *filter,
                           const vg_shape_line *line, int threads, vg_case_list *list)
{
    for (int dir = 0; dir < VG_DIR_COUNT; dir++) {
        vg_case c = {line->op, (vg_dir)dir, line->shape, threads, {NULL}, 0};
        if (line->dir != VG_DIR_COUNT && line->dir != (vg_dir)dir)
            continue;
        add_rows(&c, query->backends, filter);
        if (!c.row_count)
            continue;
        VG_TRY(check_memory(&c));
        VG_TRY(push(list, &c));
    }
    return VG_OK;
}

vg_status vg_cases_make(const vg_case_query *query, vg_case_list *list)
{
    vg_filter filter;
    *list = (vg_case_list){0};
    if (query->backends)
        VG_TRY(vg_backends_check(query->backends));
    VG_TRY(vg_filter_compile(&filter, query->filter));
    vg_status status = VG_OK;
    for (int t = 0; t < query->thread_count && !status; t++)
        for (int i = 0; i < query->shapes->count && !status; i++)
            status = add_shape(query, &filter, &query->shapes->items[i], query->threads[t], list);
    vg_filter_release(&filter);
    if (!status && !list->count)
        status =
            vg_fail(VG_EINVAL, "no kernel row%s%s matches%s%s; see vgbench list",
                    query->backends ? " of " : "", query->backends ? query->backends : "",
                    query->filter ? " --filter=" : " these shapes",
                    query->filter ? query->filter : "");
    if (status)
        vg_cases_release(list);
    return status;
}

void vg_cases_release(vg_case_list *list)
{
    free(list->items);
    *list = (vg_case_list){0};
}

const vg_kernel *vg_case_best(const vg_case *c)
{
    for (int i = 0; i < c->row_count; i++)
        if (is_own(c->rows[i]->backend))
            return c->rows[i];
    return NULL;
}

void vg_case_format(const vg_case *c, char *text, size_t size)
{
    char keys[256];
    vg_shape_format(c->op, &c->shape, keys, sizeof keys);
    snprintf(text, size, "%s/%s %s threads:%d", vg_op_name(c->op), vg_dir_name(c->dir), keys,
             c->threads);
}
