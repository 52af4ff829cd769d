/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/system.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "measure/binding.h"
#include "measure/counters.h"
#include "measure/machine.h"
#include "results/results.h"

bool vg_read_line(const char *path, char *text, size_t size)
{
    text[0] = '\0';
    FILE *in = fopen(path, "r");
    if (!in)
        return false;
    bool fine = fgets(text, (int)size, in) != NULL;
    fclose(in);
    text[strcspn(text, "\n")] = '\0';
    return fine;
}

bool vg_cpuinfo(const char *key, char *text, size_t size)
{
    char line[512];
    size_t length = strlen(key);
    FILE *in = fopen("/proc/cpuinfo", "r");
    bool found = false;
    text[0] = '\0';
    while (in && !found && fgets(line, sizeof line, in)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, key, length) ||
            !(line[length] == '\t' || line[length] == ' ' || line[length] == ':'))
            continue;
        colon += 1 + (colon[1] == ' ');
        colon[strcspn(colon, "\n")] = '\0';
        snprintf(text, size, "%s", colon);
        found = true;
    }
    if (in)
        fclose(in);
    return found;
}

const char *vg_cpu_model(void)
{
    static char model[128];
    if (!model[0] && !vg_cpuinfo("model name", model, sizeof model)) {
        struct utsname u;
        uname(&u);
        snprintf(model, sizeof model, "%.100s", u.machine);
    }
    return model;
}

double vg_cpu_mhz(void)
{
    char text[64];
    if (vg_cpuinfo("cpu MHz", text, sizeof text))
        return strtod(text, NULL);
    if (vg_read_line("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", text, sizeof text))
        return strtod(text, NULL) / 1000;
    return 0;
}

bool vg_cpu_scaling(void)
{
    char text[64];
    return vg_read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text,
                        sizeof text) &&
           strcmp(text, "performance");
}

/* --- control groups ------------------------------------------------------------------------- */

/* The tightest value along the path of the process in the v2 hierarchy; read gives NAN for none. */
static double cgroup_least(const char *file, double (*read)(const char *))
{
    char line[512], path[1024];
    double least = (double)NAN;
    FILE *in = fopen("/proc/self/cgroup", "r");
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3))
            continue;
        for (char *group = line + 3;;) {
            char *slash = strrchr(group, '/');
            snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", strcmp(group, "/") ? group : "",
                     file);
            double value = read(path);
            if (!isnan(value) && !(least <= value))
                least = value;
            if (!slash || !*group)
                break;
            *slash = '\0';
        }
    }
    if (in)
        fclose(in);
    return least;
}

static double read_quota(const char *path)
{
    char text[64];
    double quota, period;
    if (!vg_read_line(path, text, sizeof text) || sscanf(text, "%lf %lf", &quota, &period) != 2)
        return (double)NAN; /* "max 100000" */
    return period > 0 ? quota / period : (double)NAN;
}

static double read_limit(const char *path)
{
    char text[64], *end;
    if (!vg_read_line(path, text, sizeof text))
        return (double)NAN;
    double value = strtod(text, &end);
    return end == text ? (double)NAN : value;
}

double vg_cgroup_cpus(void)
{
    double cpus = cgroup_least("cpu.max", read_quota);
    if (!isnan(cpus))
        return cpus;
    double quota = read_limit("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"); /* v1: -1 is none */
    double period = read_limit("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    return quota > 0 && period > 0 ? quota / period : (double)NAN;
}

double vg_memory_limit(void)
{
    double ram = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGE_SIZE);
    double limit = cgroup_least("memory.max", read_limit);
    if (isnan(limit))
        limit = read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    return limit < ram ? limit : ram;
}

/* --- records -------------------------------------------------------------------------------- */

/* "always [madvise] never" -> "madvise" */
static void chosen_word(char *text)
{
    char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
    if (!close)
        return;
    *close = '\0';
    memmove(text, open + 1, strlen(open + 1) + 1);
}

static void set_line(json_t *object, const char *key, const char *path)
{
    char text[128];
    bool fine = vg_read_line(path, text, sizeof text);
    chosen_word(text);
    vg_json_set_text(object, key, fine ? text : NULL);
}

