/* SPDX-License-Identifier: Apache-2.0 */
/* Whole steps, own and oneDNN, and the FMA peak, in turn: what disturbs one disturbs the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/train/breakdown.h"
#include "kernels/base/parallel.h"
#include "measure/clock.h"
#include "measure/stats.h"
#include "results/results.h"
#include "vgbench/peak.h"

enum { OWN, ONEDNN, SIDES, SAMPLES = 4000, LEAST = 7 };
static const double SAMPLE_S = 2e-4, PEAK_S = 2e-4, BREAKDOWN_S = 2;

typedef struct peak_task {
    vg_task task;
    uint32_t isa;
    int64_t rounds;
} peak_task;

typedef struct timing {
    vg_spec spec[SIDES];
    vg_dataset *data;
    vg_team *team;
    vg_stepper *stepper[SIDES];
    char reason[512]; /* why there is no oneDNN side */
    peak_task peak;
    vg_plan peak_plan;
    double peak_work; /* flops of a run of peak_plan */
    double *us[SIDES], *gflops; /* samples */
    int steps[SIDES];           /* per sample */
    int count;
} timing;

static void peak_unit(const vg_task *task, int64_t unit, void *scratch)
{
    (void)unit;
    (void)scratch;
    const peak_task *p = (const peak_task *)task;
    vg_peak_fma(p->isa, p->rounds);
}

static vg_status make_peak(timing *t)
{
    int threads = vg_team_threads(t->team);
    t->peak = (peak_task){.isa = vg_peak_isa(), .rounds = 1000};
    double flops = vg_peak_fma(t->peak.isa, 1000), begin = vg_clock_s();
    vg_peak_fma(t->peak.isa, 1000);
    double once = vg_clock_s() - begin;
    t->peak.rounds = (int64_t)(1000 * PEAK_S / (once > 1e-7 ? once : 1e-7)) + 1;
    t->peak_work = flops / 1000 * (double)t->peak.rounds * threads;
    vg_phase phase = {.run = peak_unit, .units = threads, .cost_ns = 1e9};
    return vg_plan_append_phase(&t->peak_plan, &t->peak.task, &phase, 0);
}

static vg_status one_step(timing *t, int side)
{
    vg_step_result result;
    return vg_stepper_run(t->stepper[side], 0, t->data->train, t->spec[side].batch, 0, false,
                          &result);
}

static vg_status make_side(timing *t, int side)
{
    VG_TRY(vg_stepper_create(&t->spec[side], t->data, t->team, true, &t->stepper[side]));
    VG_TRY(vg_stepper_reset(t->stepper[side], t->spec[side].seed));
    for (int i = 0; i < 3; i++)
        VG_TRY(one_step(t, side));
    double begin = vg_clock_s();
    VG_TRY(one_step(t, side));
    t->steps[side] = (int)ceil(SAMPLE_S / (vg_clock_s() - begin));
    return VG_OK;
}

static vg_status make(timing *t, const vg_spec *spec)
{
    vg_dataset_options how = {.samples = spec->batch + 1};
    t->spec[OWN] = *spec;
    VG_TRY(vg_dataset_open(&t->spec[OWN], &how, &t->data));
    VG_TRY(vg_team_create((int)spec->threads, spec->ftz, &t->team));
    t->spec[ONEDNN] = t->spec[OWN];
    t->spec[ONEDNN].backend = VG_BACKEND_onednn;
    for (int side = 0; side < SIDES; side++)
        t->us[side] = calloc(SAMPLES, sizeof *t->us[side]);
    t->gflops = calloc(SAMPLES, sizeof *t->gflops);
    if (!t->us[OWN] || !t->us[ONEDNN] || !t->gflops)
        return vg_fail(VG_ENOMEM, "out of memory for samples");
    VG_TRY(make_peak(t));
    VG_TRY(make_side(t, OWN));
    if (spec->backend == VG_BACKEND_onednn) {
        strcpy(t->reason, "the measured backend is oneDNN");
    } else if (make_side(t, ONEDNN) != VG_OK) {
        strcpy(t->reason, vg_status_message());
        vg_stepper_destroy(t->stepper[ONEDNN]);
        t->stepper[ONEDNN] = NULL;
    }
    return VG_OK;
}

