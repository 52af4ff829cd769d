/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/decay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/checklist.h"
#include "harness/cost.h"
#include "harness/data.h"
#include "harness/diagnose.h"
#include "harness/dump.h"
#include "harness/fixes.h"
#include "harness/jacobian.h"
#include "harness/net.h"
#include "harness/null_reasons.h"
#include "harness/precision.h"
#include "harness/theory.h"
#include "results/results.h"

enum { ADVICE = 3 };

/* --- measurement --------------------------------------------------------------------------- */

static vg_status allocate(const vg_spec *spec, vg_decay *d)
{
    bool recurrent = spec->model != VG_MODEL_mlp;
    *d = (vg_decay){.depth = recurrent ? spec->seq_len : spec->depth,
                    .seeds = spec->seeds,
                    .trunk = recurrent || spec->skip != VG_SKIP_none,
                    .recurrent = recurrent};
    size_t count;
    VG_TRY(vg_size_mul((size_t)d->seeds, (size_t)d->depth, &count));
    d->stats = calloc(count, sizeof *d->stats);
    d->loss = calloc((size_t)spec->seeds, sizeof *d->loss);
    d->jacobian = calloc((size_t)spec->seeds, sizeof *d->jacobian);
    if (!d->stats || !d->loss || !d->jacobian)
        return vg_fail(VG_ENOMEM, "out of memory for the statistics of %zu blocks", count);
    return VG_OK;
}

static vg_status run_seeds(vg_net *net, const vg_decay_options *options, vg_decay *d)
{
    const vg_spec *spec = vg_net_spec(net);
    for (int64_t s = 0; s < spec->seeds; s++) {
        if (options->interrupted && options->interrupted())
            return vg_fail(VG_EINVAL, "interrupted");
        VG_TRY(vg_net_init(net, spec->seed + s));
        VG_TRY(vg_net_run(net));
        d->loss[s] = vg_net_loss(net);
        d->correlation += vg_net_correlation(net, d->depth) / (double)spec->seeds;
        if (d->recurrent)
            d->spectral_radius += vg_net_spectral_radius(net) / (double)spec->seeds;
        for (int64_t l = 1; l <= d->depth; l++)
            vg_net_stats(net, l, &d->stats[s * d->depth + l - 1]);
        if (options->jacobian)
            VG_TRY(vg_net_jacobian(net, &d->jacobian[s]));
        if (s == 0 && options->dump)
            VG_TRY(vg_dump_net(net, options->dump));
    }
    return VG_OK;
}

static vg_status with_net(const vg_spec *spec, vg_team *team, const vg_decay_options *options,
                          vg_decay *d)
{
    vg_net *net;
    vg_net_options how = {.keep = options->dump != NULL, .monitor = true};
    VG_TRY(vg_net_create(spec, &how, team, &net));
    d->params = vg_net_params(net);
    d->matrices = vg_net_matrices(net);
    vg_status status = vg_net_load_own(net);
    if (status == VG_OK)
        status = run_seeds(net, options, d);
    d->input_power = vg_net_input_power(net, &d->input_mean_power);
    vg_net_destroy(net);
    return status;
}

static vg_status measure(const vg_spec *spec, const vg_decay_options *options, vg_decay *d)
{
    vg_net_options how = {.keep = options->dump != NULL, .monitor = true};
    VG_TRY(vg_net_check_memory(spec, &how));
    VG_TRY(allocate(spec, d));
    vg_team *team;
    VG_TRY(vg_team_create((int)spec->threads, spec->ftz, &team));
    vg_status status = with_net(spec, team, options, d);
    vg_team_destroy(team);
    if (status == VG_OK)
        status = vg_decay_fit(d);
    return status;
}

/* --- record -------------------------------------------------------------------------------- */

/* Seed average of a field; norms by their logarithm. */
static double mean_of(const vg_decay *d, int64_t l, size_t field, bool norm)
{
    double sum = 0;
    for (int64_t s = 0; s < d->seeds; s++) {
        double value;
        memcpy(&value, (const char *)&d->stats[s * d->depth + l - 1] + field, sizeof value);
        sum += norm ? log(value) : value;
    }
    sum /= (double)d->seeds;
    return norm ? exp(sum) : sum;
}

static double spread_of_ln(const vg_decay *d, int64_t l)
{
    double square = 0, mean = d->mean_ln[l] / 2;
    for (int64_t s = 0; s < d->seeds; s++) {
        double ln = log(vg_decay_signal(d, s, l)) - mean;
        square += ln * ln;
    }
    return d->seeds > 1 ? sqrt(square / (double)(d->seeds - 1)) : (double)NAN;
}

