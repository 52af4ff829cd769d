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

/** Rows of memory that will be needed soon, fetched into L2 while tiles are computed: from L3 a core
 * gets a fraction of what the FMA units can eat, unless it asks early. */
typedef struct vg_ahead {
    const char *row, *p;
    int64_t stride, row_bytes; /* in bytes */
    int64_t rows;              /* left; 0: nothing to do */
    int64_t lines;             /* cache lines to fetch in a step */
} vg_ahead;

VG_INLINE void vg_ahead_step(vg_ahead *a)
{
    if (a->rows == 0)
        return;
    for (int64_t i = a->lines; i > 0; i--, a->p += 64)
        __builtin_prefetch(a->p, 0, 2);
    if (a->p - a->row >= a->row_bytes) {
        a->row += a->stride;
        a->p = a->row;
        a->rows--;
    }
}

/** One call of a micro-kernel. Strides in floats. */
typedef struct vg_tile {
    int64_t k;
    const float *a;
    int64_t lda;    /**< by_rows: from row to row; by_cols: from k to k */
    const float *b; /**< rows of `vectors` whole vectors, b_k apart */
    int64_t b_k;
    float *c;
    int64_t ldc;
    const float *bias; /**< added to every row, or NULL */
    bool accumulate;   /**< C += instead of C = */
    int last;          /**< lanes of the last vector of C, 1 .. VG_LANES: no more is touched */
    vg_ahead *ahead;   /**< two of them, or NULL */
    int64_t c_rows;    /**< with ahead: rows of C, of the tile below, to fetch in a step */
} vg_tile;

enum { VG_TILE_MAX_ROWS = 16, VG_TILE_MAX_VECTORS = 4 };
/* steps of k between two steps of vg_ahead: what a step costs must drown in FMAs */
enum { VG_AHEAD_EVERY = VG_LANES == 16 ? 16 : 32 };

/** Computes a tile of @p rows rows, 1 .. the limit of the table. */
typedef void vg_tile_fn(const vg_tile *t, int rows);

/** The tiles and blocks of an ISA: the one place where they are chosen. */
typedef struct vg_micro {
    int prefer;                         /**< vectors of a panel, wherever there is a choice */
    int rows[VG_TILE_MAX_VECTORS + 1];  /**< most rows of a tile of so many vectors */
    int k_block;                        /**< a packed panel of so many k stays in L1 */
    int in_place;                       /**< floats: B is read in place, unpacked, up to here */
    int cross;                          /**< A read crosswise is copied from this stride on */
    vg_tile_fn *by_rows[VG_TILE_MAX_VECTORS + 1]; /**< A with a_k = 1 */
    vg_tile_fn *by_cols[VG_TILE_MAX_VECTORS + 1]; /**< A with a_m = 1 */
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
        VG_UNROLL(4)
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
        VG_UNROLL(4)
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

/* Rows row .. row + count of C below the tile: the next tile. Beyond the end it does no harm. */
VG_INLINE void vg_tile_fetch_c(const vg_tile *t, int64_t row, int64_t count, const int vectors)
{
    const float *c = t->c + row * t->ldc;
    for (; count > 0; count--, c += t->ldc) {
        VG_UNROLL(4)
        for (int j = 0; j < vectors * VG_LANES; j += 16)
            __builtin_prefetch(c + j, 1);
        __builtin_prefetch(c + vectors * VG_LANES - 1, 1);
    }
}

/* By rows, A is addressed as three rows per pointer: base, base + stride, base + 2 stride are all
 * free in an x86 address, so that the pointers fit the integer registers. By columns one pointer
 * does. */
VG_INLINE void vg_tile_run(const vg_tile *t, const int rows, const int vectors, const bool by_cols)
{
    enum { PER_POINTER = 3, POINTERS = (VG_TILE_MAX_ROWS + 2) / 3 };
    vf acc[VG_TILE_MAX_ROWS][VG_TILE_MAX_VECTORS];
    const float *a[POINTERS];
    const float *b = t->b;
    const int64_t lda = t->lda, b_k = t->b_k;
    const int groups = by_cols ? 1 : (rows + PER_POINTER - 1) / PER_POINTER;
    VG_UNROLL(8)
    for (int i = 0; i < groups; i++)
        a[i] = t->a + i * PER_POINTER * lda;
    VG_UNROLL(16)
    for (int r = 0; r < rows; r++) {
        VG_UNROLL(4)
        for (int v = 0; v < vectors; v++)
            acc[r][v] = vf_zero();
    }
    for (int64_t left = t->k, row = rows; left > 0;) {
        int64_t k = left;
        if (t->ahead) {
            k = left < VG_AHEAD_EVERY ? left : VG_AHEAD_EVERY;
            vg_ahead_step(&t->ahead[0]);
            vg_ahead_step(&t->ahead[1]);
            vg_tile_fetch_c(t, row, t->c_rows, vectors);
            row += t->c_rows;
        }
        left -= k;
        for (; k > 0; k--) {
            vf bv[VG_TILE_MAX_VECTORS];
            VG_UNROLL(4)
            for (int v = 0; v < vectors; v++)
                bv[v] = vf_load(b + v * VG_LANES);
            VG_UNROLL(16)
            for (int r = 0; r < rows; r++) {
                vf av = vf_set1(by_cols ? a[0][r] : a[r / PER_POINTER][(r % PER_POINTER) * lda]);
                VG_UNROLL(4)
                for (int v = 0; v < vectors; v++)
                    acc[r][v] = vf_fma(av, bv[v], acc[r][v]);
            }
            VG_UNROLL(8)
            for (int i = 0; i < groups; i++)
                a[i] += by_cols ? lda : 1;
            b += b_k;
        }
    }
    if (t->last == VG_LANES)
        vg_tile_finish(t, rows, vectors, false, acc);
    else
        vg_tile_finish(t, rows, vectors, true, acc);
}

/** Body of a vg_tile_fn: picks the instance of @p rows. @p limit is a constant. */
VG_INLINE void vg_tile_pick(const vg_tile *t, int rows, const int limit, const int vectors,
                            const bool by_cols)
{
#define CASE(r)                                                                                    \
    case r:                                                                                        \
        if (r <= limit)                                                                            \
            vg_tile_run(t, r, vectors, by_cols);                                                   \
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
