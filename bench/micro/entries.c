/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/entries.h"

#include <math.h>
#include <string.h>

#include "measure/binding.h"
#include "measure/roofline.h"
#include "measure/stats.h"
#include "results/results.h"

static const double level = 0.95;

static json_t *shape_json(const vg_case *c)
{
    json_t *shape = json_object();
    for (int i = 0; i < vg_op_extents(c->op); i++)
        json_object_set_new(shape, vg_op_key(c->op, i), json_integer(c->shape.n[i]));
    if (vg_op_has_weights(c->op))
        vg_json_set_text(shape, "weights",
                         c->shape.weights == VG_WEIGHTS_PACKED ? "packed" : "plain");
    if (vg_op_has_act(c->op))
        vg_json_set_text(shape, "act", vg_op_name((vg_op)c->shape.act));
    if (vg_op_has_norm(c->op))
        vg_json_set_text(shape, "norm", vg_op_name((vg_op)c->shape.norm));
    return shape;
}

static const char *family_name(vg_op op)
{
    static const char *const names[] = {"dense", "activation", "norm",     "residual",
                                        "loss",  "optimizer",  "recurrent"};
    return names[vg_op_family(op)];
}

/* The part that every row has, timed or not. */
static json_t *entry_head(const vg_case *c, const vg_row_result *row, int index)
{
    char name[360];
    json_t *e = json_object();
    vg_gbench_name(row->name, name, sizeof name);
    vg_json_set_text(e, "name", name);
    json_object_set_new(e, "family_index", json_integer(index));
    json_object_set_new(e, "per_family_instance_index", json_integer(0));
    vg_json_set_text(e, "run_name", name);
    vg_json_set_text(e, "run_type", "iteration");
    json_object_set_new(e, "repetitions", json_integer(1));
    json_object_set_new(e, "repetition_index", json_integer(0));
    json_object_set_new(e, "threads", json_integer(1));
    vg_json_set_text(e, "kernel", row->name);
    vg_json_set_text(e, "op", vg_op_name(c->op));
    vg_json_set_text(e, "dir", vg_dir_name(c->dir));
    vg_json_set_text(e, "backend", vg_backend_name(row->kernel->backend));
    vg_json_set_text(e, "family", family_name(c->op));
    json_object_set_new(e, "shape", shape_json(c));
    json_object_set_new(e, "omp_threads_asked", json_integer(c->threads));
    if (vg_binding_crowded(c->threads, name))
        vg_json_set_text(e, "oversubscribed", name);
    json_object_set_new(e, "verified",
                        row->verified < 0 ? json_null() : json_boolean(row->verified));
    if (row->verify_reason[0])
        vg_json_set_text(e, "verify_reason", row->verify_reason);
    vg_json_set_number(e, "ulp_max", row->verified < 0 ? (double)NAN : row->ulp_max);
    vg_json_set_number(e, "tolerance_used", row->verified < 0 ? (double)NAN : row->tolerance_used);
    return e;
}

static void set_error(json_t *e, const char *text)
{
    json_object_set_new(e, "iterations", json_integer(0));
    json_object_set_new(e, "real_time", json_real(0));
    json_object_set_new(e, "cpu_time", json_real(0));
    vg_json_set_text(e, "time_unit", "ns");
    json_object_set_new(e, "error_occurred", json_true());
    vg_json_set_text(e, "error_message", text);
}

static void write_roof(json_t *e, const vg_roof *roof)
{
    char why[200];
    json_t *r = json_object();
    vg_json_set_text(r, "kind", roof->compute ? "flops" : "bandwidth");
    vg_json_set_number(r, "value", roof->value);
    vg_json_set_text(r, "unit", roof->compute ? "FLOP/s" : "bytes/s");
    json_object_set_new(e, "roof", r);
    vg_json_set_number(e, "roof_fraction", roof->fraction);
    json_object_del(e, "above_roof");
    if (vg_roof_why_above(roof, why))
        vg_json_set_text(e, "above_roof", why);
}

static void set_rates(json_t *e, const vg_case *c, const vg_row_result *row, double ns)
{
    double flops = vg_op_flops(c->op, c->dir, &c->shape);
    double bytes = vg_op_bytes(c->op, c->dir, &c->shape);
    vg_roof roof = vg_roof_of(c->op, c->dir, &c->shape, row->used_threads, ns * 1e-9);
    vg_json_set_number(e, "flops", flops);
    vg_json_set_number(e, "bytes", bytes);
    vg_json_set_number(e, "gflops", flops / ns);
    vg_json_set_number(e, "gbps", bytes / ns);
    vg_roof_follow(e, &roof, write_roof);
}

