/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/data/standardise.h"

#include <math.h>
#include <stdlib.h>

/* Means and variances in double, two passes: the variance of large values does not cancel. Sums run
 * over the features of a row side by side, so that the loop vectorises without reordering a sum. */
static void fit_features(const vg_dataset *d, int64_t features, double *mean, double *variance)
{
    double n = (double)d->train_count;
    for (int64_t i = 0; i < d->train_count; i++) {
        const float *x = d->x + d->train[i] * features;
        for (int64_t k = 0; k < features; k++)
            mean[k] += x[k];
    }
    for (int64_t k = 0; k < features; k++)
        mean[k] /= n;
    for (int64_t i = 0; i < d->train_count; i++) {
        const float *x = d->x + d->train[i] * features;
        for (int64_t k = 0; k < features; k++)
            variance[k] += (x[k] - mean[k]) * (x[k] - mean[k]);
    }
    for (int64_t k = 0; k < features; k++)
        variance[k] /= n;
}

/* One mean for all: the variance is that within the features plus that of their means. */
static void pool(int64_t features, double *mean, double *variance)
{
    double m = 0, v = 0;
    for (int64_t k = 0; k < features; k++)
        m += mean[k] / (double)features;
    for (int64_t k = 0; k < features; k++)
        v += (variance[k] + (mean[k] - m) * (mean[k] - m)) / (double)features;
    for (int64_t k = 0; k < features; k++) {
        mean[k] = m;
        variance[k] = v;
    }
}

static void apply(vg_dataset *d, int64_t features, const double *mean, double *scale)
{
    for (int64_t k = 0; k < features; k++) {
        double s = 1 / sqrt(scale[k]);
        scale[k] = isfinite((float)s) && s > 0 ? s : 1; /* a constant feature becomes 0 */
    }
    for (int64_t i = 0; i < d->count; i++) {
        float *x = d->x + i * features;
        for (int64_t k = 0; k < features; k++)
            x[k] = (float)((x[k] - mean[k]) * scale[k]);
    }
}

vg_status vg_standardise_fit(vg_dataset *d, int how)
{
    d->standardise = how;
    if (how == VG_STANDARDISE_none)
        return VG_OK;
    int64_t features = d->steps * d->in_dim, kept = how == VG_STANDARDISE_feature ? features : 1;
    double *mean = calloc(2 * (size_t)features, sizeof *mean), *scale = mean + features;
    d->mean = malloc((size_t)kept * sizeof *d->mean);
    d->scale = malloc((size_t)kept * sizeof *d->scale);
    vg_status status = VG_OK;
    if (mean && d->mean && d->scale) {
        fit_features(d, features, mean, scale);
        if (how == VG_STANDARDISE_global)
            pool(features, mean, scale);
        apply(d, features, mean, scale);
        for (int64_t k = 0; k < kept; k++) {
            d->mean[k] = (float)mean[k];
            d->scale[k] = (float)scale[k];
        }
    } else {
        status = vg_fail(VG_ENOMEM, "out of memory for the means of %lld features",
                         (long long)features);
    }
    free(mean);
    return status;
}
