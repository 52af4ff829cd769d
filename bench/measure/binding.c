/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/binding.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/base/parallel.h"
#include "results/results.h"

#if VG_WITH_HWLOC
static const char NO_TOPOLOGY[] = "hwloc could not read the topology";
#else
static const char NO_TOPOLOGY[] = "built without hwloc (Debian package libhwloc-dev)";
#endif

#if VG_WITH_OPENMP
enum { WITH_OPENMP = 1 };
#else
enum { WITH_OPENMP = 0 };
#endif

/* "default;compact;0,2,1,3": what was decided before the program started itself again. */
static const char VARIABLE[] = "VGBENCH_SET_BIND";

static const char *reason; /* why not */
static bool asked;         /* by --bind */
static int most_threads = 1;
static cpu_set_t tight;
static bool loose;

/* --- what is in force ------------------------------------------------------------------------- */

static const char *list_in_force(void)
{
    const char *text = getenv(VARIABLE), *list = text ? strrchr(text, ';') : NULL;
    return list ? list + 1 : NULL;
}

/* The runtime's own settings, that stay. */
static const char *set_by_user(void)
{
    static const char *const names[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY",
                                        "KMP_AFFINITY"};
    for (size_t i = 0; !getenv(VARIABLE) && i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return names[i];
    return NULL;
}

/* The runtime that binds as the user has set has bound the calling thread, too, when it was loaded:
 * what the thread may use is one place then, what the process may use is all of them. */
static void set_allowed(cpu_set_t *set)
{
    int cpus[CPU_SETSIZE];
    CPU_ZERO(set);
    for (int place = 0, n = set_by_user() != NULL; n > 0; place++) {
        n = vg_parallel_place(place, cpus, CPU_SETSIZE);
        for (int i = 0; i < n; i++)
            if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE)
                CPU_SET(cpus[i], set);
    }
    if (!CPU_COUNT(set) && sched_getaffinity(0, sizeof *set, set))
        CPU_ZERO(set);
}

int vg_binding_allowed_cpu(int i)
{
    const char *list = list_in_force();
    cpu_set_t set;
    if (list) {
        for (; i > 0 && list; i--)
            list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL;
        int cpu = list ? atoi(list) : -1;
        return cpu >= 0 && cpu < CPU_SETSIZE ? cpu : -1;
    }
    set_allowed(&set);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set) && i-- == 0)
            return cpu;
    return -1;
}

int vg_binding_allowed(void)
{
    int count = 0;
    while (vg_binding_allowed_cpu(count) >= 0)
        count++;
    if (count)
        return count;
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than 1024 CPUs */
    return online > 0 ? (int)online : 1;
}

const char *vg_binding_reason(void)
{
    return reason;
}

void vg_binding_note_threads(int threads)
{
    most_threads = threads > most_threads ? threads : most_threads;
}

static void set_of_places(cpu_set_t *set)
{
    CPU_ZERO(set);
    for (int i = 0, cpu; (cpu = vg_binding_allowed_cpu(i)) >= 0; i++)
        CPU_SET(cpu, set);
}

void vg_binding_loosen(void)
{
    cpu_set_t all;
    loose = (list_in_force() || set_by_user()) && !sched_getaffinity(0, sizeof tight, &tight);
    if (!loose)
        return;
    set_of_places(&all);
    loose = !sched_setaffinity(0, sizeof all, &all);
}

void vg_binding_tighten(void)
{
    if (loose)
        sched_setaffinity(0, sizeof tight, &tight);
    loose = false;
}

/* --- the decision ----------------------------------------------------------------------------- */

/* Why nothing is bound here when the user has set it; NULL: has not. */
static const char *goes_first(void)
{
    static char text[64];
    if (set_by_user())
        snprintf(text, sizeof text, "%s is set and goes first", set_by_user());
    return set_by_user() ? text : NULL;
}

/* Into the environment, and the process onto the CPUs of the places: what the runtime counts as
 * processors, and how it waits when there are more threads, follows. */
static bool apply(const char *policy, const int *cpus, int places)
{
    size_t size = (size_t)places * 12 + strlen(policy) + 32;
    char *list = calloc(2, size), *braces = list ? list + size : NULL;
    cpu_set_t set;
    if (!list)
        return false;
    int n = snprintf(list, size, "%s;%s;", asked ? "--bind" : "default", policy), m = 0;
    CPU_ZERO(&set);
    for (int i = 0; i < places; i++) {
        n += snprintf(list + n, size - (size_t)n, "%s%d", i ? "," : "", cpus[i]);
        m += snprintf(braces + m, size - (size_t)m, "%s{%d}", i ? "," : "", cpus[i]);
        CPU_SET(cpus[i], &set);
    }
    bool done = !sched_setaffinity(0, sizeof set, &set) && !setenv("OMP_PLACES", braces, 1) &&
                !setenv("OMP_PROC_BIND", "close", 1) && !setenv(VARIABLE, list, 1);
    free(list);
    return done;
}

/* hwloc knows what the control group allows; taskset is asked here. */
static bool mark_allowed(vg_pu *pus, int count)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set))
        return false;
    for (int i = 0; i < count; i++) {
        if (pus[i].os < 0 || pus[i].os >= CPU_SETSIZE)
            return false;
        pus[i].allowed = pus[i].allowed && CPU_ISSET(pus[i].os, &set);
    }
    return true;
}

