/* SPDX-License-Identifier: Apache-2.0 */
/** @file partition.h
 * How element-wise work is cut into units: by the shape alone, never by the team.
 */
#ifndef VG_BASE_PARTITION_H
#define VG_BASE_PARTITION_H

#include <stdint.h>

static inline int64_t vg_min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t vg_ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/** Rows of a reduction's partial sums, and of row-local phases that feed one. */
enum { VG_ROW_BLOCK = 64 };

/** Rows per unit of an element-wise phase on [batch][width]: about 4096 elements, whole rows, so
 * that neighbouring element-wise phases of one layer have the same owner. */
static inline int64_t vg_elementwise_rows(int64_t width)
{
    enum { ELEMENTS = 4096 };
    return width >= ELEMENTS ? 1 : ELEMENTS / width;
}

/** Nanoseconds an element of an element-wise pass on one thread, where its matrices are in L2: what
 * vec.h measured for lines read and lines written, 16 elements each. In L1 it is less, but there no
 * pass is worth a second thread; in memory it is more. */
static inline double vg_pass_ns(int reads, int writes)
{
    return (0.34 * reads + 1.0 * writes) / 16;
}

#endif
