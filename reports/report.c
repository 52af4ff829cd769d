/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/parts.h"

/* --- checks ----------------------------------------------------------------------------------- */

typedef enum kind { OBJECT = 1, ARRAY = 2 } kind;

static const struct {
    const char *key;
    int kinds;
    bool of_objects; /* members of the array are objects */
} members[] = {
    {"context", OBJECT, false},
    {"benchmarks", ARRAY, true},
    {"generator", OBJECT, false},
    {"machine", OBJECT, false},
    {"noise", OBJECT, false},
    {"verify", ARRAY, true},
    {"decay", ARRAY, true},
    {"roofline", OBJECT | ARRAY, false},
    {"race", ARRAY, true},
    {"train", ARRAY, true},
    {"profile", OBJECT | ARRAY, false},
};

static vg_status check_member(const json_t *results, const char *key, int kinds, bool of_objects)
{
    const json_t *part = json_object_get(results, key);
    size_t i;
    json_t *item;
    if (!part || json_is_null(part))
        return VG_OK;
    if (!(json_is_object(part) && (kinds & OBJECT)) && !(json_is_array(part) && (kinds & ARRAY)))
        return vg_fail(VG_EFORMAT, "'%s' must be %s", key,
                       kinds == OBJECT  ? "an object"
                       : kinds == ARRAY ? "an array"
                                        : "an object or an array");
    if (!of_objects)
        return VG_OK;
    json_array_foreach(part, i, item) {
        if (!json_is_object(item))
            return vg_fail(VG_EFORMAT, "'%s[%zu]' must be an object", key, i);
    }
    return VG_OK;
}

vg_status vg_report_check(const json_t *results)
{
    if (!json_is_object(results))
        return vg_fail(VG_EFORMAT, "not a results document: the top level must be an object");
    const json_t *version = json_object_get(results, "schema_version");
    if (version && !json_is_integer(version))
        return vg_fail(VG_EFORMAT, "'schema_version' must be an integer");
    if (version &&
        (json_integer_value(version) < 1 || json_integer_value(version) > VG_REPORT_SCHEMA))
        return vg_fail(VG_EFORMAT,
                       "schema_version %" JSON_INTEGER_FORMAT
                       " is not known here (1 to %d are): a newer vgbench wrote the file",
                       json_integer_value(version), VG_REPORT_SCHEMA);
    if (!version && !json_object_get(results, "benchmarks"))
        return vg_fail(VG_EFORMAT,
                       "not a results document: neither 'schema_version' nor 'benchmarks'");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        VG_TRY(check_member(results, members[i].key, members[i].kinds, members[i].of_objects));
    return VG_OK;
}

/* --- rendering -------------------------------------------------------------------------------- */

/* Which profiles a part belongs to. */
enum { PERFORMANCE = 1, DECAY = 2, BOTH = 3 };

static const struct {
    vg_part_fn *write;
    int profiles;
} parts[] = {
    {vg_part_head, BOTH},
    {vg_part_verdict, BOTH},
    {vg_part_scorecard, PERFORMANCE},
    {vg_part_machine, BOTH},
    {vg_part_software, BOTH},
    {vg_part_noise, PERFORMANCE},
    {vg_part_method, BOTH},
    {vg_part_results, PERFORMANCE},
    {vg_part_cache, PERFORMANCE},
    {vg_part_roofline, PERFORMANCE},
    {vg_part_accuracy, PERFORMANCE},
    {vg_part_decay, DECAY},
    {vg_part_anomalies, BOTH},
    {vg_part_reproduce, BOTH},
};

static const char *name_of(const json_t *doc)
{
    const char *host = vg_doc_str(doc, "machine.host");
    host = host ? host : vg_doc_str(doc, "context.host_name");
    return host ? host : "results";
}

/* Documents are called by their hosts where all of them differ, else by the names given (files). */
static bool hosts_differ(const vg_report *report)
{
    for (int d = 0; d < report->count; d++)
        for (int e = 0; e < d; e++)
            if (!strcmp(name_of(report->docs[d]), name_of(report->docs[e])))
                return false;
    return true;
}

static vg_status write_parts(vg_report *report)
{
    static const int wanted[] = {
        [VG_REPORT_ALL] = BOTH, [VG_REPORT_PERFORMANCE] = PERFORMANCE, [VG_REPORT_DECAY] = DECAY};
    const char *const *names = hosts_differ(report) ? NULL : report->options->names;
    for (int d = 0; d < report->count; d++) {
        report->names[d] = names && names[d] ? names[d] : name_of(report->docs[d]);
        VG_TRY(vg_rows_collect(report->docs[d], &report->rows[d]));
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].profiles & wanted[report->options->profile])
            VG_TRY(parts[i].write(report));
    if (report->out.failed)
        return vg_fail(VG_ENOMEM, "no memory for the report");
    return VG_OK;
}

