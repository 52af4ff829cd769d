/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/roofline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/registry/op_reads.h"
#include "measure/clock.h"
#include "measure/latency.h"
#include "measure/roof_measure.h"
#include "results/results.h"
#include "vgbench/cpu.h"
#include "vgbench/peak.h"

enum { ROOFS_MAX = 256, TRIES_MAX = 6, TRIES_LARGE = 4, TRIES_ABOVE = 3, TRIES_PEAK = 24, LARGE = 32 << 20 };
static const double AGREE = 0.01, NEAR_CLOCK = 0.98, APART_NS = 3e8;

/* Measured several times with other things between: the largest value is the limit, and the second
 * largest says whether it can be had again. Clock rates fall for a second or so when neighbours are
 * busy; a roof that was only seen then is looked for once more. */
typedef struct vg_roof_state {
    vg_roof_spec spec;
    vg_roof_value value;       /* of the best try */
    double second, lowest;     /* values of the second best and of the worst try */
    double best_ghz;           /* the highest clock rate of a try */
    double last_ns;            /* when the last try was */
    int tries, n;
} roof;

/* Rows that were compared with a roof, which may grow after that. */
typedef struct follower {
    json_t *row;
    vg_roof roof;
    vg_roof_writer *write;
} follower;

static roof roofs[ROOFS_MAX];
static int roof_count;
static roof overflow; /* stands for one roof after the other: rows keep what it was */
static follower *followers;
static size_t follower_count, follower_room;
static double highest_ghz;

static roof *find(const vg_roof_spec *like)
{
    for (int i = 0; i < roof_count; i++) {
        const vg_roof_spec *r = &roofs[i].spec;
        if (r->compute == like->compute && r->isa == like->isa && r->threads == like->threads &&
            r->reads == like->reads && r->writes == like->writes && r->in_place == like->in_place &&
            r->bytes == like->bytes)
            return &roofs[i];
    }
    return NULL;
}

static void try_again(roof *r)
{
    double before = vg_clock_ghz(1);
    vg_roof_value value = vg_roof_measure(&r->spec);
    double ghz = fmax(before, vg_clock_ghz(1));
    highest_ghz = fmax(highest_ghz, ghz);
    r->best_ghz = fmax(r->best_ghz, ghz);
    r->n += value.n;
    r->lowest = r->tries && r->lowest < value.value ? r->lowest : value.value;
    if (!r->tries++ || value.value > r->value.value) {
        r->second = r->tries > 1 ? r->value.value : r->second;
        r->value = value;
    } else {
        r->second = fmax(r->second, value.value);
    }
    r->last_ns = vg_clock_ns();
}

/* How far the two best tries are apart; of a single one, its halves. */
static double repeat_of(const roof *r)
{
    return r->second > 0 ? r->value.value / r->second - 1 : r->value.repeat;
}

/* How far the best and the worst try are apart: what the machine made of the same loop while other
 * things ran. Beyond the caches of a core that is a matter of what others keep in the last one. */
static double spread_of(const roof *r)
{
    return r->second > 0 ? r->value.value / r->lowest - 1 : r->value.repeat;
}

static bool is_settled(const roof *r)
{
    bool slow = r->best_ghz < NEAR_CLOCK * highest_ghz;
    int most = r->spec.bytes > LARGE ? TRIES_LARGE : TRIES_MAX; /* most of a second each */
    return r->tries >= most || (r->second > 0 && repeat_of(r) <= AGREE && !slow);
}

/* Two tries that agree may both have met a slow second: the clock of wide vectors follows what the
 * neighbours do, and the scalar clock does not show it. A peak takes 10 ms, so it is looked at often. */
static bool wants_another(const roof *r)
{
    return r->spec.compute ? r->tries < TRIES_PEAK : !is_settled(r);
}

static roof *get(vg_roof_spec wanted)
{
    roof *r = find(&wanted);
    if (r) { /* other rows were timed meanwhile: an interleaved second look */
        if (wants_another(r) && vg_clock_ns() - r->last_ns > APART_NS)
            try_again(r);
        return r;
    }
    r = roof_count < ROOFS_MAX ? &roofs[roof_count++] : &overflow;
    *r = (roof){.spec = wanted};
    try_again(r);
    return r;
}

static roof *get_compute(int threads)
{
    static const uint32_t clusters[] = {VG_ISA_AVX512, VG_ISA_AVX2, VG_ISA_NEON};
    roof *best = NULL;
    for (int i = 0; i < 3; i++) {
        if (!(vg_cpu_isa() & clusters[i]) || !(vg_peak_fma(clusters[i], 1) > 0))
            continue;
        roof *one = get((vg_roof_spec){.compute = true, .isa = clusters[i], .threads = threads});
        best = !best || one->value.value > best->value.value ? one : best;
    }
    return best ? best
                : get((vg_roof_spec){.compute = true, .isa = VG_ISA_BASE, .threads = threads});
}

double vg_roof_compute(int threads)
{
    return get_compute(threads)->value.value;
}

/* Sizes are rounded down to quarter octaves: a roof that is measured on more bytes than the row has
 * may lie in a slower cache. */
