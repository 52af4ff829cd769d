/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data.h"
#include "harness/net.h"
#include "measure/clock.h"
#include "measure/counters.h"
#include "measure/stats.h"
#include "results/results.h"

enum { SAMPLES_MAX = 31, SAMPLES_MIN = 5, SAMPLES_LONG = 3, RESAMPLES = 1000 };
enum { OWN, BASE, ONEDNN, SIDES };
static const double BUDGET_S = 0.5; /* of all samples of all sides */
static const double LONG_S = 0.5;   /* of one round: fewer will do */

struct vg_cost_base {
    vg_team *team;
    vg_net *net;
};

/* A network ready to be timed, run once. */
static vg_status ready(const vg_spec *spec, vg_team *team, vg_net **net)
{
    vg_net_options options = {0};
    VG_TRY(vg_net_make(spec, &options, team, net));
    vg_status status = vg_net_run(*net);
    if (status != VG_OK) {
        vg_net_destroy(*net);
        *net = NULL;
    }
    return status;
}

/* Samples of all sides in turn, so that what disturbs one disturbs the other. */
static vg_status sample(vg_team *team, vg_net *const net[SIDES],
                        double ms[SIDES][SAMPLES_MAX], int *count)
{
    double begin = vg_clock_s();
    int n = 0;
    int least = SAMPLES_MIN;
    while (n < SAMPLES_MAX && (n < least || vg_clock_s() - begin < BUDGET_S)) {
        for (int side = 0; side < SIDES; side++) {
            if (!net[side])
                continue;
            vg_team_wake(team);
            double start = vg_clock_s();
            VG_TRY(vg_net_run(net[side]));
            ms[side][n] = 1e3 * (vg_clock_s() - start);
        }
        n++;
        if (vg_clock_s() - begin > LONG_S * n)
            least = SAMPLES_LONG;
    }
    *count = n;
    return VG_OK;
}

/* Of the pairs of one round: what disturbed both cancels. */
static vg_status set_ratio(json_t *cost, double ms[SIDES][SAMPLES_MAX], int count)
{
    double ratio;
    vg_interval ci;
    VG_TRY(vg_stat_ratio_ci(ms[OWN], ms[BASE], (size_t)count, 0.95, RESAMPLES, 1, &ratio, &ci));
    vg_json_set_number(cost, "base_step_ms", vg_stat_median(ms[BASE], (size_t)count));
    vg_json_set_number(cost, "step_ratio", ratio);
    json_object_set_new(cost, "step_ratio_ci95", vg_json_interval(ci.lo, ci.hi));
    return VG_OK;
}

static json_t *cost_json(vg_net *const net[SIDES], double ms[SIDES][SAMPLES_MAX], int count,
                         const char *reason)
{
    vg_interval ci = {NAN, NAN};
    double median = vg_stat_median(ms[OWN], (size_t)count);
    json_t *cost = json_object();
    vg_stat_median_ci(ms[OWN], (size_t)count, 0.95, RESAMPLES, 1, &ci);
    vg_json_set_number(cost, "step_ms", median);
    json_object_set_new(cost, "step_ms_ci95", vg_json_interval(ci.lo, ci.hi));
    json_object_set_new(cost, "n", json_integer(count));
    vg_json_set_number(cost, "flops_per_step", vg_net_flops(net[OWN]));
    vg_json_set_number(cost, "gflops", vg_net_flops(net[OWN]) / median * 1e-6);
    vg_json_set_number(cost, "bytes_per_step", vg_net_traffic(net[OWN]));
    vg_json_set_number(cost, "onednn_step_ms",
                       net[ONEDNN] ? vg_stat_median(ms[ONEDNN], (size_t)count) : (double)NAN);
    if (!net[ONEDNN])
        vg_json_set_text(cost, "onednn_reason", reason);
    return cost;
}

/* Misses of L2 a step, where the machine counts. Simulation is left to `vgbench profile`: it takes
 * some fifty times as long as the step, and a fix matrix has fifty rows. */
static vg_status count_misses(vg_net *net, int threads, json_t *cost)
{
    enum { RUNS = 3 };
    char reason[VG_COUNTERS_REASON];
    vg_counters *counters;
    vg_counts counts;
    if (!vg_counters_available(vg_perf_kernel_get(), reason, sizeof reason)) {
        vg_json_set_text(cost, "misses_reason", reason);
        return VG_OK;
    }
    VG_TRY(vg_counters_open(vg_perf_kernel_get(), threads, &counters));
    vg_status status = VG_OK;
    vg_counters_start(counters);
    for (int i = 0; i < RUNS && status == VG_OK; i++)
        status = vg_net_run(net);
    vg_counters_stop(counters);
    vg_counters_read(counters, &counts);
    vg_counters_close(counters);
    const vg_count *misses = &counts.c[VG_COUNTER_l2_misses];
    vg_json_set_number(cost, "misses", misses->value / RUNS);
    if (isfinite(misses->value))
        vg_json_set_text(cost, "misses_source", "pmu, L2");
    else
        vg_json_set_text(cost, "misses_reason", misses->reason);
    return status;
}

static vg_status with_team(const vg_spec *spec, vg_team *team, vg_cost_base *base, json_t **cost)
{
    double ms[SIDES][SAMPLES_MAX];
    vg_net *net[SIDES] = {[BASE] = base ? base->net : NULL};
    char reason[512] = "the measured backend is oneDNN";
    int count = 0;
    VG_TRY(ready(spec, team, &net[OWN]));
    if (spec->backend != VG_BACKEND_onednn) {
        vg_spec other = *spec;
        other.backend = VG_BACKEND_onednn;
        if (ready(&other, team, &net[ONEDNN]) != VG_OK)
            strcpy(reason, vg_status_message());
    }
    vg_status status = sample(team, net, ms, &count);
    if (status == VG_OK) {
        *cost = cost_json(net, ms, count, reason);
        status = count_misses(net[OWN], vg_team_threads(team), *cost);
    }
    if (status == VG_OK && base)
        status = set_ratio(*cost, ms, count);
    vg_net_destroy(net[OWN]);
    vg_net_destroy(net[ONEDNN]);
    return status;
}

vg_status vg_cost_base_make(const vg_spec *resolved, vg_cost_base **base)
{
    vg_spec spec = *resolved;
    VG_TRY(vg_data_fit(&spec));
    vg_cost_base *b = *base = calloc(1, sizeof *b);
    if (!b)
        return vg_fail(VG_ENOMEM, "out of memory for the network that others are compared with");
    vg_status status = vg_team_create((int)spec.threads, spec.ftz, &b->team);
    if (status == VG_OK)
        status = ready(&spec, b->team, &b->net);
    if (status != VG_OK) {
        vg_cost_base_release(b);
        *base = NULL;
    }
    return status;
}

void vg_cost_base_release(vg_cost_base *base)
{
    if (!base)
        return;
    vg_net_destroy(base->net);
    if (base->team)
        vg_team_destroy(base->team);
    free(base);
}

vg_status vg_cost_measure(const vg_spec *spec, vg_cost_base *base, json_t **cost)
{
    vg_team *team = base ? base->team : NULL;
    *cost = NULL;
    if (!base)
        VG_TRY(vg_team_create((int)spec->threads, spec->ftz, &team));
    vg_status status = with_team(spec, team, base, cost);
    if (!base)
        vg_team_destroy(team);
    return status;
}