static void set_boost(json_t *os)
{
    char text[16];
    if (vg_read_line("/sys/devices/system/cpu/cpufreq/boost", text, sizeof text))
        json_object_set_new(os, "boost", json_boolean(text[0] == '1'));
    else if (vg_read_line("/sys/devices/system/cpu/intel_pstate/no_turbo", text, sizeof text))
        json_object_set_new(os, "boost", json_boolean(text[0] == '0'));
    else
        json_object_set_new(os, "boost", json_null());
}

/* Why governor, driver or boost are unknown. */
static void set_frequency_reason(json_t *os)
{
    if (!json_is_string(json_object_get(os, "driver")))
        vg_json_set_text(os, "frequency_reason",
                         "no cpufreq in /sys: firmware, or the host of a virtual machine, sets "
                         "the clock");
    else if (json_is_null(json_object_get(os, "boost")))
        vg_json_set_text(os, "frequency_reason", "the frequency driver shows no boost in /sys");
}

/* What the kernel does against flaws of this CPU, by flaw; those it does not have are left out. */
static void set_mitigations(json_t *os)
{
    static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
    struct dirent **names = NULL;
    char path[320], text[160];
    int count = scandir(folder, &names, NULL, alphasort);
    json_t *list = count < 0 ? json_null() : json_object();
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && vg_read_line(path, text, sizeof text) &&
            strcmp(text, "Not affected"))
            vg_json_set_text(list, names[i]->d_name, text);
        free(names[i]);
    }
    free(names);
    json_object_set_new(os, "mitigations", list);
}

static void set_distribution(json_t *os)
{
    char line[256], *name = NULL;
    FILE *in = fopen("/etc/os-release", "r");
    while (in && !name && fgets(line, sizeof line, in))
        if (!strncmp(line, "PRETTY_NAME=", 12)) {
            name = line + 12 + (line[12] == '"');
            name[strcspn(name, "\"\n")] = '\0';
        }
    if (in)
        fclose(in);
    vg_json_set_text(os, "distribution", name);
}

static void set_affinity(json_t *os)
{
    cpu_set_t set;
    char text[256] = "";
    CPU_ZERO(&set);
    if (vg_binding_allowed_cpu(0) < 0) {
        json_object_set_new(os, "affinity", json_null());
        return;
    }
    for (int i = 0, cpu; (cpu = vg_binding_allowed_cpu(i)) >= 0; i++)
        CPU_SET(cpu, &set);
    for (int cpu = 0; cpu < CPU_SETSIZE && strlen(text) < sizeof text - 16; cpu++) {
        int last = cpu;
        if (!CPU_ISSET(cpu, &set))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set))
            last++;
        size_t n = strlen(text);
        if (last > cpu)
            snprintf(text + n, sizeof text - n, "%s%d-%d", n ? "," : "", cpu, last);
        else
            snprintf(text + n, sizeof text - n, "%s%d", n ? "," : "", cpu);
        cpu = last;
    }
    vg_json_set_text(os, "affinity", text);
}

json_t *vg_os_json(void)
{
    struct utsname u;
    char kernel[160];
    json_t *os = json_object();
    uname(&u);
    snprintf(kernel, sizeof kernel, "%.60s %.80s", u.sysname, u.release);
    vg_json_set_text(os, "kernel", kernel);
    set_distribution(os);
    set_line(os, "thp", "/sys/kernel/mm/transparent_hugepage/enabled");
    set_line(os, "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    set_line(os, "driver", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver");
    set_boost(os);
    set_frequency_reason(os);
    set_mitigations(os);
    set_line(os, "aslr", "/proc/sys/kernel/randomize_va_space");
    vg_json_set_number(os, "cgroup_cpus", vg_cgroup_cpus());
    set_affinity(os);
    json_object_set_new(os, "memory_bytes", json_integer((json_int_t)vg_memory_limit()));
    return os;
}

json_t *vg_pmu_json(void)
{
    const vg_perf_kernel *kernel = vg_perf_kernel_get();
    char reason[VG_COUNTERS_REASON];
    bool available = vg_counters_available(kernel, reason, sizeof reason);
    json_t *pmu = json_object();
    json_object_set_new(pmu, "available", json_boolean(available));
    vg_json_set_text(pmu, "reason", available ? NULL : reason);
    json_object_set_new(pmu, "paranoid", json_integer(kernel->paranoid(kernel->user)));
    return pmu;
}