static roof *get_bandwidth(double bytes, vg_mix mix, int threads)
{
    const double least = 0x1p12, most = 0x1p28; /* beyond 256 MiB no cache has a part in it */
    bytes = bytes < least ? least : bytes > most ? most : bytes;
    return get((vg_roof_spec){.threads = threads,
                              .reads = mix.reads,
                              .writes = mix.writes,
                              .in_place = mix.in_place,
                              .bytes = (int64_t)exp2(floor(4 * log2(bytes) + 1e-9) / 4)});
}

double vg_roof_bandwidth(double bytes, vg_mix mix, int threads)
{
    return get_bandwidth(bytes, mix, threads)->value.value;
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
        if (!vg_op_reads(op, dir, list[i].slot))
            continue;
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

/* The nearer of two roofs as they are now, and how much of it is reached. */
static vg_roof judge(vg_roof r)
{
    double at_peak = r.peak ? r.flops / r.peak->value.value : 0;
    double at_bandwidth = r.bytes / r.bandwidth->value.value;
    r.compute = r.peak && at_peak > at_bandwidth;
    const roof *binding = r.compute ? r.peak : r.bandwidth;
    r.value = binding->value.value;
    r.fraction = (r.compute ? at_peak : at_bandwidth) / r.seconds;
    r.spread = spread_of(binding);
    r.tries = binding->tries;
    return r;
}

vg_roof vg_roof_of(vg_op op, vg_dir dir, const vg_shape *shape, int threads, double seconds)
{
    vg_family family = vg_op_family(op);
    bool gemm = family == VG_FAMILY_DENSE || family == VG_FAMILY_RECURRENT;
    vg_roof r = {.flops = vg_op_flops(op, dir, shape), .bytes = vg_op_bytes(op, dir, shape), .seconds = seconds};
    r.peak = gemm ? get_compute(threads) : NULL;
    r.bandwidth = get_bandwidth(r.bytes, mix_of(op, dir, shape), threads);
    for (;;) {
        r = judge(r);
        /* A row above its roof: the roof may have met a slow moment. */
        if (!(r.fraction > 1) || r.tries >= (r.compute ? TRIES_PEAK : TRIES_MAX) + TRIES_ABOVE)
            return r;
        try_again(r.compute ? r.peak : r.bandwidth);
    }
}

const char *vg_roof_bound(const vg_roof *r)
{
    const double binds = 0.5;
    return r->fraction < binds ? VG_ROOF_NEITHER : r->compute ? "flops" : "bandwidth";
}

void vg_roof_follow(json_t *row, const vg_roof *r, vg_roof_writer *write)
{
    write(row, r);
    if (r->peak == &overflow || r->bandwidth == &overflow)
        return;
    if (follower_count == follower_room) {
        size_t room = follower_room ? 2 * follower_room : 256;
        follower *more = realloc(followers, room * sizeof *more);
        if (!more)
            return;
        followers = more;
        follower_room = room;
    }
    followers[follower_count++] = (follower){json_incref(row), *r, write};
}

void vg_roof_settle(void)
{
    for (size_t i = 0; i < follower_count; i++) {
        vg_roof r = judge(followers[i].roof);
        followers[i].write(followers[i].row, &r);
    }
}

const char *vg_roof_why_above(const vg_roof *r, char text[200])
{
    if (!(r->fraction > 1))
        return NULL;
    if (!r->compute && r->fraction - 1 <= r->spread)
        snprintf(text, 200, "within the %.1f %% by which %d measurements of the roof itself differ",
                 100 * r->spread, r->tries);
    else
        snprintf(text, 200,
                 "faster than the roof's own loop in %d measurements: caches keep what the model "
                 "counts as traffic, or the clock was higher",
                 r->tries);
    return text;
}

/* --- record ----------------------------------------------------------------------------------- */

/* The cache that holds a thread's share of the streams; in place, two of them are one. */
static const char *level_of(const vg_roof_spec *r)
{
    static const char *const names[] = {"L1", "L2", "L3"};
    int touched = r->reads + r->writes, streams = touched - r->in_place;
    double held = (double)r->bytes * streams / touched;
    for (int level = 1; level <= 3; level++)
        if (held <= vg_cache_felt(level) * (level < 3 ? r->threads : 1))
            return names[level - 1];
    return "memory";
}

static void name_of(const vg_roof_spec *r, char *text, size_t size)
{
    const char *plural = r->threads > 1 ? "s" : "";
    bool mib = r->bytes >= 1 << 20;
    if (r->compute)
        snprintf(text, size, "FMA f32 %s, %d thread%s", vg_isa_name(r->isa), r->threads, plural);
    else
        snprintf(text, size, "%s, %.3g %s, %d read%s %d write%s%s, %d thread%s", level_of(r),
                 (double)r->bytes / (mib ? 1 << 20 : 1 << 10), mib ? "MiB" : "KiB", r->reads,
                 r->reads > 1 ? "s" : "", r->writes, r->writes == 1 ? "" : "s",
                 r->in_place ? " in place" : "", r->threads, plural);
}

static json_t *roof_json(const roof *r)
{
    char name[112];
    json_t *one = json_object();
    name_of(&r->spec, name, sizeof name);
    vg_json_set_text(one, "name", name);
    vg_json_set_text(one, "kind", r->spec.compute ? "flops" : "bandwidth");
    vg_json_set_number(one, "value", r->value.value);
    vg_json_set_text(one, "unit", r->spec.compute ? "FLOP/s" : "bytes/s");
    json_object_set_new(one, "threads", json_integer(r->spec.threads));
    json_object_set_new(one, "n", json_integer(r->n));
    vg_json_set_text(one, "statistic", "maximum");
    json_object_set_new(one, "tries", json_integer(r->tries));
    vg_json_set_number(one, "repeat", repeat_of(r));
    vg_json_set_number(one, "spread", spread_of(r));
    vg_json_set_number(one, "ghz", r->best_ghz);
    if (r->spec.compute)
        vg_json_set_number(one, "per_cycle",
                           r->value.value / 1e9 / r->best_ghz / r->spec.threads);
    vg_json_set_text(one, "how", r->value.how);
    if (r->spec.compute) {
        vg_json_set_text(one, "isa", vg_isa_name(r->spec.isa));
    } else {
        vg_json_set_text(one, "level", level_of(&r->spec));
        json_object_set_new(one, "working_set", json_integer(r->spec.bytes));
        json_object_set_new(one, "reads", json_integer(r->spec.reads));
        json_object_set_new(one, "writes", json_integer(r->spec.writes));
        json_object_set_new(one, "in_place", json_integer(r->spec.in_place));
    }
    return one;
}

json_t *vg_roofline_json(void)
{
    char text[240];
    json_t *array = json_array(), *record;
    vg_roof_settle();
    for (int i = 0; i < roof_count; i++)
        json_array_append_new(array, roof_json(&roofs[i]));
    record = json_pack("{so}", "roofs", array);
    const vg_reach *reach = vg_reach_last();
    if (vg_reach_is_short(reach))
        json_object_set_new(record, "last_cache",
                            json_pack("{si sI sI ss}", "level", reach->level, "size",
                                      (json_int_t)reach->told, "reach", (json_int_t)reach->bytes, "reason",
                                      vg_reach_text(reach, text, sizeof text)));
    return record;
}

/* Half of a level, so that it holds the data whatever else is there, but of the last more than the
 * levels before it hold together; for memory four times the last cache, as STREAM asks for, within
 * reason. 0: there is no such level, or none that is apart from its neighbours. */
static double size_in(int level, int threads)
{
    double third = vg_cache_felt(3), last = third > 0 ? third : vg_cache_felt(2);
    double memory = 4 * last < 0x1p26 ? 0x1p26 : 4 * last > 0x1p28 ? 0x1p28 : 4 * last;
    double before = vg_cache_felt(2) * threads;
    if (level < 3)
        return vg_cache_felt(level) / 2 * threads;
    if (level > 3)
        return memory;
    double bytes = fmax(third / 2, fmin(third, 2 * before));
    return bytes > 1.2 * before && bytes <= memory / 2 ? bytes : 0;
}

static void look_at_peaks(int begin)
{
    for (int i = begin; i < roof_count; i++)
        if (roofs[i].spec.compute && wants_another(&roofs[i]) &&
            vg_clock_ns() - roofs[i].last_ns > APART_NS)
            try_again(&roofs[i]);
}

static void visit(const int *threads, int count)
{
    static const uint32_t clusters[] = {VG_ISA_AVX2, VG_ISA_AVX512, VG_ISA_NEON};
    static const vg_mix mixes[] = {{1, 0, 0}, {2, 1, 0}, {1, 1, 0}, {3, 1, 0}, {4, 3, 0}, {1, 1, 1}};
    for (int t = 0; t < count; t++) {
        for (int i = 0; i < 3; i++)
            if (vg_cpu_isa() & clusters[i] && vg_peak_fma(clusters[i], 1) > 0)
                (void)get((vg_roof_spec){
                    .compute = true, .isa = clusters[i], .threads = threads[t]});
        for (int level = 1; level <= 4; level++) {
            double bytes = size_in(level, threads[t]);
            if (!(bytes > 0))
                continue;
            for (size_t m = 0; m < sizeof mixes / sizeof *mixes; m++) {
                /* In place half as much is held: not what the level before has room for. */
                (void)vg_roof_bandwidth(level == 3 && mixes[m].in_place ? 2 * bytes : bytes, mixes[m],
                                        threads[t]);
                look_at_peaks(0);
            }
        }
    }
}

/* All of them in turn, and those that have not settled again; peaks between the others. */
void vg_roofline_measure(const int *threads, int count)
{
    int begin = roof_count;
    visit(threads, count);
    for (int round = 1; round < TRIES_MAX; round++)
        for (int i = begin; i < roof_count; i++) {
            if (!is_settled(&roofs[i]))
                try_again(&roofs[i]);
            look_at_peaks(begin);
        }
}
