/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/rows.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 1000 };

const json_t *vg_doc_get(const json_t *root, const char *path)
{
    char key[64];
    while (root && *path) {
        size_t n = strcspn(path, ".");
        if (n >= sizeof key)
            return NULL;
        memcpy(key, path, n);
        key[n] = '\0';
        root = json_object_get(root, key);
        path += n + (path[n] == '.');
    }
    return root;
}

double vg_doc_num(const json_t *root, const char *path)
{
    const json_t *value = vg_doc_get(root, path);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

double vg_doc_bound(const json_t *interval, int end)
{
    const json_t *value = json_array_get(interval, (size_t)end);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *vg_doc_str(const json_t *root, const char *path)
{
    return json_string_value(vg_doc_get(root, path));
}

bool vg_doc_true(const json_t *root, const char *path)
{
    return json_is_true(vg_doc_get(root, path));
}

const char *vg_size_class_name(vg_size_class size)
{
    static const char *const names[] = {"L1", "L2", "L3", "DRAM", "size unknown"};
    return names[size];
}

/* --- one row ---------------------------------------------------------------------------------- */

static double unit_ns(const json_t *entry)
{
    const char *unit = vg_doc_str(entry, "time_unit");
    if (!unit || !strcmp(unit, "ns"))
        return 1;
    return !strcmp(unit, "us") ? 1e3 : !strcmp(unit, "ms") ? 1e6 : !strcmp(unit, "s") ? 1e9 : NAN;
}

int vg_row_samples(const json_t *entry, double **samples, int **process)
{
    const json_t *list = json_object_get(entry, "samples_ns");
    const json_t *who = json_object_get(entry, "samples_process");
    size_t n = json_array_size(list), room = n ? n : 1;
    if (process)
        *process = NULL;
    *samples = malloc(room * sizeof **samples);
    if (!*samples || n > INT_MAX)
        return 0;
    if (process && n && json_array_size(who) == n)
        *process = malloc(n * sizeof **process);
    int kept = 0;
    for (size_t i = 0; i < n; i++) {
        double x = json_number_value(json_array_get(list, i));
        if (!(x > 0) || !isfinite(x))
            continue;
        if (process && *process)
            (*process)[kept] = (int)json_integer_value(json_array_get(who, i));
        (*samples)[kept++] = x;
    }
    double real = vg_doc_num(entry, "real_time") * unit_ns(entry);
    if (!kept && real > 0 && isfinite(real))
        (*samples)[kept++] = real;
    return kept;
}

static vg_status row_time(vg_row *row)
{
    double *x;
    int *process;
    row->ns = (vg_estimate){NAN, NAN, NAN};
    row->n = vg_row_samples(row->entry, &x, &process);
    vg_samples s = {0};
    vg_status status = vg_samples_init(&s, x, process, row->n);
    if (status == VG_OK && row->n)
        row->ns = vg_samples_median(&s);
    vg_samples_release(&s);
    free(x);
    free(process);
    return status;
}

/* What stands after the third slash of "op/dir/backend/...". */
static const char *shape_part(const char *kernel)
{
    for (int i = 0; i < 3; i++) {
        const char *slash = strchr(kernel, '/');
        if (!slash)
            return "";
        kernel = slash + 1;
    }
    return kernel;
}

static int backend_index(const char *name)
{
    int i = 0;
    while (i < VG_BACKEND_COUNT && strcmp(name, vg_backend_name((vg_backend)i)) != 0)
        i++;
    return i;
}

static const char *str_or(const json_t *entry, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(entry, key));
    return s ? s : otherwise;
}

static int count_of(const json_t *entry, const char *key)
{
    double n = vg_doc_num(entry, key);
    return n >= 1 && n < 1e6 ? (int)n : 0;
}

static const char *cold_of(const json_t *entry)
{
    const char *mode = str_or(entry, "cold_cache", "");
    return strcmp(mode, "none") ? mode : "";
}

/* Files from before it was recorded say how many CPUs there were. */
static const char *crowd_of(const json_t *doc, const vg_row *row)
{
    bool more = row->threads > vg_doc_num(doc, "machine.cpu.allowed_cpus");
    return str_or(row->entry, "oversubscribed", more ? "more threads than CPUs" : "");
}

static vg_status read_row(const json_t *doc, const json_t *entry, vg_row *row)
{
    const json_t *verified = json_object_get(entry, "verified");
    const char *kernel = str_or(entry, "kernel", str_or(entry, "name", ""));
    *row = (vg_row){
        .entry = entry,
        .kernel = kernel,
        .op = str_or(entry, "op", ""),
        .dir = str_or(entry, "dir", ""),
        .backend = str_or(entry, "backend", ""),
        .shape = shape_part(kernel),
        .impl = str_or(entry, "impl", ""),
        .max_isa = str_or(entry, "max_isa", ""),
        .cold = cold_of(entry),
        .error = vg_doc_true(entry, "error_occurred")
                     ? str_or(entry, "error_message", "no reason given")
                     : "",
        .flops = vg_doc_num(entry, "flops"),
        .bytes = vg_doc_num(entry, "bytes"),
        .roof_fraction = vg_doc_num(entry, "roof_fraction"),
        .ulp = vg_doc_num(entry, "ulp_max"),
        .prepare_ns = vg_doc_num(entry, "prepare_ns"),
        .reference = vg_doc_true(entry, "reference"),
        .verified = json_is_true(verified)    ? 1
                    : json_is_false(verified) ? 0
                                              : -1,
    };
    const char *weights = vg_doc_str(entry, "shape.weights");
    row->weights = weights ? weights : "";
    row->index = backend_index(row->backend);
    row->used = count_of(entry, "omp_threads");
    row->threads = count_of(entry, "omp_threads_asked");
    if (!row->threads)
        row->threads = row->used;
    row->crowded = crowd_of(doc, row);
    if (row->verified == 0 && !*row->error)
        row->error = str_or(entry, "verify_reason", "failed verification");
    if (*row->error) {
        row->ns = (vg_estimate){NAN, NAN, NAN};
        return VG_OK;
    }
    return row_time(row);
}

/* --- cases ------------------------------------------------------------------------------------ */

static double cache_bytes(const json_t *doc, int level)
{
    const json_t *lists[] = {vg_doc_get(doc, "machine.caches"), vg_doc_get(doc, "context.caches")};
    for (int l = 0; l < 2; l++) {
        size_t i;
        json_t *cache;
        json_array_foreach(lists[l], i, cache) {
            const char *type = vg_doc_str(cache, "type");
            bool data = !type || (type[0] != 'I' && type[0] != 'i');
            if (data && vg_doc_num(cache, "level") == level && vg_doc_num(cache, "size") > 0)
                return vg_doc_num(cache, "size");
        }
    }
    return NAN;
}

static vg_size_class class_of(double bytes, const double caches[3])
{
    bool known = false;
    if (!(bytes >= 0))
        return VG_SIZE_UNKNOWN;
    for (int level = 0; level < 3; level++) {
        known = known || caches[level] > 0;
        if (bytes <= caches[level])
            return (vg_size_class)level;
    }
    return known ? VG_SIZE_DRAM : VG_SIZE_UNKNOWN;
}

vg_size_class vg_doc_size_class(const json_t *doc, double bytes)
{
    const double caches[3] = {cache_bytes(doc, 1), cache_bytes(doc, 2), cache_bytes(doc, 3)};
    return class_of(bytes, caches);
}

double vg_rows_floor(const vg_rows *rows, const vg_row *row)
{
    char key[32];
    if (*row->crowded)
        return NAN;
    snprintf(key, sizeof key, "%d", row->threads);
    double floor = vg_doc_num(vg_doc_get(rows->doc, "noise.by_threads"), key);
    return isnan(floor) ? rows->floor : floor;
}

vg_estimate vg_row_ratio(const vg_row *own, const vg_row *base, bool paired, int *processes)
{
    double *a, *b, draws[DRAWS], mid = NAN;
    int *pa, *pb;
    int na = vg_row_samples(own->entry, &a, &pa), nb = vg_row_samples(base->entry, &b, &pb);
    vg_samples s = {0}, t = {0};
    uint64_t seed = vg_seed_of(own->kernel);
    if (paired && na == nb && na > 1) {
        for (int i = 0; i < na; i++)
            a[i] = log(b[i] / a[i]);
        if (vg_samples_init(&s, a, pa, na) == VG_OK)
            mid = vg_bootstrap_median(&s, seed, draws, DRAWS);
    } else if (vg_samples_init(&s, a, pa, na) == VG_OK && vg_samples_init(&t, b, pb, nb) == VG_OK) {
        mid = vg_bootstrap_ratio(&t, &s, seed, draws, DRAWS);
    }
    vg_estimate ln = {mid, NAN, NAN};
    if (!isnan(mid))
        ln = vg_draws_interval(draws, DRAWS, mid);
    if (processes)
        *processes = s.groups;
    vg_samples_release(&s);
    vg_samples_release(&t);
    free(a);
    free(b);
    free(pa);
    free(pb);
    return (vg_estimate){exp(ln.mid), exp(ln.lo), exp(ln.hi)};
}

/* The ratio the program itself recorded for this pair, which is what its user saw; its verdict only
 * where the floor it was reached with is there to be seen. */
static bool recorded_ratio(const vg_row *own, vg_problem *c, double floor)
{
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(own->entry, "ratios"), i, r) {
        const char *base = vg_doc_str(r, "base");
        const json_t *ci = json_object_get(r, "ci95");
        if (!base || strcmp(base, "onednn") != 0 || !(vg_doc_num(r, "ratio") > 0) ||
            !json_is_number(json_array_get(ci, 0)) || !json_is_number(json_array_get(ci, 1)))
            continue;
        c->ratio = (vg_estimate){vg_doc_num(r, "ratio"), json_number_value(json_array_get(ci, 0)),
                                 json_number_value(json_array_get(ci, 1))};
        double pairs = vg_doc_num(r, "pairs");
        c->pairs = pairs > 0 && pairs < INT_MAX ? (int)pairs : 0;
        const char *verdict = isnan(floor) ? NULL : vg_doc_str(r, "verdict");
        for (int v = VG_FASTER; v <= VG_AMBIGUOUS && verdict; v++)
            if (!strcmp(verdict, vg_verdict_name((vg_verdict)v)))
                c->verdict = (vg_verdict)v;
        bool wide = c->ratio.lo < 1 / (1 + VG_SAME_AT_MOST) || c->ratio.hi > 1 + VG_SAME_AT_MOST;
        if (c->verdict == VG_VERDICT_NONE || (c->verdict == VG_SAME && wide))
            c->verdict = vg_verdict_of(c->ratio, floor);
        return true;
    }
    return false;
}

