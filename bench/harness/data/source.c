/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/source.h"

#include <math.h>
#include <stdio.h>

#include "harness/data.h"
#include "harness/data/dataset.h"
#include "vgbench/memory.h"

vg_status vg_source_generate(const vg_spec *spec, int64_t samples, vg_source *s)
{
    vg_data d;
    VG_TRY(vg_data_make(spec, samples, &d));
    *s = (vg_source){.count = d.count,
                     .features = d.steps * d.in_dim,
                     .classes = d.classes,
                     .x = d.x,
                     .labels = d.labels,
                     .target = d.target};
    snprintf(s->origin, sizeof s->origin, "%s, data_seed %lld, %lld x %lld", spec->data,
             (long long)spec->data_seed, (long long)s->count, (long long)s->features);
    return VG_OK;
}

vg_status vg_source_allocate(vg_source *s, const vg_wanted *wanted)
{
    size_t floats, targets;
    void *memory;
    VG_TRY(vg_size_mul((size_t)s->count, (size_t)s->features, &floats));
    VG_TRY(vg_size_mul(floats, sizeof(float), &floats));
    VG_TRY(vg_alloc(floats, 0, &memory));
    s->x = memory;
    if (wanted->regression) {
        VG_TRY(vg_size_mul((size_t)s->count, (size_t)s->classes * sizeof(float), &targets));
        VG_TRY(vg_alloc(targets, 0, &memory));
        s->target = memory;
        return VG_OK;
    }
    VG_TRY(vg_alloc((size_t)s->count * sizeof(int32_t), 0, &memory));
    s->labels = memory;
    return VG_OK;
}

vg_status vg_source_label(vg_source *s, const vg_wanted *wanted, int64_t index, double value,
                          const char *where)
{
    int64_t limit = wanted->classes ? wanted->classes : VG_DATASET_CLASSES_MAX;
    if (!(value >= 0 && value < (double)limit && value == floor(value)))
        return vg_fail(VG_EFORMAT, "%s: label %.17g: allowed are whole numbers from 0 to %lld%s",
                       where, value, (long long)limit - 1,
                       wanted->classes ? "" : " (loss=mse takes any number)");
    s->labels[index] = (int32_t)value;
    if (s->classes <= (int64_t)value)
        s->classes = (int64_t)value + 1;
    return VG_OK;
}

void vg_source_release(vg_source *s)
{
    vg_free(s->x);
    vg_free(s->labels);
    vg_free(s->target);
    *s = (vg_source){0};
}