static vg_status decide(const char *text, vg_pu *pus, int count, bool this_system, bool *restart)
{
    int places, *cpus = calloc((size_t)count + 1, sizeof *cpus);
    if (!cpus)
        return vg_fail(VG_ENOMEM, "--bind: out of memory");
    bool known = !this_system || mark_allowed(pus, count);
    vg_status status = vg_binding_places(text, pus, count, cpus, &places);
    if (!status && set_by_user())
        reason = goes_first();
    else if (!status && !this_system)
        reason = "the topology is not that of this machine (HWLOC_*)";
    else if (!status && !WITH_OPENMP)
        reason = "built without OpenMP";
    else if (!status && (!known || !places || !apply(text, cpus, places)))
        reason = "the system does not let threads be bound";
    else
        *restart = !status;
    free(cpus);
    return status;
}

vg_status vg_binding_prepare(const char *text, bool *restart)
{
    vg_pu *pus;
    bool this_system;
    *restart = false;
    if (getenv(VARIABLE))
        return VG_OK; /* decided, by this program before it started again or by its parent */
    asked = text != NULL;
    if (text && !strcmp(text, "none")) {
        reason = "--bind=none";
        return VG_OK;
    }
    if (!asked && set_by_user()) {
        reason = goes_first();
        return VG_OK;
    }
    int count = vg_topology_pus(&pus, &this_system);
    vg_status status = VG_OK;
    if (count > 0)
        status = decide(text ? text : "compact", pus, count, this_system, restart);
    else
        reason = NO_TOPOLOGY;
    free(pus);
    return status;
}

void vg_binding_withdraw(void)
{
    unsetenv("OMP_PLACES");
    unsetenv("OMP_PROC_BIND");
    unsetenv(VARIABLE);
    reason = "the program could not start itself again (no /proc)";
}

/* --- the record ------------------------------------------------------------------------------- */

enum { OBSERVED_MAX = 1024 };

typedef struct observation {
    int workers;
    cpu_set_t sets[OBSERVED_MAX];
} observation;

static void observe(void *context, int worker, int workers)
{
    observation *o = context;
    CPU_ZERO(&o->sets[worker]);
    sched_getaffinity(0, sizeof *o->sets, &o->sets[worker]);
    if (worker == 0)
        o->workers = workers;
}

/* CPUs of the threads of the largest team; read once, and again when a larger one is noted. */
static const observation *look(void)
{
    static observation o;
    static int seen;
    if (seen < most_threads) {
        vg_parallel(most_threads < OBSERVED_MAX ? most_threads : OBSERVED_MAX, observe, &o);
        if (most_threads > 1)
            vg_parallel_rest();
        seen = most_threads;
    }
    return &o;
}

/* The CPU that a thread is bound to; -1: more than one. */
static int only_cpu(const cpu_set_t *set)
{
    for (int cpu = 0; CPU_COUNT(set) == 1 && cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, set))
            return cpu;
    return -1;
}

/* Thread i on place i; when there are more threads, each on some place. */
static bool as_asked(const observation *o)
{
    int places = vg_binding_allowed();
    for (int i = 0; i < o->workers; i++) {
        bool found = false;
        for (int k = 0; k < places; k++)
            found |= (o->workers > places || k == i) &&
                     vg_binding_allowed_cpu(k) == only_cpu(&o->sets[i]);
        if (!found)
            return false;
    }
    return true;
}

int vg_binding_most_threads(void)
{
    return most_threads;
}

int vg_binding_cpus(void)
{
    if (!set_by_user())
        return vg_binding_allowed();
    cpu_set_t all;
    const observation *o = look();
    CPU_ZERO(&all);
    for (int i = 0; i < o->workers; i++)
        CPU_OR(&all, &all, &o->sets[i]);
    return CPU_COUNT(&all) ? CPU_COUNT(&all) : vg_binding_allowed();
}

bool vg_binding_crowded(int threads, char text[VG_CROWDED_TEXT])
{
    int cpus = vg_binding_cpus();
    text[0] = '\0';
    if (threads > cpus)
        snprintf(text, VG_CROWDED_TEXT, "%d threads on %d CPU%s", threads, cpus,
                 cpus == 1 ? "" : "s");
    return threads > cpus;
}

/* Per thread the CPU it is bound to, a list of the CPUs of a place that has several, or null where
 * it may run on all. */
static json_t *observed_json(const observation *o)
{
    json_t *observed = json_array();
    for (int i = 0; i < o->workers; i++) {
        const cpu_set_t *set = &o->sets[i];
        int only = only_cpu(set);
        json_t *cpus = only < 0 && CPU_COUNT(set) < vg_binding_allowed() ? json_array() : NULL;
        for (int cpu = 0; cpus && cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, set))
                json_array_append_new(cpus, json_integer(cpu));
        json_array_append_new(observed, cpus ? cpus : only < 0 ? json_null() : json_integer(only));
    }
    return observed;
}

json_t *vg_binding_json(void)
{
    const char *text = getenv(VARIABLE), *policy = text ? strchr(text, ';') : NULL;
    json_t *binding = json_object(), *places = json_array();
    bool bound = policy && list_in_force();
    if (bound || set_by_user())
        json_object_set_new(binding, "observed", observed_json(look()));
    if (!bound) {
        vg_json_set_text(binding, "policy", "none");
        vg_json_set_text(binding, "reason", reason ? reason : "not asked for by this command");
        json_object_set_new(binding, "verified", json_null());
        json_decref(places);
        return binding;
    }
    char name[256];
    size_t length = strcspn(policy + 1, ";");
    snprintf(name, sizeof name, "%.*s", (int)length, policy + 1);
    for (int i = 0, cpu; (cpu = vg_binding_allowed_cpu(i)) >= 0; i++)
        json_array_append_new(places, json_integer(cpu));
    vg_json_set_text(binding, "policy", name);
    vg_json_set_text(binding, "asked_by", *text == '-' ? "--bind" : "default");
    json_object_set_new(binding, "reason", json_null());
    json_object_set_new(binding, "places", places);
    json_object_set_new(binding, "verified", json_boolean(as_asked(look())));
    return binding;
}
