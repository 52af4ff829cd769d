/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware counters against a kernel of our own: every errno, multiplexing, groups that are full,
 * nonsense from virtual counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

#include "measure/counters.h"

enum { FDS = 256 };

/* A kernel that has `limit` counters per group, refuses what it is told to, and counts 1000 times
 * the low byte of the event's config plus one. */
typedef struct fake {
    pthread_mutex_t lock;
    int leader[FDS], next, open_now, limit;
    uint64_t config[FDS];
    int error;                   /* of every open; 0: fine */
    uint32_t error_type;         /* or of opens of that type only */
    int paranoid;
    uint64_t enabled, running, factor;
    int enables, disables, resets;
    bool short_read;
} fake;

static int fake_open(void *user, struct perf_event_attr *attr, pid_t pid, int cpu, int group)
{
    fake *f = user;
    int members = 0, result = -EMFILE;
    assert_int_equal(pid, 0);
    assert_int_equal(cpu, -1);
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < f->next; i++)
        members += group >= 0 && f->leader[i] == group;
    if (f->error && (!f->error_type || f->error_type == attr->type)) {
        result = -f->error;
    } else if (members >= f->limit) {
        result = -EINVAL;
    } else if (f->next < FDS) {
        assert_true(group >= 0 || attr->disabled); /* nothing counts before start */
        result = f->next++;
        f->leader[result] = group < 0 ? result : group;
        f->config[result] = attr->config;
        f->open_now++;
    }
    pthread_mutex_unlock(&f->lock);
    return result;
}

static int fake_control(void *user, int fd, unsigned long request)
{
    fake *f = user;
    assert_int_equal(f->leader[fd], fd);
    f->enables += request == PERF_EVENT_IOC_ENABLE;
    f->disables += request == PERF_EVENT_IOC_DISABLE;
    f->resets += request == PERF_EVENT_IOC_RESET;
    return 0;
}

static ssize_t fake_read(void *user, int fd, void *data, size_t size)
{
    fake *f = user;
    uint64_t *words = data, count = 0;
    if (f->short_read)
        return 8;
    for (int i = 0; i < f->next; i++)
        if (f->leader[i] == fd)
            words[3 + count++] = 1000 * ((f->config[i] & 0xff) + 1) * f->factor;
    words[0] = count;
    words[1] = f->enabled;
    words[2] = f->running;
    assert_true(size == (3 + count) * 8);
    return (ssize_t)size;
}

static void fake_close(void *user, int fd)
{
    (void)fd;
    ((fake *)user)->open_now--;
}

static int fake_paranoid(void *user)
{
    return ((fake *)user)->paranoid;
}

static fake new_fake(void)
{
    return (fake){.lock = PTHREAD_MUTEX_INITIALIZER,
                  .limit = 4,
                  .paranoid = 2,
                  .enabled = 100,
                  .running = 100,
                  .factor = 1};
}

static vg_perf_kernel kernel_of(fake *f, const char *vendor)
{
    return (vg_perf_kernel){.open = fake_open,
                            .control = fake_control,
                            .read = fake_read,
                            .close = fake_close,
                            .paranoid = fake_paranoid,
                            .vendor = vendor,
                            .user = f};
}

static vg_counts count(fake *f, const char *vendor, int threads)
{
    vg_perf_kernel kernel = kernel_of(f, vendor);
    vg_counters *counters;
    vg_counts counts;
    assert_int_equal(vg_counters_open(&kernel, threads, &counters), VG_OK);
    vg_counters_start(counters);
    vg_counters_stop(counters);
    vg_counters_read(counters, &counts);
    assert_int_equal(f->enables, f->disables);
    assert_int_equal(f->enables, f->resets);
    vg_counters_close(counters);
    assert_int_equal(f->open_now, 0);
    return counts;
}

static void near(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * fabs(expected)))
        fail_msg("%.17g is not %.17g", got, expected);
}

