/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/source.h"
#include "harness/data/standardise.h"
#include "harness/random.h"
#include "vgbench/memory.h"

/* --- split and order --------------------------------------------------------------------------- */

/* Fisher-Yates by positions of a random family: the same for any machine. */
static void shuffle(const vg_random *random, int32_t *items, int64_t count)
{
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t k = (int64_t)(vg_random_uniform(random, (uint64_t)i) * (double)(i + 1));
        k = k <= i ? k : i;
        int32_t item = items[i];
        items[i] = items[k];
        items[k] = item;
    }
}

void vg_dataset_order(const vg_dataset *d, int64_t seed, int64_t epoch, int32_t *order)
{
    vg_random random = {
        .seed = (uint64_t)seed, .what = VG_STREAM_SHUFFLE, .layer = (uint32_t)epoch};
    memcpy(order, d->train, (size_t)d->train_count * sizeof *order);
    shuffle(&random, order, d->train_count);
}

static int compare_index(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* One block holds both lists. Ascending, so that a pass over a part walks through memory. */
static vg_status split(vg_dataset *d, const vg_source *source, double fraction, int64_t seed)
{
    void *memory;
    VG_TRY(vg_alloc((size_t)d->count * sizeof *d->train, 0, &memory));
    d->train = memory;
    for (int64_t i = 0; i < d->count; i++)
        d->train[i] = (int32_t)i;
    if (source->train_rows) {
        d->train_count = source->train_rows;
    } else {
        int64_t held = (int64_t)(fraction * (double)d->count + 0.5);
        if (fraction > 0 && held == 0)
            held = 1;
        if (held >= d->count)
            return vg_fail(VG_EINVAL, "data: %lld samples leave none to train on",
                           (long long)d->count);
        d->train_count = d->count - held;
        if (held)
            shuffle(&(vg_random){.seed = (uint64_t)seed, .what = VG_STREAM_SPLIT}, d->train,
                    d->count);
    }
    d->validation = d->train + d->train_count;
    d->validation_count = d->count - d->train_count;
    qsort(d->train, (size_t)d->train_count, sizeof *d->train, compare_index);
    qsort(d->validation, (size_t)d->validation_count, sizeof *d->train, compare_index);
    return VG_OK;
}

/* --- shape --------------------------------------------------------------------------------------- */

static vg_status differs(const vg_spec *spec, const char *key, int64_t given, int64_t has)
{
    return vg_fail(VG_EINVAL, "%s=%lld: data=%s has %lld", key, (long long)given, spec->data,
                   (long long)has);
}

/* in_dim, seq_len and classes of the spec from the file, where the user did not set them. */
static vg_status fit_spec(vg_spec *spec, const vg_source *s)
{
    bool recurrent = spec->model != VG_MODEL_mlp;
    bool in_given = vg_spec_given(spec, offsetof(vg_spec, in_dim)),
         length_given = vg_spec_given(spec, offsetof(vg_spec, seq_len));
    int64_t in_dim = s->features, steps = 1;
    if (recurrent) {
        in_dim = in_given       ? spec->in_dim
                 : length_given ? s->features / spec->seq_len
                                : (s->row ? s->row : 1);
        steps = in_dim ? s->features / in_dim : 0;
        if (in_dim * steps != s->features || (length_given && steps != spec->seq_len))
            return vg_fail(VG_EINVAL,
                           "data=%s has %lld features a sample: seq_len x in_dim must be that",
                           spec->data, (long long)s->features);
    } else if (in_given && spec->in_dim != in_dim) {
        return differs(spec, "in_dim", spec->in_dim, in_dim);
    }
    if (vg_spec_given(spec, offsetof(vg_spec, classes))) {
        if (s->target && spec->classes != s->classes)
            return differs(spec, "classes", spec->classes, s->classes);
    } else {
        spec->classes = s->classes;
    }
    spec->in_dim = in_dim;
    spec->seq_len = recurrent ? steps : spec->seq_len;
    return VG_OK;
}

/* --- opening ------------------------------------------------------------------------------------- */

static vg_status read_source(const vg_spec *spec, const vg_dataset_options *o, vg_source *s)
{
    vg_wanted wanted = {.regression = spec->loss == VG_OP_mse,
                        .samples = o->samples,
                        .classes = vg_spec_given(spec, offsetof(vg_spec, classes)) ? spec->classes
                                                                                   : 0};
    if (spec->data_kind != VG_DATA_file)
        return vg_source_generate(spec, o->samples ? o->samples : VG_DATASET_SAMPLES, s);
    const char *path = strchr(spec->data, ':') + 1;
    if (!strncmp(spec->data, "idx:", 4))
        return vg_source_idx(path, &wanted, s);
    if (!strncmp(spec->data, "csv:", 4))
        return vg_source_csv(path, &wanted, s);
    return vg_source_npy(path, &wanted, s);
}

static int standardisation(const vg_spec *spec, const vg_dataset_options *o, const vg_source *s)
{
    if (o->standardise != VG_STANDARDISE_auto)
        return o->standardise;
    if (spec->data_kind != VG_DATA_file)
        return VG_STANDARDISE_none;
    return s->image ? VG_STANDARDISE_global : VG_STANDARDISE_feature;
}

static vg_status fill(vg_spec *spec, const vg_dataset_options *o, vg_source *s, vg_dataset *d)
{
    if (s->count < 1 || s->features < 1)
        return vg_fail(VG_EFORMAT, "data=%s: %lld samples of %lld features: at least one of each "
                       "is needed", spec->data, (long long)s->count, (long long)s->features);
    if (spec->data_kind == VG_DATA_file)
        VG_TRY(fit_spec(spec, s));
    bool recurrent = spec->model != VG_MODEL_mlp;
    d->count = s->count;
    d->steps = recurrent ? spec->seq_len : 1;
    d->in_dim = spec->in_dim;
    d->classes = spec->classes;
    d->x = s->x;
    d->labels = s->labels;
    d->target = s->target;
    s->x = NULL;
    s->labels = NULL;
    s->target = NULL;
    memcpy(d->origin, s->origin, sizeof d->origin);
    VG_TRY(split(d, s, o->validation, spec->data_seed));
    return vg_standardise_fit(d, standardisation(spec, o, s));
}

vg_status vg_dataset_open(vg_spec *spec, const vg_dataset_options *o, vg_dataset **out)
{
    *out = NULL;
    if (!(o->validation >= 0 && o->validation < 1) || o->samples < 0 || o->samples > INT32_MAX)
        return vg_fail(VG_EINVAL, "validation=%g: a fraction from 0 to below 1 is needed, and "
                       "samples=%lld from 0 to 2^31 - 1", o->validation, (long long)o->samples);
    vg_dataset *d = calloc(1, sizeof *d);
    if (!d)
        return vg_fail(VG_ENOMEM, "out of memory for a data set");
    vg_source source = {0};
    vg_status status = read_source(spec, o, &source);
    if (status == VG_OK)
        status = fill(spec, o, &source, d);
    vg_source_release(&source);
    if (status == VG_OK)
        *out = d;
    else
        vg_dataset_close(d);
    return status;
}

void vg_dataset_close(vg_dataset *d)
{
    if (!d)
        return;
    vg_free(d->x);
    vg_free(d->labels);
    vg_free(d->target);
    vg_free(d->train); /* and validation */
    free(d->mean);
    free(d->scale);
    free(d);
}

/* --- batches ------------------------------------------------------------------------------------- */

int64_t vg_dataset_batches(int64_t count, int64_t batch)
{
    return (count + batch - 1) / batch;
}

static void gather_target(const vg_dataset *d, int32_t sample, float *row)
{
    if (d->target) {
        memcpy(row, d->target + sample * d->classes, (size_t)d->classes * sizeof *row);
        return;
    }
    memset(row, 0, (size_t)d->classes * sizeof *row);
    if (d->labels)
        row[d->labels[sample]] = 1;
}

void vg_dataset_gather(const vg_dataset *d, const int32_t *index, int64_t from, int64_t to,
                       const vg_batch *b)
{
    int64_t features = d->steps * d->in_dim;
    for (int64_t r = from; r < to; r++) {
        const float *x = d->x + index[r] * features;
        if (b->x && !b->time_major)
            memcpy(b->x + r * b->ld, x, (size_t)features * sizeof *x);
        for (int64_t t = 0; b->x && b->time_major && t < d->steps; t++)
            memcpy(b->x + (t * b->rows + r) * b->ld, x + t * d->in_dim,
                   (size_t)d->in_dim * sizeof *x);
        if (b->labels)
            b->labels[r] = d->labels ? d->labels[index[r]] : 0;
        if (b->target)
            gather_target(d, index[r], b->target + r * d->classes);
    }
}
