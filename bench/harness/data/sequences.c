/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/sequences.h"

#include <string.h>

#include "harness/random.h"

static vg_random family(const vg_spec *spec, vg_stream what)
{
    return (vg_random){.seed = (uint64_t)spec->data_seed, .what = what};
}

/* Number @p index of the family as a whole number of 0 .. n-1. */
static int64_t draw(const vg_random *random, int64_t index, int64_t n)
{
    int64_t k = (int64_t)(vg_random_uniform(random, (uint64_t)index) * (double)n);
    return k < n ? k : n - 1;
}

vg_status vg_data_adding(const vg_spec *spec, vg_data *d)
{
    if (d->in_dim != 2 || d->steps < 2)
        return vg_fail(VG_EINVAL, "data=adding has in_dim=2 and seq_len of at least 2, not %lld "
                       "and %lld", (long long)d->in_dim, (long long)d->steps);
    if (spec->loss == VG_OP_mse && d->classes != 1)
        return vg_fail(VG_EINVAL, "data=adding has one target: loss=mse needs classes=1, not %lld",
                       (long long)d->classes);
    vg_random number = family(spec, VG_STREAM_DATA_INPUT), mark = family(spec, VG_STREAM_DATA_MARK);
    int64_t half = d->steps / 2;
    memset(d->target, 0, (size_t)(d->count * d->classes) * sizeof *d->target);
    for (int64_t s = 0; s < d->count; s++) {
        float *x = d->x + s * d->steps * 2;
        for (int64_t t = 0; t < d->steps; t++) {
            x[2 * t] = (float)vg_random_uniform(&number, (uint64_t)(s * d->steps + t));
            x[2 * t + 1] = 0;
        }
        int64_t first = draw(&mark, 2 * s, half),
                second = half + draw(&mark, 2 * s + 1, d->steps - half);
        x[2 * first + 1] = x[2 * second + 1] = 1;
        float sum = x[2 * first] + x[2 * second];
        int64_t bin = (int64_t)(0.5 * sum * (double)d->classes);
        d->labels[s] = (int32_t)(bin < d->classes ? bin : d->classes - 1);
        if (spec->loss == VG_OP_mse)
            d->target[s] = sum;
        else
            d->target[s * d->classes + d->labels[s]] = 1;
    }
    return VG_OK;
}

vg_status vg_data_recall(const vg_spec *spec, vg_data *d)
{
    if (d->in_dim < d->classes)
        return vg_fail(VG_EINVAL, "data=recall: in_dim=%lld symbols, classes=%lld needs as many",
                       (long long)d->in_dim, (long long)d->classes);
    vg_random symbol = family(spec, VG_STREAM_DATA_INPUT);
    memset(d->x, 0, (size_t)(d->count * d->steps * d->in_dim) * sizeof *d->x);
    memset(d->target, 0, (size_t)(d->count * d->classes) * sizeof *d->target);
    for (int64_t s = 0; s < d->count; s++)
        for (int64_t t = 0; t < d->steps; t++) {
            int64_t at = s * d->steps + t;
            int64_t k = draw(&symbol, at, t == 0 ? d->classes : d->in_dim);
            d->x[at * d->in_dim + k] = 1;
            if (t == 0) {
                d->labels[s] = (int32_t)k;
                d->target[s * d->classes + k] = 1;
            }
        }
    return VG_OK;
}
