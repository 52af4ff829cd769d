/* SPDX-License-Identifier: Apache-2.0 */
/** @file vec_math.h
 * Elementary functions on the vector layer, written once for all ISAs.
 *
 * Full f32 domain: NaN gives NaN, infinities their limits, subnormal results are rounded once.
 * Polynomials are minimax fits with float coefficients (Sollya, fpminimax); the error stated is
 * that of the fit, before rounding. */
#ifndef VG_SIMD_VEC_MATH_H
#define VG_SIMD_VEC_MATH_H

#include "simd/tanh_table.h"
#include "simd/vec.h"

#define VG_LN2_HI 0x1.62e43p-1f
#define VG_LN2_LO -0x1.05c61p-29f
#define VG_LOG2E 0x1.715476p0f

/** x = n ln 2 + r with n whole and |r| <= ln 2 / 2. */
typedef struct vf_reduced {
    vf n, r;
} vf_reduced;

/* Adding 1.5 * 2^23 rounds to a whole number: two additions instead of a slow rounding
 * instruction. For |x| < 2^21. */
VG_INLINE vf_reduced vf_reduce_ln2(vf x)
{
    const vf magic = vf_set1(0x1.8p23f);
    vf n = vf_sub(vf_fma(x, vf_set1(VG_LOG2E), magic), magic);
    vf r = vf_fnma(n, vf_set1(VG_LN2_HI), x);
    return (vf_reduced){n, vf_fnma(n, vf_set1(VG_LN2_LO), r)};
}

/** e^r for |r| <= ln 2 / 2; relative error 3.3e-9. */
VG_INLINE vf vf_exp_reduced(vf r)
{
    vf p = vf_set1(0x1.694ac2p-10f);
    p = vf_fma(p, r, vf_set1(0x1.12398ep-7f));
    p = vf_fma(p, r, vf_set1(0x1.555a28p-5f));
    p = vf_fma(p, r, vf_set1(0x1.555492p-3f));
    p = vf_fma(p, r, vf_set1(0x1.fffffap-2f));
    p = vf_fma(p, r, vf_set1(1));
    return vf_fma(p, r, vf_set1(1));
}

/** e^r - 1 for |r| <= ln 2 / 2; relative error 1.4e-8. */
VG_INLINE vf vf_expm1_reduced(vf r)
{
    vf p = vf_set1(0x1.6b738ap-10f);
    p = vf_fma(p, r, vf_set1(0x1.1227a4p-7f));
    p = vf_fma(p, r, vf_set1(0x1.555716p-5f));
    p = vf_fma(p, r, vf_set1(0x1.5554bp-3f));
    p = vf_fma(p, r, vf_set1(0x1.fffffep-2f));
    return vf_fma(p, vf_mul(r, r), r);
}

/** e^x. Beyond the clamps the result is 0 or infinity anyway. */
VG_INLINE vf vf_exp(vf x)
{
    x = vf_min(vf_set1(89.0f), vf_max(vf_set1(-104.0f), x));
    vf_reduced a = vf_reduce_ln2(x);
    return vf_ldexp(vf_exp_reduced(a.r), a.n);
}

/** e^x - 1 for x <= 0 (any other x gives some value): 2^n q + (2^n - 1) with q = e^r - 1. From
 * x = -24 down the result is -1, so 2^n stays normal. */
VG_INLINE vf vf_expm1_negative(vf x)
{
    vf_reduced a = vf_reduce_ln2(vf_max(vf_set1(-24.0f), x));
    vf s = vf_exp2i(a.n, 0);
    return vf_fma(s, vf_expm1_reduced(a.r), vf_sub(s, vf_set1(1)));
}

/** 1 / (1 + e^-x) = K / (K + K e^-x), K e^-x = S (1 + q) with S = K 2^n: the denominator
 * (K + S) + S q is rounded once, there is one division, and K = 2^-26 keeps it below 2^125 while the
 * quotient goes down to the last subnormal. */
VG_INLINE vf vf_sigmoid(vf x)
{
    const vf k = vf_set1(0x1p-26f);
    vf_reduced a = vf_reduce_ln2(vf_neg(vf_min(vf_set1(69.0f), vf_max(vf_set1(-104.0f), x))));
    vf s = vf_exp2i(a.n, -26);
    return vf_pow2_over(k, vf_fma(s, vf_expm1_reduced(a.r), vf_add(k, s)));
}

/** tanh x, 1 from 9.1 on. */
#if VG_HAS_TABLE_32
VG_INLINE vf vf_tanh(vf x)
{
    const vf sign = vf_set1(-0.0f);
    vf a = vf_min(vf_set1(9.5f), vf_abs(x));
    vi k = vi_shr(vi_bits(vf_max(vf_set1(0x1p-4f), a)), 21);
    vf t = vf_sub(a, vf_lookup(vf_table_load(vg_tanh_table[0]), k));
    vf p = vf_lookup(vf_table_load(vg_tanh_table[6]), k);
    VG_UNROLL(5)
    for (int i = 5; i >= 1; i--)
        p = vf_fma(p, t, vf_lookup(vf_table_load(vg_tanh_table[i]), k));
    return vf_or(p, vf_and(x, sign));
}
#else
/* An odd polynomial up to 0.9 (relative error 1.2e-9), above it 1 - 2 / (e^2|x| + 1), where the
 * quotient is so small that its rounding hardly counts. */
VG_INLINE vf vf_tanh(vf x)
{
    const vf one = vf_set1(1);
    vf a = vf_min(vf_set1(10.0f), vf_abs(x));
    vf_reduced b = vf_reduce_ln2(vf_add(a, a));
    vf s = vf_exp2i(b.n, 0);
    vf d = vf_fma(s, vf_expm1_reduced(b.r), vf_add(s, one)); /* e^2a + 1, one rounding */
    vf large = vf_sub(one, vf_div(vf_set1(2), d));

    vf z = vf_mul(a, a);
    vf p = vf_set1(-0x1.ddda5ep-12f);
    p = vf_fma(p, z, vf_set1(0x1.529dcep-9f));
    p = vf_fma(p, z, vf_set1(-0x1.0ed7bcp-7f));
    p = vf_fma(p, z, vf_set1(0x1.62f1ccp-6f));
    p = vf_fma(p, z, vf_set1(-0x1.b9ca4ep-5f));
    p = vf_fma(p, z, vf_set1(0x1.110f38p-3f));
    p = vf_fma(p, z, vf_set1(-0x1.55554ep-2f));
    vf small = vf_fma(vf_mul(p, z), a, a);

    vf y = vf_select(vf_lt(a, vf_set1(0.9f)), small, large);
    return vf_or(y, vf_and(x, vf_set1(-0.0f)));
}
#endif

#endif