static void judge(vg_rows *rows, vg_problem *c)
{
    static const vg_backend order[] = {VG_BACKEND_avx512, VG_BACKEND_avx2, VG_BACKEND_neon,
                                       VG_BACKEND_scalar};
    c->own = -1;
    for (int i = 0; i < 4 && c->own < 0; i++)
        c->own = c->rows[order[i]];
    c->base = c->rows[VG_BACKEND_onednn];
    c->ratio = (vg_estimate){NAN, NAN, NAN};
    c->sd = NAN;
    const vg_row *own = c->own >= 0 ? &rows->rows[c->own] : NULL;
    const vg_row *base = c->base >= 0 ? &rows->rows[c->base] : NULL;
    c->why_none = !own           ? "no own row"
                  : !base        ? "no oneDNN row"
                  : *own->error  ? own->error
                  : *base->error ? base->error
                                 : NULL;
    if (c->why_none)
        return;
    c->floor = vg_rows_floor(rows, own);
    c->crowded = own->crowded;
    if (!recorded_ratio(own, c, c->floor)) {
        c->ratio = vg_row_ratio(own, base, true, &c->processes);
        c->pairs = own->n < base->n ? own->n : base->n;
        c->verdict = vg_verdict_of(c->ratio, c->floor);
    }
    if (!isfinite(c->ratio.mid))
        c->why_none = "not timed";
    if (base->reference) {
        c->why_none = "oneDNN runs reference code";
        c->verdict = VG_VERDICT_NONE;
    }
    c->sd = (log(c->ratio.hi) - log(c->ratio.lo)) / (2 * 1.96);
}

