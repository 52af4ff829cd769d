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

/** The same for -x. */
VG_INLINE vf_reduced vf_reduce_ln2_negated(vf x)
{
    const vf magic = vf_set1(0x1.8p23f);
    vf n = vf_sub(vf_fma(x, vf_set1(-VG_LOG2E), magic), magic);
    vf r = vf_fms(n, vf_set1(-VG_LN2_HI), x);
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

/** k + s (1 + q) for powers of two k and s, with one rounding to speak of: s q is exact, and what
 * s + k cannot hold when s > 2^23 k goes with it (1 + e^-x is off by half an ulp more near x = -16.6
 * without that). */
VG_INLINE vf vf_one_plus_exp(vf k, vf s, vf q)
{
    vf sum = vf_add(s, k), lost = vf_sub(k, vf_sub(sum, s));
    return vf_add(sum, vf_fma(s, q, lost));
}

/** 1 / (1 + e^-x) = K / (K + K e^-x), K e^-x = S (1 + q) with S = K 2^n: one division, and K = 2^-26
 * keeps the denominator below 2^125 while the quotient goes down to the last subnormal. VDIVPS, not an
 * estimate and a Newton step: on Zen 5 3.0 ns a vector are 2.5 so, and every CPU gives the same bits. */
VG_INLINE vf vf_sigmoid(vf x)
{
    const vf k = vf_set1(0x1p-26f);
    vf_reduced a = vf_reduce_ln2_negated(vf_min(vf_set1(69.0f), vf_max(vf_set1(-104.0f), x)));
    return vf_div(k, vf_one_plus_exp(k, vf_exp2i(a.n, -26), vf_expm1_reduced(a.r)));
}

/** tanh x, 1 from 9.1 on: piecewise polynomials, 0.5 ulp and little more but near 0. */
VG_INLINE vf vf_tanh(vf x)
{
    vf a = vf_min(vf_set1(9.5f), vf_abs(x));
    vi k = vi_shr(vi_bits(vf_max(vf_set1(VG_TANH_FIRST), a)), VG_TANH_SHIFT);
    vf t = vf_sub(a, vf_lookup(vf_table_load(vg_tanh_table[0]), k));
    vf p = vf_lookup(vf_table_load(vg_tanh_table[VG_TANH_ROWS - 1]), k);
    VG_UNROLL(10)
    for (int i = VG_TANH_ROWS - 2; i >= 1; i--)
        p = vf_fma(p, t, vf_lookup(vf_table_load(vg_tanh_table[i]), k));
    return vf_or(p, vf_and(x, vf_set1(-0.0f)));
}

#endif
