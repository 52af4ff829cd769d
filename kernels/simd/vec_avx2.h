/* SPDX-License-Identifier: Apache-2.0 */
/* The vector layer on AVX2 + FMA. See vec.h. */
#ifndef VG_SIMD_VEC_AVX2_H
#define VG_SIMD_VEC_AVX2_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile with -mavx2 -mfma"
#endif

#include <immintrin.h>
#include <stdint.h>

enum { VG_LANES = 8 };
typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm;
typedef __m256d vd;

/* lanes < n, as an integer mask for maskload/maskstore */
VG_INLINE __m256i vg_lanes_below(int n)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), index);
}

VG_INLINE vf vf_set1(float x) { return _mm256_set1_ps(x); }
VG_INLINE vf vf_zero(void) { return _mm256_setzero_ps(); }
VG_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
VG_INLINE void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
VG_INLINE void vf_stream(float *p, vf v) { _mm256_stream_ps(p, v); }
VG_INLINE vf vf_load_n(const float *p, int n) { return _mm256_maskload_ps(p, vg_lanes_below(n)); }
VG_INLINE void vf_store_n(float *p, int n, vf v) { _mm256_maskstore_ps(p, vg_lanes_below(n), v); }
VG_INLINE vm vm_first(int n) { return _mm256_castsi256_ps(vg_lanes_below(n)); }

VG_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
VG_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
VG_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
VG_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
VG_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
VG_INLINE vf vf_fms(vf a, vf b, vf c) { return _mm256_fmsub_ps(a, b, c); }
VG_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
VG_INLINE void vf_accumulate(vf *sum, vf a, vf b)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(a), "x"(b));
}
VG_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
VG_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
VG_INLINE vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
VG_INLINE vf vf_and(vf a, vf b) { return _mm256_and_ps(a, b); }
VG_INLINE vf vf_or(vf a, vf b) { return _mm256_or_ps(a, b); }
VG_INLINE vf vf_xor(vf a, vf b) { return _mm256_xor_ps(a, b); }
VG_INLINE vf vf_andnot(vf a, vf b) { return _mm256_andnot_ps(a, b); } /* ~a & b */
VG_INLINE vf vf_neg(vf a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
VG_INLINE vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
/* to the nearest integer, ties to even */
VG_INLINE vf vf_round(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

VG_INLINE vm vf_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
VG_INLINE vm vf_le(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
VG_INLINE vm vf_gt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
VG_INLINE vm vf_ge(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
VG_INLINE vm vf_eq(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
VG_INLINE vm vf_ne(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ); }
VG_INLINE vm vf_isnan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
VG_INLINE vf vf_select(vm m, vf a, vf b) { return _mm256_blendv_ps(b, a, m); }
VG_INLINE vm vm_and(vm a, vm b) { return _mm256_and_ps(a, b); }
VG_INLINE vm vm_or(vm a, vm b) { return _mm256_or_ps(a, b); }
VG_INLINE vm vm_not(vm a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
/* number of set lanes */
VG_INLINE int vm_count(vm m) { return __builtin_popcount((unsigned)_mm256_movemask_ps(m)); }

VG_INLINE vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
VG_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
VG_INLINE vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
VG_INLINE vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
VG_INLINE vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
#define vi_shl(a, bits) _mm256_slli_epi32((a), (bits))
#define vi_shr(a, bits) _mm256_srli_epi32((a), (bits)) /* logical */
#define vi_sar(a, bits) _mm256_srai_epi32((a), (bits)) /* arithmetic */
VG_INLINE vi vi_from_vf(vf a) { return _mm256_cvtps_epi32(a); } /* nearest, ties to even */
VG_INLINE vf vf_from_vi(vi a) { return _mm256_cvtepi32_ps(a); }
VG_INLINE vi vi_bits(vf a) { return _mm256_castps_si256(a); }
VG_INLINE vf vf_bits(vi a) { return _mm256_castsi256_ps(a); }

VG_INLINE vf vf_ldexp(vf a, vf n)
{
    vi e = vi_from_vf(n), half = vi_sar(e, 1), rest = vi_sub(e, half), bias = vi_set1(127);
    a = vf_mul(a, vf_bits(vi_shl(vi_add(half, bias), 23)));
    return vf_mul(a, vf_bits(vi_shl(vi_add(rest, bias), 23)));
}

VG_INLINE vf vf_exp2i(vf n, int more)
{
    /* the low bits of n + more + 127 + 1.5 * 2^23 are the exponent field */
    return vf_bits(vi_shl(vi_bits(vf_add(n, vf_set1(0x1.8p23f + 127 + (float)more))), 23));
}
VG_INLINE vf vf_scale(vf a, vf n) { return vf_mul(a, vf_exp2i(n, 0)); }

VG_INLINE vf vf_recip(vf x) { return vf_div(vf_set1(1), x); }

enum { VG_TABLE = 8 };
typedef __m256 vf_table;
VG_INLINE vf_table vf_table_load(const float *p) { return _mm256_load_ps(p); }
VG_INLINE vf vf_lookup(vf_table t, vi index) { return _mm256_permutevar8x32_ps(t, index); }

/* lanes in a fixed tree order */
VG_INLINE float vf_reduce_add(vf v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
VG_INLINE vq vf_reduce_add4(vf a, vf b, vf c, vf d)
{
    __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    __m256 lo = _mm256_shuffle_ps(ab, cd, 0x44), hi = _mm256_shuffle_ps(ab, cd, 0xee);
    __m256 all = _mm256_add_ps(lo, hi);
    return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}
VG_INLINE vq vq_sqrt(vq a) { return _mm_sqrt_ps(a); }
VG_INLINE vq vq_max(vq a, vq b) { return _mm_max_ps(a, b); }
VG_INLINE float vf_reduce_max(vf v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

VG_INLINE vd vd_zero(void) { return _mm256_setzero_pd(); }
VG_INLINE vd vd_load(const double *p) { return _mm256_loadu_pd(p); }
VG_INLINE void vd_store(double *p, vd v) { _mm256_storeu_pd(p, v); }
VG_INLINE vd vd_set1(double x) { return _mm256_set1_pd(x); }
VG_INLINE vd vd_lo(vf v) { return _mm256_cvtps_pd(_mm256_castps256_ps128(v)); }
VG_INLINE vd vd_hi(vf v) { return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)); }
VG_INLINE vd vd_add(vd a, vd b) { return _mm256_add_pd(a, b); }
VG_INLINE vd vd_sub(vd a, vd b) { return _mm256_sub_pd(a, b); }
VG_INLINE vd vd_mul(vd a, vd b) { return _mm256_mul_pd(a, b); }
VG_INLINE vd vd_fma(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }
VG_INLINE double vd_reduce_add(vd v)
{
    __m128d s = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(s, _mm_unpackhi_pd(s, s)));
}
VG_INLINE vf vf_from_vd(vd lo, vd hi)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(lo)), _mm256_cvtpd_ps(hi), 1);
}

#endif
