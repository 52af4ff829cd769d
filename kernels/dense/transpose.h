/* SPDX-License-Identifier: Apache-2.0 */
/** @file transpose.h
 * VG_LANES x VG_LANES transposes from memory into registers, per ISA. See simd/vec.h.
 */
#ifndef VG_DENSE_TRANSPOSE_H
#define VG_DENSE_TRANSPOSE_H

#include <stdint.h>

#include "simd/vec.h"

/* The 128-bit pieces are gathered by the load ports (insert from memory), so that only the 4x4
 * transposes inside the pieces need the shuffle port, which is what bounds this: VG_LANES * 2
 * shuffles a block. */
#if defined(VG_ISA_IS_AVX512)

/* piece `q` (columns 4q .. 4q+3) of rows i, i+4, i+8, i+12 */
VG_INLINE vf vg_quads(const float *src, int64_t ld, int q, int i)
{
    const float *p = src + 4 * q + i * ld;
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p));
    v = _mm512_insertf32x4(v, _mm_loadu_ps(p + 4 * ld), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(p + 8 * ld), 2);
    return _mm512_insertf32x4(v, _mm_loadu_ps(p + 12 * ld), 3);
}
VG_INLINE vf vg_unpack_lo(vf a, vf b) { return _mm512_unpacklo_ps(a, b); }
VG_INLINE vf vg_unpack_hi(vf a, vf b) { return _mm512_unpackhi_ps(a, b); }
VG_INLINE vf vg_pairs_lo(vf a, vf b) { return _mm512_shuffle_ps(a, b, 0x44); }
VG_INLINE vf vg_pairs_hi(vf a, vf b) { return _mm512_shuffle_ps(a, b, 0xee); }

#elif defined(VG_ISA_IS_AVX2)

VG_INLINE vf vg_quads(const float *src, int64_t ld, int q, int i)
{
    const float *p = src + 4 * q + i * ld;
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 4 * ld),
                                1);
}
VG_INLINE vf vg_unpack_lo(vf a, vf b) { return _mm256_unpacklo_ps(a, b); }
VG_INLINE vf vg_unpack_hi(vf a, vf b) { return _mm256_unpackhi_ps(a, b); }
VG_INLINE vf vg_pairs_lo(vf a, vf b) { return _mm256_shuffle_ps(a, b, 0x44); }
VG_INLINE vf vg_pairs_hi(vf a, vf b) { return _mm256_shuffle_ps(a, b, 0xee); }

#elif defined(VG_ISA_IS_NEON)

VG_INLINE vf vg_quads(const float *src, int64_t ld, int q, int i)
{
    return vld1q_f32(src + 4 * q + i * ld);
}
VG_INLINE vf vg_unpack_lo(vf a, vf b) { return vzip1q_f32(a, b); }
VG_INLINE vf vg_unpack_hi(vf a, vf b) { return vzip2q_f32(a, b); }
VG_INLINE vf vg_pairs_lo(vf a, vf b)
{
    return vreinterpretq_f32_f64(vzip1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}
VG_INLINE vf vg_pairs_hi(vf a, vf b)
{
    return vreinterpretq_f32_f64(vzip2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

#endif

/** Columns 4q .. 4q+3 of the VG_LANES rows at @p src: out[j] holds column 4q+j, row r in lane r. */
VG_INLINE void vg_transpose4(const float *src, int64_t ld, int q, vf out[4])
{
    vf r0 = vg_quads(src, ld, q, 0), r1 = vg_quads(src, ld, q, 1);
    vf r2 = vg_quads(src, ld, q, 2), r3 = vg_quads(src, ld, q, 3);
    vf a = vg_unpack_lo(r0, r1), b = vg_unpack_hi(r0, r1);
    vf c = vg_unpack_lo(r2, r3), d = vg_unpack_hi(r2, r3);
    out[0] = vg_pairs_lo(a, c);
    out[1] = vg_pairs_hi(a, c);
    out[2] = vg_pairs_lo(b, d);
    out[3] = vg_pairs_hi(b, d);
}

#endif
