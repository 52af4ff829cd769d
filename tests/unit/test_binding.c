/* SPDX-License-Identifier: Apache-2.0 */
/* From policies and locations to CPUs, on machines that hwloc is told of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/binding.h"

/* 2 sockets of 3 NUMA nodes of 2 cores of 2 threads: PU 0..23, core i has PUs 2i and 2i+1. */
static const char TWO_BY_THREE[] = "Package:2 NUMANode:3 L2:1(size=1048576) Core:2 PU:2";

typedef struct machine {
    vg_pu *pus;
    int count;
} machine;

static int set_up(void **state)
{
    static machine m;
    bool this_system = true;
    setenv("HWLOC_SYNTHETIC", TWO_BY_THREE, 1);
    m.count = vg_topology_pus(&m.pus, &this_system);
    unsetenv("HWLOC_SYNTHETIC");
    *state = &m;
    return m.count && this_system;
}

static int tear_down(void **state)
{
    free(((machine *)*state)->pus);
    return 0;
}

static void expect(void **state, const char *text, const char *cpus)
{
    const machine *m = *state;
    int list[64], places;
    char got[256] = "";
    if (!m->count)
        skip(); /* built without hwloc */
    vg_status status = vg_binding_places(text, m->pus, m->count, list, &places);
    if (status)
        print_message("%s\n", vg_status_message());
    assert_int_equal(status, VG_OK);
    for (int i = 0; i < places; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", i ? " " : "", list[i]);
    assert_string_equal(got, cpus);
}

static void fails(void **state, const char *text, vg_status expected, const char *words)
{
    const machine *m = *state;
    int list[64], places;
    if (!m->count)
        skip();
    assert_int_equal(vg_binding_places(text, m->pus, m->count, list, &places), expected);
    if (!strstr(vg_status_message(), words) || !strstr(vg_status_message(), "--bind="))
        print_message("%s\n", vg_status_message());
    assert_non_null(strstr(vg_status_message(), words));
    assert_null(strchr(vg_status_message(), '\n'));
}

static void test_policies(void **state)
{
    expect(state, "compact", "0 2 4 6 8 10 12 14 16 18 20 22 1 3 5 7 9 11 13 15 17 19 21 23");
    expect(state, "spread", "0 12 4 16 8 20 2 14 6 18 10 22 1 13 5 17 9 21 3 15 7 19 11 23");
}

static void test_policies_keep_to_what_is_allowed(void **state)
{
    machine *m = *state;
    for (int i = 0; i < m->count; i++)
        m->pus[i].allowed = i == 3 || i == 4 || i == 5 || i == 17;
    expect(state, "compact", "3 4 17 5");
    expect(state, "spread", "3 17 4 5");
    expect(state, "pu:4", "4");
    fails(state, "core:0", VG_EUNSUPPORTED, "CPU 0 is not among those that this process may use");
    for (int i = 0; i < m->count; i++)
        m->pus[i].allowed = true;
}

/* Locations, and domains as likwid writes them. */
static void test_locations(void **state)
{
    static const struct {
        const char *text, *cpus;
    } cases[] = {
        {"core:0-3", "0 2 4 6 1 3 5 7"},
        {"pu:2", "2"},
        {"pu:5,pu:2,pu:5", "5 2"},
        {"package:1.core:0", "12 13"},
        {"package:1.numa:2.core:1.pu:0", "22"},
        {"package:all.pu:odd", "1 3 5 7 9 11 13 15 17 19 21 23"},
        {"core:10-", "20 22 21 23"},
        {"S0:0-7", "0 2 4 6 8 10 1 3"},
        {"S1:0@S0:0", "12 0"},
        {"M0:0-3", "0 2 1 3"},
        {"M1:0-3", "4 6 5 7"},
        {"N:11-12", "22 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(state, cases[i].text, cases[i].cpus);
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"compat", "did you mean 'compact'?"},
        {"cores:0", "did you mean 'core'?"},
        {"core", "'core' is neither"},
        {"core:x", "'core:x' is neither"},
        {"core:0-3x", "is neither"},
        {"core:12", "there are only 0 to 11"},
        {"package:1.core:6", "there are only 0 to 5"},
        {"core:3-1", "is empty"},
        {"S2:0", "there are only 0 to 1"},
        {"M0:0-4", "there are only 0 to 3"},
        {"S0", "'S0' is neither"},
        {"pu:99999999999999999999", "there are only 0 to 23"},
        {",", "is neither"},
        {"", "is neither"},
        {".", "is neither"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fails(state, cases[i].text, VG_EINVAL, cases[i].words);
}

/* --- other machines ---------------------------------------------------------------------------- */

static void on(const char *variable, const char *value, const char *text, const char *cpus)
{
    machine m;
    void *state = &m;
    bool this_system = true;
    setenv(variable, value, 1);
    m.count = vg_topology_pus(&m.pus, &this_system);
    unsetenv(variable);
    expect(&state, text, cpus);
    free(m.pus);
}

static void four_threads_a_core(void **state)
{
    (void)state;
    static const char smt4[] = "Package:1 L2:2(size=1048576) L1d:1(size=65536) Core:1 PU:4";
    on("HWLOC_SYNTHETIC", smt4, "compact", "0 4 1 5 2 6 3 7");
    on("HWLOC_SYNTHETIC", smt4, "spread", "0 4 1 5 2 6 3 7");
    on("HWLOC_SYNTHETIC", smt4, "S0:0-2", "0 4 1");
    on("HWLOC_SYNTHETIC", smt4, "core:1", "4 5 6 7");
}

static void no_third_level(void **state)
{
    (void)state;
    static const char flat[] = "Package:2 L2:2(size=2097152) L1d:1(size=32768) Core:1 PU:1";
    on("HWLOC_SYNTHETIC", flat, "compact", "0 1 2 3");
    on("HWLOC_SYNTHETIC", flat, "spread", "0 2 1 3");
    on("HWLOC_SYNTHETIC", flat, "S1:0-1", "2 3");
    on("HWLOC_SYNTHETIC", flat, "M0:0-3", "0 1 2 3"); /* one node over both packages */
}

/* Cores of both kinds are bound to, in the order of the machine. */
static void a_hybrid_cpu(void **state)
{
    (void)state;
    on("HWLOC_XMLFILE", VG_TEST_DATA "/data/topology/hybrid.xml", "compact", "0 1 2 3");
    on("HWLOC_XMLFILE", VG_TEST_DATA "/data/topology/hybrid.xml", "core:2-3", "2 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_policies_keep_to_what_is_allowed),
        cmocka_unit_test(test_locations),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(four_threads_a_core),
        cmocka_unit_test(no_third_level),
        cmocka_unit_test(a_hybrid_cpu),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
