/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench profile --working-set: kernels on growing tensors, from the first cache to memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/progress.h"
#include "measure/interrupt.h"
#include "measure/latency.h"
#include "measure/machine.h"
#include "measure/stats.h"
#include "measure/topology.h"
#include "micro/sampler.h"
#include "micro/sweep.h"
#include "results/results.h"
#include "vgbench/onednn.h"

enum { LEVELS = 3 };

/* --- caches --------------------------------------------------------------------------------- */

/* What all caches of a level that @p threads threads have hold together, or 0. */
static double held(int level, int threads)
{
    const vg_topology *t = vg_topology_get();
    for (int i = 0; i < t->cache_count; i++) {
        const vg_cache *c = &t->caches[i];
        if (c->level != level || c->type == 'i')
            continue;
        int shared = c->shared_by > 0 ? c->shared_by : 1;
        int instances = t->pus / shared > 1 ? t->pus / shared : 1;
        return vg_cache_felt(level) * (threads < instances ? threads : instances);
    }
    return 0;
}

static json_t *caches_json(int threads)
{
    const vg_topology *t = vg_topology_get();
    json_t *array = json_array();
    for (int i = 0; i < t->cache_count; i++) {
        const vg_cache *c = &t->caches[i];
        if (c->type == 'i')
            continue;
        json_t *one = json_object();
        json_object_set_new(one, "level", json_integer(c->level));
        vg_json_set_text(one, "type", c->type == 'd' ? "data" : "unified");
        json_object_set_new(one, "size", json_integer((json_int_t)c->bytes));
        vg_json_set_number(one, "held", held(c->level, threads));
        if (vg_cache_felt(c->level) < (double)c->bytes)
            vg_json_set_number(one, "reach", vg_cache_felt(c->level));
        json_array_append_new(array, one);
    }
    return array;
}

/* --- points --------------------------------------------------------------------------------- */

/* Bytes of the tensors that the row touches, each once. */
static double working_set(const vg_case *c)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(c->op, c->dir, &c->shape, list);
    double bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += 4.0 * (double)list[i].rows * (double)list[i].cols;
    return bytes;
}

static json_t *row_of(json_t *rows, const vg_kernel *kernel, int threads)
{
    char name[160];
    size_t i;
    json_t *row;
    snprintf(name, sizeof name, "%s/%s/%s/threads:%d", vg_op_name(kernel->op),
             vg_dir_name(kernel->dir), vg_backend_name(kernel->backend), threads);
    json_array_foreach(rows, i, row)
        if (!strcmp(vg_json_get_text(row, "kernel", ""), name))
            return row;
    row = json_object();
    vg_json_set_text(row, "kernel", name);
    vg_json_set_text(row, "op", vg_op_name(kernel->op));
    vg_json_set_text(row, "dir", vg_dir_name(kernel->dir));
    vg_json_set_text(row, "backend", vg_backend_name(kernel->backend));
    json_object_set_new(row, "omp_threads", json_integer(threads));
    json_object_set_new(row, "caches", caches_json(threads));
    json_object_set_new(row, "sizes", json_array());
    json_array_append_new(rows, row);
    return row;
}

static vg_status add_point(const vg_case *c, const vg_row_result *r, json_t *rows)
{
    vg_interval ci;
    size_t n = (size_t)r->count;
    double ns = vg_stat_median(r->samples, n);
    double bytes = vg_op_bytes(c->op, c->dir, &c->shape);
    VG_TRY(vg_stat_median_ci(r->samples, n, 0.95, 400, 1, &ci));
    json_t *p = json_object();
    vg_json_set_text(p, "name", r->name);
    vg_json_set_number(p, "working_set", working_set(c));
    vg_json_set_number(p, "bytes", bytes);
    vg_json_set_number(p, "ns", ns);
    json_object_set_new(p, "ci95_ns", vg_json_interval(ci.lo, ci.hi));
    json_object_set_new(p, "n", json_integer(r->count));
    vg_json_set_number(p, "bytes_per_s", 1e9 * bytes / ns);
    vg_json_set_number(p, "flops_per_s", 1e9 * vg_op_flops(c->op, c->dir, &c->shape) / ns);
    json_array_append_new(json_object_get(row_of(rows, r->kernel, c->threads), "sizes"), p);
    return VG_OK;
}

