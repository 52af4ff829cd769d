/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/roofline.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "measure/topology.h"
#include "results/results.h"
#include "vgbench/memory.h"
#include "vgbench/peak.h"
#include "vgbench/plan.h"

enum { SAMPLES = 7, ROOFS_MAX = 256 };

typedef struct roof {
    bool compute;
    uint32_t isa;
    int threads, reads, writes,
        in_place;  /* in_place: of the writes, how many go where a read was */
    int64_t bytes; /* traffic, in quarter octaves */
    double value;
} roof;

static roof roofs[ROOFS_MAX];
static int roof_count;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- one measurement: every thread does the same amount of work in one phase ------------------ */

typedef struct job {
    vg_task task; /* first: the executor hands it back */
    uint32_t isa;
    int64_t rounds, n; /* n: floats per stream and thread */
    int reads, writes, in_place;
    bool stream;
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
    const float *src[VG_PEAK_READS_MAX] = {0};
    float *dst[VG_PEAK_WRITES_MAX] = {0};
    (void)scratch;
    for (int i = 0; i < j->reads; i++)
        src[i] = j->streams[i] + unit * j->n;
    for (int i = 0; i < j->writes; i++)
        dst[i] = j->streams[i < j->in_place ? i : j->reads + i - j->in_place] + unit * j->n;
    for (int64_t r = 0; r < j->rounds; r++) {
        float folded = vg_peak_stream(j->isa, src, j->reads, dst, j->writes, j->n, j->stream);
        __asm__ volatile("" : : "g"(folded) : "memory"); /* the reads have a reader */
    }
}

static void touch_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const job *j = (const job *)task;
    (void)scratch;
    for (int i = 0; i < j->reads + j->writes - j->in_place; i++)
        memset(j->streams[i] + unit * j->n, 0, (size_t)j->n * sizeof(float));
}

static double run_once(vg_team *team, job *j, vg_unit_fn *unit)
{
    vg_plan plan = {0};
    vg_phase phase = {.run = unit, .units = vg_team_threads(team), .cost_ns = 1e12};
    double seconds = (double)NAN;
    if (!vg_plan_append_phase(&plan, &j->task, &phase, 0)) {
        vg_team_wake(team);
        double begin = now();
        (void)vg_team_run(team, &plan, NULL);
        seconds = now() - begin;
    }
    vg_plan_release(&plan);
    return seconds;
}

/* Time of one thread's share, the least of three: a run that lost its CPU must not end the
 * calibration. Every thread does the same, so one thread is enough, and no team can be late. */
static double share_seconds(job *j, vg_unit_fn *unit)
{
    double least = INFINITY;
    for (int i = 0; i < 3; i++) {
        double begin = now();
        unit(&j->task, 0, NULL);
        least = fmin(least, now() - begin);
    }
    return least;
}

/* Rate in @p work per round: the best of some samples of about @p seconds each, because a roof is a
 * limit, and a neighbour that wakes does not lower it. */
static double rate(vg_team *team, job *j, vg_unit_fn *unit, double work, double seconds)
{
    j->rounds = 1;
    double once = share_seconds(j, unit);
    for (int i = 0; i < 20 && once < seconds / 2; i++) {
        double more = once > 0 ? seconds / once : 16;
        j->rounds = (int64_t)ceil((double)j->rounds * fmin(more, 16));
        once = share_seconds(j, unit);
    }
    double best = 0;
    for (int i = 0; i < SAMPLES; i++)
        best = fmax(best, work * (double)j->rounds / run_once(team, j, unit));
    return best;
}

static double measure_compute(uint32_t isa, int threads)
{
    vg_team *team;
    job j = {.isa = isa};
    if (vg_team_create(threads, 0, &team))
        return (double)NAN;
    double value = rate(team, &j, compute_unit, vg_peak_fma(isa, 1) * threads, 2e-3);
    vg_team_destroy(team);
    return value;
}

static double measure_bandwidth(const roof *wanted)
{
    enum { LINE = 16 }; /* floats: every thread's part begins on a cache line */
    vg_team *team;
    int threads = wanted->threads, touched = wanted->reads + wanted->writes;
    int streams = touched - wanted->in_place;
    double best = (double)NAN;
    job j = {.isa = wanted->isa,
             .reads = wanted->reads,
             .writes = wanted->writes,
             .in_place = wanted->in_place};
    j.n = wanted->bytes / 4 / touched / threads / LINE * LINE;
    j.n = j.n < LINE ? LINE : j.n;
    if (vg_team_create(threads, 0, &team))
        return best;
    bool fine = true;
    for (int i = 0; i < streams && fine; i++) {
        void *p;
        fine = !vg_alloc((size_t)(j.n * threads) * sizeof(float), (unsigned)i, &p);
        j.streams[i] = p;
    }
    if (fine)
        run_once(team, &j, touch_unit);
    double work = 4.0 * (double)j.n * touched * threads;
    for (int stream = 0; fine && stream < 1 + (j.writes > 0); stream++) {
        j.stream = stream;
        double value = rate(team, &j, stream_unit, work, 2e-3);
        best = best >= value ? best : value;
    }
    for (int i = 0; i < streams; i++)
        vg_free(j.streams[i]);
    vg_team_destroy(team);
    return best;
}

/* --- memory of what was measured -------------------------------------------------------------- */

static const roof *find(const roof *like)
{
    for (int i = 0; i < roof_count; i++) {
        const roof *r = &roofs[i];
        if (r->compute == like->compute && r->isa == like->isa && r->threads == like->threads &&
            r->reads == like->reads && r->writes == like->writes && r->in_place == like->in_place &&
            r->bytes == like->bytes)
            return r;
    }
    return NULL;
}

