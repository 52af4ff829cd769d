/* SPDX-License-Identifier: Apache-2.0 */
/** @file sums.h
 * Reductions of a block of floats for the monitor of a network: sums in double, counts of what is
 * small, slopes of activations. Compiled per ISA; every ISA has an order of summation of its own.
 */
#ifndef VG_MONITOR_SUMS_H
#define VG_MONITOR_SUMS_H

#include <stdint.h>

#include "vgbench/kernel.h"

/** |f'| of rows x cols values, read off what the op saves. */
typedef struct vg_slope_view {
    vg_op act;           /**< f; VG_OP_none: p holds f' itself */
    const float *p;      /**< [rows][cols]: y of sigmoid and tanh, x of the ReLU family */
    int64_t rows, cols;
    float below;         /**< relu, leaky_relu: slope for x <= 0 */
    const float *slopes; /**< prelu: learnt slopes, ... */
    int64_t slope_step;  /**< ... 0 where one is shared, else 1 */
    float saturated_below, dead_below;
} vg_slope_view;

/** One step of a gated cell: rows of gates as VG_GATES has them, 4 x width each. */
typedef struct vg_cell_view {
    const float *gates;
    const float *h, *total; /**< lstm: [rows][width] hidden state, dL/dh */
    /** lstm: [rows][width] f_{t+1} dL/dc_{t+1} on entry, f_t dL/dc_t on return */
    float *carried;
    int64_t rows, width;
    float flat_below; /**< a gate g with g (1 - g) below this is flat */
} vg_cell_view;

typedef struct vg_sums {
    /** field: {sum of squares} */
    void (*squares)(const float *p, int64_t n, double *field);
    /** {sum, sum of squares} */
    void (*values)(const float *p, int64_t n, double *field);
    /** {sum of squares, zeros, subnormals, not zero but zero in fp16, ... in bf16} */
    void (*delta)(const float *p, int64_t n, double *field);
    /** {sum of (f'(a) g)^2} with f'(a) from y = f(a): tanh, or relu otherwise */
    void (*through)(vg_op act, const float *y, const float *g, int64_t n, double *field);
    /** {sum |s|, sum s^2, max |s|, count below saturated_below}; alive[c] = 1 where column c has a
     * slope of at least dead_below */
    void (*slopes)(const vg_slope_view *view, double *field, uint8_t *alive);
    /** {sum of what carries the state on: f, z; flat gates of i, f, o or r, z; sum of squares of
     * dL/dc_t = dL/dh_t o (1 - tanh^2 c_t) + carried, where tanh c is h / o (gru: 0)} */
    void (*lstm)(const vg_cell_view *view, double *field);
    void (*gru)(const vg_cell_view *view, double *field);
} vg_sums;

/** The reductions of @p backend; those of the scalar rows where it has none of its own. */
const vg_sums *vg_sums_of(vg_backend backend);

#endif