static vg_status render(json_t *const results[], int count, const vg_report_options *options,
                        vg_plots *plots, vg_text *out)
{
    static const vg_report_options none = {.profile = VG_REPORT_ALL};
    if (count < 1)
        return vg_fail(VG_EINVAL, "a report needs at least one results document");
    for (int d = 0; d < count; d++)
        VG_TRY(vg_report_check(results[d]));
    vg_report report = {
        .docs = results, .count = count, .options = options ? options : &none, .plots = plots};
    report.rows = calloc((size_t)count, sizeof *report.rows);
    report.names = calloc((size_t)count, sizeof *report.names);
    vg_status status = report.rows && report.names
                           ? write_parts(&report)
                           : vg_fail(VG_ENOMEM, "no memory for %d documents", count);
    for (int d = 0; d < count && report.rows; d++)
        vg_rows_release(&report.rows[d]);
    free(report.rows);
    free(report.names);
    if (status != VG_OK)
        free(report.out.p);
    else
        *out = report.out;
    return status;
}

vg_status vg_report_render(json_t *const results[], int count, const vg_report_options *options,
                           char **text)
{
    vg_text out = {0};
    *text = NULL;
    VG_TRY(render(results, count, options, NULL, &out));
    *text = out.p;
    return VG_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

enum { PATH_ROOM = 4096 };

/* Length of the folder of @p path, its slash included. */
static int folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

static vg_status plots_for(const char *path, const vg_report_options *options, char dir[PATH_ROOM],
                           vg_plots *plots)
{
    if (snprintf(dir, PATH_ROOM, "%.*splots", folder_of(path), path) >= PATH_ROOM - 100)
        return vg_fail(VG_EINVAL, "path is too long: %.100s...", path);
    *plots = (vg_plots){.dir = dir,
                        .link = "plots",
                        .gnuplot = options && options->gnuplot ? options->gnuplot : "gnuplot",
                        .timeout_s =
                            options && options->plot_timeout_s > 0 ? options->plot_timeout_s : 20};
    return VG_OK;
}

static vg_status write_one(json_t *const results[], int count, const vg_report_options *options,
                           vg_plots *plots, const char *path)
{
    vg_text out = {0};
    bool draw = !options || !options->no_plots;
    VG_TRY(render(results, count, options, draw ? plots : NULL, &out));
    vg_status status = vg_file_write(path, out.p, out.len);
    free(out.p);
    return status;
}

vg_status vg_report_write(json_t *const results[], int count, const vg_report_options *options,
                          const char *path)
{
    char dir[PATH_ROOM];
    vg_plots plots;
    VG_TRY(plots_for(path, options, dir, &plots));
    vg_status status = write_one(results, count, options, &plots, path);
    vg_plots_release(&plots);
    return status;
}

const char *vg_report_suffix(vg_report_profile profile)
{
    static const char *const suffixes[] = {"", "-performance", "-decay"};
    return suffixes[profile];
}

vg_status vg_report_write_all(json_t *const results[], int count, const vg_report_options *options,
                              const char *path)
{
    char dir[PATH_ROOM], stem[256], file[PATH_ROOM];
    vg_plots plots;
    vg_report_options each = options ? *options : (vg_report_options){0};
    int folder = folder_of(path), length = (int)strlen(path + folder);
    if (length > 3 && !strcmp(path + folder + length - 3, ".md"))
        length -= 3;
    if (snprintf(stem, sizeof stem, "%.*s", length, path + folder) >= (int)sizeof stem)
        return vg_fail(VG_EINVAL, "path is too long: %.100s...", path);
    VG_TRY(plots_for(path, options, dir, &plots));
    each.siblings = stem;
    vg_status status = VG_OK;
    for (int p = VG_REPORT_ALL; p <= VG_REPORT_DECAY && status == VG_OK; p++) {
        each.profile = (vg_report_profile)p;
        snprintf(file, sizeof file, "%.*s%s%s.md", folder, path, stem,
                 vg_report_suffix(each.profile));
        status = write_one(results, count, &each, &plots, p == VG_REPORT_ALL ? path : file);
    }
    vg_plots_release(&plots);
    return status;
}
