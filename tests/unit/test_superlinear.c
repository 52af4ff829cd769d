/* SPDX-License-Identifier: Apache-2.0 */
/* Speed-ups above ideal have a reason. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/superlinear.h"

static void what_is_above_has_its_reason(void **state)
{
    static const struct {
        vg_speedup s;
        const char *says; /* NULL: not above */
    } cases[] = {
        {{2, 1.9, 1e3, 2.1e3, 2.1e3, 1e6, {0}}, NULL},
        {{2, 2.0, 1e3, 2e3, 2e3, 1e6, {0}}, NULL}, /* ideal itself */
        {{2, NAN, 1e3, 2e3, 2e3, 1e6, {0}}, NULL},
        {{2, 2.4, 1e3, 2.5e3, 1.9e3, 3 << 19, {48 << 10, 1 << 20, 0}},
         "the base drifted: 2.5 us before the other points, 1.9 after them, which gives x 1.90"},
        {{2, 2.4, 1e3, 2.5e3, 2.5e3, 3 << 19, {48 << 10, 1 << 20, 0}},
         "1536 KiB lie in the L2 caches of 2 cores, not in one of 1024 KiB"},
        {{4, 4.4, 1e3, 4.5e3, NAN, 3 << 19, {48 << 10, 1 << 20, 0}},
         "1536 KiB lie in the L2 caches of 4"},
        {{2, 2.4, 1e3, 2.5e3, 2.5e3, 9 << 20, {48 << 10, 1 << 20, 0}}, "no cause is seen"},
        {{2, 2.4, 1e3, 2.5e3, 2.5e3, NAN, {48 << 10, 1 << 20, 0}}, "no cause is seen"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[240] = "";
        assert_int_equal(vg_speedup_above_ideal(&cases[i].s, text, sizeof text),
                         cases[i].says != NULL);
        if (cases[i].says && !strstr(text, cases[i].says))
            fail_msg("'%s' does not say '%s'", text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_above_has_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
