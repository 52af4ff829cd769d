/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm_micro.h
 * The micro-kernel: a tile of C of `rows` x `vectors` vectors held in registers over k.
 *
 * Written once over the vector layer; dense_micro_<isa>.c instantiates it for the tile sizes of its
 * ISA. Per step of k: `vectors` loads of B, `rows` broadcasts of A, rows * vectors FMAs.
 */
#ifndef VG_DENSE_GEMM_MICRO_H
#define VG_DENSE_GEMM_MICRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simd/vec.h"

/** One call of a micro-kernel. Strides in floats. */
typedef struct vg_tile {
    int64_t k;
    const float *a;
    int64_t a_m, a_k;
    const float *b; /**< rows of `vectors` vectors, b_k apart */
    int64_t b_k;
    float *c;
    int64_t ldc;
    const float *bias; /**< added to every row, or NULL */
    bool accumulate;   /**< C += instead of C = */
    int last;          /**< lanes in use of the last vector, 1 .. VG_LANES: no more is touched */
} vg_tile;

enum { VG_TILE_MAX_ROWS = 16, VG_TILE_MAX_VECTORS = 3 };

/** Computes a tile of @p rows rows, 1 .. the limit of the table. */
typedef void vg_tile_fn(const vg_tile *t, int rows);

/** The tiles and blocks of an ISA: the one place where they are chosen. */
typedef struct vg_micro {
    int prefer;                         /**< vectors of a panel, wherever there is a choice */
    int rows[VG_TILE_MAX_VECTORS + 1];  /**< most rows of a tile of so many vectors */
    int k_block;                        /**< a panel of so many k stays in L1 */
    vg_tile_fn *full[VG_TILE_MAX_VECTORS + 1]; /**< all lanes of the last vector in use */
    vg_tile_fn *edge[VG_TILE_MAX_VECTORS + 1];
    double macs_per_ns; /**< reached on a core of 3 GHz, for cost estimates */
} vg_micro;

extern const vg_micro VG_FN(vg_gemm_micro);

VG_INLINE vf vg_tile_load(const float *p, bool masked, int lanes)
{
    return masked ? vf_load_n(p, lanes) : vf_load(p);
}

VG_INLINE void vg_tile_finish(const vg_tile *t, int rows, int vectors, bool edge,
                              vf acc[VG_TILE_MAX_ROWS][VG_TILE_MAX_VECTORS])
{
    const int last = vectors - 1;
    if (t->bias) {
        VG_UNROLL(3)
        for (int v = 0; v < vectors; v++) {
            vf bias = vg_tile_load(t->bias + v * VG_LANES, edge && v == last, t->last);
            VG_UNROLL(16)
            for (int r = 0; r < rows; r++)
                acc[r][v] = vf_add(acc[r][v], bias);
        }
    }
    VG_UNROLL(16)
    for (int r = 0; r < rows; r++) {
        float *c = t->c + r * t->ldc;
        VG_UNROLL(3)
        for (int v = 0; v < vectors; v++, c += VG_LANES) {
            bool masked = edge && v == last;
            vf sum = acc[r][v];
            if (t->accumulate)
                sum = vf_add(sum, vg_tile_load(c, masked, t->last));
            if (masked)
                vf_store_n(c, t->last, sum);
            else
                vf_store(c, sum);
        }
    }
}

/* Rows are addressed as three per pointer: base, base + stride, base + 2 stride are all free in an
 * x86 address, so that the pointers fit the integer registers. */
VG_INLINE void vg_tile_run(const vg_tile *t, const int rows, const int vectors, const bool edge)
{
    enum { PER_POINTER = 3, POINTERS = (VG_TILE_MAX_ROWS + 2) / 3 };
    vf acc[VG_TILE_MAX_ROWS][VG_TILE_MAX_VECTORS];
    const float *a[POINTERS];
    const float *b = t->b;
    const int64_t a_m = t->a_m, a_k = t->a_k, b_k = t->b_k;
    const int groups = (rows + PER_POINTER - 1) / PER_POINTER;
    VG_UNROLL(8)
    for (int i = 0; i < groups; i++)
        a[i] = t->a + i * PER_POINTER * a_m;
    VG_UNROLL(16)
    for (int r = 0; r < rows; r++) {
        __builtin_prefetch(t->c + r * t->ldc, 1);
        VG_UNROLL(3)
        for (int v = 0; v < vectors; v++)
            acc[r][v] = vf_zero();
    }
    for (int64_t k = t->k; k > 0; k--) {
        vf bv[VG_TILE_MAX_VECTORS];
        VG_UNROLL(3)
        for (int v = 0; v < vectors; v++)
            bv[v] = vg_tile_load(b + v * VG_LANES, edge && v == vectors - 1, t->last);
        VG_UNROLL(16)
        for (int r = 0; r < rows; r++) {
            vf av = vf_set1(a[r / PER_POINTER][(r % PER_POINTER) * a_m]);
            VG_UNROLL(3)
            for (int v = 0; v < vectors; v++)
                acc[r][v] = vf_fma(av, bv[v], acc[r][v]);
        }
        VG_UNROLL(8)
        for (int i = 0; i < groups; i++)
            a[i] += a_k;
        b += b_k;
    }
    vg_tile_finish(t, rows, vectors, edge, acc);
}

/** Body of a vg_tile_fn: picks the instance of @p rows. @p limit is a constant. */
VG_INLINE void vg_tile_pick(const vg_tile *t, int rows, const int limit, const int vectors,
                            const bool edge)
{
#define CASE(r)                                                                                    \
    case r:                                                                                        \
        if (r <= limit)                                                                            \
            vg_tile_run(t, r, vectors, edge);                                                      \
        break;
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
        CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
    default:
        break;
    }
#undef CASE
}

#endif
