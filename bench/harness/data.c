/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data.h"

#include <math.h>
#include <string.h>

#include "harness/data/dataset.h"
#include "harness/data/sequences.h"
#include "harness/random.h"
#include "vgbench/memory.h"

enum { TEACHER_UNITS = 32 };

static vg_random family(const vg_spec *spec, vg_stream what)
{
    return (vg_random){.seed = (uint64_t)spec->data_seed, .what = what};
}

/* Scales all values by one factor to mean square 1. */
static void normalise(float *x, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)x[i] * x[i];
    double factor = sum > 0 ? 1 / sqrt(sum / (double)count) : 1;
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(factor * x[i]);
}

static void one_hot(vg_data *d)
{
    memset(d->target, 0, (size_t)(d->count * d->classes) * sizeof *d->target);
    for (int64_t s = 0; s < d->count; s++)
        d->target[s * d->classes + d->labels[s]] = 1;
}

/* The student's task: y = W2 relu(W1 x), all in double. */
static void teach(const vg_data *d, const double *w1, const double *w2, int64_t sample)
{
    const float *x = d->x + sample * d->in_dim;
    float *y = d->target + sample * d->classes;
    double hidden[TEACHER_UNITS];
    for (int u = 0; u < TEACHER_UNITS; u++) {
        double sum = 0;
        for (int64_t i = 0; i < d->in_dim; i++)
            sum += w1[u * d->in_dim + i] * x[i];
        hidden[u] = sum > 0 ? sum : 0;
    }
    int32_t best = 0;
    for (int64_t c = 0; c < d->classes; c++) {
        double sum = 0;
        for (int u = 0; u < TEACHER_UNITS; u++)
            sum += w2[c * TEACHER_UNITS + u] * hidden[u];
        y[c] = (float)sum;
        if (y[c] > y[best])
            best = (int32_t)c;
    }
    d->labels[sample] = best;
}

static vg_status teacher(const vg_spec *spec, vg_data *d)
{
    vg_random input = family(spec, VG_STREAM_DATA_INPUT),
              first = family(spec, VG_STREAM_DATA_TEACHER1),
              second = family(spec, VG_STREAM_DATA_TEACHER2);
    vg_random_fill_normal(&input, 0, d->count * d->in_dim, 1, d->x);
    normalise(d->x, d->count * d->in_dim);
    void *memory;
    int64_t n1 = TEACHER_UNITS * d->in_dim, n2 = TEACHER_UNITS * d->classes;
    VG_TRY(vg_alloc((size_t)(n1 + n2) * sizeof(double), 0, &memory));
    double *w1 = memory, *w2 = w1 + n1;
    for (int64_t i = 0; i < n1; i++)
        w1[i] = vg_random_normal(&first, (uint64_t)i);
    for (int64_t i = 0; i < n2; i++)
        w2[i] = vg_random_normal(&second, (uint64_t)i);
    for (int64_t s = 0; s < d->count; s++)
        teach(d, w1, w2, s);
    normalise(d->target, d->count * d->classes);
    vg_free(memory);
    return VG_OK;
}

static void gaussians(const vg_spec *spec, vg_data *d)
{
    vg_random noise = family(spec, VG_STREAM_DATA_INPUT),
              centre = family(spec, VG_STREAM_DATA_CENTRE);
    for (int64_t s = 0; s < d->count; s++) {
        d->labels[s] = (int32_t)(s % d->classes);
        for (int64_t i = 0; i < d->in_dim; i++) {
            uint64_t at = (uint64_t)(d->labels[s] * d->in_dim + i);
            double value = vg_random_normal(&centre, at) +
                           0.5 * vg_random_normal(&noise, (uint64_t)(s * d->in_dim + i));
            d->x[s * d->in_dim + i] = (float)value;
        }
    }
    normalise(d->x, d->count * d->in_dim);
    one_hot(d);
}

