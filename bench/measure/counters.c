/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/counters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/parallel.h"
#include "measure/clock.h"
#include "measure/counters_events.h"
#include "measure/stats.h"
#include "results/results.h"

enum { GROUP_MAX = 4 }; /* counters that every CPU since 2008 has free for a group */

typedef struct open_group {
    int fds[GROUP_MAX], events[GROUP_MAX], count; /* fds[0] leads */
} open_group;

typedef struct thread_state {
    open_group groups[VG_PERF_EVENTS_MAX];
    int group_count;
    int errors[VG_PERF_EVENTS_MAX]; /* errno of events that did not open */
} thread_state;

struct vg_counters {
    const vg_perf_kernel *kernel;
    vg_perf_event events[VG_PERF_EVENTS_MAX];
    int event_count, threads, paranoid;
    thread_state *state;
    vg_perf_uncore uncore;
};

const char *vg_counter_name(vg_counter counter)
{
    static const char *const names[VG_COUNTER_COUNT] = {
        "cycles",    "instructions", "flops",      "l1_misses",
        "l2_misses", "l3_misses",    "tlb_misses", "memory_bytes"};
    return names[counter];
}

static bool is_absent(int error)
{
    return error == ENOENT || error == ENODEV || error == EOPNOTSUPP;
}

void vg_perf_reason(int error, int paranoid, char *text, size_t size)
{
    switch (error) {
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
        snprintf(text, size, "this CPU or virtual machine has no such counter (%s)",
                 error == ENOENT ? "ENOENT" : error == ENODEV ? "ENODEV" : "EOPNOTSUPP");
        break;
    case EACCES:
    case EPERM:
        if (paranoid > 2)
            snprintf(text, size,
                     "not permitted: kernel.perf_event_paranoid is %d; as root: sysctl "
                     "kernel.perf_event_paranoid=2",
                     paranoid);
        else
            snprintf(text, size,
                     "not permitted (%s): a seccomp profile or a missing capability; in a "
                     "container add --cap-add=PERFMON and a profile that allows perf_event_open",
                     error == EACCES ? "EACCES" : "EPERM");
        break;
    case ENOSYS:
        snprintf(text, size, "perf_event_open is missing (ENOSYS): a kernel without perf events, "
                             "or a sandbox that hides it");
        break;
    case EINVAL:
        snprintf(text, size, "the kernel does not know this event (EINVAL)");
        break;
    case EBUSY:
        snprintf(text, size, "another program holds the counters (EBUSY); is perf or the NMI "
                             "watchdog running?");
        break;
    case EMFILE:
    case ENFILE:
        snprintf(text, size, "too many open files; raise the limit: ulimit -n 4096");
        break;
    default:
        snprintf(text, size, "%s", strerror(error));
    }
}

/* --- opening -------------------------------------------------------------------------------- */

/* Puts event @p e into the group that is being filled, or into a new one where it does not fit. */
static void open_event(const vg_counters *c, thread_state *t, int e, bool fresh)
{
    struct perf_event_attr attr = c->events[e].attr;
    open_group *g = t->group_count ? &t->groups[t->group_count - 1] : NULL;
    if (fresh || !g || g->count == GROUP_MAX)
        g = NULL;
    attr.disabled = g == NULL;
    int fd = c->kernel->open(c->kernel->user, &attr, 0, -1, g ? g->fds[0] : -1);
    if (fd < 0 && g && fd != -EACCES && fd != -EPERM) { /* the group is full: begin another */
        open_event(c, t, e, true);
        return;
    }
    t->errors[e] = fd < 0 ? -fd : 0;
    if (fd < 0)
        return;
    if (!g) {
        g = &t->groups[t->group_count++];
        g->count = 0;
    }
    g->fds[g->count] = fd;
    g->events[g->count++] = e;
}

static void open_thread(void *context, int worker, int workers)
{
    vg_counters *c = context;
    (void)workers;
    if (worker >= c->threads)
        return;
    for (int e = 0; e < c->event_count; e++)
        open_event(c, &c->state[worker], e, false);
}

