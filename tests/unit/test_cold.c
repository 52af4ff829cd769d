/* SPDX-License-Identifier: Apache-2.0 */
/* Flushed memory is out of the caches, neighbours stay, each mode flushes what it says, and the check
 * that records it tells a flush from one that does nothing. */
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

static void no_flush(const void *p, size_t bytes)
{
    (void)p;
    (void)bytes;
}

/* Whether loads take longer here where no cache can hold what they read: the same reads of blocks
 * spread over 64 MiB, first and again, without any flush. Where they do not (an emulator), no check
 * by time can see a flush, and that is the only reason to skip one. */
static bool misses_show(void)
{
    enum { BLOCKS = 64, APART = 1 << 20 };
    char *memory;
    double far = INFINITY, near = INFINITY; /* the least: an interrupt only adds */
    assert_int_equal(vg_alloc((size_t)BLOCKS * APART, 0, (void **)&memory), VG_OK);
    memset(memory, 1, (size_t)BLOCKS * APART);
    for (int i = 0; i < BLOCKS; i++) {
        far = fmin(far, vg_flush_read_ns(memory + (size_t)i * APART, BYTES));
        near = fmin(near, vg_flush_read_ns(memory + (size_t)i * APART, BYTES));
    }
    vg_free(memory);
    if (far < 1.5 * near)
        print_message("memory is not felt here (%.0f ns for far reads, %.0f ns for near ones): an "
                      "emulator, or a cache of over 64 MiB as fast as the first level\n",
                      far, near);
    return far >= 1.5 * near;
}

static void need_visible_misses(void)
{
    if (vg_flush_usable()) {
        print_message("%s\n", vg_status_message());
        skip();
    }
    if (!misses_show())
        skip();
}

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
    need_visible_misses();
    assert_int_equal(vg_alloc(BYTES, 0, &a), VG_OK);
    assert_int_equal(vg_alloc(BYTES, 1, &b), VG_OK);
    assert_int_equal(vg_alloc_bytes(a), BYTES);
    memset(a, 0x5a, BYTES);
    memset(b, 0xa5, BYTES);
    reads(a, b, &first, &second); /* of what was not flushed */
    assert_true(first < VG_COLD_FACTOR * second);
    vg_flush_fn *before = vg_flush_replace(no_flush);
    reads(a, a, &first, &second); /* of what a flush that does nothing leaves */
    vg_flush_replace(before);
    assert_true(first < VG_COLD_FACTOR * second);
    reads(a, a, &first, &second);
    if (first < VG_COLD_FACTOR * second)
        fail_msg("the flush does not show: %.0f ns after it, %.0f ns again", first, second);
    for (int i = 0; i < BYTES; i++)
        assert_int_equal(((unsigned char *)a)[i], 0x5a);
    vg_free(a);
    vg_free(b);
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

/* The record of a row says cold after a flush, and does not after one that does nothing. */
static void the_check_tells_a_flush_from_none(void **state)
{
    (void)state;
    need_visible_misses();
    for (int mode = VG_COLD_WEI; mode <= VG_COLD_ALL; mode++) {
        vg_flush_fn *before = vg_flush_replace(no_flush);
        vg_cold_check none =
            checked(VG_OP_dense, "16 128 64", VG_BACKEND_scalar, (vg_cold)mode);
        vg_flush_replace(before);
        vg_cold_check flushed =
            checked(VG_OP_dense, "16 128 64", VG_BACKEND_scalar, (vg_cold)mode);
        if (vg_cold_shown(&none))
            fail_msg("no flush passes for one: %.0f ns, then %.0f ns", none.cold_ns, none.hot_ns);
        if (!vg_cold_shown(&flushed))
            fail_msg("%s not seen: %.0f ns, then %.0f ns", vg_cold_text((vg_cold)mode),
                     flushed.cold_ns, flushed.hot_ns);
    }
}

/* --- every block, and no other ---------------------------------------------------------------- */

enum { MOST = 64 };
static struct {
    const void *p[MOST];
    size_t bytes[MOST];
    int count;
} flushes;

static void note_flush(const void *p, size_t bytes)
{
    assert_true(flushes.count < MOST);
    flushes.p[flushes.count] = p;
    flushes.bytes[flushes.count++] = bytes;
}

static size_t flushed_bytes(const void *p)
{
    for (int i = 0; i < flushes.count; i++)
        if (flushes.p[i] == p)
            return flushes.bytes[i];
    return 0;
}

static void flush_of(const vg_plan *plan, vg_rig *rig, vg_cold mode)
{
    flushes.count = 0;
    vg_flush_fn *before = vg_flush_replace(note_flush);
    if (plan)
        vg_cold_flush_plan(plan, mode);
    else
        vg_cold_begin(rig, mode);
    vg_flush_replace(before);
}

/* Of the row by itself, and of the row as the plan of a network would have it. */
static void every_tensor_is_flushed_whole(void **state)
{
    (void)state;
    vg_rig rig;
    vg_team *team;
    vg_shape shape;
    assert_int_equal(vg_shape_parse(VG_OP_dense, "16 64 32", &shape), VG_OK);
    assert_int_equal(vg_team_create(1, 0, &team), VG_OK);
    const vg_kernel *kernel = vg_kernel_find(VG_OP_dense, VG_DIR_bwd_data, VG_BACKEND_scalar);
    assert_int_equal(vg_rig_create(&rig, kernel, &shape, team, 1), VG_OK);
    for (int as_plan = 0; as_plan < 2; as_plan++) {
        flush_of(as_plan ? &rig.plan : NULL, &rig, VG_COLD_WEI);
        assert_int_equal(flushes.count, 1);
        assert_int_equal(flushed_bytes(rig.tensors[VG_W]), 64 * 32 * 4);
        flush_of(as_plan ? &rig.plan : NULL, &rig, VG_COLD_ALL);
        assert_int_equal(flushed_bytes(rig.tensors[VG_W]), 64 * 32 * 4);
        assert_int_equal(flushed_bytes(rig.tensors[VG_DY]), 16 * 32 * 4);
        assert_int_equal(flushed_bytes(rig.tensors[VG_DX]), 16 * 64 * 4);
        flush_of(as_plan ? &rig.plan : NULL, &rig, VG_COLD_NONE);
        assert_int_equal(flushes.count, 0);
    }
    vg_rig_release(&rig);
    vg_team_destroy(team);
}

static void names(void **state)
{
    (void)state;
    vg_cold mode;
    assert_true(vg_cold_by_name(NULL, &mode) && mode == VG_COLD_NONE);
    assert_true(vg_cold_by_name("wei", &mode) && mode == VG_COLD_WEI);
    assert_true(vg_cold_by_name("all", &mode) && mode == VG_COLD_ALL);
    assert_false(vg_cold_by_name("some", &mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flushed_memory_is_cold_and_keeps_its_contents),
        cmocka_unit_test(the_check_tells_a_flush_from_none),
        cmocka_unit_test(every_tensor_is_flushed_whole),
        cmocka_unit_test(names),
        cmocka_unit_test(a_mode_flushes_what_it_says),
        cmocka_unit_test(packed_weights_are_flushed_in_own_rows_and_in_onednn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