/* Radius grows from 0.1 to 1 over three quarters of a turn, noise of a twentieth. */
static void spirals(const vg_spec *spec, vg_data *d)
{
    static const double TURN = 0x1.921fb54442d18p+2;
    vg_random noise = family(spec, VG_STREAM_DATA_INPUT);
    for (int64_t s = 0; s < d->count; s++) {
        d->labels[s] = (int32_t)(s % d->classes);
        float *x = d->x + s * d->in_dim;
        for (int64_t i = 0; i < d->in_dim; i++)
            x[i] = (float)(0.05 * vg_random_normal(&noise, (uint64_t)(s * d->in_dim + i)));
        double t = ((double)(s / d->classes) + 0.5) /
                   (double)((d->count + d->classes - 1) / d->classes);
        double radius = 0.1 + 0.9 * t, sine, cosine;
        vg_portable_sincos(TURN * (0.75 * t + (double)d->labels[s] / (double)d->classes), &sine,
                           &cosine);
        x[0] += (float)(radius * cosine);
        x[1] += (float)(radius * sine);
    }
    normalise(d->x, d->count * d->in_dim);
    one_hot(d);
}

static vg_status allocate(vg_data *d)
{
    void *memory;
    size_t inputs, targets;
    VG_TRY(vg_size_mul((size_t)d->count, (size_t)d->steps * sizeof *d->x, &inputs));
    VG_TRY(vg_size_mul(inputs, (size_t)d->in_dim, &inputs));
    VG_TRY(vg_size_mul((size_t)d->count, (size_t)d->classes * sizeof *d->target, &targets));
    VG_TRY(vg_alloc(inputs, 0, &memory));
    d->x = memory;
    VG_TRY(vg_alloc((size_t)d->count * sizeof *d->labels, 0, &memory));
    d->labels = memory;
    VG_TRY(vg_alloc(targets, 0, &memory));
    d->target = memory;
    return VG_OK;
}

/* The first training samples of a file. */
static vg_status from_file(const vg_spec *spec, vg_data *d)
{
    vg_spec given = *spec;
    vg_dataset *set;
    vg_dataset_options options = {.validation = VG_DATASET_VALIDATION};
    VG_TRY(vg_dataset_open(&given, &options, &set));
    vg_status status = VG_OK;
    if (given.in_dim != d->in_dim || given.classes != d->classes || set->steps != d->steps)
        status = vg_fail(VG_EINVAL, "data=%s needs in_dim=%lld classes=%lld", spec->data,
                         (long long)given.in_dim, (long long)given.classes);
    else if (set->train_count < d->count)
        status = vg_fail(VG_EINVAL, "data=%s: %lld training samples, batch=%lld needs more",
                         spec->data, (long long)set->train_count, (long long)d->count);
    else
        vg_dataset_gather(set, set->train, 0, d->count,
                          &(vg_batch){.x = d->x,
                                      .ld = d->steps * d->in_dim,
                                      .labels = d->labels,
                                      .target = d->target});
    vg_dataset_close(set);
    return status;
}

static vg_status fill(const vg_spec *spec, vg_data *d)
{
    switch (spec->data_kind) {
    case VG_DATA_teacher:
        return teacher(spec, d);
    case VG_DATA_gaussians:
        gaussians(spec, d);
        return VG_OK;
    case VG_DATA_spirals:
        spirals(spec, d);
        return VG_OK;
    case VG_DATA_adding:
        return vg_data_adding(spec, d);
    case VG_DATA_recall:
        return vg_data_recall(spec, d);
    default:
        return from_file(spec, d);
    }
}

vg_status vg_data_fit(vg_spec *spec)
{
    vg_dataset *set;
    vg_dataset_options options = {.validation = VG_DATASET_VALIDATION};
    if (spec->data_kind != VG_DATA_file)
        return VG_OK;
    VG_TRY(vg_dataset_open(spec, &options, &set));
    vg_dataset_close(set);
    return VG_OK;
}

vg_status vg_data_make(const vg_spec *spec, int64_t count, vg_data *d)
{
    *d = (vg_data){.count = count,
                   .in_dim = spec->in_dim,
                   .classes = spec->classes,
                   .steps = spec->model == VG_MODEL_mlp ? 1 : spec->seq_len};
    vg_status status = allocate(d);
    if (status == VG_OK)
        status = fill(spec, d);
    if (status != VG_OK)
        vg_data_release(d);
    return status;
}

void vg_data_release(vg_data *d)
{
    vg_free(d->x);
    vg_free(d->labels);
    vg_free(d->target);
    *d = (vg_data){0};
}
