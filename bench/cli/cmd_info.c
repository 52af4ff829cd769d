/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench info (alias doctor): machine, libraries, and what would spoil the numbers. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "measure/doctor.h"
#include "measure/machine.h"
#include "results/results.h"

static const json_t *at(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

static const char *text_of(const json_t *object, const char *key)
{
    return vg_json_get_text(object, key, "n/a");
}

static void row(const char *name, const char *format, ...) VG_PRINTF(2, 3);

static void row(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%-18s ", name);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

static void print_cpu(const json_t *machine)
{
    const json_t *cpu = at(machine, "cpu"), *one;
    size_t i;
    row("CPU", "%s (%s)%s", text_of(cpu, "model"), text_of(cpu, "arch"),
        json_is_true(at(cpu, "virtual")) ? ", virtual machine" : "");
    row("cores", "%.0f packages, %.0f cores of %.0f kinds, %.0f threads, %.0f allowed, %.0f NUMA "
                 "nodes (%s)",
        vg_json_get_number(cpu, "packages"), vg_json_get_number(cpu, "cores"),
        vg_json_get_number(cpu, "core_kinds"), vg_json_get_number(cpu, "threads"),
        vg_json_get_number(cpu, "allowed_cpus"), vg_json_get_number(cpu, "numa_nodes"),
        text_of(machine, "topology_source"));
    json_array_foreach(at(machine, "caches"), i, one) {
        double size = vg_json_get_number(one, "size"), ways = vg_json_get_number(one, "ways");
        bool mib = size >= 1 << 20;
        char name[32], way[32] = "ways unknown";
        snprintf(name, sizeof name, "L%.0f %s", vg_json_get_number(one, "level"),
                 text_of(one, "type"));
        if (ways > 0)
            snprintf(way, sizeof way, "%.0f ways", ways);
        else if (ways < 0)
            snprintf(way, sizeof way, "fully associative");
        row(name, "%.0f %s, %s", size / (mib ? 1 << 20 : 1 << 10), mib ? "MiB" : "KiB", way);
    }
    json_array_foreach(at(machine, "isa"), i, one) {
        bool usable = json_is_true(at(one, "usable"));
        row(text_of(one, "name"), "%s%s",
            usable ? "usable" : "not usable: ", usable ? "" : text_of(one, "reason"));
    }
}

static void print_os(const json_t *machine)
{
    const json_t *os = at(machine, "os"), *pmu = at(machine, "pmu"), *boost = at(os, "boost");
    row("system", "%s, %s", text_of(os, "distribution"), text_of(os, "kernel"));
    row("memory", "%.1f GiB", vg_json_get_number(os, "memory_bytes") / (1 << 30));
    row("governor", "%s, driver %s, boost %s", text_of(os, "governor"), text_of(os, "driver"),
        json_is_boolean(boost) ? json_is_true(boost) ? "on" : "off" : "n/a");
    row("huge pages", "%s", text_of(os, "thp"));
    row("affinity", "%s", text_of(os, "affinity"));
    double quota = vg_json_get_number(os, "cgroup_cpus");
    if (isnan(quota))
        row("CPU quota", "none");
    else
        row("CPU quota", "%.2f CPUs", quota);
    row("counters", "%s%s", json_is_true(at(pmu, "available")) ? "available" : "n/a: ",
        json_is_true(at(pmu, "available")) ? "" : text_of(pmu, "reason"));
    row("flush to zero", "%s", json_is_true(at(machine, "ftz")) ? "on" : "off");
}

static void print_binding(const json_t *binding)
{
    char places[128] = "";
    const json_t *cpu;
    size_t i;
    json_array_foreach(at(binding, "places"), i, cpu) {
        size_t n = strlen(places);
        snprintf(places + n, sizeof places - n, "%s%lld", i ? "," : "",
                 (long long)json_integer_value(cpu));
    }
    if (json_array_size(at(binding, "places")))
        row("binding", "%s (%s), threads to CPUs %s, %s", text_of(binding, "policy"),
            text_of(binding, "asked_by"), places,
            json_is_true(at(binding, "verified")) ? "verified" : "NOT as asked");
    else
        row("binding", "none: %s", text_of(binding, "reason"));
}

static bool set_by_vgbench(const json_t *machine, const char *variable)
{
    if (!strcmp(variable, "OMP_WAIT_POLICY"))
        return !strcmp(text_of(at(machine, "openmp"), "wait_policy_set_by"), "vgbench");
    return at(at(machine, "binding"), "places") &&
           (!strcmp(variable, "OMP_PLACES") || !strcmp(variable, "OMP_PROC_BIND"));
}

static void print_software(const json_t *machine)
{
    const json_t *software = at(machine, "software"), *omp = at(machine, "openmp");
    const json_t *dnnl = at(software, "onednn"), *gb = at(software, "benchmark"), *value;
    const char *key;
    size_t i;
    if (json_is_string(at(dnnl, "version")))
        row("oneDNN", "%s (%.0f)%s%s", text_of(dnnl, "version"), vg_json_get_number(dnnl, "year"),
            at(dnnl, "note") ? ": " : "", vg_json_get_text(dnnl, "note", ""));
    else
        row("oneDNN", "n/a: %s", text_of(dnnl, "reason"));
    if (json_is_string(at(gb, "version")))
        row("Google Benchmark", "%s, %s build%s%s", text_of(gb, "version"),
            text_of(gb, "build_type"), at(gb, "note") ? ": " : "",
            vg_json_get_text(gb, "note", ""));
    else
        row("Google Benchmark", "n/a: %s", text_of(gb, "reason"));
    print_binding(at(machine, "binding"));
    row("OpenMP", "%s", text_of(omp, "runtimes"));
    json_object_foreach((json_t *)at(omp, "environment"), key, value)
        row("", "%s=%s%s", key, json_string_value(value),
            set_by_vgbench(machine, key) ? " (set by vgbench)" : "");
    row("compiler", "%s, %s", text_of(software, "compiler"), text_of(software, "base_flags"));
    json_object_foreach((json_t *)at(software, "flags"), key, value)
        row("", "%-12s %s", key, json_string_value(value));
    json_array_foreach(at(machine, "missing"), i, value)
        row(i ? "" : "missing", "%s", json_string_value(value));
    json_array_foreach(at(machine, "warnings"), i, value)
        row(i ? "" : "beware", "%s", json_string_value(value));
}

static void print_doctor(const json_t *machine)
{
    const json_t *d = at(machine, "doctor"), *timer = at(d, "timer"), *one;
    size_t i;
    row("microcode", "%s", text_of(d, "microcode"));
    row("SMT", "%s", json_is_boolean(at(d, "smt")) ? json_is_true(at(d, "smt")) ? "on" : "off" : "n/a");
    row("clock rate", "%.2f GHz, measured by a chain of multiplications", vg_json_get_number(d, "ghz"));
    row("timer", "resolution %.0f ns, a reading takes %.1f ns: %.2f %% of a kernel of 10 us",
        vg_json_get_number(timer, "resolution_ns"), vg_json_get_number(timer, "overhead_ns"),
        100 * vg_json_get_number(timer, "share_of_10us"));
    const json_t *counters = at(d, "counters");
    if (at(counters, "reason"))
        row("counting", "n/a: %s", text_of(counters, "reason"));
    else
        row("counting", "start and stop take %.0f ns, around batches of 5 ms: %.3f %% of a kernel of "
                        "10 us",
            vg_json_get_number(counters, "start_stop_ns"),
            100 * vg_json_get_number(counters, "share_of_10us"));
    row("load", "%.2f, stolen %.2f %%", vg_json_get_number(d, "load"),
        100 * vg_json_get_number(d, "steal"));
    row("valgrind", "%s",
        json_is_true(at(d, "valgrind")) ? "there: caches can be simulated"
                                        : "not installed (Debian package valgrind)");
    printf("%-18s", "load latency");
    json_array_foreach(at(d, "latency"), i, one)
        printf(" %.0fK:%.1f", vg_json_get_number(one, "bytes") / 1024, vg_json_get_number(one, "ns"));
    printf(" ns\n\n%-18s %s\n", "grade", text_of(d, "grade"));
    json_array_foreach(at(d, "reasons"), i, one)
        row("", "%s: %s", text_of(one, "grade"), text_of(one, "text"));
}

static vg_status info(const vg_options *options)
{
    json_t *machine = vg_machine_json();
    json_object_set_new(machine, "doctor", vg_doctor_json(machine));
    vg_status status = VG_OK;
    for (int i = 0; !status && i < options->outputs.count; i++)
        status = vg_results_save(machine, options->outputs.items[i]);
    if (!status && options->format == VG_FORMAT_JSON) {
        status = vg_results_save(machine, "-");
    } else if (!status) {
        print_cpu(machine);
        print_os(machine);
        print_software(machine);
        print_doctor(machine);
    }
    json_decref(machine);
    return status;
}

static vg_status check(const vg_options *options, const vg_words *words)
{
    if (words->count)
        return vg_fail(VG_EINVAL, "'%s': takes no words", words->items[0]);
    if (options->format == VG_FORMAT_MD || options->format == VG_FORMAT_CSV)
        return vg_fail(VG_EINVAL, "--format: info knows table and json");
    for (int i = 0; i < options->outputs.count; i++) {
        vg_format format;
        VG_TRY(vg_format_of_file(options->outputs.items[i], &format));
        if (format != VG_FORMAT_JSON)
            return vg_fail(VG_EINVAL, "--output=%s: info writes .json", options->outputs.items[i]);
    }
    return VG_OK;
}

int vg_cmd_info(int argc, char **argv)
{
    vg_options options;
    vg_words words;
    vg_status status = vg_options_parse(argc, argv, NULL, &options, &words);
    if (!status && options.help) {
        vg_options_help(stdout, "info [--format=json] [-o FILE.json]",
                        "Prints what the numbers of this machine depend on. Alias: doctor.", NULL);
        return VG_EXIT_OK;
    }
    if (!status)
        status = check(&options, &words);
    if (!status)
        status = info(&options);
    return status ? vg_exit_with(argv[0], status) : VG_EXIT_OK;
}
