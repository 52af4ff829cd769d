/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/dump.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/data/npy.h"
#include "harness/net_internal.h"
#include "results/results.h"

enum { PATH = 4096 };

vg_status vg_make_folder(const char *dir)
{
    char path[PATH];
    if (strlen(dir) >= sizeof path)
        return vg_fail(VG_EINVAL, "a path of more than %d characters", PATH - 1);
    strcpy(path, dir);
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0777);
            *p = '/';
        }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return vg_fail(VG_EIO, "%s: cannot be made: %s", dir, strerror(errno));
    return VG_OK;
}

vg_status vg_dump_json(const char *dir, const char *name, const json_t *value)
{
    char path[PATH];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return vg_fail(VG_EINVAL, "a path of more than %d characters", PATH - 1);
    char *text = json_dumps(value, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    if (!text)
        return vg_fail(VG_ENOMEM, "out of memory for %s", name);
    vg_status status = vg_file_save(path, text, strlen(text));
    free(text);
    return status;
}

/* --- the folder ---------------------------------------------------------------------------- */

static bool is_dumped(const char *name)
{
    size_t n = strlen(name);
    return (n > 4 && !strcmp(name + n - 4, ".npy")) || !strcmp(name, "manifest.json") ||
           !strcmp(name, "index.json");
}

/* 0001, 0002, ...: a point of a sweep */
static bool is_point(const char *name)
{
    return strlen(name) >= 4 && strspn(name, "0123456789") == strlen(name);
}

/* Counts the files of a dump in @p dir, and in those of its points, and deletes them if asked to. */
static long clear(const char *dir, bool points, bool replace)
{
    DIR *folder = opendir(dir);
    long found = 0;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        char path[PATH];
        if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path)
            continue;
        if (points && is_point(e->d_name)) {
            found += clear(path, false, replace);
            if (replace)
                rmdir(path); /* stays where it holds anything else */
        } else if (is_dumped(e->d_name)) {
            found++;
            if (replace)
                unlink(path);
        }
    }
    if (folder)
        closedir(folder);
    return found;
}

vg_status vg_dump_prepare(const char *dir, bool replace)
{
    VG_TRY(vg_make_folder(dir));
    if (clear(dir, true, replace) && !replace)
        return vg_fail(VG_EINVAL, "--dump=%s: holds a dump already; --force replaces it", dir);
    return VG_OK;
}

/* --- tensors ------------------------------------------------------------------------------- */

typedef struct dump {
    const char *dir;
    json_t *tensors; /* name: [rows, cols] */
} dump;

static vg_status write_steps(dump *d, const char *name, const char *type, const void *data,
                             int64_t steps, int64_t rows, int64_t cols)
{
    char path[PATH];
    if (snprintf(path, sizeof path, "%s/%s.npy", d->dir, name) >= (int)sizeof path)
        return vg_fail(VG_EINVAL, "a path of more than %d characters", PATH - 1);
    VG_TRY(vg_npy_write_steps(path, type, data, steps, rows, cols));
    json_t *shape = json_array();
    if (steps)
        json_array_append_new(shape, json_integer(steps));
    if (rows)
        json_array_append_new(shape, json_integer(rows));
    if (cols)
        json_array_append_new(shape, json_integer(cols));
    json_object_set_new(d->tensors, name, shape);
    return VG_OK;
}

static vg_status write_tensor(dump *d, const char *name, const char *type, const void *data,
                              int64_t rows, int64_t cols)
{
    return write_steps(d, name, type, data, 0, rows, cols);
}

/* Gradients leave without the loss scale. */
static vg_status write_gradient(dump *d, const vg_named *t, double scale)
{
    int64_t count = (t->rows ? t->rows : 1) * t->cols;
    float *copy = malloc((size_t)count * sizeof *copy);
    if (!copy)
        return vg_fail(VG_ENOMEM, "out of memory for %s", t->name);
    for (int64_t i = 0; i < count; i++)
        copy[i] = (float)(t->p[i] / scale);
    vg_status status = write_tensor(d, t->name, "<f4", copy, t->rows, t->cols);
    free(copy);
    return status;
}

static vg_status write_target(dump *d, const vg_net *net)
{
    const vg_spec *s = &net->spec;
    if (s->loss == VG_OP_mse)
        return write_tensor(d, "target", "<f4", net->target, s->batch, s->classes);
    int64_t *labels = malloc((size_t)s->batch * sizeof *labels);
    if (!labels)
        return vg_fail(VG_ENOMEM, "out of memory for target");
    for (int64_t i = 0; i < s->batch; i++)
        labels[i] = net->labels[i];
    vg_status status = write_tensor(d, "target", "<i8", labels, 0, s->batch);
    free(labels);
    return status;
}

static vg_status write_tensors(dump *d, const vg_net *net)
{
    vg_named *list;
    int count;
    VG_TRY(vg_net_tensors(net, &list, &count));
    vg_status status = VG_OK;
    for (int i = 0; i < count && status == VG_OK; i++)
        status = strstr(list[i].name, "grad_")
                     ? write_gradient(d, &list[i], net->spec.loss_scale)
                     : write_steps(d, list[i].name, "<f4", list[i].p, list[i].steps, list[i].rows,
                                   list[i].cols);
    free(list);
    VG_TRY(status);
    VG_TRY(write_target(d, net));
    return write_tensor(d, "loss", "<f4", net->loss, 0, 0);
}

vg_status vg_dump_net(const vg_net *net, const char *dir)
{
    VG_TRY(vg_make_folder(dir));
    dump d = {dir, json_object()};
    json_t *manifest = json_object();
    vg_status status = write_tensors(&d, net);
    json_object_set_new(manifest, "format", json_string("vgbench dump"));
    json_object_set_new(manifest, "version", json_integer(1));
    json_object_set_new(manifest, "spec", vg_spec_json(&net->spec));
    json_object_set_new(manifest, "norm_eps", json_real((double)net->params.eps));
    json_object_set_new(manifest, "tensors", d.tensors);
    if (status == VG_OK)
        status = vg_dump_json(dir, "manifest.json", manifest);
    json_decref(manifest);
    return status;
}