/* Rates on the steps of the stairs: the median over the sizes that are well within a level and well
 * beyond the one before. Below an eighth of the first level calls are felt more than caches. */
static void add_levels(json_t *row)
{
    json_t *levels = json_array(), *p;
    int threads = (int)vg_json_get_number(row, "omp_threads");
    double before = held(1, threads) / 16;
    for (int level = 1; level <= LEVELS + 1; level++) {
        double size = level <= LEVELS ? held(level, threads) : INFINITY, rates[64];
        size_t i, n = 0;
        if (!(size > 0))
            continue;
        json_array_foreach(json_object_get(row, "sizes"), i, p) {
            double set = vg_json_get_number(p, "working_set");
            if (set >= 2 * before && set <= 0.75 * size && n < 64)
                rates[n++] = vg_json_get_number(p, "bytes_per_s");
        }
        before = size;
        json_t *one = json_object();
        vg_json_set_text(one, "name",
                         level == 1   ? "L1"
                         : level == 2 ? "L2"
                         : level == 3 ? "L3"
                                      : "memory");
        vg_json_set_number(one, "bytes_per_s", n ? vg_stat_median(rates, n) : (double)NAN);
        json_object_set_new(one, "sizes", json_integer((json_int_t)n));
        if (!n)
            vg_json_set_text(one, "reason", "no size of the sweep lies in it");
        json_array_append_new(levels, one);
    }
    json_object_set_new(row, "levels", levels);
}

/* --- the sweep ------------------------------------------------------------------------------ */

/* Four times the last cache, 256 MiB at most, and what memory allows: a row has several tensors,
 * and rows of two backends stand side by side. */
static double largest_tensor(const vg_profile_query *query)
{
    const double most = 0x1p28;
    double last = held(3, 1) > 0 ? held(3, 1) : held(2, 1) > 0 ? held(2, 1) : 0x1p24;
    if (vg_reach_is_short(vg_reach_last())) /* a share of a cache has no sharp end */
        last = fmax(last, 0x1p23);
    double wanted = query->largest_mib > 0 ? 0x1p20 * (double)query->largest_mib
                                           : fmin(4 * last, most);
    return fmin(wanted, vg_memory_limit() / 16);
}

static vg_status make_cases(const vg_profile_query *query, vg_shape_list *shapes,
                            vg_case_list *cases)
{
    static const int one = 1;
    const vg_options *o = query->options;
    const char *backends = *vg_onednn_version() ? "best,onednn" : "best";
    VG_TRY(vg_sweep_working_sets(query->filter, largest_tensor(query), shapes));
    vg_case_query which = {shapes, query->filter, o->backend ? o->backend : backends,
                           o->threads_text ? o->thread_list : &one,
                           o->threads_text ? o->thread_count : 1};
    vg_status status = vg_cases_make(&which, cases);
    if (status)
        vg_shapes_release(shapes);
    return status;
}

static vg_status time_all(const vg_case_list *cases, bool quiet, json_t *rows)
{
    vg_progress progress;
    vg_sampling sampling = vg_sampling_default;
    vg_status status = VG_OK;
    sampling.seconds = 0.02;
    sampling.min_rounds = 7;
    sampling.batch_ns = 1e5;
    sampling.verify = false;
    vg_progress_begin(&progress, "working set", cases->count, quiet);
    for (int i = 0; i < cases->count && !status && !vg_interrupted(); i++) {
        char name[320];
        vg_case_result result;
        vg_case_format(&cases->items[i], name, sizeof name);
        vg_progress_step(&progress, i, name);
        status = vg_case_time(&cases->items[i], &sampling, &result);
        for (int k = 0; k < result.count && !status; k++)
            if (!result.rows[k].error[0] && result.rows[k].count > 1)
                status = add_point(&cases->items[i], &result.rows[k], rows);
        vg_case_result_release(&result);
    }
    vg_progress_end(&progress);
    return status;
}

