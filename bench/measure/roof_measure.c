/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/roof_measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure/clock.h"
#include "vgbench/cpu.h"
#include "vgbench/memory.h"
#include "vgbench/peak.h"
#include "vgbench/plan.h"

enum { ROUNDS = 10, ROUNDS_LONG = 5, TRIALS = 3, FINALISTS = 3, WAYS_MAX = 16 };
static const double SAMPLE_S = 1e-3, TRIAL_S = 0.3e-3, LONG_S = 5e-3;

/* --- one run -------------------------------------------------------------------------------- */

typedef struct job {
    vg_task task; /* first: the executor hands it back */
    vg_roof_spec spec;
    uint32_t isa;
    unsigned how;
    int64_t rounds, n;                                        /* n: floats per stream and thread */
    float *streams[VG_PEAK_READS_MAX + VG_PEAK_WRITES_MAX]; /* of all threads */
} job;

static void compute_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const job *j = (const job *)task;
    (void)unit;
    (void)scratch;
    vg_peak_fma(j->isa, j->rounds);
}

static void stream_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const job *j = (const job *)task;
    const vg_roof_spec *s = &j->spec;
    const float *src[VG_PEAK_READS_MAX] = {0};
    float *dst[VG_PEAK_WRITES_MAX] = {0};
    (void)scratch;
    for (int i = 0; i < s->reads; i++)
        src[i] = j->streams[i] + unit * j->n;
    for (int i = 0; i < s->writes; i++)
        dst[i] = j->streams[i < s->in_place ? i : s->reads + i - s->in_place] + unit * j->n;
    for (int64_t r = 0; r < j->rounds; r++) {
        float folded = vg_peak_stream(j->isa, src, s->reads, dst, s->writes, j->n, j->how);
        __asm__ volatile("" : : "g"(folded) : "memory"); /* the reads have a reader */
    }
}

static int stream_count(const vg_roof_spec *s)
{
    return s->reads + s->writes - s->in_place;
}

static void touch_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const job *j = (const job *)task;
    (void)scratch;
    for (int i = 0; i < stream_count(&j->spec); i++)
        memset(j->streams[i] + unit * j->n, 0, (size_t)j->n * sizeof(float));
}

static double run_once(vg_team *team, job *j, vg_unit_fn *unit)
{
    vg_plan plan = {0};
    vg_phase phase = {.run = unit, .units = vg_team_threads(team), .cost_ns = 1e12};
    double seconds = (double)NAN;
    if (!vg_plan_append_phase(&plan, &j->task, &phase, 0)) {
        vg_team_wake(team);
        double begin = vg_clock_s();
        (void)vg_team_run(team, &plan, NULL);
        seconds = vg_clock_s() - begin;
    }
    vg_plan_release(&plan);
    return seconds;
}

/* --- how many rounds ------------------------------------------------------------------------ */

/* Time of one thread's share, the least of three: a run that lost its CPU must not end the
 * calibration. Every thread does the same, so one thread is enough, and no team can be late. */
static double share_seconds(job *j, vg_unit_fn *unit)
{
    double least = INFINITY;
    for (int i = 0; i < 3; i++) {
        double begin = vg_clock_s();
        unit(&j->task, 0, NULL);
        least = fmin(least, vg_clock_s() - begin);
    }
    return least;
}

/* Rounds that take about @p seconds; returns the time of one. */
static double calibrate(job *j, vg_unit_fn *unit, double seconds)
{
    j->rounds = 1;
    double once = share_seconds(j, unit);
    for (int i = 0; i < 20 && once < seconds / 2; i++) {
        double more = once > 0 ? seconds / once : 16;
        j->rounds = (int64_t)ceil((double)j->rounds * fmin(more, 16));
        once = share_seconds(j, unit);
    }
    return once / (double)j->rounds;
}

static int64_t rounds_for(double seconds, double once)
{
    double rounds = ceil(seconds / once);
    return rounds >= 1 && rounds < 1e15 ? (int64_t)rounds : 1;
}

/* --- ways ----------------------------------------------------------------------------------- */

typedef struct way {
    uint32_t isa;
    unsigned how;
    double best, best_of[2]; /* rate; of even and odd rounds */
} way;

static int list_isas(uint32_t isas[4])
{
    static const uint32_t clusters[] = {VG_ISA_AVX512, VG_ISA_AVX2, VG_ISA_NEON};
    int count = 0;
    for (int i = 0; i < 3; i++)
        if (vg_cpu_isa() & clusters[i] && vg_peak_fma(clusters[i], 1) > 0)
            isas[count++] = clusters[i];
    if (!count)
        isas[count++] = VG_ISA_BASE;
    return count;
}

static int list_ways(const vg_roof_spec *s, way ways[WAYS_MAX])
{
    uint32_t isas[4];
    int isa_count = list_isas(isas), count = 0;
    for (int i = 0; i < isa_count; i++)
        for (unsigned how = 0; how < 4; how++)
            if (s->writes || !how)
                ways[count++] = (way){.isa = isas[i], .how = how};
    return count;
}

static void describe(const way *w, char text[64])
{
    snprintf(text, 64, "%s%s%s", vg_isa_name(w->isa),
             w->how & VG_PEAK_STREAM ? ", non-temporal" : "",
             w->how & VG_PEAK_GROUPED ? ", grouped" : "");
}

