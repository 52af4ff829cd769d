/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of callgrind's output, on outputs of three versions of valgrind and on broken ones; and
 * the caches that are simulated for a machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "measure/cachesim.h"
#include "measure/callgrind.h"
#include "measure/cheap_fma.h"

static char *load(const char *name, size_t *size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/callgrind/%s", VG_TEST_DATA, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char *text = malloc(1 << 16);
    *size = fread(text, 1, 1 << 16, in);
    fclose(in);
    assert_true(*size > 0 && *size < 1 << 16);
    return text;
}

static void check_sample(const char *name, const char *creator, unsigned instructions)
{
    vg_callgrind c;
    size_t size;
    char *text = load(name, &size);
    assert_int_equal(vg_callgrind_parse(text, size, &c), VG_OK);
    free(text);
    assert_string_equal(c.creator, creator);
    assert_string_equal(c.caches[1], "49152 B, 64 B, 12-way associative");
    assert_int_equal(c.count, 3);
    const vg_callgrind_part *cold = vg_callgrind_find(&c, "00000000 cold");
    const vg_callgrind_part *hot = vg_callgrind_find(&c, "00000000 hot");
    assert_non_null(cold);
    assert_non_null(hot);
    assert_null(vg_callgrind_find(&c, "00000001 cold"));
    /* 4096 doubles are 512 lines: all of them missing once, none the second time */
    assert_int_equal(cold->counts[VG_CG_Ir], instructions);
    assert_int_equal(hot->counts[VG_CG_Ir], instructions);
    assert_int_equal(cold->counts[VG_CG_Dr], 4096);
    assert_int_equal(cold->counts[VG_CG_Dw], 0);
    assert_int_equal(cold->counts[VG_CG_D1mr], 512);
    assert_int_equal(cold->counts[VG_CG_DLmr], 512);
    assert_int_equal(hot->counts[VG_CG_Dr], 4096);
    assert_int_equal(hot->counts[VG_CG_D1mr], 0);
    assert_int_equal(hot->counts[VG_CG_DLmr], 0);
    vg_callgrind_release(&c);
}

static void three_versions(void **state)
{
    (void)state;
    check_sample("callgrind-3.19.out", "callgrind-3.19.0", 16386);
    check_sample("callgrind-3.24.out", "callgrind-3.24.0", 16387);
    check_sample("callgrind-3.27.out", "callgrind-3.27.1", 16389);
}

/* However the file is cut: an error, or parts that were whole. Never a count that lacks digits. */
static void cut_off(void **state)
{
    (void)state;
    vg_callgrind c;
    size_t size;
    int whole = 0;
    char *text = load("callgrind-3.19.out", &size);
    for (size_t n = 0; n < size; n++) {
        char *copy = malloc(n ? n : 1); /* of that very size, so that a sanitizer sees over-reads */
        memcpy(copy, text, n);
        if (!vg_callgrind_parse(copy, n, &c)) {
            const vg_callgrind_part *cold = vg_callgrind_find(&c, "00000000 cold");
            whole += cold != NULL;
            assert_true(!cold ||
                        (cold->counts[VG_CG_Ir] == 16386 && cold->counts[VG_CG_D1mr] == 512));
            vg_callgrind_release(&c);
        } else {
            assert_int_equal(c.count, 0);
            assert_null(c.parts);
        }
        free(copy);
    }
    assert_true(whole > 0);
    free(text);
}

static vg_status parse_text(const char *text, vg_callgrind *c)
{
    return vg_callgrind_parse(text, strlen(text), c);
}

static void refused(const char *text, const char *message)
{
    vg_callgrind c;
    assert_int_equal(parse_text(text, &c), VG_EFORMAT);
    if (!strstr(vg_status_message(), message))
        fail_msg("'%s' does not say '%s'", vg_status_message(), message);
}

static void broken(void **state)
{
    (void)state;
    const char *const head = "version: 1\npart: 1\nevents: Ir Dr\n";
    char text[2048];
    refused("", "no version line");
    refused("version: 2\n", "version other than 1");
    refused("version: 1\ntotals: 3\n", "line 2: totals before any events");
    refused("version: 1\npart: 1\nevents:\n", "no events");
    refused("version: 1\npart: 1\nevents: Ir Ir\n", "twice");
    static const char *const tails[][2] = {
        {"totals: 1 2 3\n", "more totals than events"},
        {"totals: 1 -2\n", "not a whole number"},
        {"totals: 18446744073709551616\n", "not a whole number"},
        {"totals: 0x10\n", "not a whole number"},
        {"totals: 1\ntotals: 1\n", "given twice"},
        {"totals: 1", "cut off"},
        {"part: 2\n", "no totals"},
        {"", "cut off"},
    };
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(text, sizeof text, "%s%s", head, tails[i][0]);
        refused(text, tails[i][1]);
    }
    memset(text, 'e', sizeof text);
    memcpy(text, "version: 1\nevents:", 18);
    for (size_t i = 18; i < sizeof text - 2; i += 2)
        text[i] = ' ';
    memcpy(text + sizeof text - 2, "\n", 2);
    refused(text, "more than 32 events");
}

