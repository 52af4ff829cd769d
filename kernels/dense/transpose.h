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

/* The 4x4 transposes: r[i] is piece q of rows i, i+4, ...; out[j] column 4q+j of all rows. */
VG_INLINE void vg_turn_quads(const vf r[4], vf out[4])
{
    vf a = vg_unpack_lo(r[0], r[1]), b = vg_unpack_hi(r[0], r[1]);
    vf c = vg_unpack_lo(r[2], r[3]), d = vg_unpack_hi(r[2], r[3]);
    out[0] = vg_pairs_lo(a, c);
    out[1] = vg_pairs_hi(a, c);
    out[2] = vg_pairs_lo(b, d);
    out[3] = vg_pairs_hi(b, d);
}

/** Columns 0 .. 3 of the VG_LANES rows at @p src: out[j] holds column j, row r in lane r. */
VG_INLINE void vg_transpose4(const float *src, int64_t ld, vf out[4])
{
    vf r[4];
    VG_UNROLL(4)
    for (int i = 0; i < 4; i++)
        r[i] = vg_quads(src, ld, 0, i);
    vg_turn_quads(r, out);
}

/** All VG_LANES columns. Every row is read whole before the next four are touched: rows a power of
 * two apart share one set of L1 and would evict each other between the pieces. */
VG_INLINE void vg_transpose(const float *src, int64_t ld, vf out[VG_LANES])
{
    vf r[VG_LANES / 4][4];
    VG_UNROLL(4)
    for (int i = 0; i < 4; i++) {
        VG_UNROLL(4)
        for (int q = 0; q < VG_LANES / 4; q++)
            r[q][i] = vg_quads(src, ld, q, i);
    }
    VG_UNROLL(4)
    for (int q = 0; q < VG_LANES / 4; q++)
        vg_turn_quads(r[q], out + 4 * q);
}

#endif
