/* SPDX-License-Identifier: Apache-2.0 */
/** @file monitor.h
 * Statistics of tensors as phases of a plan: partial sums in double over fixed row blocks, combined
 * in order, so that they are bitwise the same for any number of threads.
 */
#ifndef VG_HARNESS_MONITOR_H
#define VG_HARNESS_MONITOR_H

#include <stdint.h>

#include "vgbench/plan.h"
#include "vgbench/status.h"

/** What is recorded of a block. Norms are Euclidean over the whole batch. */
typedef struct vg_block_stats {
    double delta_l2;       /**< dL/dz_l */
    double grad_out_l2;    /**< dL/dh_l */
    double grad_weight_l2; /**< dL/dW_l */
    double grad_bias_l2;   /**< dL/db_l; of vg_net_stats() alone */
    double weight_l2;
    double out_mean, out_std; /**< of h_l */
    double slope_abs_mean, slope_sq_mean, slope_abs_max; /**< f' at its input */
    double saturated; /**< fraction with |f'| < 0.05 max |f'| */
    double dead;      /**< units with |f'| < 0.001 max |f'| on the whole batch */
    /* fractions of delta_l: zero; subnormal; not zero, but zero when rounded to fp16 or bf16 */
    double zero, subnormal, underflow_fp16, underflow_bf16;
    /* recurrent models: lstm's dL/dc_t, and the mean of the gate that carries the state */
    double grad_cell_l2, carry;
} vg_block_stats;

/* Magnitudes as bits, below or at which a float is subnormal, or rounds to zero in fp16 (2^-25, ties
 * to even) or bf16 (2^-134). */
#define VG_BITS_MIN_NORMAL 0x00800000
#define VG_BITS_FP16_ZERO 0x33000000
#define VG_BITS_BF16_ZERO 0x00008000

typedef enum vg_watch_kind {
    VG_WATCH_SQUARES, /**< sum of squares */
    VG_WATCH_VALUES,  /**< sum, sum of squares */
    VG_WATCH_DELTA,   /**< sum of squares and counts of small numbers */
    VG_WATCH_SLOPES   /**< sums of |s|, s^2, max |s|, counts below limits, silent columns */
} vg_watch_kind;

enum { VG_WATCH_FIELDS = 5 };

/** One tensor under watch. The task comes first: it is what the phase is given. */
typedef struct vg_watch {
    vg_task task;
    vg_watch_kind kind;
    const float *p; /**< [rows][cols] */
    int64_t rows, cols, block_rows, units;
    float saturated_below, dead_below; /**< slopes: limits of |s| */
    vg_op act;           /**< slopes: f whose saved value p is; VG_OP_none: p holds f' itself */
    float slope;         /**< leaky_relu: slope below 0; 0 for relu */
    const float *slopes; /**< prelu: learnt slopes, ... */
    int64_t slope_step;  /**< ... 0 where one is shared, else 1 */
    const struct vg_sums *sums;        /**< the reductions of this CPU */
    double *partials;                  /**< [units][VG_WATCH_FIELDS] */
    uint8_t *alive;                    /**< slopes: [units][cols] */
} vg_watch;

/** Allocates the partial sums and appends the phase to @p plan. */
vg_status vg_watch_append(vg_watch *watch, vg_plan *plan);
void vg_watch_release(vg_watch *watch);

/** Sum of squares of @p n floats, in double and in a fixed order. */
double vg_sum_squares(const float *p, int64_t n);

/** Combined fields of the last run: SQUARES {sum sq}; VALUES {sum, sum sq}; DELTA {sum sq, zeros,
 * subnormals, fp16, bf16}; SLOPES {sum |s|, sum sq, max |s|, saturated, dead columns}. */
void vg_watch_total(const vg_watch *watch, double total[VG_WATCH_FIELDS]);

#endif