/* What is written of a block; of the last two a cell has one or both. */
static const struct {
    const char *key;
    size_t field;
    bool norm;
} columns[] = {
    {"delta_l2", offsetof(vg_block_stats, delta_l2), true},
    {"grad_out_l2", offsetof(vg_block_stats, grad_out_l2), true},
    {"grad_weight_l2", offsetof(vg_block_stats, grad_weight_l2), true},
    {"grad_bias_l2", offsetof(vg_block_stats, grad_bias_l2), true},
    {"weight_l2", offsetof(vg_block_stats, weight_l2), true},
    {"out_mean", offsetof(vg_block_stats, out_mean), false},
    {"out_std", offsetof(vg_block_stats, out_std), false},
    {"slope_abs_mean", offsetof(vg_block_stats, slope_abs_mean), false},
    {"slope_sq_mean", offsetof(vg_block_stats, slope_sq_mean), false},
    {"slope_abs_max", offsetof(vg_block_stats, slope_abs_max), false},
    {"saturated", offsetof(vg_block_stats, saturated), false},
    {"dead", offsetof(vg_block_stats, dead), false},
    {"zero", offsetof(vg_block_stats, zero), false},
    {"subnormal", offsetof(vg_block_stats, subnormal), false},
    {"underflow_fp16", offsetof(vg_block_stats, underflow_fp16), false},
    {"underflow_bf16", offsetof(vg_block_stats, underflow_bf16), false},
    {"carry_mean", offsetof(vg_block_stats, carry), false},
    {"grad_cell_l2", offsetof(vg_block_stats, grad_cell_l2), true},
};

/* A gate carries the state of lstm and gru, a cell is lstm's alone. */
static size_t columns_of(const vg_spec *spec)
{
    size_t without = spec->model == VG_MODEL_lstm ? 0 : spec->model == VG_MODEL_gru ? 1 : 2;
    return sizeof columns / sizeof *columns - without;
}

static json_t *layers_json(const vg_spec *spec, const vg_decay *d)
{
    size_t count = columns_of(spec);
    json_t *layers = json_array();
    for (int64_t l = 1; l <= d->depth; l++) {
        json_t *layer = json_object();
        json_object_set_new(layer, "index", json_integer(l));
        for (size_t c = 0; c < count; c++)
            vg_json_set_number(layer, columns[c].key,
                               mean_of(d, l, columns[c].field, columns[c].norm));
        vg_json_set_number(layer, "ln_sd", spread_of_ln(d, l));
        json_array_append_new(layers, layer);
    }
    return layers;
}

/* Statistics of a block in one seed, those that it has. */
static json_t *block_json(const vg_spec *spec, const vg_decay *d, int64_t s, int64_t l)
{
    json_t *block = json_object();
    for (size_t c = 0; c < columns_of(spec); c++) {
        double value;
        memcpy(&value, (const char *)&d->stats[s * d->depth + l - 1] + columns[c].field,
               sizeof value);
        if (isfinite(value))
            vg_json_set_number(block, columns[c].key, value);
    }
    return block;
}

static json_t *by_seed_json(const vg_spec *spec, const vg_decay *d)
{
    json_t *list = json_array();
    for (int64_t s = 0; s < d->seeds; s++) {
        json_t *one = json_object();
        double top = vg_decay_signal(d, s, d->depth);
        json_object_set_new(one, "seed", json_integer(spec->seed + s));
        vg_json_set_number(one, "survival", vg_decay_signal(d, s, 1) / top);
        vg_json_set_number(one, "ln_sq_per_layer", d->seed_rate[s]);
        if (d->jacobian[s] > 0)
            vg_json_set_number(one, "jacobian_singular_value", d->jacobian[s]);
        json_object_set_new(one, "first", block_json(spec, d, s, 1));
        json_object_set_new(one, "last", block_json(spec, d, s, d->depth));
        json_array_append_new(list, one);
    }
    return list;
}

static void set_rate(json_t *record, const vg_decay *d)
{
    if (d->reason) {
        json_object_set_new(record, "rate", json_null());
        vg_json_set_text(record, "rate_reason", d->reason);
        return;
    }
    json_t *rate = json_object();
    vg_json_set_text(rate, "signal", d->trunk ? "grad_out" : "delta");
    vg_json_set_number(rate, "ln_sq_per_layer", d->rate);
    vg_json_set_number(rate, "sq_per_layer", exp(d->rate));
    vg_json_set_number(rate, "factor_per_layer", exp(d->rate / 2));
    vg_json_set_number(rate, "half_life_layers",
                       d->rate < -1e-9 ? -2 * 0.69314718055994531 / d->rate : (double)NAN);
    json_object_set_new(rate, "ci95", vg_json_interval(d->ci95[0], d->ci95[1]));
    json_object_set_new(rate, "from", json_integer(d->from));
    json_object_set_new(rate, "to", json_integer(d->to));
    json_object_set_new(record, "rate", rate);
}

