/* SPDX-License-Identifier: Apache-2.0 */
/* The vector layer of every ISA against vec_scalar.h, which says what its operations mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vec/vec_cases.h"
#include "vgbench/cpu.h"

enum { MAX_LANES = 16 };

static const float special[] = {
    0.0f,    -0.0f,   0x1p-149f, -0x1p-149f, 0x1.fffffcp-127f, FLT_MIN,   -FLT_MIN, 0.5f,
    -0.5f,   1.0f,    -1.0f,     1.5f,       2.5f,             -2.5f,     3.25f,    0x1p23f,
    -0x1p23f, 0x1.8p23f, 0x1p24f, 1e10f,     -1e10f,           FLT_MAX,   -FLT_MAX, INFINITY,
    -INFINITY, NAN,   7.0f,      -126.0f,    127.0f,           -150.0f,   251.0f,   0x1.000002p0f,
};
enum { SPECIALS = sizeof special / sizeof *special };

static uint64_t state64;

static uint64_t next_random(void)
{
    state64 = state64 * 6364136223846793005u + 1442695040888963407u;
    return state64 >> 16;
}

/* Specials, all bit patterns, and ordinary numbers. */
static float next_value(void)
{
    uint64_t r = next_random();
    uint32_t bits = (uint32_t)(r >> 8);
    float value;
    memcpy(&value, &bits, sizeof value);
    switch (r % 3) {
    case 0:
        return special[r / 3 % SPECIALS];
    case 1:
        return value;
    default:
        return (float)(int32_t)bits * 0x1p-24f;
    }
}

static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

static const struct {
    uint32_t isa;
    const vec_isa *table;
} built[] = {
#ifdef VEC_HAVE_AVX2
    {VG_ISA_AVX2, &vec_isa_avx2},
#endif
#ifdef VEC_HAVE_AVX512
    {VG_ISA_AVX512, &vec_isa_avx512},
#endif
#ifdef VEC_HAVE_NEON
    {VG_ISA_NEON, &vec_isa_neon},
#endif
    {VG_ISA_BASE, &vec_isa_scalar},
};
enum { BUILT = sizeof built / sizeof *built };

/* The ISAs that run here. */
static const vec_isa *usable(int index)
{
    return built[index].isa & ~vg_cpu_isa() ? NULL : built[index].table;
}

static void check_case(const vec_isa *isa, const vec_case *got, const vec_case *want)
{
    assert_string_equal(got->name, want->name);
    for (int round = 0; round < 4000; round++) {
        float a[MAX_LANES], b[MAX_LANES], c[MAX_LANES], out[MAX_LANES], one;
        for (int i = 0; i < isa->lanes; i++) {
            a[i] = next_value();
            b[i] = next_value();
            c[i] = next_value();
        }
        got->run(a, b, c, out);
        for (int i = 0; i < isa->lanes; i++) {
            want->run(&a[i], &b[i], &c[i], &one);
            if (!same(out[i], one))
                fail_msg("%s %s: lane %d of (%a, %a, %a) is %a, not %a", isa->name, got->name, i,
                         (double)a[i], (double)b[i], (double)c[i], (double)out[i], (double)one);
        }
    }
}

static void every_operation_is_the_scalar_one(void **state)
{
    (void)state;
    int isas = 0, operations = 0;
    for (int k = 0; k < BUILT; k++) {
        const vec_isa *isa = usable(k);
        if (!isa)
            continue;
        isas++;
        for (int i = 0; isa->cases[i].name; i++, operations++)
            check_case(isa, &isa->cases[i], &vec_isa_scalar.cases[i]);
        printf("%s: %d lanes\n", isa->name, isa->lanes);
    }
    printf("%d operations on %d ISAs\n", operations, isas);
    assert_true(isas > 0 && operations > 30);
}

/* A page with unmapped ones on both sides. */
static char *fenced_page(size_t *page)
{
    *page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, 3 * *page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + *page, *page, PROT_READ | PROT_WRITE), 0);
    return map + *page;
}