static double get(roof wanted)
{
    const roof *known = find(&wanted);
    if (known)
        return known->value;
    wanted.value =
        wanted.compute ? measure_compute(wanted.isa, wanted.threads) : measure_bandwidth(&wanted);
    if (roof_count < ROOFS_MAX)
        roofs[roof_count++] = wanted;
    return wanted.value;
}

double vg_roof_compute(int threads)
{
    return get((roof){.compute = true, .isa = vg_peak_isa(), .threads = threads});
}

double vg_roof_bandwidth(double bytes, vg_mix mix, int threads)
{
    const double least = 0x1p12, most = 0x1p28; /* beyond 256 MiB no cache has a part in it */
    bytes = bytes < least ? least : bytes > most ? most : bytes;
    return get((roof){.isa = vg_peak_isa(),
                      .threads = threads,
                      .reads = mix.reads,
                      .writes = mix.writes,
                      .in_place = mix.in_place,
                      .bytes = (int64_t)exp2(round(4 * log2(bytes)) / 4)});
}

static int in_units(double amount, double unit, int least, int most)
{
    int n = (int)lround(amount / unit);
    return n < least ? least : n > most ? most : n;
}

/* The row's reads and writes as a small whole mix, in units of its largest tensor. */
static vg_mix mix_of(vg_op op, vg_dir dir, const vg_shape *shape)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(op, dir, shape, list);
    double in = 0, out = 0, both = 0, largest = 1;
    for (int i = 0; i < count; i++) {
        double size = (double)list[i].rows * (double)list[i].cols;
        in += list[i].access != VG_ACCESS_OUT ? size : 0;
        out += list[i].access != VG_ACCESS_IN ? size : 0;
        both += list[i].access == VG_ACCESS_INOUT ? size : 0;
        largest = size > largest ? size : largest;
    }
    vg_mix mix = {in_units(in, largest, 1, VG_PEAK_READS_MAX),
                  in_units(out, largest, 0, VG_PEAK_WRITES_MAX), 0};
    mix.in_place = in_units(both, largest, 0, mix.writes < mix.reads ? mix.writes : mix.reads);
    return mix;
}

vg_roof vg_roof_of(vg_op op, vg_dir dir, const vg_shape *shape, int threads, double seconds)
{
    double flops = vg_op_flops(op, dir, shape), bytes = vg_op_bytes(op, dir, shape);
    vg_family family = vg_op_family(op);
    bool gemm = family == VG_FAMILY_DENSE || family == VG_FAMILY_RECURRENT;
    double peak = gemm ? vg_roof_compute(threads) : (double)NAN;
    double bandwidth = vg_roof_bandwidth(bytes, mix_of(op, dir, shape), threads);
    double at_peak = gemm ? flops / peak : 0, at_bandwidth = bytes / bandwidth;
    if (at_peak > at_bandwidth)
        return (vg_roof){true, peak, at_peak / seconds};
    return (vg_roof){false, bandwidth, at_bandwidth / seconds};
}

/* --- record ----------------------------------------------------------------------------------- */

static void name_of(const roof *r, char *text, size_t size)
{
    if (r->compute)
        snprintf(text, size, "FMA f32 %s, %d thread%s", vg_isa_name(r->isa), r->threads,
                 r->threads > 1 ? "s" : "");
    else
        snprintf(text, size, "%.3g %s, %d read%s %d write%s%s, %d thread%s",
                 (double)r->bytes / (r->bytes >= 1 << 20 ? 1 << 20 : 1 << 10),
                 r->bytes >= 1 << 20 ? "MiB" : "KiB", r->reads, r->reads > 1 ? "s" : "", r->writes,
                 r->writes == 1 ? "" : "s", r->in_place ? " in place" : "", r->threads,
                 r->threads > 1 ? "s" : "");
}

json_t *vg_roofline_json(void)
{
    json_t *array = json_array();
    for (int i = 0; i < roof_count; i++) {
        const roof *r = &roofs[i];
        char name[96];
        name_of(r, name, sizeof name);
        json_t *one = json_object();
        vg_json_set_text(one, "name", name);
        vg_json_set_text(one, "kind", r->compute ? "flops" : "bandwidth");
        vg_json_set_number(one, "value", r->value);
        vg_json_set_text(one, "unit", r->compute ? "FLOP/s" : "bytes/s");
        json_object_set_new(one, "threads", json_integer(r->threads));
        json_object_set_new(one, "n", json_integer(SAMPLES));
        vg_json_set_text(one, "statistic", "maximum");
        if (r->compute) {
            vg_json_set_text(one, "isa", vg_isa_name(r->isa));
        } else {
            json_object_set_new(one, "working_set", json_integer(r->bytes));
            json_object_set_new(one, "reads", json_integer(r->reads));
            json_object_set_new(one, "writes", json_integer(r->writes));
            json_object_set_new(one, "in_place", json_integer(r->in_place));
        }
        json_array_append_new(array, one);
    }
    return json_pack("{so}", "roofs", array);
}

void vg_roofline_measure(int threads)
{
    static const uint32_t clusters[] = {VG_ISA_AVX2, VG_ISA_AVX512, VG_ISA_NEON};
    const vg_mix copy = {1, 1, 0};
    int counts[2] = {1, threads};
    for (int t = 0; t < (threads > 1 ? 2 : 1); t++) {
        for (int i = 0; i < 3; i++)
            if (vg_cpu_isa() & clusters[i])
                (void)get((roof){.compute = true, .isa = clusters[i], .threads = counts[t]});
        for (int level = 1; level <= 3; level++)
            if (vg_cache_bytes(level))
                (void)vg_roof_bandwidth((double)vg_cache_bytes(level) / 2, copy, counts[t]);
        (void)vg_roof_bandwidth(0x1p28, copy, counts[t]);
    }
}