static vg_problem *case_for(vg_rows *rows, json_t *places, const vg_row *row)
{
    size_t size = strlen(row->op) + strlen(row->dir) + strlen(row->shape) + strlen(row->max_isa) +
                  strlen(row->cold) + 9;
    char *key = malloc(size);
    if (!key)
        return NULL;
    snprintf(key, size, "%s/%s/%s/%s/%s", row->op, row->dir, row->shape, row->max_isa, row->cold);
    json_t *place = json_object_get(places, key);
    int index = place ? (int)json_integer_value(place) : rows->case_count;
    if (!place && !json_object_set_new(places, key, json_integer(index))) {
        vg_problem *c = &rows->cases[rows->case_count++];
        *c = (vg_problem){.any = (int)(row - rows->rows), .crowded = ""};
        for (int i = 0; i < VG_BACKEND_COUNT; i++)
            c->rows[i] = -1;
    }
    free(key);
    return &rows->cases[index];
}

vg_status vg_rows_collect(const json_t *doc, vg_rows *rows)
{
    const json_t *list = json_object_get(doc, "benchmarks");
    size_t n = json_array_size(list), i;
    *rows = (vg_rows){.doc = doc, .floor = vg_doc_num(doc, "noise.floor")};
    rows->rows = calloc(n + 1, sizeof *rows->rows);
    rows->cases = calloc(n + 1, sizeof *rows->cases);
    json_t *places = json_object(), *entry;
    if (!rows->rows || !rows->cases || !places || n >= INT_MAX) {
        json_decref(places);
        vg_rows_release(rows);
        return vg_fail(VG_ENOMEM, "no memory for %zu rows", n);
    }
    double caches[3] = {cache_bytes(doc, 1), cache_bytes(doc, 2), cache_bytes(doc, 3)};
    vg_status status = VG_OK;
    json_array_foreach(list, i, entry) {
        const char *type = vg_doc_str(entry, "run_type");
        if (type && !strcmp(type, "aggregate"))
            continue;
        vg_row *row = &rows->rows[rows->count];
        status = read_row(doc, entry, row);
        if (status != VG_OK)
            break;
        vg_problem *c = case_for(rows, places, row);
        if (!c) {
            status = vg_fail(VG_ENOMEM, "no memory for %zu rows", n);
            break;
        }
        if (row->index < VG_BACKEND_COUNT) {
            if (c->rows[row->index] >= 0) {
                rows->duplicates++;
                continue;
            }
            c->rows[row->index] = rows->count;
        }
        c->size = class_of(row->bytes, caches);
        rows->count++;
    }
    json_decref(places);
    for (int k = 0; k < rows->case_count && status == VG_OK; k++)
        judge(rows, &rows->cases[k]);
    if (status != VG_OK)
        vg_rows_release(rows);
    return status;
}

