/* SPDX-License-Identifier: Apache-2.0 */
/* Cold caches in vgbench profile: rows and networks timed with hot and with cold caches in turn, and
 * the proof that they were cold. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "cli/progress.h"
#include "harness/net.h"
#include "measure/clock.h"
#include "measure/interrupt.h"
#include "measure/rig.h"
#include "measure/stats.h"
#include "micro/sampler.h"
#include "results/results.h"

enum { SAMPLES = 15, SAMPLES_LEAST = 5 };
static const double LONG_S = 1.0; /* of all samples of a row: fewer will do */

const char *vg_profile_state(vg_cold mode)
{
    static const char *const states[] = {"hot", "cold_weights", "cold"};
    return states[mode];
}

typedef struct samples {
    double hot[SAMPLES], cold[SAMPLES]; /* ns */
    int count;
} samples;

/* Both in turn, so that what disturbs one disturbs the other. */
typedef void one_sample_fn(void *subject, vg_cold mode, double *hot_ns, double *cold_ns);

static void take(one_sample_fn *one, void *subject, vg_cold mode, samples *s)
{
    double begin = vg_clock_s();
    s->count = 0;
    while (s->count < SAMPLES && (s->count < SAMPLES_LEAST || vg_clock_s() - begin < LONG_S)) {
        one(subject, mode, &s->hot[s->count], &s->cold[s->count]);
        s->count++;
    }
}

static void add_times(json_t *row, vg_cold mode, const samples *s, const vg_cold_check *check)
{
    json_t *one = json_object();
    vg_interval hot, cold;
    size_t n = (size_t)s->count;
    vg_json_set_text(one, "mode", vg_cold_names[mode]);
    vg_json_set_number(one, "hot_ns", vg_stat_median(s->hot, n));
    vg_json_set_number(one, "cold_ns", vg_stat_median(s->cold, n));
    if (!vg_stat_median_ci(s->hot, n, 0.95, 1000, 1, &hot))
        json_object_set_new(one, "hot_ci95_ns", vg_json_interval(hot.lo, hot.hi));
    if (!vg_stat_median_ci(s->cold, n, 0.95, 1000, 1, &cold))
        json_object_set_new(one, "cold_ci95_ns", vg_json_interval(cold.lo, cold.hi));
    json_object_set_new(one, "n", json_integer(s->count));
    json_object_set_new(one, "check", vg_cold_json(check));
    if (check->bytes <= 0)
        vg_json_set_text(one, "note", "no weights: hot");
    else if (!vg_cold_shown(check))
        vg_json_set_text(one, "note", "not shown to be cold");
    json_object_set_new(row, "cold_cache", one);
}

/* --- kernels -------------------------------------------------------------------------------- */

static void sample_rig(void *subject, vg_cold mode, double *hot_ns, double *cold_ns)
{
    double cpu;
    *hot_ns = vg_cold_time(subject, VG_COLD_NONE, &cpu);
    *cold_ns = vg_cold_time(subject, mode, &cpu);
}

static vg_status time_row(const vg_kernel *kernel, const vg_shape *shape, vg_team *team,
                          vg_cold mode, json_t *row)
{
    vg_rig rig;
    samples s;
    vg_cold_check check;
    VG_TRY(vg_rig_create(&rig, kernel, shape, team, 1));
    take(sample_rig, &rig, mode, &s);
    vg_cold_verify(&rig, mode, &check);
    add_times(row, mode, &s, &check);
    vg_rig_release(&rig);
    return VG_OK;
}

vg_status vg_profile_cold_rows(const vg_case_list *cases, vg_cold mode, bool quiet, json_t *record)
{
    vg_progress progress;
    const json_t *rows = json_object_get(record, "rows");
    size_t place = 0;
    vg_status status = VG_OK;
    vg_json_set_text(record, "cold_cache", vg_cold_names[mode]);
    vg_progress_begin(&progress, "cold", cases->count, quiet);
    for (int i = 0; i < cases->count && !status && !vg_interrupted(); i++) {
        const vg_case *c = &cases->items[i];
        vg_team *team;
        vg_progress_step(&progress, i, "hot and cold in turn");
        status = vg_team_create(c->threads, 0, &team);
        for (int k = 0; k < c->row_count && !status; k++, place++) {
            json_t *row = json_array_get(rows, place);
            if (json_is_object(row) && !json_object_get(row, "error") &&
                time_row(c->rows[k], &c->shape, team, mode, row))
                vg_json_set_text(row, "error", vg_status_message());
        }
        if (!status)
            vg_team_destroy(team);
    }
    vg_progress_end(&progress);
    return status;
}

/* --- networks ------------------------------------------------------------------------------- */

typedef struct step {
    vg_net *net;
    vg_team *team;
} step;

static void run_step(void *user)
{
    (void)vg_net_run(((step *)user)->net);
}

static double time_step(step *s)
{
    vg_team_wake(s->team);
    double begin = vg_clock_s();
    run_step(s);
    return 1e9 * (vg_clock_s() - begin);
}

static void sample_step(void *subject, vg_cold mode, double *hot_ns, double *cold_ns)
{
    step *s = subject;
    *hot_ns = time_step(s); /* the step before has warmed it, or the one before the first */
    vg_cold_flush_plan(vg_net_plan(s->net), mode);
    *cold_ns = time_step(s);
}

vg_status vg_profile_cold_step(const vg_spec *spec, vg_cold mode, json_t *row)
{
    vg_net_options options = {0};
    step subject;
    samples s;
    vg_cold_check check;
    VG_TRY(vg_team_create((int)spec->threads, spec->ftz, &subject.team));
    vg_status status = vg_net_make(spec, &options, subject.team, &subject.net);
    if (!status) {
        status = vg_net_run(subject.net);
        if (!status) {
            take(sample_step, &subject, mode, &s);
            vg_cold_verify_plan(vg_net_plan(subject.net), mode, run_step, &subject, &check);
            add_times(row, mode, &s, &check);
        }
        vg_net_destroy(subject.net);
    }
    vg_team_destroy(subject.team);
    return status;
}
