/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data.h"

#include <math.h>
#include <string.h>

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
    VG_TRY(vg_alloc((size_t)(d->count * d->in_dim) * sizeof *d->x, 0, &memory));
    d->x = memory;
    VG_TRY(vg_alloc((size_t)d->count * sizeof *d->labels, 0, &memory));
    d->labels = memory;
    VG_TRY(vg_alloc((size_t)(d->count * d->classes) * sizeof *d->target, 0, &memory));
    d->target = memory;
    return VG_OK;
}

static vg_status make(const vg_spec *spec, vg_data *d)
{
    VG_TRY(allocate(d));
    switch (spec->data_kind) {
    case VG_DATA_teacher:
        return teacher(spec, d);
    case VG_DATA_gaussians:
        gaussians(spec, d);
        return VG_OK;
    case VG_DATA_spirals:
        spirals(spec, d);
        return VG_OK;
    default:
        return vg_fail(VG_EUNSUPPORTED, "data=%s: this network takes teacher, gaussians, spirals",
                       spec->data);
    }
}

vg_status vg_data_make(const vg_spec *spec, int64_t count, vg_data *d)
{
    *d = (vg_data){.count = count, .in_dim = spec->in_dim, .classes = spec->classes};
    vg_status status = make(spec, d);
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
