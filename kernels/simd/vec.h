/* SPDX-License-Identifier: Apache-2.0 */
/** @file vec.h
 * The vector layer: one name per operation, one thin inline function per ISA behind it.
 *
 * Types  vf  vector of VG_LANES floats      vi  vector of VG_LANES int32      vm  lane mask
 *        vd  vector of VG_LANES/2 doubles
 * Names  vf_add(a, b), vf_fma(a, b, c) = a*b + c (one rounding), vf_fnma(a, b, c) = c - a*b,
 *        vf_select(m, a, b) = m ? a : b, vf_load_n(p, n) / vf_store_n(p, n, v): the first n lanes,
 *        0 <= n <= VG_LANES, touching no byte beyond them; the other lanes load as 0.
 * vf_accumulate(&sum, a, b): sum += a * b with one rounding, sum kept in its register. GCC prefers the
 *        forms of FMA that overwrite a factor, and then copies and spills sums in long loop bodies.
 * Loads and stores take any alignment, but vf_stream (non-temporal), which needs VG_LANES*4 bytes.
 * vf_ldexp(a, n) = a * 2^n, n a whole number, |n| <= 252: gradual underflow included, and rounded
 *        once where a * 2^(n/2) is normal.
 * vf_exp2i(n, more) = 2^(n + more) for a whole n; the result must be a normal number.
 * vf_scale(a, n) = a * 2^n for a whole n with 2^n a normal number.
 * vf_recip(x) = 1 / x to 1 ulp for 2^-126 <= |x| <= 2^126, and right for 0, infinities and NaN.
 * vf_lookup(t, i): entry i mod VG_TABLE of a table of VG_TABLE (8 or 32) floats, 64-byte aligned.
 * vq     four floats on any ISA (not on plain C), with the operators of C, vq_sqrt and vq_max
 * vf_reduce_add4(a, b, c, d): the sums of the lanes of four vectors, with a third of the shuffles of
 *        four times vf_reduce_add, in a fixed order of its own.
 * vf_min / vf_max: return the second operand if either is NaN (as x86 MINPS/MAXPS).
 * Comparisons are ordered and quiet (false on NaN), but vf_ne and vf_isnan.
 *
 * A file that includes this is compiled once per ISA (kernels/isa.cmake) with VG_ISA naming the
 * backend; VG_FN(name) gives its external symbols their suffix. Everything else must be static. */
#ifndef VG_SIMD_VEC_H
#define VG_SIMD_VEC_H

#define VG_PASTE_(a, b) a##_##b
#define VG_PASTE(a, b) VG_PASTE_(a, b)
/** vg_relu_fwd -> vg_relu_fwd_avx2 */
#define VG_FN(name) VG_PASTE(name, VG_ISA)

#define VG_INLINE static inline __attribute__((always_inline, unused))

/** Full unrolling of a loop with a constant trip count: without it GCC keeps accumulator arrays in
 * memory. */
#define VG_STRINGIFY(x) #x
#if defined(__clang__)
#define VG_UNROLL(n) _Pragma("clang loop unroll(full)")
#else
#define VG_UNROLL(n) _Pragma(VG_STRINGIFY(GCC unroll n))
#endif

typedef float vq __attribute__((vector_size(16)));

#if defined(VG_ISA_IS_AVX512)
#include "simd/vec_avx512.h"
#elif defined(VG_ISA_IS_AVX2)
#include "simd/vec_avx2.h"
#elif defined(VG_ISA_IS_NEON)
#include "simd/vec_neon.h"
#else
#include "simd/vec_scalar.h"
#endif

/* Loops that write what is cached beyond the first level take VG_GROUP vectors at a time, loads
 * before stores, and ask for the lines they will write VG_AHEAD floats later. Measured on Granite
 * Rapids for arrays of 128 KiB in L2, ns a call of 32768 floats, reads:writes, without / with both:
 * AVX-512 1:1 2540/2360, 2:1 3290/2950, 3:1 3880/3550, 4:3 8900/8000; AVX2 2680/2430, 3260/3190,
 * 4350/3950, 10700/7750. Reading alone takes 0.34 ns a line, writing 1.0 (ownership and write-back),
 * so these are the floors of element-wise work in L2. */
enum { VG_GROUP = 4, VG_AHEAD = 128, VG_LINE = 16 /* floats */ };

/** Asks for the lines of the group of vectors VG_AHEAD floats behind @p p, which will be written. */
VG_INLINE void vg_ask_ahead(float *p)
{
    VG_UNROLL(4)
    for (int i = 0; i < VG_GROUP * VG_LANES; i += VG_LINE)
        __builtin_prefetch(p + VG_AHEAD + i, 1);
}

/* What comes from memory and needs many instructions: while those fill the window of the core, no load
 * runs ahead of them, so lines are asked for VG_FAR floats (two pages) ahead. 32 MiB in, 32 MiB out,
 * streamed, ms without / with: sigmoid fwd 3.06/2.70, tanh fwd 2.75/2.60, gelu bwd 4.70/3.90. Where a
 * load and an operation are all, it gains nothing: relu, add. */
enum { VG_FAR = 2048 };

/** Asks for the lines of the group of vectors VG_FAR floats behind @p p, which will be read. */
VG_INLINE void vg_fetch_far(const float *p)
{
    VG_UNROLL(4)
    for (int i = 0; i < VG_GROUP * VG_LANES; i += VG_LINE)
        __builtin_prefetch(p + VG_FAR + i, 0);
}

/* VG_TABLE is an enumerator for code; the preprocessor asks this. */
#if defined(VG_ISA_IS_AVX512)
#define VG_HAS_TABLE_32 1
#else
#define VG_HAS_TABLE_32 0
#endif

#endif