vg_status vg_profile_sets(const vg_profile_query *query, json_t **record)
{
    vg_shape_list shapes;
    vg_case_list cases;
    char text[240];
    size_t i;
    if (query->words.count)
        return vg_fail(VG_EINVAL, "--working-set is of kernels: choose them by --filter, '%s' is a "
                                  "word of a spec", query->words.items[0]);
    VG_TRY(make_cases(query, &shapes, &cases));
    json_t *rows = json_array(), *row;
    vg_status status = time_all(&cases, query->options->quiet, rows);
    vg_cases_release(&cases);
    vg_shapes_release(&shapes);
    if (status) {
        json_decref(rows);
        return status;
    }
    json_array_foreach(rows, i, row)
        add_levels(row);
    *record = json_object();
    vg_json_set_text(*record, "kind", "working_set");
    vg_json_set_number(*record, "largest_tensor", largest_tensor(query));
    if (vg_reach_is_short(vg_reach_last()))
        vg_json_set_text(*record, "last_cache",
                         vg_reach_text(vg_reach_last(), text, sizeof text));
    json_object_set_new(*record, "rows", rows);
    return VG_OK;
}

/* --- table ---------------------------------------------------------------------------------- */

enum { COLUMNS = 5 };

static void print_levels(FILE *out, vg_format format, int width, const json_t *row)
{
    char text[COLUMNS][32];
    const char *cells[COLUMNS] = {vg_json_get_text(row, "kernel", "?"), "-", "-", "-", "-"};
    static const char *const names[] = {"", "L1", "L2", "L3", "memory"};
    size_t i;
    json_t *level;
    json_array_foreach(json_object_get(row, "levels"), i, level)
        for (int c = 1; c < COLUMNS; c++) {
            double rate = vg_json_get_number(level, "bytes_per_s");
            if (!strcmp(vg_json_get_text(level, "name", ""), names[c]) && rate > 0) {
                snprintf(text[c], sizeof text[c], "%.1f", 1e-9 * rate);
                cells[c] = text[c];
            }
        }
    vg_profile_row(out, format, width, cells, COLUMNS);
}

static void print_sizes(FILE *out, const json_t *rows)
{
    size_t i, k;
    json_t *row, *p;
    fputs("kernel,working_set,bytes,ns,ns_lo,ns_hi,n,bytes_per_s\n", out);
    json_array_foreach(rows, i, row)
        json_array_foreach(json_object_get(row, "sizes"), k, p) {
            const json_t *ci = json_object_get(p, "ci95_ns");
            fprintf(out, "%s,%.0f,%.0f,%.6g,%.6g,%.6g,%.0f,%.6g\n",
                    vg_json_get_text(p, "name", ""), vg_json_get_number(p, "working_set"),
                    vg_json_get_number(p, "bytes"), vg_json_get_number(p, "ns"),
                    json_number_value(json_array_get(ci, 0)),
                    json_number_value(json_array_get(ci, 1)), vg_json_get_number(p, "n"),
                    vg_json_get_number(p, "bytes_per_s"));
        }
}

static double last_reach(const json_t *caches)
{
    return vg_json_get_number(json_array_get(caches, json_array_size(caches) - 1), "reach");
}

void vg_profile_sets_table(FILE *out, vg_format format, const json_t *record)
{
    static const char *const head[COLUMNS] = {"kernel", "L1 GB/s", "L2 GB/s", "L3 GB/s",
                                              "memory"};
    const json_t *rows = json_object_get(record, "rows"), *cache;
    size_t i;
    json_t *row;
    int width = 6;
    if (format == VG_FORMAT_CSV) {
        print_sizes(out, rows);
        return;
    }
    json_array_foreach(rows, i, row) {
        int n = (int)strlen(vg_json_get_text(row, "kernel", ""));
        width = n > width ? n : width;
    }
    vg_profile_row(out, format, width, head, COLUMNS);
    vg_profile_rule(out, format, COLUMNS);
    json_array_foreach(rows, i, row)
        print_levels(out, format, width, row);
    fprintf(out, "\nBytes of compulsory traffic per second, the median over the working sets that lie "
                 "between twice the level\nbefore and three quarters of this one; -: none of the "
                 "sweep does. Largest tensor: %.0f MiB. Caches:",
            vg_json_get_number(record, "largest_tensor") / 0x1p20);
    json_array_foreach(json_object_get(json_array_get(rows, 0), "caches"), i, cache)
        fprintf(out, "%s L%.0f %.0f KiB", i ? "," : "", vg_json_get_number(cache, "level"),
                vg_json_get_number(cache, "size") / 1024);
    fputs(".\n", out);
    if (json_object_get(record, "last_cache"))
        fprintf(out, "%s. Taken for %.3g MiB.\n", vg_json_get_text(record, "last_cache", ""),
                last_reach(json_object_get(json_array_get(rows, 0), "caches")) / 0x1p20);
}