void vg_rows_release(vg_rows *rows)
{
    free(rows->rows);
    free(rows->cases);
    rows->rows = NULL;
    rows->cases = NULL;
    rows->count = rows->case_count = 0;
}

/* --- looking at rows -------------------------------------------------------------------------- */

const vg_row *vg_problem_row(const vg_rows *rows, const vg_problem *c)
{
    return &rows->rows[c->own >= 0 ? c->own : c->any];
}

int vg_row_family(const vg_row *row)
{
    vg_op op = vg_op_by_name(row->op);
    return op == VG_OP_none ? VG_FAMILIES - 1 : (int)vg_op_family(op);
}

const char *vg_row_family_name(int family)
{
    static const char *const names[VG_FAMILIES] = {
        [VG_FAMILY_DENSE] = "dense",         [VG_FAMILY_ACTIVATION] = "activation",
        [VG_FAMILY_NORM] = "norm",           [VG_FAMILY_RESIDUAL] = "residual",
        [VG_FAMILY_LOSS] = "loss",           [VG_FAMILY_OPTIMIZER] = "optimizer",
        [VG_FAMILY_RECURRENT] = "recurrent", [VG_FAMILIES - 1] = "other"};
    return names[family];
}

bool vg_row_by_flops(const vg_row *row)
{
    int family = vg_row_family(row);
    return family == VG_FAMILY_DENSE || family == VG_FAMILY_RECURRENT;
}

double vg_row_rate(const vg_row *row)
{
    return (vg_row_by_flops(row) ? row->flops : row->bytes) / row->ns.mid;
}

const char *vg_row_rate_unit(const vg_row *row)
{
    return vg_row_by_flops(row) ? "GFLOP/s" : "GB/s";
}