/* The ways that came near the best in a first trial, best first. */
static int keep_best(way *ways, int count)
{
    const double near = 0.9;
    for (int i = 0; i < count; i++)
        for (int k = i + 1; k < count; k++)
            if (ways[k].best > ways[i].best) {
                way swap = ways[i];
                ways[i] = ways[k];
                ways[k] = swap;
            }
    int kept = 0;
    while (kept < count && kept < FINALISTS && ways[kept].best >= near * ways[0].best)
        kept++;
    return kept ? kept : 1;
}

static double rate(vg_team *team, job *j, vg_unit_fn *unit, const way *w, double work)
{
    j->isa = w->isa;
    j->how = w->how;
    return work * (double)j->rounds / run_once(team, j, unit);
}

/* Rounds over the finalists in turn: what disturbs one disturbs the others. */
static vg_roof_value best_of(vg_team *team, job *j, vg_unit_fn *unit, way *ways, int count,
                             int rounds, double work)
{
    vg_roof_value value = {.value = 0};
    double half[2] = {0, 0};
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            double now_rate = rate(team, j, unit, &ways[i], work);
            ways[i].best = fmax(ways[i].best, now_rate);
            half[round % 2] = fmax(half[round % 2], now_rate);
            value.n++;
        }
    int winner = 0;
    for (int i = 1; i < count; i++)
        winner = ways[i].best > ways[winner].best ? i : winner;
    value.value = ways[winner].best;
    value.repeat = fabs(half[0] / half[1] - 1);
    describe(&ways[winner], value.how);
    return value;
}

/* --- roofs ---------------------------------------------------------------------------------- */

static vg_roof_value measure_compute(const vg_roof_spec *spec)
{
    vg_team *team;
    job j = {.spec = *spec, .isa = spec->isa};
    way only = {.isa = spec->isa};
    if (vg_team_create(spec->threads, 0, &team))
        return (vg_roof_value){.value = (double)NAN, .repeat = (double)NAN};
    double work = vg_peak_fma(spec->isa, 1) * spec->threads;
    j.rounds = rounds_for(SAMPLE_S, calibrate(&j, compute_unit, SAMPLE_S));
    vg_roof_value value = best_of(team, &j, compute_unit, &only, 1, ROUNDS, work);
    vg_team_destroy(team);
    return value;
}

static vg_roof_value stream(vg_team *team, job *j, double work)
{
    way ways[WAYS_MAX];
    int count = list_ways(&j->spec, ways);
    run_once(team, j, touch_unit);
    j->isa = ways[0].isa;
    j->how = 0;
    double once = calibrate(j, stream_unit, TRIAL_S);
    j->rounds = rounds_for(TRIAL_S, once);
    bool lasts = once * TRIALS > LONG_S; /* large: fewer rounds, and more tries at other times */
    int trials = lasts ? 1 : TRIALS;
    for (int round = 0; round < trials; round++)
        for (int i = 0; i < count; i++)
            ways[i].best = fmax(ways[i].best, rate(team, j, stream_unit, &ways[i], work));
    count = keep_best(ways, count);
    j->rounds = rounds_for(SAMPLE_S, once);
    return best_of(team, j, stream_unit, ways, count, lasts ? ROUNDS_LONG : ROUNDS, work);
}

/* One block for all streams, in huge pages where the system gives them: physical pages at random
 * would fight for places in the second level, each time in another way. The streams begin at
 * different places of a 4 KiB page, the same in every run: a load behind a store whose address has
 * the same low 12 bits waits for it. */
static vg_status place_streams(job *j, void **block)
{
    enum { PAGE = 4096, LINE = 64, HUGE = 2 << 20 };
    int count = stream_count(&j->spec);
    size_t bytes = (size_t)(j->n * j->spec.threads) * sizeof(float);
    size_t step = (bytes + 2 * PAGE - 1) / PAGE * PAGE;
    size_t total = step * (size_t)count + PAGE;
    VG_TRY(vg_alloc(total > HUGE ? total : HUGE, 0, block));
    char *base = *block;
    base += (PAGE - (uintptr_t)base % PAGE) % PAGE;
    for (int i = 0; i < count; i++)
        j->streams[i] = (float *)(base + (size_t)i * (step + PAGE / (size_t)count / LINE * LINE));
    return VG_OK;
}

static vg_roof_value measure_bandwidth(const vg_roof_spec *spec)
{
    enum { LINE = 16 }; /* floats: every thread's part begins on a cache line */
    vg_team *team;
    void *block;
    job j = {.spec = *spec};
    vg_roof_value value = {.value = (double)NAN, .repeat = (double)NAN};
    int touched = spec->reads + spec->writes;
    j.n = spec->bytes / 4 / touched / spec->threads / LINE * LINE;
    j.n = j.n < LINE ? LINE : j.n;
    if (vg_team_create(spec->threads, 0, &team))
        return value;
    if (!place_streams(&j, &block)) {
        value = stream(team, &j, 4.0 * (double)j.n * touched * spec->threads);
        vg_free(block);
    }
    vg_team_destroy(team);
    return value;
}

vg_roof_value vg_roof_measure(const vg_roof_spec *spec)
{
    return spec->compute ? measure_compute(spec) : measure_bandwidth(spec);
}
