/* SPDX-License-Identifier: Apache-2.0 */
#include "results/results.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "measure/machine.h"
#include "measure/topology.h"
#include "revision.h"

/* --- building ------------------------------------------------------------------------------ */

json_t *vg_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void vg_json_set_number(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, vg_json_number(value));
}

void vg_json_set_text(json_t *object, const char *key, const char *text)
{
    /* A text that is no UTF-8 (a host name, a path) must not make the document invalid. */
    json_t *value = text ? json_string(text) : json_null();
    json_object_set_new(object, key, value ? value : json_null());
}

json_t *vg_json_interval(double lo, double hi)
{
    return json_pack("[oo]", vg_json_number(lo), vg_json_number(hi));
}

double vg_json_bound(const json_t *interval, int end)
{
    const json_t *value = json_array_get(interval, (size_t)end);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

json_t *vg_json_numbers(const double *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, vg_json_number(values[i]));
    return array;
}

double vg_json_get_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const char *vg_json_get_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

static json_t *caches(void)
{
    const vg_topology *t = vg_topology_get();
    json_t *array = json_array();
    for (int i = 0; i < t->cache_count; i++) {
        const vg_cache *c = &t->caches[i];
        const char *type = c->type == 'd' ? "Data" : c->type == 'i' ? "Instruction" : "Unified";
        json_array_append_new(array,
                              json_pack("{ss si sI si}", "type", type, "level", c->level, "size",
                                        (json_int_t)c->bytes, "num_sharing", c->shared_by));
    }
    return array;
}

json_t *vg_results_context(void)
{
    char date[40], host[128] = "unknown", path[1024] = "vgbench";
    time_t now = time(NULL);
    struct tm local;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S%z", localtime_r(&now, &local));
    size_t length = strlen(date); /* +0000 -> +00:00 */
    memmove(date + length - 1, date + length - 2, 3);
    date[length - 2] = ':';
    gethostname(host, sizeof host - 1);
    ssize_t got = readlink("/proc/self/exe", path, sizeof path - 1);
    if (got > 0)
        path[got] = '\0';
    double load[3] = {0};
    int loads = getloadavg(load, 3);
    json_t *context = json_object();
    vg_json_set_text(context, "date", date);
    vg_json_set_text(context, "host_name", host);
    const char *slash = strrchr(path, '/'); /* where it lies on this machine is nobody's business */
    vg_json_set_text(context, "executable", slash ? slash + 1 : path);
    json_object_set_new(context, "num_cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(context, "mhz_per_cpu", json_integer((json_int_t)(vg_cpu_mhz() + 0.5)));
    json_object_set_new(context, "cpu_scaling_enabled", json_boolean(vg_cpu_scaling()));
    json_object_set_new(context, "caches", caches());
    json_object_set_new(context, "load_avg", vg_json_numbers(load, loads > 0 ? (size_t)loads : 0));
#ifdef NDEBUG
    vg_json_set_text(context, "library_build_type", "release");
#else
    vg_json_set_text(context, "library_build_type", "debug");
#endif
    return context;
}

static json_t *generator(void)
{
    json_t *o = json_pack("{ssss}", "name", "vgbench", "version", VG_VERSION);
    vg_json_set_text(o, "commit", *VG_COMMIT ? VG_COMMIT : NULL);
    json_object_set_new(o, "dirty", VG_DIRTY < 0 ? json_null() : json_boolean(VG_DIRTY));
    return o;
}

json_t *vg_results_new(const char *suite, const char *command)
{
    json_t *results = json_object();
    json_object_set_new(results, "schema_version", json_integer(VG_SCHEMA_VERSION));
    json_object_set_new(results, "generator", generator());
    vg_json_set_text(results, "suite", suite);
    vg_json_set_text(results, "command", command);
    json_object_set_new(results, "context", vg_results_context());
    json_object_set_new(results, "machine", vg_machine_json());
    json_object_set_new(results, "benchmarks", json_array());
    return results;
}

/* --- files --------------------------------------------------------------------------------- */

static vg_status io_error(const char *path, const char *what)
{
    return vg_fail(VG_EIO, "%s: %s: %s", path, what, strerror(errno));
}

char *vg_results_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    const char *dot = strrchr(file, '.');
    size_t length = dot && dot > file ? (size_t)(dot - file) : strlen(file);
    if (!strncmp(file, "results.", 8) && slash && slash > path) {
        const char *start = slash;
        while (start > path && start[-1] != '/')
            start--;
        file = start;
        length = (size_t)(slash - start);
    }
    return strndup(file, length);
}

