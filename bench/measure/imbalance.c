/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/imbalance.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "measure/clock.h"

enum { THREADS_MAX = 1024 };

typedef struct meter {
    atomic_int next;
    unsigned generation;
    struct {
        _Alignas(64) double busy_ns;
    } threads[THREADS_MAX];
} meter;

/* A step with a clock around its units; begins with a task, as the executor hands tasks back. */
typedef struct clocked {
    vg_task task;
    const vg_step *inner;
    meter *meter;
} clocked;

/* The place of the calling thread in the meter of this generation. */
static _Thread_local int my_place;
static _Thread_local unsigned my_generation;

static void clocked_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const clocked *c = (const clocked *)task;
    if (my_generation != c->meter->generation) {
        my_generation = c->meter->generation;
        my_place = atomic_fetch_add(&c->meter->next, 1);
    }
    double begin = vg_clock_ns();
    c->inner->phase.run(c->inner->task, unit, scratch);
    if (my_place < THREADS_MAX)
        c->meter->threads[my_place].busy_ns += vg_clock_ns() - begin;
}

static void evaluate(const meter *m, int team_threads, double wall, vg_imbalance *r)
{
    double sum = 0, most = 0;
    int count = atomic_load(&m->next);
    count = count > THREADS_MAX ? THREADS_MAX : count;
    for (int i = 0; i < count; i++) {
        sum += m->threads[i].busy_ns;
        most = fmax(most, m->threads[i].busy_ns);
    }
    r->threads = count;
    r->busiest_ns = most;
    r->mean_ns = count ? sum / count : 0;
    r->imbalance = sum > 0 ? most / r->mean_ns - 1 : (double)NAN;
    r->waiting = wall > 0 ? 1 - sum / (wall * (count > 1 ? team_threads : 1)) : (double)NAN;
}

vg_status vg_imbalance_measure(vg_team *team, const vg_plan *plan, int runs, vg_imbalance *result)
{
    static unsigned generation;
    clocked *steps = calloc((size_t)plan->count, sizeof *steps);
    meter *m = aligned_alloc(64, sizeof *m);
    vg_plan copy = {0};
    vg_status status = steps && m ? VG_OK : vg_fail(VG_ENOMEM, "out of memory for clocks");
    for (int i = 0; i < plan->count && !status; i++) {
        vg_phase phase = plan->steps[i].phase;
        phase.run = clocked_unit;
        steps[i] = (clocked){.task = *plan->steps[i].task, .inner = &plan->steps[i], .meter = m};
        status = vg_plan_append_phase(&copy, &steps[i].task, &phase, plan->scratch);
    }
    if (!status) {
        memset(m, 0, sizeof *m);
        m->generation = ++generation;
        vg_team_wake(team);
        double begin = vg_clock_ns();
        for (int i = 0; i < runs && !status; i++)
            status = vg_team_run(team, &copy, NULL);
        double wall = vg_clock_ns() - begin;
        *result = (vg_imbalance){.wall_ns = wall / runs};
        evaluate(m, vg_team_threads_for(team, &copy), wall, result);
        result->busiest_ns /= runs;
        result->mean_ns /= runs;
    }
    vg_plan_release(&copy);
    free(steps);
    free(m);
    return status;
}