static void partial_access_touches_nothing_else(void **state)
{
    (void)state;
    size_t page;
    char *memory = fenced_page(&page);
    for (int k = 0; k < BUILT; k++) {
        const vec_isa *isa = usable(k);
        for (int n = 0; isa && n <= isa->lanes; n++) {
            float *end = (float *)(void *)(memory + page) - n, *start = (float *)(void *)memory;
            float out[MAX_LANES], in[MAX_LANES];
            for (int i = 0; i < MAX_LANES; i++)
                in[i] = (float)(i + 1);
            isa->store_n(end, n, in);
            isa->load_n(end, n, out);
            for (int i = 0; i < isa->lanes; i++)
                assert_true(out[i] == (i < n ? in[i] : 0));
            for (int i = 0; i < MAX_LANES; i++)
                start[i] = -1;
            isa->store_n(start, n, in);
            for (int i = 0; i < MAX_LANES; i++)
                assert_true(start[i] == (i < n ? in[i] : -1));
            isa->first(n, out);
            for (int i = 0; i < isa->lanes; i++)
                assert_true(out[i] == (i < n));
        }
    }
    munmap(memory - page, 3 * page);
}

static void reductions_take_every_lane_once(void **state)
{
    (void)state;
    for (int k = 0; k < BUILT; k++) {
        const vec_isa *isa = usable(k);
        if (!isa)
            continue;
        float a[MAX_LANES];
        double sum = 0;
        for (int i = 0; i < isa->lanes; i++)
            sum += (double)(a[i] = (float)(1 << i)); /* a lane lost or doubled shows */
        assert_true((double)isa->reduce_add(a) == sum);
        assert_true(isa->reduce_add_double(a) == sum);
        for (int i = 0; i < isa->lanes; i++) {
            for (int j = 0; j < isa->lanes; j++)
                a[j] = j == i ? 5.0f : -(float)j;
            assert_true(isa->reduce_max(a) == 5.0f);
            assert_int_equal(isa->count(a), 1);
        }
    }
}

static void reciprocals_are_good_to_an_ulp(void **state)
{
    (void)state;
    for (int k = 0; k < BUILT; k++) {
        const vec_isa *isa = usable(k);
        for (int round = 0; isa && round < 20000; round++) {
            float a[MAX_LANES], out[MAX_LANES];
            for (int i = 0; i < isa->lanes; i++) /* every exponent in the domain */
                a[i] = ldexpf(1 + (float)(next_random() & 0x7fffff) * 0x1p-23f,
                              (int)(next_random() % 252) - 126);
            isa->one_over(a, out);
            for (int i = 0; i < isa->lanes; i++) {
                double want = 1 / (double)a[i];
                double ulp = ldexp(1, ilogb(want) < -126 ? -149 : ilogb(want) - 23);
                if (!(fabs(out[i] - want) <= ulp))
                    fail_msg("%s: 1 / %a is %a", isa->name, (double)a[i], (double)out[i]);
            }
        }
    }
}

static void streams_and_lookups(void **state)
{
    (void)state;
    enum { MOST_ENTRIES = 32 };
    _Alignas(64) static float table[MOST_ENTRIES], target[MAX_LANES];
    for (int i = 0; i < MOST_ENTRIES; i++)
        table[i] = (float)(100 + i);
    for (int k = 0; k < BUILT; k++) {
        const vec_isa *isa = usable(k);
        if (!isa)
            continue;
        for (int32_t base = -20; base < 40; base++) {
            int32_t index[MAX_LANES];
            float out[MAX_LANES];
            for (int i = 0; i < isa->lanes; i++)
                index[i] = base + 3 * i;
            isa->lookup(table, index, out);
            for (int i = 0; i < isa->lanes; i++)
                assert_true(out[i] == table[index[i] & (isa->entries - 1)]);
            isa->stream(target, out);
            assert_memory_equal(target, out, (size_t)isa->lanes * sizeof(float));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_the_scalar_one),
        cmocka_unit_test(partial_access_touches_nothing_else),
        cmocka_unit_test(reductions_take_every_lane_once),
        cmocka_unit_test(reciprocals_are_good_to_an_ulp),
        cmocka_unit_test(streams_and_lookups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