vg_status vg_results_save(const json_t *results, const char *path)
{
    char *text = json_dumps(results, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    if (!text)
        return vg_fail(VG_ENOMEM, "%s: out of memory", path);
    size_t size = strlen(text);
    text[size] = '\n'; /* in the place of the terminator: text files end in a newline */
    vg_status status = vg_file_save(path, text, size + 1);
    free(text);
    return status;
}

/* --- reading ------------------------------------------------------------------------------- */

typedef enum value_kind { OBJECT, ARRAY, EITHER, STRING, NUMBER, BOOLEAN } value_kind;

static const char *const kind_names[] = {
    "an object", "an array", "an object or an array", "a text", "a number or null", "true or false",
};

typedef struct rule {
    const char *key;
    value_kind kind;
    bool required;
} rule;

static const rule document_rules[] = {
    {"schema_version", NUMBER, true}, {"context", OBJECT, true},
    {"benchmarks", ARRAY, true},      {"generator", OBJECT, false},
    {"suite", STRING, false},         {"command", STRING, false},
    {"partial", BOOLEAN, false},      {"noise", OBJECT, false},
    {"machine", OBJECT, false},       {"verify", ARRAY, false},
    {"profile", EITHER, false},       {"roofline", EITHER, false},
    {"decay", ARRAY, false},          {"train", ARRAY, false},
    {"race", ARRAY, false},           {NULL, OBJECT, false},
};

static const rule benchmark_rules[] = {
    {"name", STRING, true},        {"run_type", STRING, false},
    {"kernel", STRING, false},     {"op", STRING, false},
    {"dir", STRING, false},        {"backend", STRING, false},
    {"shape", OBJECT, false},      {"omp_threads", NUMBER, false},
    {"impl", STRING, false},       {"real_time", NUMBER, false},
    {"cpu_time", NUMBER, false},   {"time_unit", STRING, false},
    {"ulp_max", NUMBER, false},    {"samples_ns", ARRAY, false},
    {"prepare_ns", NUMBER, false}, {"flops", NUMBER, false},
    {"bytes", NUMBER, false},      {"error_occurred", BOOLEAN, false},
    {NULL, OBJECT, false},
};

static const rule verify_rules[] = {
    {"op", STRING, true},     {"dir", STRING, true},       {"backend", STRING, true},
    {"cases", NUMBER, false}, {"failures", NUMBER, false}, {"ulp_max", NUMBER, false},
    {NULL, OBJECT, false},
};

static const rule decay_rules[] = {
    {"spec", OBJECT, true},     {"layers", ARRAY, true},     {"rate", EITHER, false},
    {"verdict", STRING, false}, {"survival", NUMBER, false}, {NULL, OBJECT, false},
};

static const rule train_rules[] = {
    {"spec", OBJECT, true},
    {"steps", ARRAY, true},
    {NULL, OBJECT, false},
};

static bool is_kind(const json_t *value, value_kind kind)
{
    switch (kind) {
    case OBJECT:
        return json_is_object(value);
    case ARRAY:
        return json_is_array(value);
    case EITHER:
        return json_is_object(value) || json_is_array(value) || json_is_null(value);
    case STRING:
        return json_is_string(value);
    case NUMBER:
        return json_is_number(value) || json_is_null(value);
    case BOOLEAN:
        return json_is_boolean(value);
    }
    return false;
}

static vg_status check_object(const json_t *object, const rule *rules, const char *what,
                              const char *where)
{
    if (!json_is_object(object))
        return vg_fail(VG_EFORMAT, "%s: %s is not an object", what, where);
    for (const rule *r = rules; r->key; r++) {
        const json_t *value = json_object_get(object, r->key);
        if (!value && r->required)
            return vg_fail(VG_EFORMAT, "%s: %s has no '%s': not a results file of vgbench", what,
                           where, r->key);
        if (value && !is_kind(value, r->kind))
            return vg_fail(VG_EFORMAT, "%s: '%s' of %s must be %s", what, r->key, where,
                           kind_names[r->kind]);
    }
    return VG_OK;
}

static vg_status check_items(const json_t *results, const char *key, const rule *rules,
                             const char *what)
{
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(results, key), index, item) {
        char where[64];
        snprintf(where, sizeof where, "%s[%zu]", key, index);
        VG_TRY(check_object(item, rules, what, where));
    }
    return VG_OK;
}

