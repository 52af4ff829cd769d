/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/paper_quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/decay.h"
#include "results/results.h"

/* --- of the fitted rate -------------------------------------------------------------------- */

static double square(double ln_sq) { return exp(ln_sq); }
static double factor(double ln_sq) { return exp(ln_sq / 2); }
static double scale(double ln_sq) { return -1 / ln_sq; } /* blocks in which the square falls to 1/e */
static double same(double value) { return value; }
static double decades(double ln) { return ln / log(10); }

static const struct {
    const char *name;
    double (*of)(double ln_sq);
} rates[] = {
    {"ln_sq_per_layer", same},
    {"sq_per_layer", square},
    {"factor_per_layer", factor},
    {"depth_scale", scale},
};

static bool read_rate(const json_t *record, const char *name, vg_quantity *q)
{
    const json_t *rate = json_object_get(record, "rate"), *ci = json_object_get(rate, "ci95");
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        if (strcmp(name, rates[i].name))
            continue;
        q->value = rates[i].of(vg_json_get_number(rate, "ln_sq_per_layer"));
        q->low = rates[i].of(vg_json_bound(ci, 0));
        q->high = rates[i].of(vg_json_bound(ci, 1));
        return true;
    }
    return false;
}

/* --- of each seed -------------------------------------------------------------------------- */

static double ln_ratio(const json_t *seed, const char *key)
{
    return log(vg_json_get_number(json_object_get(seed, "first"), key) /
               vg_json_get_number(json_object_get(seed, "last"), key));
}

static double ln_survival(const json_t *seed, const char *name)
{
    (void)name;
    return log(vg_json_get_number(seed, "survival"));
}

static double ln_weights(const json_t *seed, const char *name)
{
    (void)name;
    return ln_ratio(seed, "grad_weight_l2");
}

static double ln_trunk(const json_t *seed, const char *name)
{
    (void)name;
    return ln_ratio(seed, "grad_out_l2");
}

static double jacobian(const json_t *seed, const char *name)
{
    return vg_json_get_number(seed, name);
}

/* "first_out_std", "last_dead" */
static double of_block(const json_t *seed, const char *name)
{
    bool first = !strncmp(name, "first_", 6);
    return vg_json_get_number(json_object_get(seed, first ? "first" : "last"),
                              name + (first ? 6 : 5));
}

/* Averaged over the seeds as `in` gives it, shown as `shown`. A name that ends in '_' is a beginning. */
static const struct {
    const char *name;
    double (*in)(const json_t *seed, const char *name);
    double (*shown)(double mean);
} of_seeds[] = {
    {"survival", ln_survival, exp},       {"log10_survival", ln_survival, decades},
    {"log10_weight_ratio", ln_weights, decades}, {"grad_out_ratio", ln_trunk, exp},
    {VG_QUANTITY_JACOBIAN, jacobian, same}, {"first_", of_block, same},
    {"last_", of_block, same},
};

static bool is_named(const char *name, const char *rule)
{
    size_t n = strlen(rule);
    return rule[n - 1] == '_' ? !strncmp(name, rule, n) : !strcmp(name, rule);
}

static vg_status average(const json_t *record, const char *name, size_t which, vg_quantity *q)
{
    const json_t *seeds = json_object_get(record, "by_seed");
    size_t n = json_array_size(seeds), i;
    json_t *seed;
    double sum = 0, *values = calloc(n + 1, sizeof *values);
    if (!values)
        return vg_fail(VG_ENOMEM, "out of memory for %zu seeds", n);
    json_array_foreach((json_t *)seeds, i, seed)
        sum += values[i] = of_seeds[which].in(seed, name);
    double mean = sum / (double)n, half = vg_seed_interval(values, (int64_t)n);
    q->value = of_seeds[which].shown(mean);
    q->low = of_seeds[which].shown(mean - half);
    q->high = of_seeds[which].shown(mean + half);
    free(values);
    return VG_OK;
}

vg_status vg_quantity_read(const json_t *record, const char *name, vg_quantity *q)
{
    *q = (vg_quantity){NAN, NAN, NAN,
                       json_array_size(json_object_get(record, "by_seed")) == 1};
    if (read_rate(record, name, q))
        return VG_OK;
    for (size_t i = 0; i < sizeof of_seeds / sizeof *of_seeds; i++)
        if (is_named(name, of_seeds[i].name))
            return average(record, name, i, q);
    if (strcmp(name, "cell_factor_per_step"))
        return vg_fail(VG_EINVAL,
                       "quantity=%s: allowed are verdict, sq_per_layer, ln_sq_per_layer, "
                       "factor_per_layer, depth_scale, survival, log10_survival, "
                       "log10_weight_ratio, grad_out_ratio, jacobian_singular_value, "
                       "cell_factor_per_step, and first_ or last_ before a statistic of a layer; "
                       "trained_ before accuracy, loss, loss_ratio, dead, update_ratio, "
                       "clip_spread or the code of an event",
                       name);
    q->value = vg_json_get_number(json_object_get(record, "recurrent"), name);
    return VG_OK;
}
