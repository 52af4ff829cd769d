/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/doctor.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/binding.h"
#include "measure/clock.h"
#include "measure/counters.h"
#include "measure/cpuid.h"
#include "measure/latency.h"
#include "measure/load.h"
#include "measure/machine.h"
#include "measure/system.h"
#include "measure/topology.h"
#include "results/results.h"

/* --- caches as CPUID and as time sees them -------------------------------------------------- */

static json_t *cpuid_json(void)
{
    static const char *const verdicts[] = {"nothing", "agrees", "differs"};
    vg_cache caches[VG_MAX_CACHES];
    unsigned leaf;
    char text[400];
    json_t *list = json_array();
    int count = vg_cpuid_caches_here(caches, &leaf);
    vg_cpuid_verdict verdict =
        vg_cpuid_compare(vg_topology_get(), caches, count, leaf, text, sizeof text);
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{si ss sI}", "level", caches[i].level, "type",
                                              vg_cache_type(caches[i].type), "size",
                                              (json_int_t)caches[i].bytes));
    return json_pack("{so ss ss sb}", "caches", list, "verdict", verdicts[verdict], "text", text,
                     "asked", leaf != 0);
}

static json_t *latency_json(void)
{
    const vg_latency *points;
    int count = vg_latency_sweep(&points);
    json_t *array = json_array();
    for (int i = 0; i < count; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "bytes", json_integer((json_int_t)points[i].bytes));
        vg_json_set_number(one, "ns", points[i].ns);
        json_array_append_new(array, one);
    }
    return array;
}

/* --- the system ----------------------------------------------------------------------------- */

/* Share of CPU time since boot that the hypervisor gave to others. */
static double steal_share(void)
{
    char line[512];
    double f[10] = {0}, sum = 0;
    if (!vg_read_line("/proc/stat", line, sizeof line))
        return (double)NAN;
    int n = sscanf(line, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &f[0], &f[1], &f[2], &f[3], &f[4],
                   &f[5], &f[6], &f[7]);
    for (int i = 0; i < 8; i++)
        sum += f[i];
    return n == 8 && sum > 0 ? f[7] / sum : (double)NAN;
}

static double number_of(const char *path)
{
    char text[64];
    return vg_read_line(path, text, sizeof text) ? strtod(text, NULL) : (double)NAN;
}

static bool on_path(const char *program)
{
    char copy[4096], path[4400], *rest = NULL;
    const char *list = getenv("PATH");
    snprintf(copy, sizeof copy, "%s", list ? list : "/usr/bin:/bin");
    for (char *dir = strtok_r(copy, ":", &rest); dir; dir = strtok_r(NULL, ":", &rest)) {
        snprintf(path, sizeof path, "%s/%s", dir, program);
        if (!access(path, X_OK))
            return true;
    }
    return false;
}

/* --- grade ---------------------------------------------------------------------------------- */

static void lower(json_t *doctor, char grade, const char *format, ...) VG_PRINTF(3, 4);

static void lower(json_t *doctor, char grade, const char *format, ...)
{
    char text[480], word[2] = {grade, '\0'};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (strcmp(vg_json_get_text(doctor, "grade", "A"), word) < 0)
        vg_json_set_text(doctor, "grade", word);
    json_array_append_new(json_object_get(doctor, "reasons"),
                          json_pack("{ss ss}", "grade", word, "text", text));
}

static void judge_caches(json_t *doctor)
{
    const vg_latency *points;
    int count = vg_latency_sweep(&points);
    char text[240];
    const json_t *cpuid = json_object_get(doctor, "cpuid");
    const vg_topology *t = vg_topology_get();
    if (json_is_true(json_object_get(cpuid, "asked")) &&
        strcmp(vg_json_get_text(cpuid, "verdict", ""), "agrees"))
        lower(doctor, 'B', "CPUID %s", vg_json_get_text(cpuid, "text", ""));
    for (int c = 0; c < t->cache_count; c++) {
        const vg_cache *cache = &t->caches[c];
        double inside = vg_latency_at(points, count, (double)cache->bytes / 2);
        double outside = vg_latency_at(points, count, 4.0 * (double)cache->bytes);
        if (cache->type != 'i' && 4.0 * (double)cache->bytes <= 0x1p26 && !(outside > 1.3 * inside))
            lower(doctor, 'B', "L%d of %.0f KiB: loads take %.1f ns within and %.1f ns beyond it: no "
                               "such cache is felt",
                  cache->level, (double)cache->bytes / 1024, inside, outside);
    }
    if (vg_reach_is_short(vg_reach_last()))
        lower(doctor, 'B', "%s", vg_reach_text(vg_reach_last(), text, sizeof text));
}