static vg_status check_samples(const json_t *results, const char *what)
{
    size_t index, k;
    json_t *item, *sample;
    json_array_foreach(json_object_get(results, "benchmarks"), index, item)
        json_array_foreach(json_object_get(item, "samples_ns"), k, sample)
            if (!json_is_number(sample) || !(json_number_value(sample) > 0))
                return vg_fail(VG_EFORMAT,
                               "%s: benchmarks[%zu].samples_ns[%zu] must be a number above 0", what,
                               index, k);
    return VG_OK;
}

vg_status vg_results_check(const json_t *results, const char *what)
{
    VG_TRY(check_object(results, document_rules, what, "the document"));
    const json_t *version = json_object_get(results, "schema_version");
    if (!json_is_integer(version) || json_integer_value(version) < 1)
        return vg_fail(VG_EFORMAT, "%s: schema_version must be a whole number of at least 1", what);
    if (json_integer_value(version) > VG_SCHEMA_VERSION)
        return vg_fail(VG_EFORMAT,
                       "%s: schema_version %lld is newer than %d, which this vgbench reads; use a "
                       "newer vgbench",
                       what, (long long)json_integer_value(version), VG_SCHEMA_VERSION);
    VG_TRY(check_items(results, "benchmarks", benchmark_rules, what));
    VG_TRY(check_samples(results, what));
    VG_TRY(check_items(results, "verify", verify_rules, what));
    VG_TRY(check_items(results, "decay", decay_rules, what));
    return check_items(results, "train", train_rules, what);
}

static vg_status parse_error(const char *path, const json_error_t *error)
{
    if (json_error_code(error) == json_error_premature_end_of_input)
        return vg_fail(VG_EFORMAT, "%s: truncated in line %d", path, error->line);
    if (json_error_code(error) == json_error_cannot_open_file)
        return io_error(path, "cannot be read");
    return vg_fail(VG_EFORMAT, "%s:%d:%d: not JSON: %s", path, error->line, error->column,
                   error->text);
}

vg_status vg_results_load(const char *path, json_t **results)
{
    json_error_t error;
    struct stat info;
    *results = NULL;
    if (!strcmp(path, "-")) {
        *results = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
    } else {
        if (stat(path, &info))
            return io_error(path, "cannot be read");
        if (S_ISDIR(info.st_mode))
            return vg_fail(VG_EIO, "%s: is a folder; name its results.json", path);
        if (info.st_size == 0)
            return vg_fail(VG_EFORMAT, "%s: is empty", path);
        *results = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    }
    if (!*results)
        return parse_error(path, &error);
    if (json_is_object(*results) && !json_object_get(*results, "schema_version") &&
        json_object_get(*results, "context") && json_object_get(*results, "benchmarks"))
        json_object_set_new(*results, "schema_version", json_integer(VG_SCHEMA_VERSION));
    vg_status status = vg_results_check(*results, path);
    if (status) {
        json_decref(*results);
        *results = NULL;
    }
    return status;
}
