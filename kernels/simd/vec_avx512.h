/* SPDX-License-Identifier: Apache-2.0 */
/* The vector layer on AVX-512 F + BW + DQ + VL. See vec.h. */
#ifndef VG_SIMD_VEC_AVX512_H
#define VG_SIMD_VEC_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__)
#error "compile with -mavx512f -mavx512bw -mavx512dq -mavx512vl"
#endif

#include <immintrin.h>
#include <stdint.h>

enum { VG_LANES = 16 };
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;
typedef __m512d vd;

VG_INLINE vm vm_first(int n) { return (__mmask16)((1u << n) - 1u); }

VG_INLINE vf vf_set1(float x) { return _mm512_set1_ps(x); }
VG_INLINE vf vf_zero(void) { return _mm512_setzero_ps(); }
VG_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
VG_INLINE void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
VG_INLINE void vf_stream(float *p, vf v) { _mm512_stream_ps(p, v); }
VG_INLINE vf vf_load_n(const float *p, int n) { return _mm512_maskz_loadu_ps(vm_first(n), p); }
VG_INLINE void vf_store_n(float *p, int n, vf v) { _mm512_mask_storeu_ps(p, vm_first(n), v); }

VG_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
VG_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
VG_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
VG_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
VG_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
VG_INLINE vf vf_fms(vf a, vf b, vf c) { return _mm512_fmsub_ps(a, b, c); }
VG_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
VG_INLINE void vf_accumulate(vf *sum, vf a, vf b)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
}
VG_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
VG_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
VG_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
VG_INLINE vf vf_and(vf a, vf b) { return _mm512_and_ps(a, b); }
VG_INLINE vf vf_or(vf a, vf b) { return _mm512_or_ps(a, b); }
VG_INLINE vf vf_xor(vf a, vf b) { return _mm512_xor_ps(a, b); }
VG_INLINE vf vf_andnot(vf a, vf b) { return _mm512_andnot_ps(a, b); } /* ~a & b */
VG_INLINE vf vf_neg(vf a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
VG_INLINE vf vf_abs(vf a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
/* to the nearest integer, ties to even */
VG_INLINE vf vf_round(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

VG_INLINE vm vf_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
VG_INLINE vm vf_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
VG_INLINE vm vf_gt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
VG_INLINE vm vf_ge(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
VG_INLINE vm vf_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
VG_INLINE vm vf_ne(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ); }
VG_INLINE vm vf_isnan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
VG_INLINE vf vf_select(vm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }
VG_INLINE vm vm_and(vm a, vm b) { return (vm)(a & b); }
VG_INLINE vm vm_or(vm a, vm b) { return (vm)(a | b); }
VG_INLINE vm vm_not(vm a) { return (vm)~a; }
/* number of set lanes */
VG_INLINE int vm_count(vm m) { return __builtin_popcount((unsigned)m); }

VG_INLINE vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
VG_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
VG_INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
VG_INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
VG_INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
#define vi_shl(a, bits) _mm512_slli_epi32((a), (bits))
#define vi_shr(a, bits) _mm512_srli_epi32((a), (bits)) /* logical */
#define vi_sar(a, bits) _mm512_srai_epi32((a), (bits)) /* arithmetic */
VG_INLINE vi vi_from_vf(vf a) { return _mm512_cvtps_epi32(a); } /* nearest, ties to even */
VG_INLINE vf vf_from_vi(vi a) { return _mm512_cvtepi32_ps(a); }
VG_INLINE vi vi_bits(vf a) { return _mm512_castps_si512(a); }
VG_INLINE vf vf_bits(vi a) { return _mm512_castsi512_ps(a); }

VG_INLINE vf vf_ldexp(vf a, vf n) { return _mm512_scalef_ps(a, n); }

VG_INLINE vf vf_exp2i(vf n, int more)
{
    return _mm512_scalef_ps(_mm512_set1_ps(__builtin_ldexpf(1, more)), n);
}
VG_INLINE vf vf_scale(vf a, vf n) { return _mm512_scalef_ps(a, n); }
/* A 14-bit reciprocal and one Newton step, whose error is below 2^-28 before its rounding: for loops that
 * keep the divider busy with square roots already. */
VG_INLINE vf vf_recip(vf x)
{
    vf r = _mm512_rcp14_ps(x);
    /* the residual is below 2^-13, or NaN where x is 0 or infinite: MINPS then takes 2^-13 */
    vf residual = _mm512_fnmadd_ps(x, r, _mm512_set1_ps(1));
    return _mm512_fmadd_ps(r, _mm512_min_ps(residual, _mm512_set1_ps(0x1p-13f)), r);
}

enum { VG_TABLE = 32 };
typedef struct vf_table {
    __m512 low, high;
} vf_table;
VG_INLINE vf_table vf_table_load(const float *p)
{
    return (vf_table){_mm512_load_ps(p), _mm512_load_ps(p + 16)};
}
VG_INLINE vf vf_lookup(vf_table t, vi index)
{
    return _mm512_permutex2var_ps(t.low, index, t.high);
}

/* lanes in a fixed tree order */
VG_INLINE float vf_reduce_add(vf v) { return _mm512_reduce_add_ps(v); }
VG_INLINE vq vf_reduce_add4(vf a, vf b, vf c, vf d)
{
    __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    __m512 lo = _mm512_shuffle_ps(ab, cd, 0x44), hi = _mm512_shuffle_ps(ab, cd, 0xee);
    __m512 all = _mm512_add_ps(lo, hi);
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}
VG_INLINE vq vq_sqrt(vq a) { return _mm_sqrt_ps(a); }
VG_INLINE vq vq_max(vq a, vq b) { return _mm_max_ps(a, b); }
VG_INLINE float vf_reduce_max(vf v) { return _mm512_reduce_max_ps(v); }

VG_INLINE vd vd_zero(void) { return _mm512_setzero_pd(); }
VG_INLINE vd vd_load(const double *p) { return _mm512_loadu_pd(p); }
VG_INLINE void vd_store(double *p, vd v) { _mm512_storeu_pd(p, v); }
VG_INLINE vd vd_set1(double x) { return _mm512_set1_pd(x); }
VG_INLINE vd vd_lo(vf v) { return _mm512_cvtps_pd(_mm512_castps512_ps256(v)); }
VG_INLINE vd vd_hi(vf v) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)); }
VG_INLINE vd vd_add(vd a, vd b) { return _mm512_add_pd(a, b); }
VG_INLINE vd vd_sub(vd a, vd b) { return _mm512_sub_pd(a, b); }
VG_INLINE vd vd_mul(vd a, vd b) { return _mm512_mul_pd(a, b); }
VG_INLINE vd vd_fma(vd a, vd b, vd c) { return _mm512_fmadd_pd(a, b, c); }
VG_INLINE double vd_reduce_add(vd v) { return _mm512_reduce_add_pd(v); }
VG_INLINE vf vf_from_vd(vd lo, vd hi)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(lo)), _mm512_cvtpd_ps(hi), 1);
}

#endif