/* Why the rate is no product of slopes and weights, or NULL. */
static const char *no_product(const vg_decay *d)
{
    if (d->reason)
        return d->reason;
    if (d->recurrent)
        return isnan(d->stats[0].slope_sq_mean)
                   ? "a gated cell has a slope per gate, and its carrying gate passes the signal on "
                     "beside them (carry_mean)"
                   : NULL;
    return d->trunk ? "with a skip the signal is a sum: what the path round the block passes on, and "
                      "what slopes and weights of the block add"
                    : NULL;
}

/* What multiplies the signal on its way through a block: E f'^2, and the rest, which the weights (and
 * norms) do. Each is fitted like the signal, so the two multiply to the measured rate. delta_l has
 * passed the f' of its own block, dL/dh_t of a recurrent layer that of the next step. */
static void set_explain(json_t *record, const vg_decay *d)
{
    int64_t behind = d->recurrent ? 1 : 0;
    const char *reason = no_product(d);
    if (reason) {
        vg_json_set_text(record, "explain_reason", reason);
        return;
    }
    double *slopes = calloc((size_t)d->depth + 2, sizeof *slopes);
    if (!slopes)
        return;
    for (int64_t l = d->depth - 1; l >= 1; l--)
        slopes[l] = slopes[l + 1] +
                    log(mean_of(d, l + behind, offsetof(vg_block_stats, slope_sq_mean), false));
    double part = vg_fit_rate(slopes, d->from, d->to, NULL);
    json_t *explain = json_object();
    vg_json_set_number(explain, "slope_sq_per_layer", exp(part));
    vg_json_set_number(explain, "weight_sq_per_layer", exp(d->rate - part));
    vg_json_set_number(explain, "sq_per_layer", exp(d->rate));
    json_object_set_new(record, "explain", explain);
    free(slopes);
}

/* The band: 4 standard deviations of the seed average, 1e-4 for the rounding of the fit, and what the
 * formula is known to leave out (slack). Within: the measured rate lies in it. */
static void set_theory(json_t *record, const vg_decay *d, const vg_theory *t)
{
    json_t *theory = json_object();
    json_object_set_new(record, "theory", theory);
    json_object_set_new(theory, "valid", json_boolean(t->valid && !d->reason));
    vg_json_set_text(theory, "formula", t->formula);
    if (!t->valid || d->reason) {
        vg_json_set_text(theory, "reason", t->valid ? d->reason : t->reason);
        json_object_set_new(theory, "within", json_null());
        return;
    }
    double rate, sd;
    vg_theory_rate(t, d->from, d->to, &rate, &sd);
    sd /= sqrt((double)d->seeds);
    double off = d->rate - rate, half = 4 * sd + t->slack + 1e-4;
    vg_json_set_number(theory, "ln_sq_per_layer", rate);
    vg_json_set_number(theory, "sq_per_layer", exp(rate));
    vg_json_set_number(theory, "sd_ln", sd);
    vg_json_set_number(theory, "slack", t->slack);
    vg_json_set_number(theory, "deviation_sd", sd > 0 ? off / sd : (double)NAN);
    json_object_set_new(theory, "band", vg_json_interval(rate - half, rate + half));
    json_object_set_new(theory, "within", json_boolean(fabs(off) <= half));
    json_t *curve = json_array(); /* predicted norm of the signal relative to the last block */
    for (int64_t l = 1; l <= d->depth; l++)
        json_array_append_new(curve, vg_json_number(exp(t->ln_sq[l] / 2)));
    json_object_set_new(theory, "signal", curve);
}

/* Recurrent models: what the recurrent matrix alone would do, and of LSTM the path through the
 * cells, where the forget gate is all that multiplies. */
static void set_recurrent(json_t *record, const vg_spec *spec, const vg_decay *d)
{
    json_t *recurrent = json_object();
    vg_json_set_number(recurrent, "spectral_radius", d->spectral_radius);
    vg_json_set_number(recurrent, "input_power", d->input_power);
    if (spec->model == VG_MODEL_lstm) {
        double top = log(mean_of(d, d->depth, offsetof(vg_block_stats, grad_cell_l2), true));
        double bottom = log(mean_of(d, 1, offsetof(vg_block_stats, grad_cell_l2), true));
        vg_json_set_number(recurrent, "cell_survival", exp(bottom - top));
        vg_json_set_number(recurrent, "cell_factor_per_step",
                           exp((bottom - top) / (double)(d->depth - 1)));
        vg_json_set_number(recurrent, "forget_gate_at_zero", 1 / (1 + exp(-spec->forget_bias)));
    }
    json_object_set_new(record, "recurrent", recurrent);
}

