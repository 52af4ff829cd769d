/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled once per ISA, as the kernels are. */
#include <math.h>
#include <string.h>

#include "base/fence.h"
#include "simd/vec.h"
#include "vec/vec_cases.h"

/* One function per operation: name and the expression that makes the result. */
#define CASE(name, result)                                                                         \
    static void case_##name(const float *pa, const float *pb, const float *pc, float *out)         \
    {                                                                                              \
        vf a = vf_load(pa), b = vf_load(pb), c = vf_load(pc);                                      \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        (void)c;                                                                                   \
        vf_store(out, result);                                                                     \
    }
#define MASK(m) vf_select(m, vf_set1(1), vf_zero())
#define VECTOR_CASES                                                                               \
    X(add, vf_add(a, b))                                                                           \
    X(sub, vf_sub(a, b))                                                                           \
    X(mul, vf_mul(a, b))                                                                           \
    X(div, vf_div(a, b))                                                                           \
    X(fma, vf_fma(a, b, c))                                                                        \
    X(fms, vf_fms(a, b, c))                                                                        \
    X(fnma, vf_fnma(a, b, c))                                                                      \
    X(min, vf_min(a, b))                                                                           \
    X(max, vf_max(a, b))                                                                           \
    X(sqrt, vf_sqrt(a))                                                                            \
    X(and_, vf_and(a, b))                                                                          \
    X(or_, vf_or(a, b))                                                                            \
    X(xor_, vf_xor(a, b))                                                                          \
    X(andnot, vf_andnot(a, b))                                                                     \
    X(neg, vf_neg(a))                                                                              \
    X(abs, vf_abs(a))                                                                              \
    X(round, vf_round(a))                                                                          \
    X(set1, vf_set1(0.1f))                                                                         \
    X(lt, MASK(vf_lt(a, b)))                                                                       \
    X(le, MASK(vf_le(a, b)))                                                                       \
    X(gt, MASK(vf_gt(a, b)))                                                                       \
    X(ge, MASK(vf_ge(a, b)))                                                                       \
    X(eq, MASK(vf_eq(a, b)))                                                                       \
    X(ne, MASK(vf_ne(a, b)))                                                                       \
    X(isnan, MASK(vf_isnan(a)))                                                                    \
    X(select, vf_select(vf_lt(a, b), b, c))                                                        \
    X(mask_and, MASK(vm_and(vf_lt(a, b), vf_lt(b, c))))                                            \
    X(mask_or, MASK(vm_or(vf_lt(a, b), vf_lt(b, c))))                                              \
    X(mask_not, MASK(vm_not(vf_lt(a, b))))                                                         \
    X(int_set1, vf_bits(vi_set1(-7)))                                                              \
    X(int_add, vf_bits(vi_add(vi_bits(a), vi_bits(b))))                                            \
    X(int_sub, vf_bits(vi_sub(vi_bits(a), vi_bits(b))))                                            \
    X(int_and, vf_bits(vi_and(vi_bits(a), vi_bits(b))))                                            \
    X(int_or, vf_bits(vi_or(vi_bits(a), vi_bits(b))))                                              \
    X(shl, vf_bits(vi_shl(vi_bits(a), 5)))                                                         \
    X(shr, vf_bits(vi_shr(vi_bits(a), 9)))                                                         \
    X(sar, vf_bits(vi_sar(vi_bits(a), 9)))                                                         \
    X(from_int, vf_from_vi(vi_bits(a)))                                                            \
    X(to_int, vf_bits(vi_from_vf(vf_min(vf_set1(1e9f), vf_max(a, vf_set1(-1e9f))))))               \
    X(exp2i, vf_exp2i(vf_round(vf_min(vf_set1(120), vf_max(b, vf_set1(-120)))), -6))               \
    X(scale, vf_scale(a, vf_round(vf_min(vf_set1(127), vf_max(b, vf_set1(-126))))))                \
    X(ldexp, vf_ldexp(moderate(a), vf_round(vf_min(vf_set1(252), vf_max(b, vf_set1(-252))))))

