/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/schedule.h"

#include <stddef.h>

#include "harness/random.h"

static const double PI = 3.14159265358979323846;

int64_t vg_schedule_warmup(const vg_spec *spec, int64_t total)
{
    if (spec->schedule == VG_SCHEDULE_warmup_cosine && !vg_spec_given(spec, offsetof(vg_spec, warmup)))
        return (total + 19) / 20;
    return spec->warmup < total ? spec->warmup : total;
}

/* From 1 to 0; by our own series, so that a run is the same bits on every C library. */
static double cosine(double t)
{
    double sine, value;
    vg_portable_sincos(PI * t, &sine, &value);
    return 0.5 * (1 + value);
}

double vg_schedule_lr(const vg_spec *spec, int64_t step, int64_t total)
{
    int64_t warmup = vg_schedule_warmup(spec, total);
    if (step < warmup)
        return spec->lr * (double)(step + 1) / (double)warmup;
    double part = total > warmup ? (double)(step - warmup) / (double)(total - warmup) : 0;
    switch (spec->schedule) {
    case VG_SCHEDULE_cosine:
    case VG_SCHEDULE_warmup_cosine:
        return spec->lr * cosine(part);
    case VG_SCHEDULE_step:
        return spec->lr * (part < 0.5 ? 1 : part < 0.75 ? 0.1 : 0.01);
    default:
        return spec->lr;
    }
}