static void all_there(void **state)
{
    (void)state;
    fake f = new_fake();
    vg_counts c = count(&f, "GenuineIntel", 1);
    near(c.c[VG_COUNTER_cycles].value, 1000);
    near(c.c[VG_COUNTER_instructions].value, 2000);
    near(c.c[VG_COUNTER_flops].value, (1 + 4 + 8 + 16) * 1000.0 * (0xc7 + 1));
    near(c.c[VG_COUNTER_l2_misses].value, 1000.0 * (0x24 + 1));
    assert_string_equal(c.doubt, "");
    for (int i = 0; i < VG_COUNTER_memory_bytes; i++) {
        assert_string_equal(c.c[i].reason, "");
        near(c.c[i].running, 1);
    }
    assert_true(isnan(c.c[VG_COUNTER_memory_bytes].value));
    assert_true(c.c[VG_COUNTER_memory_bytes].reason[0]);
}

static void sums_over_threads(void **state)
{
    (void)state;
    fake one = new_fake(), two = new_fake();
    vg_counts a = count(&one, "AuthenticAMD", 1), b = count(&two, "AuthenticAMD", 2);
    if (two.enables == one.enables)
        skip(); /* built without OpenMP */
    for (int i = 0; i < VG_COUNTER_memory_bytes; i++)
        near(b.c[i].value, 2 * a.c[i].value);
}

static void multiplexed(void **state)
{
    (void)state;
    fake f = new_fake();
    f.running = 25;
    vg_counts c = count(&f, "GenuineIntel", 1);
    near(c.c[VG_COUNTER_cycles].value, 4000);
    near(c.c[VG_COUNTER_cycles].running, 0.25);
    json_t *json = vg_counts_json(&c, 2);
    near(json_number_value(json_object_get(json, "cycles")), 2000);
    near(json_number_value(json_object_get(json, "cycles_running")), 0.25);
    json_decref(json);
    f = new_fake();
    f.running = 0; /* never on the CPU */
    c = count(&f, "GenuineIntel", 1);
    assert_true(isnan(c.c[VG_COUNTER_cycles].value));
    assert_non_null(strstr(c.c[VG_COUNTER_cycles].reason, "not counted"));
    json = vg_counts_json(&c, 1);
    assert_true(json_is_null(json_object_get(json, "cycles")));
    assert_true(json_is_string(json_object_get(json, "cycles_reason")));
    json_decref(json);
}

static void small_groups(void **state)
{
    (void)state;
    for (int limit = 1; limit <= 4; limit++) { /* a CPU with few counters: more groups, same sums */
        fake f = new_fake();
        f.limit = limit;
        vg_counts c = count(&f, "GenuineIntel", 1);
        near(c.c[VG_COUNTER_cycles].value, 1000);
        near(c.c[VG_COUNTER_flops].value, 29 * 1000.0 * 0xc8);
    }
}

