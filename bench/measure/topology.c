/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/topology.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if VG_WITH_HWLOC
#include <hwloc.h>
#endif

static vg_topology topology;
static char source[64];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void add_cache(vg_cache cache)
{
    if (topology.cache_count < VG_MAX_CACHES)
        topology.caches[topology.cache_count++] = cache;
}

#if VG_WITH_HWLOC
static char problem[256];

/* Of the first PU: hybrid CPUs have more kinds, and the report names the one it measured on. */
static void read_caches(hwloc_topology_t t)
{
    hwloc_obj_t pu = hwloc_get_obj_by_type(t, HWLOC_OBJ_PU, 0);
    for (hwloc_obj_t o = pu ? pu->parent : NULL; o; o = o->parent) {
        if (!hwloc_obj_type_is_cache(o->type))
            continue;
        const struct hwloc_cache_attr_s *a = &o->attr->cache;
        char type = a->type == HWLOC_OBJ_CACHE_DATA          ? 'd'
                    : a->type == HWLOC_OBJ_CACHE_INSTRUCTION ? 'i'
                                                             : 'u';
        add_cache((vg_cache){(int)a->depth, type, (int64_t)a->size, (int)a->linesize,
                             a->associativity, hwloc_bitmap_weight(o->cpuset)});
    }
}

static void read_kinds(hwloc_topology_t t)
{
#if HWLOC_API_VERSION >= 0x20400
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    int count = hwloc_cpukinds_get_nr(t, 0);
    if (count > VG_MAX_KINDS)
        count = VG_MAX_KINDS;
    topology.core_kinds = count > 1 ? count : 1;
    for (int i = 0; cpus && i < count; i++) {
        vg_core_kind *kind = &topology.kinds[i];
        if (!hwloc_cpukinds_get_info(t, (unsigned)i, cpus, &kind->efficiency, NULL, NULL, 0))
            hwloc_bitmap_list_snprintf(kind->cpus, sizeof kind->cpus, cpus);
    }
    hwloc_bitmap_free(cpus);
#else
    (void)t;
#endif
}

/* A file or a description that hwloc could not use is passed over in silence, and the machine's own
 * topology taken: who asked for another must be told. */
static void note_problem(void)
{
    static const char *const names[] = {"HWLOC_XMLFILE", "HWLOC_SYNTHETIC"};
    for (int i = 0; i < 2; i++) {
        const char *value = getenv(names[i]);
        if (!value || getenv("HWLOC_THISSYSTEM"))
            continue;
        snprintf(problem, sizeof problem,
                 "%s=%.100s cannot be used (missing or broken); the topology is that of this machine",
                 names[i], value);
        topology.problem = problem;
    }
}

static int load(hwloc_topology_t *t)
{
    if (hwloc_topology_init(t))
        return 0;
    hwloc_topology_set_icache_types_filter(*t, HWLOC_TYPE_FILTER_KEEP_ALL);
    if (!hwloc_topology_load(*t))
        return 1;
    hwloc_topology_destroy(*t);
    return 0;
}

static int read_hwloc(void)
{
    hwloc_topology_t t;
    if (!load(&t)) {
        note_problem();
        unsetenv("HWLOC_XMLFILE");
        unsetenv("HWLOC_SYNTHETIC");
        if (!load(&t))
            return 0;
    } else if (hwloc_topology_is_thissystem(t)) {
        note_problem();
    }
    topology.packages = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PACKAGE);
    topology.cores = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_CORE);
    topology.pus = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU);
    topology.numa_nodes = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_NUMANODE);
    topology.cores_known = true;
    topology.this_system = hwloc_topology_is_thissystem(t);
    read_kinds(t);
    read_caches(t);
    snprintf(source, sizeof source, "hwloc %s%s", HWLOC_VERSION,
             hwloc_topology_is_thissystem(t) ? "" : " (not this system: given by HWLOC_*)");
    hwloc_topology_destroy(t);
    return 1;
}

