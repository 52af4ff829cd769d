/* SPDX-License-Identifier: Apache-2.0 */
/* vgbench info (alias doctor): machine, libraries, and what would spoil the numbers. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
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

/* --- lines: [name, text] each, a name of "" goes on with the one before ------------------------ */

static void row(json_t *lines, const char *name, const char *format, ...) VG_PRINTF(3, 4);

static void row(json_t *lines, const char *name, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(lines, json_pack("[ss]", name, text));
}

static vg_status print_lines(FILE *out, vg_format format, const void *lines)
{
    const char *name = "";
    size_t i;
    json_t *line;
    if (format != VG_FORMAT_TABLE)
        fputs(format == VG_FORMAT_CSV ? "item,value\n" : "| | |\n|---|---|\n", out);
    json_array_foreach((json_t *)lines, i, line) {
        const char *shown = json_string_value(json_array_get(line, 0));
        const char *text = json_string_value(json_array_get(line, 1));
        name = shown && *shown ? shown : name;
        if (format == VG_FORMAT_CSV) {
            vg_csv_text(out, name);
            fputc(',', out);
            vg_csv_text(out, text ? text : "");
            fputc('\n', out);
        } else if (format == VG_FORMAT_MD) {
            fprintf(out, "| %s | ", shown);
            vg_md_text(out, text ? text : "");
            fputs(" |\n", out);
        } else {
            fprintf(out, "%-18s %s\n", shown, text ? text : "");
        }
    }
    return VG_OK;
}

/* --- what they say ---------------------------------------------------------------------------- */

static const char *counted(char text[48], const json_t *cpu, const char *key, const char *thing)
{
    double n = vg_json_get_number(cpu, key);
    snprintf(text, 48, "%.0f %s%s", n, thing, n == 1 ? "" : "s");
    return text;
}

static void add_cores(json_t *lines, const json_t *machine)
{
    const json_t *cpu = at(machine, "cpu"), *kind;
    char text[5][48];
    size_t i, kinds = json_array_size(at(cpu, "kinds"));
    row(lines, "cores", "%s, %s of %s, %s, %.0f allowed, %s (%s)",
        counted(text[0], cpu, "packages", "package"), counted(text[1], cpu, "cores", "core"),
        counted(text[2], cpu, "core_kinds", "kind"), counted(text[3], cpu, "threads", "thread"),
        vg_json_get_number(cpu, "allowed_cpus"), counted(text[4], cpu, "numa_nodes", "NUMA node"),
        text_of(machine, "topology_source"));
    json_array_foreach(at(cpu, "kinds"), i, kind) {
        const json_t *rank = at(kind, "efficiency");
        const char *name = !json_is_integer(rank)                    ? "of unknown speed"
                           : json_integer_value(rank) == 0           ? "efficient"
                           : (size_t)json_integer_value(rank) + 1 == kinds ? "performance"
                                                                     : "in between";
        row(lines, i ? "" : "kinds", "CPUs %s: %s", text_of(kind, "cpus"), name);
    }
}

static void add_cpu(json_t *lines, const json_t *machine)
{
    const json_t *cpu = at(machine, "cpu"), *one;
    size_t i;
    row(lines, "CPU", "%s (%s)%s", text_of(cpu, "model"), text_of(cpu, "arch"),
        json_is_true(at(cpu, "virtual")) ? ", virtual machine" : "");
    add_cores(lines, machine);
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
        double sharers = vg_json_get_number(one, "shared_by");
        if (sharers >= 1)
            row(lines, name, "%.0f %s, %s, for %.0f thread%s", size / (mib ? 1 << 20 : 1 << 10),
                mib ? "MiB" : "KiB", way, sharers, sharers > 1 ? "s" : "");
        else
            row(lines, name, "%.0f %s, %s", size / (mib ? 1 << 20 : 1 << 10), mib ? "MiB" : "KiB",
                way);
    }
    json_array_foreach(at(machine, "isa"), i, one) {
        bool usable = json_is_true(at(one, "usable"));
        row(lines, text_of(one, "name"), "%s%s",
            usable ? "usable" : "not usable: ", usable ? "" : text_of(one, "reason"));
    }
}

/* A value that may be missing, and why. */
static void or_reason(json_t *lines, const char *name, const json_t *value, const char *reason)
{
    if (json_is_string(value))
        row(lines, name, "%s", json_string_value(value));
    else
        row(lines, name, "n/a: %s", reason);
}