static void other_events(void **state)
{
    (void)state;
    vg_callgrind c;
    assert_int_equal(
        parse_text("version: 1\r\npart: 1\ndesc: Trigger: Client Request: a\nevents: Bc Dw "
                   "Ir\ntotals: 7 18446744073709551615\n",
                   &c),
        VG_OK);
    assert_int_equal(c.count, 1);
    assert_true(c.parts[0].counts[VG_CG_Dw] == UINT64_MAX);
    assert_int_equal(c.parts[0].counts[VG_CG_Ir], 0); /* zeros at the end are left out */
    assert_int_equal(c.parts[0].counts[VG_CG_D1mr], 0);
    vg_callgrind_release(&c);
}

/* --- geometry ------------------------------------------------------------------------------- */

static bool is_power_of_two(int64_t n)
{
    return n > 0 && !(n & (n - 1));
}

static void geometry(void **state)
{
    (void)state;
    vg_sim_geometry g;
    vg_topology t = {.caches = {{1, 'd', 48 << 10, 64, 12, 1},
                                {1, 'i', 64 << 10, 64, 16, 1},
                                {2, 'u', 2 << 20, 64, 16, 1},
                                {3, 'u', 480 << 20, 64, 20, 2}},
                     .cache_count = 4,
                     .source = "test"};
    assert_int_equal(vg_sim_geometry_of(&t, &g), VG_OK);
    assert_int_equal(g.outers, 2);
    assert_true(g.d1.exact && g.i1.exact && g.outer[0].exact && !g.outer[1].exact);
    assert_int_equal(g.outer[1].bytes, (int64_t)64 * 20 << 18);
    /* no third level, nothing known of ways and lines */
    vg_topology bare = {.caches = {{1, 'd', 32 << 10, 0, 0, 1}, {2, 'u', 1 << 20, 0, -1, 1}},
                        .cache_count = 2,
                        .source = "test"};
    assert_int_equal(vg_sim_geometry_of(&bare, &g), VG_OK);
    assert_int_equal(g.outers, 1);
    const vg_sim_cache *all[] = {&g.i1, &g.d1, &g.outer[0]};
    for (int i = 0; i < 3; i++) {
        assert_true(is_power_of_two(all[i]->bytes / all[i]->ways / all[i]->line));
        assert_true(all[i]->bytes <= all[i]->real.bytes && !all[i]->exact);
    }
    vg_topology none = {.cache_count = 0, .source = "test"};
    assert_int_equal(vg_sim_geometry_of(&none, &g), VG_EUNSUPPORTED);
}

#if defined(__x86_64__) && defined(__linux__)
/* c + a b, or what has become of it; every register number once in each of the three places. */
static float multiply_add(float a, float b, float c)
{
    __asm__ volatile("vmovss %1, %%xmm14\n\tvmovss %2, %%xmm3\n\tvmovss %0, %%xmm9\n\t"
                     "vfmadd231ps %%ymm14, %%ymm3, %%ymm9\n\tvmovss %%xmm9, %0\n\tvzeroupper"
                     : "+m"(c)
                     : "m"(a), "m"(b)
                     : "xmm3", "xmm9", "xmm14");
    return c;
}

/* In a process of its own, whose sums are wrong afterwards. */
static void fma_becomes_addition(void **state)
{
    int code;
    (void)state;
    if (!__builtin_cpu_supports("fma"))
        skip();
    assert_true(multiply_add(2, 5, 3) == 13);
    pid_t child = fork();
    if (!child)
        _exit(vg_cheapen_fma() > 0 && multiply_add(2, 5, 3) == 7 ? 0 : 1);
    assert_true(waitpid(child, &code, 0) == child && WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
    assert_true(multiply_add(2, 5, 3) == 13);
}
#else
static void fma_becomes_addition(void **state)
{
    (void)state;
    assert_int_equal(vg_cheapen_fma(), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_versions), cmocka_unit_test(cut_off),
        cmocka_unit_test(broken),         cmocka_unit_test(other_events),
        cmocka_unit_test(geometry),       cmocka_unit_test(fma_becomes_addition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