static int index_of(hwloc_topology_t t, hwloc_obj_type_t type, hwloc_obj_t pu, int otherwise)
{
    hwloc_obj_t o = hwloc_get_ancestor_obj_by_type(t, type, pu);
    return o ? (int)o->logical_index : otherwise;
}

/* NUMA nodes hang beside the tree. */
static int node_of(hwloc_topology_t t, hwloc_obj_t pu)
{
    for (hwloc_obj_t o = hwloc_get_obj_by_type(t, HWLOC_OBJ_NUMANODE, 0); o; o = o->next_cousin)
        if (hwloc_bitmap_isset(o->cpuset, pu->os_index))
            return (int)o->logical_index;
    return 0;
}

int vg_topology_pus(vg_pu **pus, bool *this_system)
{
    hwloc_topology_t t;
    int n = 0;
    *pus = NULL;
    if (hwloc_topology_init(&t))
        return 0;
    hwloc_topology_set_flags(t, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    int count = hwloc_topology_load(t) ? 0 : hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU);
    if (count > 0)
        *pus = calloc((size_t)count, sizeof **pus);
    for (; *pus && n < count; n++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(t, HWLOC_OBJ_PU, (unsigned)n);
        (*pus)[n] = (vg_pu){
            (int)pu->os_index, index_of(t, HWLOC_OBJ_PACKAGE, pu, 0), node_of(t, pu),
            index_of(t, HWLOC_OBJ_CORE, pu, n),
            hwloc_bitmap_isset(hwloc_topology_get_allowed_cpuset(t), pu->os_index) == 1};
    }
    *this_system = n > 0 && hwloc_topology_is_thissystem(t);
    hwloc_topology_destroy(t);
    return n;
}
#else
static int read_hwloc(void)
{
    return 0;
}

int vg_topology_pus(vg_pu **pus, bool *this_system)
{
    *pus = NULL;
    *this_system = false;
    return 0;
}
#endif

static int64_t read_number(const char *directory, const char *file)
{
    char path[160], unit = 0;
    long long value = 0;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    FILE *in = fopen(path, "r");
    if (!in)
        return 0;
    if (fscanf(in, "%lld%c", &value, &unit) < 1)
        value = 0;
    fclose(in);
    return unit == 'K' ? value << 10 : unit == 'M' ? value << 20 : value;
}

static void read_sysfs(void)
{
    topology.pus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    topology.cores = topology.pus;
    topology.core_kinds = 1;
    topology.this_system = true;
    topology.packages = topology.numa_nodes = 1;
    for (int i = 0; i < VG_MAX_CACHES; i++) {
        char directory[96], path[128], type = 'u';
        snprintf(directory, sizeof directory, "/sys/devices/system/cpu/cpu0/cache/index%d", i);
        int level = (int)read_number(directory, "level");
        if (!level)
            continue;
        snprintf(path, sizeof path, "%s/type", directory);
        FILE *in = fopen(path, "r");
        int c = in ? fgetc(in) : 'U';
        if (in)
            fclose(in);
        type = c == 'D' ? 'd' : c == 'I' ? 'i' : 'u';
        add_cache((vg_cache){level, type, read_number(directory, "size"),
                             (int)read_number(directory, "coherency_line_size"),
                             (int)read_number(directory, "ways_of_associativity"), 0});
    }
    snprintf(source, sizeof source, "sysfs");
}

static void read_once(void)
{
    if (!read_hwloc())
        read_sysfs();
    topology.source = source;
}

const vg_topology *vg_topology_get(void)
{
    pthread_once(&once, read_once);
    return &topology;
}

const char *vg_cache_type(char type)
{
    return type == 'd' ? "data" : type == 'i' ? "instruction" : "unified";
}

int64_t vg_cache_bytes(int level)
{
    const vg_topology *t = vg_topology_get();
    for (int i = 0; i < t->cache_count; i++)
        if (t->caches[i].level == level && t->caches[i].type != 'i')
            return t->caches[i].bytes;
    return 0;
}