static void add_os(json_t *lines, const json_t *machine)
{
    const json_t *os = at(machine, "os"), *pmu = at(machine, "pmu"), *boost = at(os, "boost");
    row(lines, "system", "%s, %s", text_of(os, "distribution"), text_of(os, "kernel"));
    row(lines, "memory", "%.1f GiB", vg_json_get_number(os, "memory_bytes") / (1 << 30));
    if (json_is_string(at(os, "governor")))
        row(lines, "governor", "%s, driver %s, boost %s", text_of(os, "governor"), text_of(os, "driver"),
            json_is_boolean(boost) ? json_is_true(boost) ? "on" : "off" : "n/a");
    if (at(os, "frequency_reason"))
        row(lines, json_is_string(at(os, "governor")) ? "" : "governor", "n/a: %s",
            text_of(os, "frequency_reason"));
    or_reason(lines, "huge pages", at(os, "thp"), "a kernel without transparent huge pages");
    or_reason(lines, "address layout", at(os, "aslr"), "no randomize_va_space in /proc");
    or_reason(lines, "affinity", at(os, "affinity"), "more CPUs than the kernel's mask shows");
    double quota = vg_json_get_number(os, "cgroup_cpus");
    if (isnan(quota))
        row(lines, "CPU quota", "none");
    else
        row(lines, "CPU quota", "%.2f CPUs", quota);
    row(lines, "counters", "%s%s (kernel.perf_event_paranoid is %.0f)",
        json_is_true(at(pmu, "available")) ? "available" : "n/a: ",
        json_is_true(at(pmu, "available")) ? "" : text_of(pmu, "reason"),
        vg_json_get_number(pmu, "paranoid"));
    row(lines, "flush to zero", "%s", json_is_true(at(machine, "ftz")) ? "on" : "off");
}

/* What the user's own settings have made of the threads. */
static void add_observed(json_t *lines, const json_t *binding)
{
    char *text = json_dumps(at(binding, "observed"), JSON_COMPACT);
    const json_t *cpu;
    size_t i, bound = 0;
    json_array_foreach(at(binding, "observed"), i, cpu)
        bound += !json_is_null(cpu);
    if (text && bound)
        row(lines, "", "read back: threads to CPUs %.*s", (int)strlen(text) - 2, text + 1);
    else if (text)
        row(lines, "", "read back: no thread is bound");
    free(text);
}

static void add_binding(json_t *lines, const json_t *binding)
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
        row(lines, "binding", "%s (%s), threads to CPUs %s, %s", text_of(binding, "policy"),
            text_of(binding, "asked_by"), places,
            json_is_true(at(binding, "verified")) ? "verified" : "NOT as asked");
    else
        row(lines, "binding", "none: %s", text_of(binding, "reason"));
    if (at(binding, "observed") && !at(binding, "places"))
        add_observed(lines, binding);
}

static bool set_by_vgbench(const json_t *machine, const char *variable)
{
    if (!strcmp(variable, "OMP_WAIT_POLICY"))
        return !strcmp(text_of(at(machine, "openmp"), "wait_policy_set_by"), "vgbench");
    return at(at(machine, "binding"), "places") &&
           (!strcmp(variable, "OMP_PLACES") || !strcmp(variable, "OMP_PROC_BIND"));
}

static void add_software(json_t *lines, const json_t *machine)
{
    const json_t *software = at(machine, "software"), *omp = at(machine, "openmp");
    const json_t *dnnl = at(software, "onednn"), *gb = at(software, "benchmark"), *value;
    const char *key;
    size_t i;
    if (json_is_string(at(dnnl, "version")))
        row(lines, "oneDNN", "%s (%.0f)%s%s", text_of(dnnl, "version"),
            vg_json_get_number(dnnl, "year"), at(dnnl, "note") ? ": " : "",
            vg_json_get_text(dnnl, "note", ""));
    else
        row(lines, "oneDNN", "n/a: %s", text_of(dnnl, "reason"));
    if (json_is_string(at(gb, "version")))
        row(lines, "Google Benchmark", "%s, %s build%s%s", text_of(gb, "version"),
            text_of(gb, "build_type"), at(gb, "note") ? ": " : "",
            vg_json_get_text(gb, "note", ""));
    else
        row(lines, "Google Benchmark", "n/a: %s", text_of(gb, "reason"));
    add_binding(lines, at(machine, "binding"));
    row(lines, "OpenMP", "%s", text_of(omp, "runtimes"));
    json_object_foreach((json_t *)at(omp, "environment"), key, value)
        row(lines, "", "%s=%s%s", key, json_string_value(value),
            set_by_vgbench(machine, key) ? " (set by vgbench)" : "");
    row(lines, "C library", "glibc %s", text_of(software, "libc"));
    row(lines, "compiler", "%s, %s", text_of(software, "compiler"),
        text_of(software, "base_flags"));
    json_object_foreach((json_t *)at(software, "flags"), key, value)
        row(lines, "", "%-12s %s", key, json_string_value(value));
    json_array_foreach(at(machine, "missing"), i, value)
        row(lines, i ? "" : "missing", "%s", json_string_value(value));
    json_array_foreach(at(machine, "warnings"), i, value)
        row(lines, i ? "" : "beware", "%s", json_string_value(value));
}

