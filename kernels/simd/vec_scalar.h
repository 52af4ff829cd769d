/* SPDX-License-Identifier: Apache-2.0 */
/* The vector layer with one lane, in plain C: what the other three mean. Used by tests. See vec.h. */
#ifndef VG_SIMD_VEC_SCALAR_H
#define VG_SIMD_VEC_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { VG_LANES = 1 };
typedef float vf;
typedef int32_t vi;
typedef uint32_t vm; /* all bits or none */
typedef double vd;

VG_INLINE vi vi_bits(vf a) { vi b; memcpy(&b, &a, sizeof b); return b; }
VG_INLINE vf vf_bits(vi a) { vf b; memcpy(&b, &a, sizeof b); return b; }
VG_INLINE vm vm_of(int truth) { return truth ? UINT32_MAX : 0; }
VG_INLINE vm vm_first(int n) { return vm_of(n > 0); }

VG_INLINE vf vf_set1(float x) { return x; }
VG_INLINE vf vf_zero(void) { return 0; }
VG_INLINE vf vf_load(const float *p) { return *p; }
VG_INLINE void vf_store(float *p, vf v) { *p = v; }
VG_INLINE void vf_stream(float *p, vf v) { *p = v; }
VG_INLINE vf vf_load_n(const float *p, int n) { return n ? *p : 0; }
VG_INLINE void vf_store_n(float *p, int n, vf v) { if (n) *p = v; }

VG_INLINE vf vf_add(vf a, vf b) { return a + b; }
VG_INLINE vf vf_sub(vf a, vf b) { return a - b; }
VG_INLINE vf vf_mul(vf a, vf b) { return a * b; }
VG_INLINE vf vf_div(vf a, vf b) { return a / b; }
VG_INLINE vf vf_fma(vf a, vf b, vf c) { return fmaf(a, b, c); }
VG_INLINE vf vf_fms(vf a, vf b, vf c) { return fmaf(a, b, -c); }
VG_INLINE vf vf_fnma(vf a, vf b, vf c) { return fmaf(-a, b, c); }
VG_INLINE void vf_accumulate(vf *sum, vf a, vf b) { *sum = vf_fma(a, b, *sum); }
VG_INLINE vf vf_min(vf a, vf b) { return a < b ? a : b; }
VG_INLINE vf vf_max(vf a, vf b) { return a > b ? a : b; }
VG_INLINE vf vf_sqrt(vf a) { return sqrtf(a); }
VG_INLINE vf vf_and(vf a, vf b) { return vf_bits(vi_bits(a) & vi_bits(b)); }
VG_INLINE vf vf_or(vf a, vf b) { return vf_bits(vi_bits(a) | vi_bits(b)); }
VG_INLINE vf vf_xor(vf a, vf b) { return vf_bits(vi_bits(a) ^ vi_bits(b)); }
VG_INLINE vf vf_andnot(vf a, vf b) { return vf_bits(~vi_bits(a) & vi_bits(b)); }
VG_INLINE vf vf_neg(vf a) { return -a; }
VG_INLINE vf vf_abs(vf a) { return fabsf(a); }
VG_INLINE vf vf_round(vf a) { return rintf(a); }

VG_INLINE vm vf_lt(vf a, vf b) { return vm_of(a < b); }
VG_INLINE vm vf_le(vf a, vf b) { return vm_of(a <= b); }
VG_INLINE vm vf_gt(vf a, vf b) { return vm_of(a > b); }
VG_INLINE vm vf_ge(vf a, vf b) { return vm_of(a >= b); }
VG_INLINE vm vf_eq(vf a, vf b) { return vm_of(a == b); }
VG_INLINE vm vf_ne(vf a, vf b) { return vm_of(a != b); }
VG_INLINE vm vf_isnan(vf a) { return vm_of(a != a); }
VG_INLINE vf vf_select(vm m, vf a, vf b) { return m ? a : b; }
VG_INLINE vm vm_and(vm a, vm b) { return a & b; }
VG_INLINE vm vm_or(vm a, vm b) { return a | b; }
VG_INLINE vm vm_not(vm a) { return ~a; }
VG_INLINE int vm_count(vm m) { return m != 0; }

VG_INLINE vi vi_set1(int32_t x) { return x; }
VG_INLINE vi vi_add(vi a, vi b) { return (vi)((uint32_t)a + (uint32_t)b); }
VG_INLINE vi vi_sub(vi a, vi b) { return (vi)((uint32_t)a - (uint32_t)b); }
VG_INLINE vi vi_and(vi a, vi b) { return a & b; }
VG_INLINE vi vi_or(vi a, vi b) { return a | b; }
#define vi_shl(a, bits) ((vi)((uint32_t)(a) << (bits)))
#define vi_shr(a, bits) ((vi)((uint32_t)(a) >> (bits)))
#define vi_sar(a, bits) ((a) >> (bits))
VG_INLINE vi vi_from_vf(vf a) { return a >= -0x1p31f && a < 0x1p31f ? (vi)lrintf(a) : INT32_MIN; }
VG_INLINE vf vf_from_vi(vi a) { return (vf)a; }

VG_INLINE vf vf_ldexp(vf a, vf n) { return ldexpf(a, (int)n); }

VG_INLINE vf vf_exp2i(vf n, int more) { return ldexpf(1, (int)n + more); }
VG_INLINE vf vf_scale(vf a, vf n) { return a * vf_exp2i(n, 0); }

VG_INLINE vf vf_recip(vf x) { return 1 / x; }

enum { VG_TABLE = 8 };
typedef const float *vf_table;
VG_INLINE vf_table vf_table_load(const float *p) { return p; }
VG_INLINE vf vf_lookup(vf_table t, vi index) { return t[index & 7]; }

VG_INLINE float vf_reduce_add(vf v) { return v; }
VG_INLINE float vf_reduce_max(vf v) { return v; }

/* One float has no two halves of doubles: lo carries it, hi is 0. */
VG_INLINE vd vd_zero(void) { return 0; }
VG_INLINE vd vd_load(const double *p) { return *p; }
VG_INLINE void vd_store(double *p, vd v) { *p = v; }
VG_INLINE vd vd_set1(double x) { return x; }
VG_INLINE vd vd_lo(vf v) { return v; }
VG_INLINE vd vd_hi(vf v) { (void)v; return 0; }
VG_INLINE vd vd_add(vd a, vd b) { return a + b; }
VG_INLINE vd vd_sub(vd a, vd b) { return a - b; }
VG_INLINE vd vd_mul(vd a, vd b) { return a * b; }
VG_INLINE vd vd_fma(vd a, vd b, vd c) { return fma(a, b, c); }
VG_INLINE double vd_reduce_add(vd v) { return v; }
VG_INLINE vf vf_from_vd(vd lo, vd hi) { (void)hi; return (vf)lo; }

#endif
