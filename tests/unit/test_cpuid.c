/* SPDX-License-Identifier: Apache-2.0 */
/* Caches by CPUID, of CPUs and hypervisors that answer in different leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/cpuid.h"

typedef struct answer {
    unsigned leaf, index, regs[4];
} answer;

typedef struct cpu {
    const answer *answers;
    size_t count;
} cpu;

/* A leaf that is not in the list is all zero, as hypervisors leave it. */
static bool ask(void *user, unsigned leaf, unsigned index, unsigned regs[4])
{
    const cpu *c = user;
    memset(regs, 0, 4 * sizeof *regs);
    for (size_t i = 0; i < c->count; i++)
        if (c->answers[i].leaf == leaf && c->answers[i].index == index)
            memcpy(regs, c->answers[i].regs, 4 * sizeof *regs);
    return true;
}

/* 64 lines of 64 bytes, 8 ways: 32 KiB; 1024 sets, 16 ways: 1 MiB */
#define LISTED(leaf)                                                                               \
    {leaf, 0, {1 << 5 | 1, 7 << 22 | 63, 63, 0}}, {leaf, 1, {1 << 5 | 2, 7 << 22 | 63, 63, 0}},    \
    {                                                                                              \
        leaf, 2,                                                                                   \
        {                                                                                          \
            2 << 5 | 3, 15 << 22 | 63, 1023, 0                                                     \
        }                                                                                          \
    }

static const answer intel[] = {LISTED(4), {0x80000006, 0, {0, 0, 1024u << 16, 0}}};
static const answer amd[] = {LISTED(0x8000001d), {0x80000005, 0, {0, 0, 48u << 24, 0}}};
static const answer hidden[] = {{0x80000005, 0, {0, 0, 48u << 24, 32u << 24}},
                                {0x80000006, 0, {0, 0, 1024u << 16, 1016u << 18}}};

static void every_vendor_is_read(void **state)
{
    static const struct {
        cpu cpu;
        unsigned leaf;
        int count;
        int64_t l1, last;
    } cases[] = {{{intel, 4}, 4, 3, 32 << 10, 1 << 20},
                 {{amd, 4}, 0x8000001d, 3, 32 << 10, 1 << 20},
                 {{hidden, 2}, 0x80000005, 4, 48 << 10, (int64_t)508 << 20},
                 {{intel + 3, 1}, 0x80000005, 0, 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vg_cache caches[VG_MAX_CACHES];
        cpu c = cases[i].cpu;
        unsigned leaf;
        int count = vg_cpuid_caches(ask, &c, caches, &leaf);
        assert_int_equal(count, cases[i].count);
        assert_int_equal(leaf, cases[i].leaf);
        if (!count)
            continue;
        assert_int_equal(caches[0].type, 'd');
        assert_int_equal(caches[0].bytes, cases[i].l1);
        assert_int_equal(caches[count - 1].bytes, cases[i].last);
    }
}

static void it_agrees_differs_or_says_nothing(void **state)
{
    static const struct {
        int caches;       /* of the topology */
        int64_t l1, last; /* by the topology */
        cpu cpu;
        vg_cpuid_verdict verdict;
        const char *says;
    } cases[] = {
        {4,
         48 << 10,
         (int64_t)508 << 20,
         {hidden, 2},
         VG_CPUID_AGREES,
         "agrees with the topology (leaf 0x80000005): L1 data 48 KiB, L1 instruction 32 KiB, L2 "
         "unified 1024 KiB, L3 unified 520192 KiB"},
        {4,
         32 << 10,
         (int64_t)508 << 20,
         {hidden, 2},
         VG_CPUID_DIFFERS,
         "differs from the topology: L1 data 32 KiB there, 48 KiB by CPUID"},
        {3,
         48 << 10,
         0,
         {hidden, 2},
         VG_CPUID_DIFFERS,
         "differs from the topology: L3 unified none there, 520192 KiB by CPUID"},
        {4,
         32 << 10,
         16 << 20,
         {intel, 4},
         VG_CPUID_DIFFERS,
         "differs from the topology: L3 unified 16384 KiB there, none by CPUID"},
        {4,
         48 << 10,
         16 << 20,
         {NULL, 0},
         VG_CPUID_NOTHING,
         "says nothing of caches (a hypervisor may hide them): the topology is not confirmed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vg_topology t = {.cache_count = cases[i].caches,
                         .caches = {{.level = 1, .type = 'd', .bytes = cases[i].l1},
                                    {.level = 1, .type = 'i', .bytes = 32 << 10},
                                    {.level = 2, .type = 'u', .bytes = 1 << 20},
                                    {.level = 3, .type = 'u', .bytes = cases[i].last}}};
        vg_cache caches[VG_MAX_CACHES];
        char text[256];
        unsigned leaf;
        cpu c = cases[i].cpu;
        int count = vg_cpuid_caches(ask, &c, caches, &leaf);
        assert_int_equal(vg_cpuid_compare(&t, caches, count, leaf, text, sizeof text),
                         cases[i].verdict);
        assert_string_equal(text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vendor_is_read),
        cmocka_unit_test(it_agrees_differs_or_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