static void add_smt(json_t *lines, const json_t *doctor)
{
    const json_t *smt = at(doctor, "smt"), *threads = at(doctor, "threads_per_core");
    if (!json_is_boolean(smt))
        row(lines, "SMT", "n/a: neither the kernel nor a topology tells threads from cores");
    else if (json_is_integer(threads))
        row(lines, "SMT", "%s, %lld allowed thread%s a core", json_is_true(smt) ? "on" : "off",
            json_integer_value(threads), json_integer_value(threads) > 1 ? "s" : "");
    else
        row(lines, "SMT", "%s", json_is_true(smt) ? "on" : "off");
}

static void add_doctor(json_t *lines, const json_t *machine)
{
    const json_t *d = at(machine, "doctor"), *timer = at(d, "timer"), *one;
    size_t i;
    or_reason(lines, "microcode", at(d, "microcode"), "not in /proc/cpuinfo: a hypervisor hides it, or "
                                                      "the CPU has none");
    add_smt(lines, d);
    row(lines, "clock rate", "%.2f GHz, measured by a chain of multiplications",
        vg_json_get_number(d, "ghz"));
    row(lines, "timer", "resolution %.0f ns, a reading takes %.1f ns: %.2f %% of a kernel of 10 us",
        vg_json_get_number(timer, "resolution_ns"), vg_json_get_number(timer, "overhead_ns"),
        100 * vg_json_get_number(timer, "share_of_10us"));
    const json_t *counters = at(d, "counters");
    if (at(counters, "reason"))
        row(lines, "counting", "n/a: %s", text_of(counters, "reason"));
    else
        row(lines, "counting",
            "start and stop take %.0f ns, around batches of 5 ms: %.3f %% of a kernel of "
            "10 us",
            vg_json_get_number(counters, "start_stop_ns"),
            100 * vg_json_get_number(counters, "share_of_10us"));
    row(lines, "load", "%.2f, stolen %.2f %%", vg_json_get_number(d, "load"),
        100 * vg_json_get_number(d, "steal"));
    row(lines, "valgrind", "%s",
        json_is_true(at(d, "valgrind")) ? "there: caches can be simulated"
                                        : "not installed (Debian package valgrind)");
    if (json_is_number(at(d, "throttled")))
        row(lines, "throttled", "%.0f times since boot", vg_json_get_number(d, "throttled"));
    else
        row(lines, "throttled", "n/a: no thermal_throttle in /sys");
    char latency[512] = "";
    row(lines, "CPUID", "%s", text_of(at(d, "cpuid"), "text"));
    json_array_foreach(at(d, "latency"), i, one) {
        size_t n = strlen(latency);
        snprintf(latency + n, sizeof latency - n, "%.0fK:%.1f ",
                 vg_json_get_number(one, "bytes") / 1024, vg_json_get_number(one, "ns"));
    }
    row(lines, "load latency", "%sns", latency);
    row(lines, "grade", "%s", text_of(d, "grade"));
    json_array_foreach(at(d, "reasons"), i, one)
        row(lines, "", "%s: %s", text_of(one, "grade"), text_of(one, "text"));
}

static vg_status info(const vg_options *options)
{
    json_t *machine = vg_machine_json(), *lines = json_array();
    vg_output output = {machine, print_lines, lines};
    json_object_set_new(machine, "doctor", vg_doctor_json(machine));
    add_cpu(lines, machine);
    add_os(lines, machine);
    add_software(lines, machine);
    add_doctor(lines, machine);
    vg_status status = vg_output_write(&output, options->format, "-");
    if (!status)
        status = vg_outputs_save(options, &output);
    json_decref(lines);
    json_decref(machine);
    return status;
}

int vg_cmd_info(int argc, char **argv)
{
    vg_options options;
    vg_words words;
    vg_status status = vg_options_parse(argc, argv, NULL, &options, &words);
    if (!status && options.help) {
        vg_options_help(stdout, "info [--format=FORMAT] [-o FILE]...",
                        "Prints what the numbers of this machine depend on. Alias: doctor.", NULL);
        return VG_EXIT_OK;
    }
    if (!status && words.count)
        status = vg_fail(VG_EINVAL, "'%s': takes no words", words.items[0]);
    if (!status)
        status = vg_outputs_check(&options);
    if (!status)
        status = info(&options);
    return status ? vg_exit_with(argv[0], status) : VG_EXIT_OK;
}