static void judge_system(json_t *doctor, const json_t *machine)
{
    const json_t *cpu = json_object_get(machine, "cpu"), *pmu = json_object_get(machine, "pmu");
    double quota = vg_cgroup_cpus(), steal = vg_json_get_number(doctor, "steal");
    double load = vg_json_get_number(doctor, "load");
    char runtimes[256], crowd[VG_CROWDED_TEXT];
    if (json_is_true(json_object_get(cpu, "virtual")))
        lower(doctor, 'B', "virtual machine: clock and neighbours are not under control");
    if (!json_is_true(json_object_get(pmu, "available")))
        lower(doctor, 'B', "no hardware counters: %s", vg_json_get_text(pmu, "reason", "?"));
    if (vg_cpu_scaling())
        lower(doctor, 'C', "the governor scales the clock; as root: cpupower frequency-set -g "
                           "performance");
    if (quota < vg_binding_allowed())
        lower(doctor, 'C', "the control group allows %.2g CPUs of %d: threads are stopped in turns",
              quota, vg_binding_allowed());
    if (steal > 0.01)
        lower(doctor, 'C', "%.1f %% of the CPU time since boot went to other virtual machines",
              100 * steal);
    double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN); /* the load is that of the whole machine */
    if (vg_load_grade(load / cpus) > 'A')
        lower(doctor, vg_load_grade(load / cpus),
              "load average %.1f on %.0f CPUs: other programs run; stop them", load, cpus);
    if (vg_json_get_number(doctor, "throttled") > 0)
        lower(doctor, 'C', "the CPU has throttled %.0f times since boot: heat or power",
              vg_json_get_number(doctor, "throttled"));
    if (vg_json_get_number(json_object_get(doctor, "timer"), "share_of_10us") > 0.01)
        lower(doctor, 'C', "reading the clock takes more than 1 %% of a 10 us kernel: is the clock "
                           "source tsc?");
    if (vg_binding_crowded(vg_binding_most_threads(), crowd))
        lower(doctor, 'D', "%s: they take turns; --threads=all has one on each", crowd);
    if (vg_openmp_runtimes(runtimes, sizeof runtimes) > 1)
        lower(doctor, 'D', "two OpenMP runtimes in one process: %s", runtimes);
#ifndef __OPTIMIZE__
    lower(doctor, 'D', "vgbench was built without optimisation");
#endif
}

/* Of the topology that is shown. Where that is this machine's, the kernel is asked first: siblings may
 * be outside the control group and run other programs all the same. */
static void set_smt(json_t *doctor)
{
    const vg_topology *t = vg_topology_get();
    double active = t->this_system ? number_of("/sys/devices/system/cpu/smt/active") : (double)NAN;
    int threads = t->cores > 0 ? t->pus / t->cores : 0;
    bool known = !isnan(active) || (t->cores_known && threads > 0);
    bool on = active > 0 || (isnan(active) && threads > 1);
    json_object_set_new(doctor, "smt", known ? json_boolean(on) : json_null());
    json_object_set_new(doctor, "threads_per_core",
                        t->cores_known && threads ? json_integer(threads) : json_null());
}

json_t *vg_doctor_json(const json_t *machine)
{
    enum { GHZ_ROUNDS = 15 };
    char text[64];
    double load[1];
    json_t *d = json_object();
    bool microcode = vg_cpuinfo("microcode", text, sizeof text);
    vg_json_set_text(d, "grade", "A");
    json_object_set_new(d, "reasons", json_array());
    vg_json_set_text(d, "microcode", microcode ? text : NULL);
    set_smt(d);
    vg_json_set_number(d, "steal", steal_share());
    vg_json_set_number(
        d, "throttled",
        number_of("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"));
    vg_json_set_number(d, "load", getloadavg(load, 1) == 1 ? load[0] : (double)NAN);
    json_object_set_new(d, "valgrind", json_boolean(on_path("valgrind")));
    json_object_set_new(d, "timer", vg_clock_timer_json());
    json_object_set_new(d, "counters", vg_counters_cost_json(vg_perf_kernel_get(), false));
    vg_json_set_number(d, "ghz", vg_clock_ghz(GHZ_ROUNDS));
    json_object_set_new(d, "cpuid", cpuid_json());
    json_object_set_new(d, "latency", latency_json());
    judge_system(d, machine);
    judge_caches(d);
    return d;
}
