/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/sampler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/clock.h"
#include "measure/interrupt.h"
#include "measure/machine.h"
#include "measure/rig.h"
#include "measure/stats.h"
#include "micro/gbench.h"
#include "micro/row_verify.h"

const vg_sampling vg_sampling_default = {
    .min_rounds = 15,
    .max_rounds = 400,
    .batch_ns = 3e5,
    .seconds = 0.25,
    .verify = true,
    .seed = 1,
};

/* --- samples ---------------------------------------------------------------------------------- */

static bool add_sample(vg_row_result *row, double ns, double cpu)
{
    if (row->count == row->capacity) {
        int capacity = row->capacity ? 2 * row->capacity : 64;
        double *samples = realloc(row->samples, (size_t)capacity * sizeof *samples);
        row->samples = samples ? samples : row->samples;
        double *cpus = samples ? realloc(row->cpu, (size_t)capacity * sizeof *cpus) : NULL;
        row->cpu = cpus ? cpus : row->cpu;
        if (!cpus)
            return false;
        row->capacity = capacity;
    }
    row->samples[row->count] = ns;
    row->cpu[row->count++] = cpu;
    return true;
}

void vg_row_result_release(vg_row_result *row)
{
    free(row->samples);
    free(row->cpu);
    row->samples = row->cpu = NULL;
    row->count = row->capacity = 0;
}

/* --- a group of rows that is sampled together ------------------------------------------------- */

typedef struct group {
    vg_rig *rigs[VG_BACKEND_COUNT];        /* a plan points into its rig, so rigs do not move */
    vg_row_result *rows[VG_BACKEND_COUNT]; /* parallel to rigs */
    vg_gbench_row bench[VG_BACKEND_COUNT];
    int count;
    vg_team *team;
    vg_cold cold;
} group;

static void begin_row(void *context)
{
    vg_rig_begin(context);
}

static void run_row(void *context)
{
    vg_rig_run(context);
}

static void take(void *user, int row, double real_ns, double cpu_ns, int64_t iterations)
{
    group *g = user;
    if (row < 0 || row >= g->count || !(real_ns > 0))
        return;
    g->rows[row]->batch = iterations;
    (void)add_sample(g->rows[row], real_ns, cpu_ns);
}

