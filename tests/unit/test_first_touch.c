/* SPDX-License-Identifier: Apache-2.0 */
/* Memory is touched first by the workers that will use it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "harness/first_touch.h"

static long faults(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return usage.ru_minflt;
}

/* Two workers take half of the page faults each. Blocks below 2 MiB have small pages. */
static void workers_share_the_faults(void **state)
{
#if defined(RUSAGE_THREAD) && VG_WITH_OPENMP
    enum { BLOCKS = 40, FLOATS = 400 * 1024 };
    vg_team *team;
    float *block[BLOCKS];
    assert_int_equal(vg_team_create(2, 0, &team), VG_OK);
    vg_team_wake(team);
    long mine = faults(RUSAGE_THREAD), all = faults(RUSAGE_SELF);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(vg_touch_floats(team, 0, FLOATS, &block[i]), VG_OK);
    mine = faults(RUSAGE_THREAD) - mine;
    all = faults(RUSAGE_SELF) - all;
    if (all > 100 && !(mine > 0.3 * (double)all && mine < 0.7 * (double)all))
        fail_msg("the first worker took %ld of %ld page faults", mine, all);
    for (int i = 0; i < BLOCKS; i++) {
        for (int k = 0; k < FLOATS; k++)
            if (block[i][k] != 0)
                fail_msg("float %d of block %d is not zero", k, i);
        vg_free(block[i]);
    }
    vg_team_destroy(team);
#else
    skip();
#endif
}

/* Every extent is cut on its own, and all of the block is zero. */
static void extents_are_zero(void **state)
{
    static const size_t ends[] = {16, 16, 9000, 70000, 70016};
    vg_team *team;
    float *block;
    assert_int_equal(vg_team_create(3, 0, &team), VG_OK);
    for (int round = 0; round < 3; round++) { /* memory comes back dirty */
        assert_int_equal(vg_touch_extents(team, 1, ends, 5, &block), VG_OK);
        for (int i = 0; i < 70016; i++) {
            assert_true(block[i] == 0);
            block[i] = 1;
        }
        vg_free(block);
    }
    vg_team_destroy(team);
}

/* A page is on some node, or the system says why it will not tell. */
static void placement(void **state)
{
    vg_team *team;
    float *block;
    assert_int_equal(vg_team_create(1, 0, &team), VG_OK);
    assert_int_equal(vg_touch_floats(team, 0, 1 << 20, &block), VG_OK);
    json_t *json = vg_touch_placement(block, 4 << 20), *value;
    const char *key;
    double sum = 0;
    json_object_foreach(json, key, value)
        sum += json_is_number(value) ? json_number_value(value) : 1;
    assert_true(sum > 0.999 && sum < 1.001);
    json_decref(json);
    json = vg_touch_placement(block, 10);
    assert_non_null(json_object_get(json, "reason"));
    json_decref(json);
    vg_free(block);
    vg_team_destroy(team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_share_the_faults),
        cmocka_unit_test(extents_are_zero),
        cmocka_unit_test(placement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