static vg_status set_times(json_t *e, const vg_case *c, const vg_row_result *row,
                           const vg_entry_context *context)
{
    vg_interval ci;
    size_t n = (size_t)row->count;
    double median = vg_stat_median(row->samples, n);
    VG_TRY(vg_stat_median_ci(row->samples, n, level, context->resamples, context->seed, &ci));
    json_object_set_new(e, "iterations", json_integer(row->batch * row->count));
    vg_json_set_number(e, "real_time", median);
    vg_json_set_number(e, "cpu_time", vg_stat_median(row->cpu, n));
    vg_json_set_text(e, "time_unit", "ns");
    json_object_set_new(e, "omp_threads", json_integer(row->used_threads));
    vg_json_set_text(e, "impl", row->impl);
    vg_json_set_text(e, "label", row->impl);
    json_object_set_new(e, "batch", json_integer(row->batch));
    json_object_set_new(e, "ci95_ns", vg_json_interval(ci.lo, ci.hi));
    vg_json_set_number(e, "mad_ns", vg_stat_mad(row->samples, n));
    vg_json_set_number(e, "prepare_ns", row->prepare_ns);
    vg_json_set_text(e, "comparison", "within-process");
    json_object_set_new(e, "samples_ns", vg_json_numbers(row->samples, n));
    if (row->kernel->backend == VG_BACKEND_onednn)
        json_object_set_new(
            e, "reference",
            json_boolean(!strncmp(row->impl, "ref", 3) || strstr(row->impl, ":ref") != NULL));
    set_rates(e, c, row, median);
    return VG_OK;
}

/* The mode, the proof of it, and what to think of the number. */
static void set_cold(json_t *e, const vg_row_result *row, vg_cold mode)
{
    char note[240] = "";
    size_t n = 0;
    vg_json_set_text(e, "cold_cache", vg_cold_names[mode]);
    if (!row->count)
        return;
    json_object_set_new(e, "cold_check", vg_cold_json(&row->cold));
    if (row->cold.bytes <= 0)
        n += (size_t)snprintf(note, sizeof note, "no weights: hot");
    else if (!vg_cold_shown(&row->cold))
        n += (size_t)snprintf(note, sizeof note,
                              "not shown to be cold: reading took %.0f ns after "
                              "the flush, %.0f ns again",
                              row->cold.cold_ns, row->cold.hot_ns);
    if (vg_row_brief(row))
        snprintf(note + n, sizeof note - n,
                 "%sone call a sample, and reading the clock is %.0f ns of it", n ? "; " : "",
                 row->cold.clock_ns);
    if (*note)
        vg_json_set_text(e, "note", note);
}

/* --- ratios ----------------------------------------------------------------------------------- */

static vg_status ratio_of(const vg_row_result *base, const vg_row_result *own,
                          const vg_entry_context *context, double *ratio, vg_interval *ci)
{
    int pairs = base->count < own->count ? base->count : own->count;
    return vg_stat_ratio_ci(base->samples, own->samples, (size_t)pairs, level, context->resamples,
                            context->seed, ratio, ci);
}

static double floor_of(const vg_entry_context *context, int threads)
{
    return context->noise ? vg_noise_floor(context->noise, threads) : (double)NAN;
}

static vg_status add_ratio(json_t *ratios, const vg_case_result *result, const vg_row_result *own,
                           const vg_row_result *base, const vg_entry_context *context)
{
    double ratio;
    vg_interval ci;
    VG_TRY(ratio_of(base, own, context, &ratio, &ci));
    int pairs = base->count < own->count ? base->count : own->count;
    json_t *r = json_object();
    vg_json_set_text(r, "base", vg_backend_name(base->kernel->backend));
    vg_json_set_number(r, "ratio", ratio);
    json_object_set_new(r, "ci95", vg_json_interval(ci.lo, ci.hi));
    json_object_set_new(r, "pairs", json_integer(pairs));
    vg_json_set_number(r, "p",
                       vg_stat_mann_whitney(base->samples, (size_t)base->count, own->samples,
                                            (size_t)own->count, NULL));
    vg_verdict verdict =
        vg_verdict_of((vg_estimate){ratio, ci.lo, ci.hi}, floor_of(context, result->c->threads));
    vg_json_set_text(r, "verdict", vg_verdict_name(verdict));
    json_array_append_new(ratios, r);
    return VG_OK;
}

/* Ratios stand on own rows: the best one against every other row, the other hand-written ones
 * against oneDNN. */
