/* SPDX-License-Identifier: Apache-2.0 */
/* The vector layer on AArch64 Advanced SIMD. See vec.h. */
#ifndef VG_SIMD_VEC_NEON_H
#define VG_SIMD_VEC_NEON_H

#if !defined(__aarch64__)
#error "compile for AArch64"
#endif

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

enum { VG_LANES = 4 };
typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vm;
typedef float64x2_t vd;

VG_INLINE vm vm_first(int n)
{
    static const uint32_t index[4] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(index), vdupq_n_u32((uint32_t)n));
}

VG_INLINE vf vf_set1(float x) { return vdupq_n_f32(x); }
VG_INLINE vf vf_zero(void) { return vdupq_n_f32(0); }
VG_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
VG_INLINE void vf_store(float *p, vf v) { vst1q_f32(p, v); }
VG_INLINE void vf_stream(float *p, vf v) { vst1q_f32(p, v); } /* no non-temporal single store */
VG_INLINE vf vf_load_n(const float *p, int n)
{
    float lanes[4] = {0, 0, 0, 0};
    memcpy(lanes, p, (size_t)n * sizeof(float));
    return vld1q_f32(lanes);
}
VG_INLINE void vf_store_n(float *p, int n, vf v)
{
    float lanes[4];
    vst1q_f32(lanes, v);
    memcpy(p, lanes, (size_t)n * sizeof(float));
}

VG_INLINE vi vi_bits(vf a) { return vreinterpretq_s32_f32(a); }
VG_INLINE vf vf_bits(vi a) { return vreinterpretq_f32_s32(a); }

VG_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
VG_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
VG_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
VG_INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
VG_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
VG_INLINE vf vf_fms(vf a, vf b, vf c) { return vfmaq_f32(vnegq_f32(c), a, b); }
VG_INLINE vf vf_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
VG_INLINE void vf_accumulate(vf *sum, vf a, vf b) { *sum = vf_fma(a, b, *sum); }
/* FMIN/FMAX propagate NaN from either operand; the layer promises the second operand. */
VG_INLINE vf vf_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
VG_INLINE vf vf_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
VG_INLINE vf vf_sqrt(vf a) { return vsqrtq_f32(a); }
VG_INLINE vf vf_and(vf a, vf b) { return vf_bits(vandq_s32(vi_bits(a), vi_bits(b))); }
VG_INLINE vf vf_or(vf a, vf b) { return vf_bits(vorrq_s32(vi_bits(a), vi_bits(b))); }
VG_INLINE vf vf_xor(vf a, vf b) { return vf_bits(veorq_s32(vi_bits(a), vi_bits(b))); }
VG_INLINE vf vf_andnot(vf a, vf b) { return vf_bits(vbicq_s32(vi_bits(b), vi_bits(a))); } /* ~a & b */
VG_INLINE vf vf_neg(vf a) { return vnegq_f32(a); }
VG_INLINE vf vf_abs(vf a) { return vabsq_f32(a); }
/* to the nearest integer, ties to even */
VG_INLINE vf vf_round(vf a) { return vrndnq_f32(a); }

VG_INLINE vm vf_lt(vf a, vf b) { return vcltq_f32(a, b); }
VG_INLINE vm vf_le(vf a, vf b) { return vcleq_f32(a, b); }
VG_INLINE vm vf_gt(vf a, vf b) { return vcgtq_f32(a, b); }
VG_INLINE vm vf_ge(vf a, vf b) { return vcgeq_f32(a, b); }
VG_INLINE vm vf_eq(vf a, vf b) { return vceqq_f32(a, b); }
VG_INLINE vm vf_ne(vf a, vf b) { return vmvnq_u32(vceqq_f32(a, b)); }
VG_INLINE vm vf_isnan(vf a) { return vmvnq_u32(vceqq_f32(a, a)); }
VG_INLINE vf vf_select(vm m, vf a, vf b) { return vbslq_f32(m, a, b); }
VG_INLINE vm vm_and(vm a, vm b) { return vandq_u32(a, b); }
VG_INLINE vm vm_or(vm a, vm b) { return vorrq_u32(a, b); }
VG_INLINE vm vm_not(vm a) { return vmvnq_u32(a); }
/* number of set lanes */
VG_INLINE int vm_count(vm m) { return (int)vaddvq_u32(vshrq_n_u32(m, 31)); }

VG_INLINE vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
VG_INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
VG_INLINE vi vi_sub(vi a, vi b) { return vsubq_s32(a, b); }
VG_INLINE vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
VG_INLINE vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
#define vi_shl(a, bits) vshlq_n_s32((a), (bits))
#define vi_shr(a, bits) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), (bits)))
#define vi_sar(a, bits) vshrq_n_s32((a), (bits))
VG_INLINE vi vi_from_vf(vf a) { return vcvtnq_s32_f32(a); } /* nearest, ties to even */
VG_INLINE vf vf_from_vi(vi a) { return vcvtq_f32_s32(a); }

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
typedef uint8x16x2_t vf_table;
VG_INLINE vf_table vf_table_load(const float *p) { return vld1q_u8_x2((const uint8_t *)p); }
VG_INLINE vf vf_lookup(vf_table t, vi index)
{
    /* byte numbers 4i, 4i+1, 4i+2, 4i+3 in each lane */
    uint32x4_t i = vandq_u32(vreinterpretq_u32_s32(index), vdupq_n_u32(7));
    i = vmlaq_u32(vdupq_n_u32(0x03020100), i, vdupq_n_u32(0x04040404));
    return vreinterpretq_f32_u8(vqtbl2q_u8(t, vreinterpretq_u8_u32(i)));
}

/* lanes in a fixed tree order */
VG_INLINE float vf_reduce_add(vf v) { return vaddvq_f32(v); }
VG_INLINE vq vf_reduce_add4(vf a, vf b, vf c, vf d)
{
    return (vq)vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d));
}
VG_INLINE vq vq_sqrt(vq a) { return (vq)vsqrtq_f32((float32x4_t)a); }
VG_INLINE vq vq_max(vq a, vq b)
{
    float32x4_t x = (float32x4_t)a, y = (float32x4_t)b;
    return (vq)vbslq_f32(vcgtq_f32(x, y), x, y);
}
VG_INLINE float vf_reduce_max(vf v) { return vmaxvq_f32(v); }

VG_INLINE vd vd_zero(void) { return vdupq_n_f64(0); }
VG_INLINE vd vd_load(const double *p) { return vld1q_f64(p); }
VG_INLINE void vd_store(double *p, vd v) { vst1q_f64(p, v); }
VG_INLINE vd vd_set1(double x) { return vdupq_n_f64(x); }
VG_INLINE vd vd_lo(vf v) { return vcvt_f64_f32(vget_low_f32(v)); }
VG_INLINE vd vd_hi(vf v) { return vcvt_high_f64_f32(v); }
VG_INLINE vd vd_add(vd a, vd b) { return vaddq_f64(a, b); }
VG_INLINE vd vd_sub(vd a, vd b) { return vsubq_f64(a, b); }
VG_INLINE vd vd_mul(vd a, vd b) { return vmulq_f64(a, b); }
VG_INLINE vd vd_fma(vd a, vd b, vd c) { return vfmaq_f64(c, a, b); }
VG_INLINE double vd_reduce_add(vd v) { return vaddvq_f64(v); }
VG_INLINE vf vf_from_vd(vd lo, vd hi) { return vcvt_high_f32_f64(vcvt_f32_f64(lo), hi); }

#endif