/* a with its exponent taken away where a is tiny or huge; zeros, infinities and NaN stay. */
static vf moderate(vf a)
{
    vf size = vf_abs(a);
    vm tiny = vm_and(vf_gt(size, vf_zero()), vf_lt(size, vf_set1(0x1p-20f)));
    vm huge = vm_and(vf_gt(size, vf_set1(0x1p20f)), vf_lt(size, vf_set1(INFINITY)));
    vi one_to_two = vi_or(vi_and(vi_bits(a), vi_set1((int32_t)0x807fffff)), vi_set1(0x3f800000));
    return vf_select(vm_or(tiny, huge), vf_bits(one_to_two), a);
}

#define X(name, result) CASE(name, result)
VECTOR_CASES
#undef X

/* Through doubles and back; the two halves must come back in their places. */
static void case_double(const float *pa, const float *pb, const float *pc, float *out)
{
    vf a = vf_load(pa), b = vf_load(pb), c = vf_load(pc);
    vd lo = vd_fma(vd_lo(a), vd_lo(b), vd_lo(c)), hi = vd_fma(vd_hi(a), vd_hi(b), vd_hi(c));
    vf_store(out, vf_from_vd(lo, hi));
}

static void case_double_sum(const float *pa, const float *pb, const float *pc, float *out)
{
    vf a = vf_load(pa), b = vf_load(pb);
    (void)pc;
    vd lo = vd_sub(vd_mul(vd_lo(a), vd_set1(3)), vd_add(vd_lo(b), vd_zero()));
    vd hi = vd_sub(vd_mul(vd_hi(a), vd_set1(3)), vd_add(vd_hi(b), vd_zero()));
    vf_store(out, vf_from_vd(lo, hi));
}

static const vec_case cases[] = {
#define X(name, result) {#name, case_##name},
    VECTOR_CASES
#undef X
    {"double", case_double},
    {"double_sum", case_double_sum},
    {NULL, NULL},
};

static void load_n(const float *p, int n, float *out)
{
    vf_store(out, vf_load_n(p, n));
}

static void store_n(float *p, int n, const float *in)
{
    vf_store_n(p, n, vf_load(in));
}

static void stream(float *aligned, const float *in)
{
    vf_stream(aligned, vf_load(in));
    vg_store_fence();
}

static void first(int n, float *out)
{
    vf_store(out, MASK(vm_first(n)));
}

static int count(const float *a)
{
    return vm_count(vf_gt(vf_load(a), vf_zero()));
}

static float reduce_add(const float *a)
{
    return vf_reduce_add(vf_load(a));
}

static float reduce_max(const float *a)
{
    return vf_reduce_max(vf_load(a));
}

static double reduce_add_double(const float *a)
{
    vf v = vf_load(a);
    return vd_reduce_add(vd_add(vd_lo(v), vd_hi(v)));
}

static void one_over(const float *a, float *out)
{
    vf_store(out, vf_recip(vf_load(a)));
}

static void lookup(const float *table, const int32_t *index, float *out)
{
    float as_float[16];
    memcpy(as_float, index, VG_LANES * sizeof(float));
    vf_store(out, vf_lookup(vf_table_load(table), vi_bits(vf_load(as_float))));
}

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
const vec_isa VG_FN(vec_isa) = {
    .name = TEXT(VG_ISA),
    .lanes = VG_LANES,
    .cases = cases,
    .load_n = load_n,
    .store_n = store_n,
    .stream = stream,
    .first = first,
    .count = count,
    .reduce_add = reduce_add,
    .reduce_max = reduce_max,
    .reduce_add_double = reduce_add_double,
    .one_over = one_over,
    .entries = VG_TABLE,
    .lookup = lookup,
};
