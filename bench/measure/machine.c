/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/machine.h"

#include <gnu/libc-version.h>
#include <link.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "measure/binding.h"
#include "measure/system.h"
#include "measure/topology.h"
#include "results/results.h"
#include "vgbench/cpu.h"
#include "vgbench/onednn.h"

/* --- OpenMP --------------------------------------------------------------------------------- */

typedef struct runtimes {
    char *text;
    size_t size;
    int count;
} runtimes;

static int look_at_object(struct dl_phdr_info *info, size_t size, void *data)
{
    static const char *const names[] = {"libgomp.so", "libomp.so", "libiomp5.so"};
    runtimes *r = data;
    (void)size;
    const char *slash = strrchr(info->dlpi_name, '/'), *name = slash ? slash + 1 : info->dlpi_name;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(name, names[i], strlen(names[i])))
            continue;
        size_t n = strlen(r->text);
        snprintf(r->text + n, r->size - n, "%s%s", r->count ? ", " : "", name);
        r->count++;
    }
    return 0;
}

int vg_openmp_runtimes(char *text, size_t size)
{
    runtimes r = {text, size, 0};
    text[0] = '\0';
    dl_iterate_phdr(look_at_object, &r);
    return r.count;
}

static json_t *openmp_json(void)
{
    static const char *const names[] = {
        "OMP_NUM_THREADS",   "OMP_WAIT_POLICY", "OMP_PROC_BIND",    "OMP_PLACES",
        "OMP_DYNAMIC",       "OMP_SCHEDULE",    "OMP_THREAD_LIMIT", "GOMP_SPINCOUNT",
        "GOMP_CPU_AFFINITY", "KMP_AFFINITY",    "KMP_BLOCKTIME",
    };
    char text[256];
    json_t *omp = json_object(), *environment = json_object();
    int count = vg_openmp_runtimes(text, sizeof text);
    vg_json_set_text(omp, "runtimes", count ? text : NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            vg_json_set_text(environment, names[i], getenv(names[i]));
    json_object_set_new(omp, "environment", environment);
    const char *set = getenv("VGBENCH_SET_WAIT_POLICY");
    vg_json_set_text(omp, "wait_policy_set_by",
                     set                         ? "vgbench"
                     : getenv("OMP_WAIT_POLICY") ? "user"
                                                 : NULL);
    return omp;
}

/* --- libraries ------------------------------------------------------------------------------ */

/* Year of release by major.minor. A version that is not listed is newer than this table. */
static int onednn_year(int major, int minor)
{
    static const short years_v2[] = {2020, 2020, 2021, 2021, 2021, 2021, 2022, 2022};
    static const short years_v3[] = {2022, 2023, 2023, 2023, 2024, 2024, 2024,
                                     2025, 2025, 2025, 2025, 2026, 2026, 2026};
    int n2 = sizeof years_v2 / sizeof *years_v2, n3 = sizeof years_v3 / sizeof *years_v3;
    if (major == 2 && minor < n2)
        return years_v2[minor];
    return major == 3 && minor < n3 ? years_v3[minor] : 0;
}

static json_t *onednn_json(void)
{
    int major = 0, minor = 0;
    const char *version = vg_onednn_version();
    json_t *dnnl = json_object();
    if (!*version) {
        vg_json_set_text(dnnl, "version", NULL);
        vg_json_set_text(dnnl, "reason", "built without oneDNN (Debian package libdnnl-dev)");
        return dnnl;
    }
    sscanf(version, "%d.%d", &major, &minor);
    int year = onednn_year(major, minor);
    bool current = major > 3 || (major == 3 && minor >= 7);
    vg_json_set_text(dnnl, "version", version);
    json_object_set_new(dnnl, "year", year ? json_integer(year) : json_null());
    json_object_set_new(dnnl, "current", json_boolean(current));
    if (!current)
        vg_json_set_text(dnnl, "note", "not a current oneDNN");
    static const char *const caps[] = {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"};
    for (int i = 1; i >= 0; i--)
        if (getenv(caps[i]))
            vg_json_set_text(dnnl, "max_isa", getenv(caps[i]));
    return dnnl;
}

static const vg_timing_library *timing_library;

void vg_machine_set_timing_library(const vg_timing_library *library)
{
    timing_library = library;
}

static json_t *benchmark_json(void)
{
    json_t *gb = json_object();
    const char *version = timing_library ? timing_library->version() : NULL;
    vg_json_set_text(gb, "version", version);
    if (!version) {
        vg_json_set_text(gb, "reason",
                         "built without Google Benchmark (Debian package "
                         "libbenchmark-dev); timed by vgbench's own loop");
        return gb;
    }
    vg_json_set_text(gb, "build_type", timing_library->build_type());
    if (!strcmp(timing_library->build_type(), "debug"))
        vg_json_set_text(gb, "note",
                         "the package is built with assertions on; they are outside "
                         "the timed kernels");
    return gb;
}

/* "scalar: -O2 ...|avx2: -mavx2 -mfma" */
static json_t *flags_json(void)
{
    char text[] = VG_ISA_FLAGS_ALL, *rest = NULL;
    json_t *flags = json_object();
    for (char *word = strtok_r(text, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
        char *colon = strchr(word, ':');
        if (!colon)
            continue;
        *colon = '\0';
        vg_json_set_text(flags, word, colon + 2);
    }
    return flags;
}

static json_t *software_json(void)
{
    json_t *software = json_object();
    const char *source = vg_topology_get()->source;
    json_object_set_new(software, "onednn", onednn_json());
    json_object_set_new(software, "benchmark", benchmark_json());
    vg_json_set_text(software, "hwloc", strncmp(source, "hwloc ", 6) ? NULL : source + 6);
    vg_json_set_text(software, "jansson", JANSSON_VERSION);
    vg_json_set_text(software, "libc", gnu_get_libc_version());
    vg_json_set_text(software, "compiler", VG_COMPILER);
    vg_json_set_text(software, "base_flags", VG_BASE_FLAGS);
    json_object_set_new(software, "flags", flags_json());
    return software;
}

/* --- CPU ------------------------------------------------------------------------------------ */

static const uint32_t clusters[] = {VG_ISA_AVX2, VG_ISA_AVX512, VG_ISA_NEON};
enum { CLUSTERS = sizeof clusters / sizeof *clusters };

static json_t *isa_json(void)
{
    json_t *array = json_array();
    for (int i = 0; i < CLUSTERS; i++) {
        const char *reason = vg_cpu_why_not(clusters[i]);
        json_t *one = json_object();
        vg_json_set_text(one, "name", vg_isa_name(clusters[i]));
        json_object_set_new(one, "usable", json_boolean(!*reason));
        vg_json_set_text(one, "reason", *reason ? reason : NULL);
        json_array_append_new(array, one);
    }
    return array;
}

static json_t *kinds_json(const vg_topology *t)
{
    json_t *array = json_array();
    for (int i = 0; i < t->core_kinds && t->core_kinds > 1; i++) {
        int efficiency = t->kinds[i].efficiency;
        json_t *one = json_pack("{ss}", "cpus", t->kinds[i].cpus);
        json_object_set_new(one, "efficiency",
                            efficiency < 0 ? json_null() : json_integer(efficiency));
        json_array_append_new(array, one);
    }
    return array;
}

static json_t *cpu_json(void)
{
    const vg_topology *t = vg_topology_get();
    struct utsname u;
    char vendor[64], stepping[32];
    json_t *cpu = json_object(), *usable = json_array();
    uname(&u);
    vg_cpuinfo("vendor_id", vendor, sizeof vendor);
    vg_json_set_text(cpu, "model", vg_cpu_model());
    vg_json_set_text(cpu, "vendor", *vendor ? vendor : NULL);
    vg_json_set_text(cpu, "arch", u.machine);
    vg_json_set_text(cpu, "stepping", vg_cpuinfo("stepping", stepping, sizeof stepping) ? stepping : NULL);
    for (int i = 0; i < CLUSTERS; i++)
        if (vg_cpu_isa() & clusters[i])
            json_array_append_new(usable, json_string(vg_isa_name(clusters[i])));
    json_object_set_new(cpu, "isa", usable);
    json_object_set_new(cpu, "cores", json_integer(t->cores));
    json_object_set_new(cpu, "threads", json_integer(t->pus));
    json_object_set_new(cpu, "core_kinds", json_integer(t->core_kinds));
    json_object_set_new(cpu, "kinds", kinds_json(t));
    json_object_set_new(cpu, "allowed_cpus", json_integer(vg_binding_allowed()));
    json_object_set_new(cpu, "packages", json_integer(t->packages));
    json_object_set_new(cpu, "numa_nodes", json_integer(t->numa_nodes));
    vg_json_set_number(cpu, "mhz", vg_cpu_mhz() > 0 ? vg_cpu_mhz() : (double)NAN);
    char line[4096] = "";
    bool known = vg_cpuinfo("flags", line, sizeof line);
    json_object_set_new(cpu, "virtual",
                        known ? json_boolean(strstr(line, " hypervisor") != NULL) : json_null());
    char product[64];
    bool named = vg_read_line("/sys/class/dmi/id/sys_vendor", product, sizeof product);
    vg_json_set_text(cpu, "system_vendor", named ? product : NULL);
    return cpu;
}

static json_t *caches_json(void)
{
    const vg_topology *t = vg_topology_get();
    json_t *array = json_array();
    for (int i = 0; i < t->cache_count; i++) {
        const vg_cache *c = &t->caches[i];
        json_t *one = json_pack("{si ss sI}", "level", c->level, "type", vg_cache_type(c->type), "size",
                                (json_int_t)c->bytes);
        json_object_set_new(one, "line", c->line ? json_integer(c->line) : json_null());
        json_object_set_new(one, "ways", c->ways ? json_integer(c->ways) : json_null());
        json_object_set_new(one, "shared_by",
                            c->shared_by ? json_integer(c->shared_by) : json_null());
        json_array_append_new(array, one);
    }
    return array;
}

/* --- what spoils numbers -------------------------------------------------------------------- */

static void warn(json_t *list, const char *text)
{
    json_array_append_new(list, json_string(text));
}

static json_t *warnings_json(const json_t *cpu)
{
    json_t *list = json_array();
    char text[200], names[256], crowd[VG_CROWDED_TEXT];
    double quota = vg_cgroup_cpus();
    if (json_is_true(json_object_get(cpu, "virtual")))
        warn(list, "virtual machine: clock and neighbours are not under control");
    if (vg_binding_crowded(vg_binding_most_threads(), crowd)) {
        snprintf(text, sizeof text,
                 "%s: they take turns, and rows with more threads than CPUs are not called", crowd);
        warn(list, text);
    }
    if (vg_cpu_scaling())
        warn(list,
             "the CPU governor scales the clock; as root: cpupower frequency-set -g performance");
    if (quota < vg_binding_allowed()) {
        snprintf(text, sizeof text, "the control group allows %.2g CPUs of %d", quota,
                 vg_binding_allowed());
        warn(list, text);
    }
    if (vg_topology_get()->problem)
        warn(list, vg_topology_get()->problem);
    if (vg_openmp_runtimes(names, sizeof names) > 1)
        warn(list, "two OpenMP runtimes in one process");
#ifndef __OPTIMIZE__
    warn(list, "vgbench was built without optimisation");
#endif
    return list;
}

static json_t *missing_json(void)
{
    char text[] = VG_MISSING_TEXT, *rest = NULL;
    json_t *list = json_array();
    for (char *word = strtok_r(text, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
        json_array_append_new(list, json_string(word));
    return list;
}

json_t *vg_machine_json(void)
{
    char host[128] = "unknown";
    json_t *machine = json_object(), *cpu = cpu_json();
    gethostname(host, sizeof host - 1);
    vg_json_set_text(machine, "host", host);
    json_object_set_new(machine, "cpu", cpu);
    json_object_set_new(machine, "isa", isa_json());
    json_object_set_new(machine, "caches", caches_json());
    vg_json_set_text(machine, "topology_source", vg_topology_get()->source);
    json_object_set_new(machine, "os", vg_os_json());
    json_object_set_new(machine, "openmp", openmp_json());
    json_object_set_new(machine, "binding", vg_binding_json());
    json_object_set_new(machine, "software", software_json());
    json_object_set_new(machine, "pmu", vg_pmu_json());
    json_object_set_new(machine, "ftz", json_boolean(vg_cpu_get_ftz()));
    json_object_set_new(machine, "missing", missing_json());
    json_object_set_new(machine, "warnings", warnings_json(cpu));
    return machine;
}
