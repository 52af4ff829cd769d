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
/* Steps of k in an iteration of the inner loop: the counter and the pointers take slots of the ports
 * that run FMAs. On Granite Rapids 6x64 is 4 to 5 % faster at 2 or 4 than at 1 or 8; at 4 GCC 12 runs
 * out of registers for addresses. On AArch64 other ports count. */
#if defined(VG_ISA_IS_NEON)
enum { VG_TILE_STEPS = 1 };
#else
enum { VG_TILE_STEPS = 2 };
#endif
/* steps of k between two steps of vg_ahead: what a step costs must drown in FMAs */
enum { VG_AHEAD_EVERY = 32 };

/** Computes a tile of @p rows rows, 1 .. the limit of the table. */
typedef void vg_tile_fn(const vg_tile *t, int rows);

/** The tiles and blocks of an ISA: the one place where they are chosen. */
typedef struct vg_micro {
    int prefer;                         /**< vectors of a panel, wherever there is a choice */
    int rows[VG_TILE_MAX_VECTORS + 1];  /**< most rows of a tile of so many vectors */
    int k_block;                        /**< a packed panel of so many k stays in L1 */
    int cross_k;                        /**< the same beside an A that is read crosswise */
    int panel_k;                        /**< of a panel that streams from L2 */
    int in_place;                       /**< floats: B is read in place, unpacked, up to here */
    int cross;                          /**< A read crosswise is copied from this stride on */
    vg_tile_fn *by_rows[VG_TILE_MAX_VECTORS + 1]; /**< A with a_k = 1 */
    vg_tile_fn *by_cols[VG_TILE_MAX_VECTORS + 1]; /**< A with a_m = 1, up to `prefer` */
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
    if (t->accumulate) {
        VG_UNROLL(16)
        for (int r = 0; r < rows; r++) {
            const float *c = t->c + r * t->ldc;
            VG_UNROLL(4)
            for (int v = 0; v < vectors; v++)
                acc[r][v] = vf_add(acc[r][v], vg_tile_load(c + v * VG_LANES, edge && v == last,
                                                           t->last));
        }
    }
    VG_UNROLL(16)
    for (int r = 0; r < rows; r++) {
        float *c = t->c + r * t->ldc;
        VG_UNROLL(4)
        for (int v = 0; v < vectors; v++, c += VG_LANES) {
            bool masked = edge && v == last;
            if (masked)
                vf_store_n(c, t->last, acc[r][v]);
            else
                vf_store(c, acc[r][v]);
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

/* Keeps the steps of an iteration apart: the compiler would compute the addresses of all of them
 * first, and load B ahead, which costs registers and then spills. */
#define VG_TILE_STEP_ENDS(b) __asm__ volatile("" : "+r"(b) : : "memory")

enum { VG_TILE_PER_POINTER = 3, VG_TILE_POINTERS = (VG_TILE_MAX_ROWS + 2) / 3 };

/* The next `steps` of k. By rows, A is addressed as three rows per pointer: base, base + stride,
 * base + 2 stride are all free in an x86 address, so that the pointers fit the integer registers. By
 * columns one pointer does. Returns where B goes on. */
VG_INLINE const float *vg_tile_steps(const float *a[VG_TILE_POINTERS], int64_t lda, const float *b,
                                     int64_t b_k, const int steps, const int rows,
                                     const int vectors, const bool by_cols,
                                     vf acc[VG_TILE_MAX_ROWS][VG_TILE_MAX_VECTORS])
{
    const int pointers = by_cols ? 0 : (rows + VG_TILE_PER_POINTER - 1) / VG_TILE_PER_POINTER;
    VG_UNROLL(4)
    for (int step = 0; step < steps; step++) {
        /* The fewer of the two factors are held: 3 x 4 sums on AVX2 leave four registers. */
        const bool hold_a = rows < vectors;
        vf av[VG_TILE_MAX_ROWS], bv[VG_TILE_MAX_VECTORS];
        VG_UNROLL(4)
        for (int v = 0; v < vectors && !hold_a; v++)
            bv[v] = vf_load(b + v * VG_LANES);
        VG_UNROLL(16)
        for (int r = 0; r < rows; r++) {
            const float *p = a[r / VG_TILE_PER_POINTER];
            av[r] = vf_set1(by_cols ? a[0][r] : p[(r % VG_TILE_PER_POINTER) * lda + step]);
            VG_UNROLL(4)
            for (int v = 0; v < vectors && !hold_a; v++)
                vf_accumulate(&acc[r][v], av[r], bv[v]);
        }
        VG_UNROLL(4)
        for (int v = 0; v < vectors && hold_a; v++) {
            vf b_v = vf_load(b + v * VG_LANES);
            VG_UNROLL(4)
            for (int r = 0; r < rows; r++)
                vf_accumulate(&acc[r][v], av[r], b_v);
        }
        a[0] += by_cols ? lda : 0;
        b += b_k;
        VG_TILE_STEP_ENDS(b);
    }
    VG_UNROLL(8)
    for (int i = 0; i < pointers; i++)
        a[i] += steps;
    return b;
}

VG_INLINE void vg_tile_run(const vg_tile *t, const int rows, const int vectors, const bool by_cols)
{
    vf acc[VG_TILE_MAX_ROWS][VG_TILE_MAX_VECTORS];
    const float *a[VG_TILE_POINTERS];
    const float *b = t->b;
    const int64_t lda = t->lda, b_k = t->b_k;
    const int pointers = by_cols ? 1 : (rows + VG_TILE_PER_POINTER - 1) / VG_TILE_PER_POINTER;
    VG_UNROLL(8)
    for (int i = 0; i < pointers; i++)
        a[i] = t->a + i * VG_TILE_PER_POINTER * lda;
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
        for (; VG_TILE_STEPS > 1 && k >= VG_TILE_STEPS; k -= VG_TILE_STEPS)
            b = vg_tile_steps(a, lda, b, b_k, VG_TILE_STEPS, rows, vectors, by_cols, acc);
        for (; k > 0; k--)
            b = vg_tile_steps(a, lda, b, b_k, 1, rows, vectors, by_cols, acc);
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