/* Without Google Benchmark: the same round by our own loop. */
static void own_round(group *g, uint64_t seed, int round)
{
    int order[VG_BACKEND_COUNT];
    for (int i = 0; i < g->count; i++) {
        int k =
            (int)vg_stat_random(seed, (uint64_t)(round * VG_BACKEND_COUNT + i), (uint64_t)i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    for (int i = 0; i < g->count; i++) {
        vg_rig *rig = g->rigs[order[i]];
        double cpu, ns = g->cold ? vg_cold_time(rig, g->cold, &cpu)
                                 : vg_rig_time(rig, g->bench[order[i]].iterations, &cpu);
        take(g, order[i], ns, cpu, g->bench[order[i]].iterations);
    }
}

static vg_status sample_rounds(group *g, const vg_sampling *s, int rounds)
{
    if (s->native) {
        VG_TRY(vg_gbench_register_native(g->bench, g->count));
        return vg_gbench_run(take, g);
    }
    bool library = vg_gbench_version() != NULL && !g->cold;
    if (library)
        VG_TRY(vg_gbench_register(g->bench, g->count));
    for (int round = 0; round < rounds && !vg_interrupted(); round++) {
        if (library)
            VG_TRY(vg_gbench_round(take, g));
        else
            own_round(g, s->seed, round);
    }
    return VG_OK;
}

/* What a cold sample costs, with the run and the flush before it; the check on the way. */
static double plan_cold(group *g, int row)
{
    double once = INFINITY, cpu;
    for (int i = 0; i < 3; i++) { /* the least: one that lost its CPU says nothing */
        double begin = vg_clock_s();
        (void)vg_cold_time(g->rigs[row], g->cold, &cpu);
        once = fmin(once, vg_clock_s() - begin);
    }
    g->bench[row].iterations = 1;
    vg_cold_verify(g->rigs[row], g->cold, &g->rows[row]->cold);
    return once * 1e9;
}

/* Iterations per batch and the number of rounds that fit. */
static int plan_rounds(group *g, const vg_sampling *s, double seconds)
{
    double round_ns = 0;
    for (int i = 0; i < g->count; i++) {
        double once;
        if (g->cold) {
            round_ns += plan_cold(g, i);
            continue;
        }
        int64_t iterations = vg_rig_calibrate(g->rigs[i], s->batch_ns, &once);
        g->bench[i].iterations = s->iterations ? s->iterations : s->native ? 0 : iterations;
        round_ns += once * (double)(iterations + 1);
    }
    double rounds = seconds * 1e9 / fmax(round_ns, 1);
    return rounds < s->min_rounds   ? s->min_rounds
           : rounds > s->max_rounds ? s->max_rounds
                                    : (int)rounds;
}

/* Adds a rig for the row; a failure becomes the row's error. */
static void add_rig(group *g, vg_row_result *row, const vg_case *c, const vg_sampling *s)
{
    if (row->error[0])
        return;
    vg_rig *rig = malloc(sizeof *rig);
    vg_status status = rig ? vg_rig_create(rig, row->kernel, &c->shape, g->team, s->seed)
                           : vg_fail(VG_ENOMEM, "out of memory");
    if (status) {
        snprintf(row->error, sizeof row->error, "%s", vg_status_message());
        free(rig);
        return;
    }
    g->rigs[g->count] = rig;
    memcpy(row->impl, rig->impl, sizeof row->impl);
    row->used_threads = rig->used_threads;
    row->prepare_ns = rig->task.prepare_ns;
    g->rows[g->count] = row;
    g->count++;
}

static void fill_bench(group *g, const vg_case *c)
{
    for (int i = 0; i < g->count; i++) {
        vg_row_result *row = g->rows[i];
        g->bench[i] = (vg_gbench_row){.name = row->name,
                                      .begin = begin_row,
                                      .run = run_row,
                                      .context = g->rigs[i],
                                      .flops = vg_op_flops(c->op, c->dir, &c->shape),
                                      .bytes = vg_op_bytes(c->op, c->dir, &c->shape),
                                      .label = row->impl};
    }
}

static void free_rig(vg_rig *rig)
{
    vg_rig_release(rig);
    free(rig);
}

static void release_group(group *g)
{
    for (int i = 0; i < g->count; i++)
        free_rig(g->rigs[i]);
    g->count = 0;
}

/* Rows too slow to be sampled within reason lose their rig and get an error instead. */
static void drop_slow(group *g, double limit_ns)
{
    for (int i = 0; i < g->count;) {
        double once = vg_rig_time(g->rigs[i], 1, NULL);
        if (once <= limit_ns) {
            i++;
            continue;
        }
        snprintf(g->rows[i]->error, sizeof g->rows[i]->error, "left out: one run takes %.2g s",
                 once * 1e-9);
        free_rig(g->rigs[i]);
        g->count--;
        memmove(&g->rigs[i], &g->rigs[i + 1], (size_t)(g->count - i) * sizeof(vg_rig *));
        memmove(&g->rows[i], &g->rows[i + 1], (size_t)(g->count - i) * sizeof(vg_row_result *));
    }
}

static vg_status time_group(group *g, const vg_case *c, const vg_sampling *s, double seconds)
{
    if (!g->count)
        return VG_OK;
    fill_bench(g, c);
    g->cold = s->cold;
    int rounds = plan_rounds(g, s, seconds);
    return sample_rounds(g, s, rounds);
}

/* --- a case ----------------------------------------------------------------------------------- */

static bool is_plain(vg_backend backend)
{
    return backend == VG_BACKEND_scalar || backend == VG_BACKEND_auto_avx2 ||
           backend == VG_BACKEND_auto_avx512 || backend == VG_BACKEND_auto_neon;
}

static void begin_results(const vg_case *c, const vg_sampling *s, vg_case_result *result)
{
    *result = (vg_case_result){.c = c, .count = c->row_count, .cold = s->cold};
    for (int i = 0; i < c->row_count; i++) {
        vg_row_result *row = &result->rows[i];
        row->kernel = c->rows[i];
        vg_kernel_format(row->kernel, &c->shape, c->threads, row->name, sizeof row->name);
        if (s->verify)
            vg_row_verify(c, row);
        else
            row->verified = -1;
    }
}

/* Bytes that may be held at a time: a quarter of the machine, and 1 GiB at most. */
static double memory_budget(void)
{
    return fmin(0x1p30, vg_memory_limit() / 4);
}

static vg_status first_group(const vg_case *c, const vg_sampling *s, vg_case_result *result,
                             group *g)
{
    const vg_kernel *best = vg_case_best(c);
    for (int i = 0; i < c->row_count; i++)
        if (!is_plain(c->rows[i]->backend) || c->rows[i] == best)
            add_rig(g, &result->rows[i], c, s);
    return time_group(g, c, s, s->seconds);
}

/* The best row once more, as the anchor of the ratios, beside the rows of plain C. */
static vg_status second_group(const vg_case *c, const vg_sampling *s, vg_case_result *result,
                              group *g)
{
    enum { SLOW_NS = 250000000 };
    const vg_kernel *best = vg_case_best(c);
    vg_sampling fewer = *s;
    fewer.max_rounds = s->max_rounds < 60 ? s->max_rounds : 60;
    fewer.min_rounds = s->min_rounds < 9 ? s->min_rounds : 9;
    double bytes = 0;
    for (int i = 0; i < c->row_count; i++) {
        vg_row_result *row = &result->rows[i];
        if (!is_plain(row->kernel->backend) || row->kernel == best)
            continue;
        bytes += vg_rig_bytes(row->kernel, &c->shape);
        if (bytes > memory_budget())
            snprintf(row->error, sizeof row->error, "left out: its buffers would exceed %.0f MiB",
                     memory_budget() / 0x1p20);
        add_rig(g, row, c, s);
    }
    drop_slow(g, SLOW_NS);
    if (g->count && best && !s->native) {
        result->anchor.kernel = best;
        snprintf(result->anchor.name, sizeof result->anchor.name, "anchor");
        add_rig(g, &result->anchor, c, s);
    }
    return time_group(g, c, &fewer, s->seconds / 2);
}

vg_status vg_case_time(const vg_case *c, const vg_sampling *sampling, vg_case_result *result)
{
    group g = {.count = 0};
    begin_results(c, sampling, result);
    VG_TRY(vg_team_create(c->threads, 0, &g.team));
    vg_status status = first_group(c, sampling, result, &g);
    release_group(&g);
    if (!status && !vg_interrupted())
        status = second_group(c, sampling, result, &g);
    release_group(&g);
    vg_team_destroy(g.team);
    for (int i = 0; i < result->count; i++)
        if (!result->rows[i].count && !result->rows[i].error[0])
            snprintf(result->rows[i].error, sizeof result->rows[i].error, "%s",
                     vg_interrupted() ? "interrupted" : "no sample was taken");
    return status;
}

vg_status vg_case_time_twice(const vg_case *c, const vg_kernel *kernel, const vg_sampling *sampling,
                             vg_row_result *a, vg_row_result *b)
{
    group g = {.count = 0};
    vg_row_result *both[2] = {a, b};
    vg_sampling s = *sampling;
    s.native = false;
    VG_TRY(vg_team_create(c->threads, 0, &g.team));
    for (int i = 0; i < 2; i++) {
        *both[i] = (vg_row_result){.kernel = kernel, .verified = -1};
        vg_kernel_format(kernel, &c->shape, c->threads, both[i]->name, sizeof both[i]->name);
        add_rig(&g, both[i], c, &s);
    }
    vg_status status = g.count == 2 ? time_group(&g, c, &s, s.seconds)
                                    : vg_fail(VG_EUNSUPPORTED, "%s", both[g.count]->error);
    release_group(&g);
    vg_team_destroy(g.team);
    return status;
}

void vg_case_result_release(vg_case_result *result)
{
    for (int i = 0; i < result->count; i++)
        vg_row_result_release(&result->rows[i]);
    vg_row_result_release(&result->anchor);
    result->count = 0;
}

const vg_row_result *vg_case_row(const vg_case_result *result, vg_backend backend)
{
    for (int i = 0; i < result->count; i++)
        if (result->rows[i].kernel->backend == backend && result->rows[i].count)
            return &result->rows[i];
    return NULL;
}

bool vg_row_brief(const vg_row_result *row)
{
    return vg_stat_median(row->samples, (size_t)row->count) < 100 * row->cold.clock_ns;
}

const vg_row_result *vg_case_partner(const vg_case_result *result, const vg_row_result *row)
{
    const vg_kernel *best = vg_case_best(result->c);
    if (!best || row->kernel == best)
        return NULL;
    if (is_plain(row->kernel->backend) && result->anchor.count)
        return &result->anchor;
    return vg_case_row(result, best->backend);
}
