/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of a run: FOLDER/checkpoint.vgc holds all that the next steps depend on, so that a run
 * which is killed and goes on ends with the same bits. The order of the samples is a function of
 * seed and epoch, the learning rate one of the step: neither needs a state of its own. Threads may
 * differ, because no result depends on them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/data/checkpoint.h"
#include "harness/data/npy.h"
#include "harness/dump.h"
#include "harness/train/run.h"
#include "results/results.h"
#include "results/save.h"

enum { FORMAT = 1, PATH = 4096 };
static const char KIND[] = "vgbench train";

static vg_status path_of(const vg_train_run *run, const char *name, char path[PATH])
{
    if (snprintf(path, PATH, "%s/%s", run->options->checkpoint, name) >= PATH)
        return vg_fail(VG_EIO, "--checkpoint: a path of more than %d bytes", PATH - 1);
    return VG_OK;
}

/* --- header -------------------------------------------------------------------------------- */

/* Numbers of the state as text: JSON has no infinity, and bits must survive. */
static const struct {
    const char *key;
    size_t offset;
    bool real;
} numbers[] = {
    {"step", offsetof(vg_run_state, step), false},
    {"epoch_loss", offsetof(vg_run_state, epoch_loss), true},
    {"since_loss", offsetof(vg_run_state, since_loss), true},
    {"since_steps", offsetof(vg_run_state, since_steps), false},
    {"best_loss", offsetof(vg_run_state, best_loss), true},
    {"best_epoch", offsetof(vg_run_state, best_epoch), false},
    {"train_s", offsetof(vg_run_state, train_s), true},
    {"eval_s", offsetof(vg_run_state, eval_s), true},
    {"steps_to_target", offsetof(vg_run_state, steps_to_target), false},
    {"time_to_target_s", offsetof(vg_run_state, time_to_target_s), true},
    {"loss", offsetof(vg_run_state, last.loss), true},
    {"accuracy", offsetof(vg_run_state, last.accuracy), true},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static json_t *state_json(const vg_run_state *s)
{
    json_t *state = json_object();
    char text[64];
    for (int i = 0; i < NUMBERS; i++) {
        const char *field = (const char *)s + numbers[i].offset;
        if (numbers[i].real)
            snprintf(text, sizeof text, "%a", *(const double *)field);
        else
            snprintf(text, sizeof text, "%lld", (long long)*(const int64_t *)field);
        vg_json_set_text(state, numbers[i].key, text);
    }
    return state;
}

static vg_status read_state(const json_t *state, const char *path, vg_run_state *s)
{
    for (int i = 0; i < NUMBERS; i++) {
        const char *text = vg_json_get_text(state, numbers[i].key, "");
        char *end, *field = (char *)s + numbers[i].offset;
        errno = 0;
        if (numbers[i].real)
            *(double *)field = strtod(text, &end);
        else
            *(int64_t *)field = strtoll(text, &end, 10);
        if (end == text || *end || (errno && !numbers[i].real))
            return vg_fail(VG_EFORMAT, "%s: %s is '%s', a number is needed", path, numbers[i].key,
                           text);
    }
    return VG_OK;
}

/* The spec without what a run may change when it goes on. */
static json_t *identity(const vg_spec *spec)
{
    json_t *json = vg_spec_json(spec);
    json_object_del(json, "threads");
    return json;
}

static uint32_t data_crc(const vg_dataset *d)
{
    size_t floats = (size_t)(d->count * d->steps * d->in_dim);
    uint32_t crc = vg_crc32(0, d->x, floats * sizeof(float));
    if (d->labels)
        crc = vg_crc32(crc, d->labels, (size_t)d->count * sizeof *d->labels);
    if (d->target)
        crc = vg_crc32(crc, d->target, (size_t)(d->count * d->classes) * sizeof *d->target);
    crc = vg_crc32(crc, d->train, (size_t)d->train_count * sizeof *d->train);
    return vg_crc32(crc, d->validation, (size_t)d->validation_count * sizeof *d->validation);
}

static json_t *events_json(const vg_events *e)
{
    json_t *json = json_object();
    char text[64];
    json_t *recent = json_array(), *dead = json_array();
    for (int i = 0; i < VG_EVENT_WINDOW; i++)
        json_array_append_new(recent, vg_json_number(e->recent[i]));
    for (int64_t l = 0; l < e->decay.depth; l++)
        json_array_append_new(dead, vg_json_number(e->first_dead[l]));
    snprintf(text, sizeof text, "%a", e->best_loss);
    json_object_set_new(json, "recent", recent);
    json_object_set_new(json, "first_dead", dead);
    json_object_set_new(json, "have_first", json_boolean(e->have_first));
    vg_json_set_number(json, "first_loss", e->first_loss);
    vg_json_set_text(json, "best_loss", text);
    json_object_set_new(json, "records", json_integer(e->records));
    return json;
}

static void read_events(const json_t *json, vg_events *e)
{
    const json_t *recent = json_object_get(json, "recent"),
                 *dead = json_object_get(json, "first_dead");
    for (size_t i = 0; i < VG_EVENT_WINDOW; i++)
        e->recent[i] = json_number_value(json_array_get(recent, i));
    for (int64_t l = 0; l < e->decay.depth; l++)
        e->first_dead[l] = json_number_value(json_array_get(dead, (size_t)l));
    e->have_first = json_is_true(json_object_get(json, "have_first"));
    e->first_loss = vg_json_get_number(json, "first_loss");
    e->best_loss = strtod(vg_json_get_text(json, "best_loss", "inf"), NULL);
    e->records = json_integer_value(json_object_get(json, "records"));
}

static json_t *header_json(const vg_train_run *run)
{
    json_t *header = json_object();
    vg_json_set_text(header, "kind", KIND);
    json_object_set_new(header, "format", json_integer(FORMAT));
    json_object_set_new(header, "spec", identity(&run->spec));
    json_object_set_new(header, "data_crc", json_integer(data_crc(run->data)));
    json_object_set_new(header, "total", json_integer(run->total));
    json_object_set_new(header, "every", json_integer(run->every));
    json_object_set_new(header, "state", state_json(&run->state));
    json_object_set_new(header, "judged", events_json(&run->events));
    json_object_set(header, "steps", run->state.steps);
    json_object_set(header, "epochs", run->state.epochs);
    json_object_set(header, "events", run->state.events);
    return header;
}

/* --- arrays -------------------------------------------------------------------------------- */

/* The arrays of a run by name, in a fixed order; false past the last. */
static bool blob_at(vg_train_run *run, int index, char name[64], int64_t *count, float **p)
{
    static const char *const names[] = {"parameters", "moment1", "moment2"};
    vg_net *net = vg_stepper_net(run->stepper);
    float *arenas[] = {vg_net_values(net), vg_stepper_moment(run->stepper, 0),
                       vg_stepper_moment(run->stepper, 1)};
    for (int i = 0; i < 3; i++)
        if (arenas[i] && index-- == 0) {
            strcpy(name, names[i]);
            *count = vg_net_arena(net)->floats;
            *p = arenas[i];
            return true;
        }
    return vg_net_running(net, index, name, count, p);
}

static vg_status collect(vg_train_run *run, vg_blob **blobs, int *count)
{
    char name[64];
    int64_t floats;
    float *p;
    *count = 0;
    while (blob_at(run, *count, name, &floats, &p))
        (*count)++;
    *blobs = calloc((size_t)*count + 1, sizeof **blobs);
    if (!*blobs)
        return vg_fail(VG_ENOMEM, "out of memory for a checkpoint");
    for (int i = 0; i < *count; i++) {
        vg_blob *b = &(*blobs)[i];
        blob_at(run, i, name, &floats, &p);
        *b = (vg_blob){.type = VG_BLOB_f32, .count = floats, .data = p};
        snprintf(b->name, sizeof b->name, "%.47s", name);
    }
    return VG_OK;
}

vg_status vg_snapshot_save(vg_train_run *run)
{
    char path[PATH];
    vg_blob *blobs;
    int count;
    VG_TRY(path_of(run, "checkpoint.vgc", path));
    VG_TRY(collect(run, &blobs, &count));
    json_t *header = header_json(run);
    vg_status status = vg_checkpoint_write(path, header, blobs, count);
    json_decref(header);
    free(blobs);
    return status;
}

/* --- going on ------------------------------------------------------------------------------ */

/* The first key in which the checkpoint's spec differs. */
static vg_status same_spec(const vg_train_run *run, const json_t *spec, const char *path)
{
    json_t *own = identity(&run->spec), *value;
    const char *key;
    vg_status status = VG_OK;
    json_object_foreach(own, key, value) {
        const json_t *other = json_object_get(spec, key);
        if (json_equal(value, other))
            continue;
        char *here = json_dumps(value, JSON_ENCODE_ANY),
             *there = other ? json_dumps(other, JSON_ENCODE_ANY) : NULL;
        status = vg_fail(VG_EINVAL, "%s: of another spec: %s is %s there and %s here", path, key,
                         there ? there : "missing", here ? here : "?");
        free(here);
        free(there);
        break;
    }
    json_decref(own);
    return status;
}

static vg_status fits(const vg_train_run *run, const json_t *header, const char *path)
{
    if (strcmp(vg_json_get_text(header, "kind", ""), KIND) != 0)
        return vg_fail(VG_EFORMAT, "%s: not a checkpoint of vgbench train", path);
    json_int_t format = json_integer_value(json_object_get(header, "format"));
    if (format != FORMAT)
        return vg_fail(VG_EFORMAT, "%s: of format %lld, this program reads format %d", path,
                       (long long)format, FORMAT);
    VG_TRY(same_spec(run, json_object_get(header, "spec"), path));
    if (json_integer_value(json_object_get(header, "data_crc")) != (json_int_t)data_crc(run->data))
        return vg_fail(VG_EINVAL, "%s: the data are not those it was trained on", path);
    if (json_integer_value(json_object_get(header, "every")) != run->every)
        return vg_fail(VG_EINVAL, "%s: records were taken every %lld steps, not every %lld", path,
                       (long long)json_integer_value(json_object_get(header, "every")),
                       (long long)run->every);
    return VG_OK;
}

static vg_status take_list(const json_t *header, const char *key, const char *path, json_t **list)
{
    json_t *found = json_object_get(header, key);
    if (!json_is_array(found))
        return vg_fail(VG_EFORMAT, "%s: %s is not a list", path, key);
    json_decref(*list);
    *list = json_incref(found);
    return VG_OK;
}

static vg_status restore(vg_train_run *run, const vg_checkpoint *c, const char *path)
{
    VG_TRY(fits(run, c->header, path));
    char name[64];
    int64_t count;
    float *p;
    const void *data;
    for (int i = 0; blob_at(run, i, name, &count, &p); i++)
        VG_TRY(vg_checkpoint_get(c, name, VG_BLOB_f32, count, &data));
    VG_TRY(read_state(json_object_get(c->header, "state"), path, &run->state));
    if (run->state.step < 0 || run->state.step > run->total)
        return vg_fail(VG_EFORMAT, "%s: step %lld of %lld", path, (long long)run->state.step,
                       (long long)run->total);
    VG_TRY(take_list(c->header, "steps", path, &run->state.steps));
    VG_TRY(take_list(c->header, "epochs", path, &run->state.epochs));
    VG_TRY(take_list(c->header, "events", path, &run->state.events));
    read_events(json_object_get(c->header, "judged"), &run->events);
    for (int i = 0; blob_at(run, i, name, &count, &p); i++) {
        VG_TRY(vg_checkpoint_get(c, name, VG_BLOB_f32, count, &data));
        memcpy(p, data, (size_t)count * sizeof *p);
    }
    run->resumed = json_integer(run->state.step);
    return VG_OK;
}

vg_status vg_snapshot_load(vg_train_run *run)
{
    char path[PATH];
    vg_checkpoint checkpoint;
    VG_TRY(vg_make_folder(run->options->checkpoint));
    VG_TRY(vg_folder_lock(run->options->checkpoint));
    VG_TRY(path_of(run, "checkpoint.vgc", path));
    VG_TRY(vg_file_check(path));
    if (access(path, F_OK))
        return VG_OK;
    if (!run->options->resume)
        return vg_fail(VG_EINVAL, "%s: exists; --resume goes on from it", path);
    VG_TRY(vg_checkpoint_read(path, &checkpoint));
    vg_status status = restore(run, &checkpoint, path);
    vg_checkpoint_release(&checkpoint);
    return status;
}

bool vg_train_has_checkpoint(const char *dir)
{
    char path[PATH];
    return snprintf(path, sizeof path, "%s/checkpoint.vgc", dir) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

/* --- weights for others -------------------------------------------------------------------- */

/* FOLDER/weights: one .npy per parameter and running statistic, and manifest.json. */
vg_status vg_snapshot_export(vg_train_run *run)
{
    char folder[PATH], path[PATH + 80], name[64];
    vg_net *net = vg_stepper_net(run->stepper);
    const vg_arena *arena = vg_net_arena(net);
    int64_t count;
    float *p;
    VG_TRY(path_of(run, "weights", folder));
    VG_TRY(vg_make_folder(folder));
    for (int i = 0; i < arena->count; i++) {
        const vg_segment *s = &arena->segments[i];
        bool matrix = strstr(s->name, "weight") != NULL;
        snprintf(path, sizeof path, "%s/%s.npy", folder, s->name);
        VG_TRY(vg_npy_write(path, "<f4", vg_net_values(net) + s->offset, matrix ? s->rows : 0,
                            s->cols));
    }
    for (int i = 0; vg_net_running(net, i, name, &count, &p); i++) {
        snprintf(path, sizeof path, "%s/%.63s.npy", folder, name);
        VG_TRY(vg_npy_write(path, "<f4", p, 0, count));
    }
    json_t *manifest = json_object();
    json_object_set_new(manifest, "spec", vg_spec_json(&run->spec));
    json_object_set_new(manifest, "step", json_integer(run->state.step));
    vg_status status = vg_dump_json(folder, "manifest.json", manifest);
    json_decref(manifest);
    return status;
}
