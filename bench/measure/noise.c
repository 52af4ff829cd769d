/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/noise.h"

#include <math.h>
#include <stdio.h>

#include "measure/stats.h"
#include "results/results.h"

enum { ENOUGH_FOR_QUANTILE = 20 };
static const double quantile = 0.95;

void vg_noise_add(vg_noise *noise, const char *kernel, int threads, double ratio, int samples)
{
    if (noise->count == VG_NOISE_MAX || !(ratio > 0))
        return;
    snprintf(noise->kernels[noise->count], sizeof *noise->kernels, "%s", kernel);
    noise->threads[noise->count] = threads;
    noise->ratios[noise->count++] = ratio;
    noise->samples = samples;
}

/* How far a ratio is from 1, whichever of the two came out faster. */
static double distance(double ratio)
{
    return fabs(expm1(fabs(log(ratio))));
}

double vg_noise_floor(const vg_noise *noise, int threads)
{
    double all[VG_NOISE_MAX];
    size_t count = 0;
    if (noise->cpus && threads > noise->cpus)
        return (double)NAN;
    for (int i = 0; i < noise->count; i++)
        if (!threads || noise->threads[i] == threads)
            all[count++] = distance(noise->ratios[i]);
    return vg_stat_quantile(all, count, count < ENOUGH_FOR_QUANTILE ? 1 : quantile);
}

json_t *vg_noise_json(const vg_noise *noise)
{
    json_t *json = json_object(), *pairs = json_array(), *by_threads = json_object();
    for (int i = 0; i < noise->count; i++) {
        char key[16];
        json_t *pair = json_object();
        vg_json_set_text(pair, "kernel", noise->kernels[i]);
        vg_json_set_number(pair, "ratio", noise->ratios[i]);
        json_array_append_new(pairs, pair);
        snprintf(key, sizeof key, "%d", noise->threads[i]);
        vg_json_set_number(by_threads, key, vg_noise_floor(noise, noise->threads[i]));
    }
    vg_json_set_number(json, "floor", vg_noise_floor(noise, 0));
    vg_json_set_number(json, "quantile", noise->count < ENOUGH_FOR_QUANTILE ? 1 : quantile);
    json_object_set_new(json, "n", json_integer(noise->count));
    json_object_set_new(json, "samples", json_integer(noise->samples));
    json_object_set_new(json, "ratios", vg_json_numbers(noise->ratios, (size_t)noise->count));
    json_object_set_new(json, "pairs", pairs);
    json_object_set_new(json, "by_threads", by_threads);
    if (!noise->count)
        vg_json_set_text(json, "reason", "not measured");
    return json;
}