static double mean_over_seeds(const vg_decay *d, const double *values)
{
    double sum = 0;
    for (int64_t s = 0; s < d->seeds; s++)
        sum += values[s];
    return sum / (double)d->seeds;
}

/* Of a sick network: what theory says of the first things to try; --fixes measures them all. */
static void set_advice(json_t *record, const vg_spec *spec, const vg_theory_measured *measured)
{
    bool sick = strcmp(vg_json_get_text(record, "verdict", ""), "healthy") != 0;
    json_t *advice = sick ? vg_fix_predict(spec, measured, ADVICE) : json_array();
    if (sick && !json_array_size(advice))
        vg_json_set_text(record, "advice_reason", "no formula covers a fix of this network: "
                                                  "--fixes measures them");
    json_object_set_new(record, "advice", advice);
}

static json_t *record_json(const vg_spec *spec, const vg_decay *d, const vg_theory *t,
                           const vg_theory_measured *measured)
{
    json_t *record = json_object(), *seeds = json_array();
    char label[512];
    json_object_set_new(record, "spec", vg_spec_json(spec));
    vg_json_set_text(record, "label", vg_spec_label(spec, label, sizeof label));
    for (int64_t s = 0; s < d->seeds; s++)
        json_array_append_new(seeds, json_integer(spec->seed + s));
    json_object_set_new(record, "seeds", seeds);
    json_object_set_new(record, "params", json_integer(d->params));
    json_object_set_new(record, "matrices", json_integer(d->matrices));
    vg_json_set_number(record, "loss", mean_over_seeds(d, d->loss));
    json_object_set_new(record, "layers", layers_json(spec, d));
    json_object_set_new(record, "by_seed", by_seed_json(spec, d));
    set_rate(record, d);
    set_explain(record, d);
    set_theory(record, d, t);
    if (d->recurrent)
        set_recurrent(record, spec, d);
    vg_json_set_number(record, "survival", d->survival);
    double spread = t->valid ? vg_theory_spread(t) / sqrt((double)d->seeds) : (double)NAN;
    vg_json_set_text(record, "verdict", vg_decay_verdict(d, spec, spread));
    vg_json_set_number(record, "out_correlation", d->correlation);
    if (d->jacobian[0] > 0)
        vg_json_set_number(record, "jacobian_singular_value", mean_over_seeds(d, d->jacobian));
    json_object_set_new(record, "findings", vg_findings(spec, d, spread));
    set_advice(record, spec, measured);
    json_object_set_new(record, "checklist", vg_checklist(spec, record));
    return record;
}

/* What is measured beside the gradient. */
static vg_status add_extras(const vg_spec *spec, const vg_decay_options *options, json_t *record)
{
    json_t *cost = NULL, *overhead = NULL, *precision = NULL;
    if (options->cost) {
        VG_TRY(vg_cost_measure(spec, options->base, &cost));
        json_object_set_new(record, "cost", cost);
    }
    if (options->cost && options->overhead) {
        VG_TRY(vg_monitor_overhead(spec, &overhead));
        json_object_set_new(cost, "monitor", overhead);
    }
    if (options->precision) {
        VG_TRY(vg_precision_measure(spec, &precision));
        json_object_set_new(record, "precision", precision);
    }
    return VG_OK;
}

static vg_status measure_fitted(const vg_spec *spec, const vg_decay_options *options,
                                json_t **record)
{
    vg_decay d = {0};
    vg_theory theory = {0};
    vg_status status = measure(spec, options, &d);
    vg_theory_measured measured = {d.input_power, d.input_mean_power, d.spectral_radius};
    if (status == VG_OK)
        status = vg_theory_predict_with(spec, &measured, &theory);
    if (status == VG_OK) {
        *record = record_json(spec, &d, &theory, &measured);
        status = add_extras(spec, options, *record);
    }
    if (status == VG_OK)
        vg_null_reasons(*record, &d);
    vg_theory_release(&theory);
    vg_decay_release(&d);
    if (status != VG_OK && *record) {
        json_decref(*record);
        *record = NULL;
    }
    return status;
}

vg_status vg_decay_measure(const vg_spec *spec, const vg_decay_options *options, json_t **record)
{
    vg_spec fitted = *spec;
    *record = NULL;
    VG_TRY(vg_data_fit(&fitted));
    return measure_fitted(&fitted, options, record);
}