static vg_status sample(timing *t, double budget_s)
{
    double begin = vg_clock_s();
    for (t->count = 0; t->count < SAMPLES; t->count++) {
        if (t->count >= LEAST && vg_clock_s() - begin > budget_s)
            break;
        vg_team_wake(t->team);
        double start = vg_clock_s();
        VG_TRY(vg_team_run(t->team, &t->peak_plan, NULL));
        t->gflops[t->count] = 1e-9 * t->peak_work / (vg_clock_s() - start);
        for (int side = 0; side < SIDES; side++) {
            if (!t->stepper[side])
                continue;
            vg_team_wake(t->team);
            start = vg_clock_s();
            for (int i = 0; i < t->steps[side]; i++)
                VG_TRY(one_step(t, side));
            t->us[side][t->count] = 1e6 * (vg_clock_s() - start) / t->steps[side];
        }
    }
    return VG_OK;
}

/* 6 B sum(in x out): a product forward and two backward. */
static double dense_flops(timing *t)
{
    const vg_arena *arena = vg_net_arena(vg_stepper_net(t->stepper[OWN]));
    double weights = 0;
    for (int i = 0; i < arena->count; i++)
        if (arena->segments[i].rows > 1)
            weights += (double)arena->segments[i].rows * (double)arena->segments[i].cols;
    return 6 * (double)t->spec[OWN].batch * weights;
}

static vg_status describe(timing *t, json_t *json)
{
    size_t n = (size_t)t->count;
    double step = vg_stat_median(t->us[OWN], n), peak = vg_stat_median(t->gflops, n), ratio;
    vg_interval ci;
    vg_json_set_number(json, "step_us", step);
    VG_TRY(vg_stat_median_ci(t->us[OWN], n, 0.95, 1000, 1, &ci));
    json_object_set_new(json, "step_us_ci95", vg_json_interval(ci.lo, ci.hi));
    json_object_set_new(json, "n", json_integer(t->count));
    vg_json_set_number(json, "flops", dense_flops(t));
    vg_json_set_number(json, "peak_gflops", peak);
    vg_json_set_number(json, "share_of_peak", 1e-3 * dense_flops(t) / step / peak);
    if (!t->stepper[ONEDNN]) {
        vg_json_set_text(json, "onednn_reason", t->reason);
        return VG_OK;
    }
    vg_json_set_number(json, "onednn_step_us", vg_stat_median(t->us[ONEDNN], n));
    VG_TRY(vg_stat_ratio_ci(t->us[ONEDNN], t->us[OWN], n, 0.95, 1000, 1, &ratio, &ci));
    vg_json_set_number(json, "ratio", ratio);
    json_object_set_new(json, "ratio_ci95", vg_json_interval(ci.lo, ci.hi));
    return VG_OK;
}

static vg_status measure(timing *t, const vg_spec *spec, double budget_s, json_t *json)
{
    static const char *const names[SIDES] = {"breakdown", "onednn_breakdown"};
    VG_TRY(make(t, spec));
    VG_TRY(sample(t, budget_s));
    VG_TRY(describe(t, json));
    for (int side = 0; side < SIDES; side++) {
        json_t *breakdown;
        if (!t->stepper[side])
            continue;
        VG_TRY(vg_breakdown(t->stepper[side], t->team, &t->spec[side], t->data->train, BREAKDOWN_S,
                            &breakdown));
        json_object_set_new(json, names[side], breakdown);
    }
    return VG_OK;
}

vg_status vg_step_time(const vg_spec *spec, double budget_s, json_t **record)
{
    timing t = {.count = 0};
    json_t *json = json_object();
    *record = NULL;
    vg_status status = measure(&t, spec, budget_s, json);
    for (int side = 0; side < SIDES; side++) {
        vg_stepper_destroy(t.stepper[side]);
        free(t.us[side]);
    }
    free(t.gflops);
    vg_plan_release(&t.peak_plan);
    vg_team_destroy(t.team);
    vg_dataset_close(t.data);
    vg_parallel_rest(); /* what follows may want their CPUs: with real-time priority it waits for ever */
    if (status == VG_OK)
        *record = json;
    else
        json_decref(json);
    return status;
}