vg_status vg_counters_open(const vg_perf_kernel *kernel, int threads, vg_counters **counters)
{
    vg_counters *c = calloc(1, sizeof *c);
    *counters = NULL;
    if (c)
        c->state = calloc((size_t)threads, sizeof *c->state);
    if (!c || !c->state) {
        free(c);
        return vg_fail(VG_ENOMEM, "out of memory for the counters of %d threads", threads);
    }
    c->kernel = kernel;
    c->threads = threads;
    c->paranoid = kernel->paranoid(kernel->user);
    c->event_count = vg_perf_events(kernel->vendor, c->events);
    vg_parallel(threads, open_thread, c);
    vg_perf_uncore_open(kernel, &c->uncore);
    *counters = c;
    return VG_OK;
}

void vg_counters_close(vg_counters *c)
{
    if (!c)
        return;
    for (int t = 0; t < c->threads; t++)
        for (int g = 0; g < c->state[t].group_count; g++)
            for (int i = c->state[t].groups[g].count; i-- > 0;)
                c->kernel->close(c->kernel->user, c->state[t].groups[g].fds[i]);
    vg_perf_uncore_close(c->kernel, &c->uncore);
    free(c->state);
    free(c);
}

/* --- counting ------------------------------------------------------------------------------- */

static void control_all(vg_counters *c, unsigned long request)
{
    for (int t = 0; t < c->threads; t++)
        for (int g = 0; g < c->state[t].group_count; g++)
            c->kernel->control(c->kernel->user, c->state[t].groups[g].fds[0], request);
    for (int i = 0; i < c->uncore.count; i++)
        c->kernel->control(c->kernel->user, c->uncore.fds[i], request);
}

void vg_counters_start(vg_counters *c)
{
    control_all(c, PERF_EVENT_IOC_RESET);
    control_all(c, PERF_EVENT_IOC_ENABLE);
}

void vg_counters_stop(vg_counters *c)
{
    control_all(c, PERF_EVENT_IOC_DISABLE);
}

void vg_counters_resume(vg_counters *c)
{
    control_all(c, PERF_EVENT_IOC_ENABLE);
}

/* What a group read gives: PERF_FORMAT_GROUP with both times. */
typedef struct group_data {
    uint64_t count, enabled, running, values[GROUP_MAX];
} group_data;

static const char *add_group(const vg_counters *c, const open_group *g, vg_counts *counts)
{
    group_data data = {0};
    size_t size = (3 + (size_t)g->count) * sizeof(uint64_t);
    ssize_t got = c->kernel->read(c->kernel->user, g->fds[0], &data, size);
    if (got != (ssize_t)size || data.count != (uint64_t)g->count)
        return "the kernel gave no counts for the group";
    if (!data.running)
        return "not counted: the group never ran (more events than counters, or another user)";
    for (int i = 0; i < g->count; i++) {
        const vg_perf_event *event = &c->events[g->events[i]];
        vg_count *count = &counts->c[event->counter];
        double scale = (double)data.enabled / (double)data.running;
        count->value += event->weight * (double)data.values[i] * scale;
        count->running = fmin(count->running, (double)data.running / (double)data.enabled);
    }
    return NULL;
}

static void set_reason(vg_count *count, const char *text)
{
    if (!count->reason[0])
        snprintf(count->reason, sizeof count->reason, "%s", text);
}

/* A counter is the sum of its events over all threads; one that is missing makes it unknown. */
static void find_gaps(const vg_counters *c, vg_counts *counts)
{
    bool known[VG_COUNTER_COUNT] = {false};
    char text[200];
    for (int e = 0; e < c->event_count; e++) {
        known[c->events[e].counter] = true;
        for (int t = 0; t < c->threads; t++)
            if (c->state[t].errors[e]) {
                vg_perf_reason(c->state[t].errors[e], c->paranoid, text, sizeof text);
                set_reason(&counts->c[c->events[e].counter], text);
            }
    }
    for (int i = 0; i < VG_COUNTER_memory_bytes; i++)
        if (!known[i])
            set_reason(&counts->c[i], "no event for it is known on this CPU");
}

