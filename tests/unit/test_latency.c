/* SPDX-License-Identifier: Apache-2.0 */
/* How far the last cache reaches, by recorded latencies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/latency.h"

#define MIB 0x1p20

/* A virtual machine with 2 MiB of L2 that is told of an L3 of 480 MiB, and a machine whose 32 MiB
 * are its own. */
static const vg_latency shared[] = {{0x1p20, 5},     {2 * MIB, 7},    {4 * MIB, 30},  {8 * MIB, 33},
                                    {16 * MIB, 150}, {32 * MIB, 190}, {64 * MIB, 200}};
static const vg_latency own[] = {{0x1p20, 4},    {2 * MIB, 12},  {4 * MIB, 13},  {8 * MIB, 14},
                                 {16 * MIB, 18}, {32 * MIB, 40}, {64 * MIB, 110}};

static void a_cache_ends_where_loads_take_as_long_as_from_memory(void **state)
{
    static const struct {
        const vg_latency *points;
        double previous, told, reach;
    } cases[] = {
        {shared, 2 * MIB, 480 * MIB, 8 * MIB},
        {own, MIB, 32 * MIB, 32 * MIB},
        {shared, 2 * MIB, 12 * MIB, 12 * MIB}, /* too small beside L2 for a verdict */
        {shared, 0, 480 * MIB, 480 * MIB},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vg_reach r = vg_reach_of(cases[i].points, 7, 3, cases[i].previous, cases[i].told);
        assert_int_equal(r.bytes, cases[i].reach);
        assert_int_equal(vg_reach_is_short(&r), cases[i].reach < cases[i].told);
    }
    vg_reach none = vg_reach_of(NULL, 0, 3, 2 * MIB, 480 * MIB);
    assert_int_equal(none.bytes, 480 * MIB);
}

static void it_is_said_what_was_measured(void **state)
{
    char text[240];
    (void)state;
    vg_reach r = vg_reach_of(shared, 7, 3, 2 * MIB, 480 * MIB);
    assert_string_equal(vg_reach_text(&r, text, sizeof text),
                        "L3 is said to have 480 MiB, and loads take 30 ns at 4 MiB, 150 ns at 16: "
                        "other programs or virtual machines have most of it");
}

static void this_machine_is_measured_once(void **state)
{
    const vg_latency *points, *again;
    (void)state;
    int count = vg_latency_sweep(&points);
    assert_int_equal(vg_latency_sweep(&again), count);
    assert_ptr_equal(points, again);
    assert_true(count > 8 && points[0].ns > 0 && points[count - 1].ns > points[0].ns);
    assert_true(vg_reach_last()->bytes <= vg_reach_last()->told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cache_ends_where_loads_take_as_long_as_from_memory),
        cmocka_unit_test(it_is_said_what_was_measured),
        cmocka_unit_test(this_machine_is_measured_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