static vg_status set_ratios(json_t *e, const vg_case_result *result, const vg_row_result *row,
                            const vg_entry_context *context)
{
    const vg_kernel *best = vg_case_best(result->c);
    const vg_row_result *dnnl = vg_case_row(result, VG_BACKEND_onednn);
    json_t *ratios = json_array();
    vg_status status = VG_OK;
    if (row->kernel == best) {
        for (int i = 0; i < result->count && !status; i++) {
            const vg_row_result *other = &result->rows[i];
            const vg_row_result *mine = vg_case_partner(result, other);
            if (other != row && other->count && mine)
                status = add_ratio(ratios, result, mine, other, context);
        }
    } else if (dnnl && (row->kernel->backend == VG_BACKEND_avx2 ||
                        row->kernel->backend == VG_BACKEND_neon)) {
        status = add_ratio(ratios, result, row, dnnl, context);
    }
    if (json_array_size(ratios))
        json_object_set(e, "ratios", ratios);
    json_decref(ratios);
    return status;
}

vg_status vg_entries_add(json_t *benchmarks, const vg_case_result *result,
                         const vg_entry_context *context)
{
    for (int i = 0; i < result->count; i++) {
        const vg_row_result *row = &result->rows[i];
        json_t *e = entry_head(result->c, row, (int)json_array_size(benchmarks));
        vg_status status = VG_OK;
        if (row->error[0] || !row->count) {
            set_error(e, row->error);
        } else {
            status = set_times(e, result->c, row, context);
            status = status ? status : set_ratios(e, result, row, context);
        }
        if (context->max_isa)
            vg_json_set_text(e, "max_isa", context->max_isa);
        if (result->cold)
            set_cold(e, row, result->cold);
        json_array_append_new(benchmarks, e);
        VG_TRY(status);
    }
    return VG_OK;
}

/* --- the comparison of a case ----------------------------------------------------------------- */

static vg_status interval_of(const vg_row_result *row, const vg_entry_context *context, double *ns,
                             double *lo, double *hi)
{
    vg_interval ci;
    *ns = vg_stat_median(row->samples, (size_t)row->count);
    VG_TRY(vg_stat_median_ci(row->samples, (size_t)row->count, level, context->resamples,
                             context->seed, &ci));
    *lo = ci.lo;
    *hi = ci.hi;
    return VG_OK;
}

vg_status vg_compare_case(const vg_case_result *result, const vg_entry_context *context,
                          vg_case_comparison *x)
{
    const double none = (double)NAN;
    const vg_case *c = result->c;
    const vg_kernel *best = vg_case_best(c);
    *x = (vg_case_comparison){.best_ns = none,
                              .best_lo = none,
                              .best_hi = none,
                              .base_ns = none,
                              .base_lo = none,
                              .base_hi = none,
                              .ratio = none,
                              .lo = none,
                              .hi = none,
                              .rate = none,
                              .roof_fraction = none,
                              .ulp_max = none,
                              .max_isa = context->max_isa};
    (void)vg_binding_crowded(c->threads, x->crowded);
    x->best = best ? vg_case_row(result, best->backend) : NULL;
    if (!x->best && !best) /* a filter has left plain C or oneDNN alone: show what there is */
        for (int i = 0; i < result->count && !x->best; i++)
            if (result->rows[i].kernel->backend != VG_BACKEND_onednn && result->rows[i].count)
                x->best = &result->rows[i];
    x->base = vg_case_row(result, VG_BACKEND_onednn);
    if (x->base)
        VG_TRY(interval_of(x->base, context, &x->base_ns, &x->base_lo, &x->base_hi));
    const vg_row_result *shown = x->best ? x->best : x->base;
    if (!shown)
        return VG_OK;
    if (x->best)
        VG_TRY(interval_of(x->best, context, &x->best_ns, &x->best_lo, &x->best_hi));
    double ns = x->best ? x->best_ns : x->base_ns;
    vg_roof roof = vg_roof_of(c->op, c->dir, &c->shape, shown->used_threads, ns * 1e-9);
    vg_family family = vg_op_family(c->op);
    x->by_flops = family == VG_FAMILY_DENSE || family == VG_FAMILY_RECURRENT;
    x->rate = (x->by_flops ? vg_op_flops(c->op, c->dir, &c->shape)
                           : vg_op_bytes(c->op, c->dir, &c->shape)) /
              ns * 1e9;
    x->roof_fraction = roof.fraction;
    x->ulp_max = shown->verified < 0 ? none : shown->ulp_max;
    if (x->best && x->base) {
        vg_interval ci;
        VG_TRY(ratio_of(x->base, x->best, context, &x->ratio, &ci));
        x->lo = ci.lo;
        x->hi = ci.hi;
        const vg_estimate pairs = {x->ratio, ci.lo, ci.hi};
        x->verdict = vg_verdict_of(pairs, floor_of(context, c->threads));
        x->contradicted = !*x->crowded && vg_medians_contradict(x->base_ns / x->best_ns, pairs,
                                                                floor_of(context, c->threads));
    }
    return VG_OK;
}