static void doubt(vg_counts *counts)
{
    const vg_count *cycles = &counts->c[VG_COUNTER_cycles];
    const vg_count *instructions = &counts->c[VG_COUNTER_instructions];
    double ipc = instructions->value / cycles->value;
    if (!cycles->reason[0] && !(cycles->value > 0))
        snprintf(counts->doubt, sizeof counts->doubt,
                 "no cycles were counted: the virtual counters do not work");
    else if (!instructions->reason[0] && !(instructions->value > 0))
        snprintf(counts->doubt, sizeof counts->doubt, "no instructions were counted");
    else if (!cycles->reason[0] && !instructions->reason[0] && !(ipc > 0.01 && ipc < 16))
        snprintf(counts->doubt, sizeof counts->doubt, "%.3g instructions per cycle cannot be", ipc);
}

void vg_counters_read(vg_counters *c, vg_counts *counts)
{
    *counts = (vg_counts){.doubt = ""};
    for (int i = 0; i < VG_COUNTER_COUNT; i++)
        counts->c[i].running = 1;
    find_gaps(c, counts);
    for (int t = 0; t < c->threads; t++)
        for (int g = 0; g < c->state[t].group_count; g++) {
            const open_group *group = &c->state[t].groups[g];
            const char *problem = add_group(c, group, counts);
            for (int i = 0; problem && i < group->count; i++)
                set_reason(&counts->c[c->events[group->events[i]].counter], problem);
        }
    vg_perf_uncore_read(c->kernel, &c->uncore, &counts->c[VG_COUNTER_memory_bytes]);
    for (int i = 0; i < VG_COUNTER_COUNT; i++)
        if (counts->c[i].reason[0])
            counts->c[i].value = (double)NAN;
    doubt(counts);
}

bool vg_counters_available(const vg_perf_kernel *kernel, char *text, size_t size)
{
    vg_perf_event events[VG_PERF_EVENTS_MAX];
    vg_perf_events(kernel->vendor, events);
    text[0] = '\0';
    int fd = kernel->open(kernel->user, &events[0].attr, 0, -1, -1);
    if (fd >= 0)
        kernel->close(kernel->user, fd);
    else
        vg_perf_reason(-fd, kernel->paranoid(kernel->user), text, size);
    if (is_absent(-fd)) { /* not even cycles: there is no unit that counts */
        size_t n = strlen(text);
        snprintf(text + n, size - n, ": use bare metal or give the virtual machine a PMU; without "
                                     "one, vgbench profile simulates the caches");
    }
    return fd >= 0;
}

json_t *vg_counts_json(const vg_counts *counts, double runs)
{
    json_t *object = json_object();
    char key[48];
    for (int i = 0; i < VG_COUNTER_COUNT; i++) {
        const char *name = vg_counter_name((vg_counter)i);
        const vg_count *count = &counts->c[i];
        vg_json_set_number(object, name, count->value / runs);
        snprintf(key, sizeof key, "%s_reason", name);
        if (count->reason[0])
            vg_json_set_text(object, key, count->reason);
        snprintf(key, sizeof key, "%s_running", name);
        if (!count->reason[0] && count->running < 1)
            vg_json_set_number(object, key, count->running);
    }
    if (counts->doubt[0])
        vg_json_set_text(object, "doubt", counts->doubt);
    return object;
}

json_t *vg_counters_cost_json(const vg_perf_kernel *kernel, bool every_call)
{
    enum { TRIES = 31 };
    const double kernel_ns = 1e4;
    double ns[TRIES];
    char text[200];
    vg_counters *c;
    json_t *cost = json_object();
    if (!vg_counters_available(kernel, text, sizeof text)) {
        vg_json_set_text(cost, "reason", text);
        return cost;
    }
    if (vg_counters_open(kernel, 1, &c)) {
        vg_json_set_text(cost, "reason", vg_status_message());
        return cost;
    }
    for (int i = 0; i < TRIES; i++) {
        double begin = vg_clock_ns();
        vg_counters_start(c);
        vg_counters_stop(c);
        ns[i] = vg_clock_ns() - begin;
    }
    vg_counters_close(c);
    double median = vg_stat_median(ns, TRIES);
    vg_json_set_number(cost, "start_stop_ns", median);
    vg_json_set_number(cost, "share_of_10us",
                       median / (every_call ? kernel_ns : VG_COUNTED_BATCH_NS));
    return cost;
}