static void every_errno(void **state)
{
    (void)state;
    static const struct {
        int error, paranoid;
        const char *says;
    } list[] = {
        {ENOENT, 2, "ENOENT"},
        {ENODEV, 2, "ENODEV"},
        {EOPNOTSUPP, 2, "no such counter"},
        {EACCES, 3, "sysctl kernel.perf_event_paranoid=2"},
        {EPERM, 4, "kernel.perf_event_paranoid is 4"},
        {EPERM, 2, "seccomp"},
        {EACCES, 1, "CAP"},
        {ENOSYS, 2, "ENOSYS"},
        {EINVAL, 2, "EINVAL"},
        {EBUSY, 2, "another program"},
        {EMFILE, 2, "ulimit"},
        {EIO, 2, "Input/output"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        char text[VG_COUNTERS_REASON];
        fake f = new_fake();
        f.error = list[i].error;
        f.paranoid = list[i].paranoid;
        vg_counts c = count(&f, "GenuineIntel", 1);
        const char *says = !strcmp(list[i].says, "CAP") ? "cap-add=PERFMON" : list[i].says;
        for (int k = 0; k < VG_COUNTER_memory_bytes; k++) {
            assert_true(isnan(c.c[k].value));
            if (!strstr(c.c[k].reason, says))
                fail_msg("'%s' does not say '%s'", c.c[k].reason, says);
        }
        assert_string_equal(c.doubt, "");
        vg_perf_kernel kernel = kernel_of(&f, "GenuineIntel");
        assert_false(vg_counters_available(&kernel, text, sizeof text));
        assert_non_null(strstr(text, says));
        bool absent = i < 3; /* then the remedy is named, whole */
        assert_int_equal(strstr(text, "bare metal") && strstr(text, "vgbench profile simulates the caches"),
                         absent);
    }
}

static void some_missing(void **state)
{
    (void)state;
    fake f = new_fake();
    f.error = ENOENT;
    f.error_type = PERF_TYPE_HW_CACHE;
    vg_counts c = count(&f, "GenuineIntel", 1);
    near(c.c[VG_COUNTER_cycles].value, 1000);
    near(c.c[VG_COUNTER_flops].value, 29 * 1000.0 * 0xc8);
    assert_true(isnan(c.c[VG_COUNTER_l1_misses].value));
    assert_non_null(strstr(c.c[VG_COUNTER_l1_misses].reason, "ENOENT"));
    f = new_fake();
    c = count(&f, "Unheard Of", 1); /* no raw events for an unknown vendor */
    assert_non_null(strstr(c.c[VG_COUNTER_flops].reason, "no event"));
    near(c.c[VG_COUNTER_cycles].value, 1000);
}

static void nonsense(void **state)
{
    (void)state;
    fake f = new_fake();
    f.factor = 0;
    vg_counts c = count(&f, "GenuineIntel", 1);
    assert_non_null(strstr(c.doubt, "no cycles"));
    f = new_fake();
    f.short_read = true;
    c = count(&f, "GenuineIntel", 1);
    assert_true(isnan(c.c[VG_COUNTER_cycles].value));
    assert_non_null(strstr(c.c[VG_COUNTER_cycles].reason, "no counts"));
}

/* The running kernel: whatever it answers, nothing breaks, and a missing number has a reason. */
static void this_machine(void **state)
{
    (void)state;
    vg_counters *counters;
    vg_counts c;
    assert_int_equal(vg_counters_open(vg_perf_kernel_get(), 2, &counters), VG_OK);
    vg_counters_start(counters);
    volatile double sum = 0;
    for (int i = 0; i < 1000000; i++)
        sum = sum + i;
    vg_counters_stop(counters);
    vg_counters_read(counters, &c);
    vg_counters_close(counters);
    for (int i = 0; i < VG_COUNTER_COUNT; i++)
        assert_true(isnan(c.c[i].value) == (c.c[i].reason[0] != '\0'));
}

/* Counting on from a stop does not reset; what counting costs is the time of start and stop, seen by
 * a control that takes 20 us. */
static int slow_control(void *user, int fd, unsigned long request)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec < 20000);
    return fake_control(user, fd, request);
}

static void counting_goes_on_and_its_cost_is_known(void **state)
{
    (void)state;
    fake f = new_fake();
    vg_perf_kernel kernel = kernel_of(&f, "GenuineIntel");
    vg_counters *counters;
    assert_int_equal(vg_counters_open(&kernel, 1, &counters), VG_OK);
    vg_counters_start(counters);
    vg_counters_stop(counters);
    int resets = f.resets, enables = f.enables;
    vg_counters_resume(counters);
    vg_counters_stop(counters);
    assert_int_equal(f.resets, resets);
    assert_int_equal(f.enables, 2 * enables);
    vg_counters_close(counters);
    kernel.control = slow_control;
    for (int every = 0; every < 2; every++) {
        json_t *cost = vg_counters_cost_json(&kernel, every);
        double ns = json_number_value(json_object_get(cost, "start_stop_ns"));
        double share = json_number_value(json_object_get(cost, "share_of_10us"));
        assert_true(ns >= 3 * 20000 * enables); /* reset, enable, disable of every group */
        near(share * (every ? 1e4 : VG_COUNTED_BATCH_NS) / ns, 1);
        json_decref(cost);
    }
    f.error = ENOENT;
    json_t *cost = vg_counters_cost_json(&kernel, false);
    assert_non_null(strstr(json_string_value(json_object_get(cost, "reason")), "ENOENT"));
    json_decref(cost);
    assert_int_equal(f.open_now, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_there),    cmocka_unit_test(sums_over_threads),
        cmocka_unit_test(multiplexed),  cmocka_unit_test(small_groups),
        cmocka_unit_test(every_errno),  cmocka_unit_test(some_missing),
        cmocka_unit_test(nonsense),     cmocka_unit_test(this_machine),
        cmocka_unit_test(counting_goes_on_and_its_cost_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
