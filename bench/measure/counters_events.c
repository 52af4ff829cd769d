/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/counters_events.h"

#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure/system.h"

/* --- events --------------------------------------------------------------------------------- */

#define CACHE_MISS(cache)                                                                          \
    (PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_READ << 8 |                              \
     PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

typedef struct known_event {
    const char *vendor; /* NULL: every CPU, by the kernel's own names */
    vg_counter counter;
    double weight;
    uint32_t type;
    uint64_t config;
} known_event;

/* Raw events: Intel FP_ARITH_INST_RETIRED (0xc7; an FMA counts twice) and L2_RQSTS.MISS (0x24, 0x3f);
 * AMD Zen RETIRED_SSE_AVX_FLOPS (0x03, 0x0f) and L2 misses of the data cache (0x64, 0x08).
 * Neighbours share a group of four. */
static const known_event known[] = {
    {NULL, VG_COUNTER_cycles, 1, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {NULL, VG_COUNTER_instructions, 1, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {NULL, VG_COUNTER_l1_misses, 1, PERF_TYPE_HW_CACHE, CACHE_MISS(L1D)},
    {NULL, VG_COUNTER_l3_misses, 1, PERF_TYPE_HW_CACHE, CACHE_MISS(LL)},
    {"GenuineIntel", VG_COUNTER_flops, 1, PERF_TYPE_RAW, 0x02c7},
    {"GenuineIntel", VG_COUNTER_flops, 4, PERF_TYPE_RAW, 0x08c7},
    {"GenuineIntel", VG_COUNTER_flops, 8, PERF_TYPE_RAW, 0x20c7},
    {"GenuineIntel", VG_COUNTER_flops, 16, PERF_TYPE_RAW, 0x80c7},
    {"AuthenticAMD", VG_COUNTER_flops, 1, PERF_TYPE_RAW, 0x0f03},
    {"GenuineIntel", VG_COUNTER_l2_misses, 1, PERF_TYPE_RAW, 0x3f24},
    {"AuthenticAMD", VG_COUNTER_l2_misses, 1, PERF_TYPE_RAW, 0x0864},
    {NULL, VG_COUNTER_tlb_misses, 1, PERF_TYPE_HW_CACHE, CACHE_MISS(DTLB)},
};

int vg_perf_events(const char *vendor, vg_perf_event events[VG_PERF_EVENTS_MAX])
{
    int count = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const known_event *k = &known[i];
        if (k->vendor && (!vendor || strcmp(k->vendor, vendor)))
            continue;
        events[count++] = (vg_perf_event){
            .counter = k->counter,
            .weight = k->weight,
            .attr = {.type = k->type,
                     .size = sizeof(struct perf_event_attr),
                     .config = k->config,
                     .disabled = 1,
                     .exclude_kernel = 1,
                     .exclude_hv = 1,
                     .read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
                                    PERF_FORMAT_TOTAL_TIME_RUNNING}};
    }
    return count;
}

/* --- memory controllers --------------------------------------------------------------------- */

/* "event=0x04,umask=0x03" -> 0x0304 */
static bool read_config(const char *path, uint64_t *config)
{
    char text[128], *rest = NULL;
    *config = 0;
    if (!vg_read_line(path, text, sizeof text))
        return false;
    for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        if (!strncmp(word, "event=", 6))
            *config |= strtoull(word + 6, NULL, 0);
        else if (!strncmp(word, "umask=", 6))
            *config |= strtoull(word + 6, NULL, 0) << 8;
        else
            return false;
    }
    return true;
}

static int open_controller(const vg_perf_kernel *kernel, vg_perf_uncore *u, const char *device,
                           const char *event)
{
    enum { LINE = 64 };
    char path[256], text[32];
    struct perf_event_attr attr = {.size = sizeof attr,
                                   .disabled = 1,
                                   .read_format = PERF_FORMAT_GROUP |
                                                  PERF_FORMAT_TOTAL_TIME_ENABLED |
                                                  PERF_FORMAT_TOTAL_TIME_RUNNING};
    snprintf(path, sizeof path, "%s/type", device);
    if (!vg_read_line(path, text, sizeof text))
        return -ENOENT;
    attr.type = (uint32_t)strtoul(text, NULL, 10);
    uint64_t config;
    snprintf(path, sizeof path, "%s/events/%s", device, event);
    if (!read_config(path, &config))
        return -ENOENT;
    attr.config = config;
    snprintf(path, sizeof path, "%s/cpumask", device); /* its CPU: the first of the list */
    int cpu = vg_read_line(path, text, sizeof text) ? atoi(text) : 0;
    int fd = kernel->open(kernel->user, &attr, -1, cpu, -1);
    if (fd >= 0) {
        u->bytes[u->count] = LINE;
        u->fds[u->count++] = fd;
    }
    return fd;
}

void vg_perf_uncore_open(const vg_perf_kernel *kernel, vg_perf_uncore *u)
{
    static const char *const events[] = {"cas_count_read", "cas_count_write"};
    glob_t found;
    *u = (vg_perf_uncore){.reason = "no memory controller with counters is visible"};
    if (!kernel->uncore || glob("/sys/bus/event_source/devices/uncore_imc_[0-9]*", 0, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        for (int e = 0; e < 2 && u->count < VG_PERF_UNCORE_MAX; e++) {
            int fd = open_controller(kernel, u, found.gl_pathv[i], events[e]);
            if (fd == -EACCES || fd == -EPERM)
                snprintf(u->reason, sizeof u->reason,
                         "memory controllers count for the whole machine: as root, or sysctl "
                         "kernel.perf_event_paranoid=0");
        }
    globfree(&found);
}

void vg_perf_uncore_read(const vg_perf_kernel *kernel, const vg_perf_uncore *u, vg_count *count)
{
    uint64_t data[4];
    if (!u->count)
        snprintf(count->reason, sizeof count->reason, "%s", u->reason);
    for (int i = 0; i < u->count; i++) {
        if (kernel->read(kernel->user, u->fds[i], data, sizeof data) != sizeof data || !data[2]) {
            snprintf(count->reason, sizeof count->reason, "a memory controller was not counted");
            return;
        }
        count->value += u->bytes[i] * (double)data[3] * (double)data[1] / (double)data[2];
        if ((double)data[2] / (double)data[1] < count->running)
            count->running = (double)data[2] / (double)data[1];
    }
}

void vg_perf_uncore_close(const vg_perf_kernel *kernel, vg_perf_uncore *u)
{
    for (int i = 0; i < u->count; i++)
        kernel->close(kernel->user, u->fds[i]);
    u->count = 0;
}

/* --- the running kernel --------------------------------------------------------------------- */

static int real_open(void *user, struct perf_event_attr *attr, pid_t pid, int cpu, int group)
{
    (void)user;
    long fd = syscall(SYS_perf_event_open, attr, pid, cpu, group, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

static int real_control(void *user, int fd, unsigned long request)
{
    (void)user;
    return ioctl(fd, request, PERF_IOC_FLAG_GROUP) < 0 ? -errno : 0;
}

static ssize_t real_read(void *user, int fd, void *data, size_t size)
{
    (void)user;
    ssize_t got = read(fd, data, size);
    return got < 0 ? -errno : got;
}

static void real_close(void *user, int fd)
{
    (void)user;
    close(fd);
}

static int real_paranoid(void *user)
{
    char text[32];
    (void)user;
    return vg_read_line("/proc/sys/kernel/perf_event_paranoid", text, sizeof text) ? atoi(text) : 0;
}

static char vendor[64];

static void read_vendor(void)
{
    vg_cpuinfo("vendor_id", vendor, sizeof vendor);
}

const vg_perf_kernel *vg_perf_kernel_get(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static const vg_perf_kernel kernel = {.open = real_open,
                                          .control = real_control,
                                          .read = real_read,
                                          .close = real_close,
                                          .paranoid = real_paranoid,
                                          .vendor = vendor,
                                          .uncore = true};
    pthread_once(&once, read_vendor);
    return &kernel;
}
