/* SPDX-License-Identifier: Apache-2.0 */
/** @file verify.h
 * Runs kernel rows against the double-precision oracle on hostile memory.
 *
 * Every tensor lies against an unmapped page, behind it or before it, with red zones around it and
 * between its rows; outputs are poisoned, and inputs must come back unchanged. Two tracks: whole
 * numbers, whose sums are exact in f32 in any order and must agree bit for bit, and real data,
 * judged by the bounds of vg_op_tolerance().
 */
#ifndef VG_MEASURE_VERIFY_H
#define VG_MEASURE_VERIFY_H

#include "vgbench/kernel.h"

typedef enum vg_verify_fill {
    VG_FILL_INTEGER = 0, /**< small whole numbers: exact where the op only adds and multiplies */
    VG_FILL_REAL,        /**< normal deviates of scale 1 */
    VG_FILL_HARD,        /**< real data strewn with +-0, subnormal, huge, infinite and NaN values */
    VG_FILL_SHIFTED,     /**< norms: real data whose mean is 1000 deviations; else as REAL */
    VG_FILL_SWEEP,       /**< element-wise ops: all magnitudes that f32 has; else as REAL */
    VG_FILL_COUNT
} vg_verify_fill;

typedef enum vg_verify_place {
    VG_PLACE_END = 0, /**< last element right before an unmapped page, alignment as it falls */
    VG_PLACE_START,   /**< first element right behind an unmapped page, so page-aligned */
    VG_PLACE_ODD,     /**< 4 bytes behind a page boundary */
    VG_PLACE_COUNT
} vg_verify_place;

/** How one case is run. Zero-initialised: integers, fenced at the end, ld = cols, one thread. */
typedef struct vg_verify_options {
    vg_verify_fill fill;
    vg_verify_place place;
    int pad;       /**< ld = cols + pad for every matrix */
    bool in_place; /**< outputs share the memory of the inputs they may alias */
    int threads;   /**< < 1: one */
    uint64_t seed;
    const vg_params *params; /**< NULL: vg_params_default */
} vg_verify_options;

enum { VG_VERIFY_TEXT = 320 };

/** Accumulates over cases; zero-initialise. */
typedef struct vg_verify_result {
    int64_t cases;    /**< kernel runs that were compared */
    int64_t failures; /**< cases that failed */
    int64_t refused;  /**< cases the row does not take (shape, stride); never all of them */
    int64_t values;   /**< elements compared */
    double ulp_max;   /**< largest error in units of the last place of the reference; of its
                           magnitude S where the bound is in S */
    double ulp_shared; /**< the same over the inputs that rows of a library get, too */
    bool shares;       /**< whether the case that runs is one of them */
    double ratio_max; /**< largest error / bound; infinite where no error is allowed */
    double slope_max; /**< backward rows with a bound on |f'| (verify_slope.h): the largest */
    /* where ratio_max was, or the first failure: */
    vg_shape shape;
    vg_slot slot;
    int64_t row, col;
    double got, reference;
    char text[VG_VERIFY_TEXT]; /**< one line: what failed, or "" */
} vg_verify_result;

typedef enum vg_tier {
    VG_TIER_SAMPLE, /**< every fifth shape of the next, one thread: for programs that run rows slowly */
    VG_TIER_CI, /**< every shape class once: a fraction of a second per row */
    VG_TIER_FULL /**< more shapes, and sweeps 64 times as dense */
} vg_tier;

/** Runs @p kernel once on @p shape and adds to @p result. A wrong number is not an error of the
 * call: it is counted in result->failures. The status tells of what kept the case from running
 * (memory, an oracle that does not know the op); VG_EUNSUPPORTED: counted as refused. */
vg_status vg_verify_case(const vg_kernel *kernel, const vg_shape *shape,
                         const vg_verify_options *options, vg_verify_result *result);

/** Runs @p kernel on all shapes, fills and placements of @p tier, and with 1, 2, 3, 5 and 8
 * threads, whose outputs must agree bit for bit (oneDNN rows: within the bound). A row for which
 * not one case ran has failed. Sets @p result. */
vg_status vg_verify_row(const vg_kernel *kernel, vg_tier tier, vg_verify_result *result);

/** The bound that @p kernel is held to: vg_op_tolerance(), widened for oneDNN rows, which are
 * compared with and not gated. */
vg_tolerance vg_verify_tolerance(const vg_kernel *kernel, const vg_shape *shape, vg_slot slot);

#endif
