/* SPDX-License-Identifier: Apache-2.0 */
/* Flushed memory is out of the caches, neighbours stay, and each mode flushes what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure/cold.h"
#include "measure/flush.h"
#include "vgbench/memory.h"

enum { BYTES = 32 << 10 };

/* The least of several first and second reads of @p seen after a flush of @p flushed. */
static void reads(char *flushed, char *seen, double *first, double *second)
{
    *first = *second = INFINITY;
    for (int i = 0; i < 9; i++) {
        (void)vg_flush_read_ns(seen, BYTES);
        (void)vg_flush_read_ns(seen, BYTES);
        vg_flush(flushed, BYTES);
        *first = fmin(*first, vg_flush_read_ns(seen, BYTES));
        *second = fmin(*second, vg_flush_read_ns(seen, BYTES));
    }
}

static void flushed_memory_is_cold_and_keeps_its_contents(void **state)
{
    (void)state;
    void *a, *b;
    double first, second;
    if (vg_flush_usable()) {
        print_message("%s\n", vg_status_message());
        skip();
    }
    assert_int_equal(vg_alloc(BYTES, 0, &a), VG_OK);
    assert_int_equal(vg_alloc(BYTES, 1, &b), VG_OK);
    assert_int_equal(vg_alloc_bytes(a), BYTES);
    memset(a, 0x5a, BYTES);
    memset(b, 0xa5, BYTES);
    reads(a, b, &first, &second); /* of what was not flushed */
    assert_true(first < 2 * second);
    reads(a, a, &first, &second);
    for (int i = 0; i < BYTES; i++)
        assert_int_equal(((unsigned char *)a)[i], 0x5a);
    vg_free(a);
    vg_free(b);
    if (first < VG_COLD_FACTOR * second) {
        print_message(
            "this machine (an emulator?) does not show the flush: %.0f ns, then %.0f ns\n", first,
            second);
        skip();
    }
}

static vg_cold_check checked(vg_op op, const char *extents, vg_backend backend, vg_cold mode)
{
    vg_rig rig;
    vg_team *team;
    vg_shape shape;
    vg_cold_check check;
    assert_int_equal(vg_shape_parse(op, extents, &shape), VG_OK);
    assert_int_equal(vg_team_create(1, 0, &team), VG_OK);
    const vg_kernel *kernel = vg_kernel_find(op, VG_DIR_fwd, backend);
    assert_int_equal(vg_rig_create(&rig, kernel, &shape, team, 1), VG_OK);
    vg_cold_verify(&rig, mode, &check);
    double cpu, ns = vg_cold_time(&rig, mode, &cpu);
    assert_true(ns > 0 && ns < 1e9);
    vg_rig_release(&rig);
    vg_team_destroy(team);
    return check;
}

static void a_mode_flushes_what_it_says(void **state)
{
    (void)state;
    vg_backend plain = VG_BACKEND_scalar;
    vg_cold_check none = checked(VG_OP_relu, "16 64", plain, VG_COLD_WEI);
    assert_true(none.bytes == 0 && !vg_cold_shown(&none));
    vg_cold_check relu = checked(VG_OP_relu, "16 64", plain, VG_COLD_ALL);
    assert_true(relu.bytes >= 2 * 16 * 64 * 4);
    vg_cold_check weights = checked(VG_OP_dense, "16 64 32", plain, VG_COLD_WEI);
    assert_true(weights.bytes == (64 * 32 + 32) * 4);
    vg_cold_check all = checked(VG_OP_dense, "16 64 32", plain, VG_COLD_ALL);
    assert_true(all.bytes >= (64 * 32 + 32 + 16 * 64 + 16 * 32) * 4);
    assert_true(isfinite(all.cold_ns) && isfinite(all.hot_ns) && all.clock_ns > 0);
}

static void packed_weights_are_flushed_in_own_rows_and_in_onednn(void **state)
{
    (void)state;
    static const vg_backend backends[] = {VG_BACKEND_avx2, VG_BACKEND_neon, VG_BACKEND_onednn};
    const double weights = (64 * 64 + 64) * 4;
    for (int i = 0; i < 3; i++) {
        const vg_kernel *kernel = vg_kernel_find(VG_OP_dense, VG_DIR_fwd, backends[i]);
        if (!kernel || vg_kernel_usable(kernel))
            continue;
        vg_cold_check check =
            checked(VG_OP_dense, "16 64 64 weights:packed", backends[i], VG_COLD_WEI);
        assert_true(check.bytes >= weights);
        if (backends[i] != VG_BACKEND_onednn) /* which may take the plain ones as they are */
            assert_true(check.bytes >= weights + 64 * 64 * 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flushed_memory_is_cold_and_keeps_its_contents),
        cmocka_unit_test(a_mode_flushes_what_it_says),
        cmocka_unit_test(packed_weights_are_flushed_in_own_rows_and_in_onednn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
