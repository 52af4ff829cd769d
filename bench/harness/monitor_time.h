/* SPDX-License-Identifier: Apache-2.0 */
/** @file monitor_time.h
 * Statistics of a recurrent layer at every step of time, as one phase of a plan: a unit takes some
 * sequences of the batch and goes through their steps backwards. Sums in double in a fixed order:
 * the same bits for any number of threads.
 */
#ifndef VG_HARNESS_MONITOR_TIME_H
#define VG_HARNESS_MONITOR_TIME_H

#include "harness/monitor.h"

/** What is read; every tensor is [steps][batch][hidden], gates [steps][batch][4 * hidden]. */
typedef struct vg_time_tensors {
    vg_op op;  /**< rnn, lstm, gru */
    vg_op act; /**< rnn: tanh or relu */
    int64_t steps, batch, hidden;
    const float *hidden_state; /**< h_t */
    const float *cells;        /**< lstm: c_t */
    const float *gates;        /**< lstm i, f, g, o; gru r, z, n, ... */
    const float *total;        /**< dL/dh_t */
} vg_time_tensors;

typedef struct vg_time_watch vg_time_watch;

/** Makes the watch and appends its phase to @p plan. */
vg_status vg_time_watch_create(const vg_time_tensors *tensors, vg_plan *plan, vg_time_watch **watch);
void vg_time_watch_destroy(vg_time_watch *watch);

/** Statistics of step @p t (1 .. steps) of the last run: grad_out_l2 is dL/dh_t, delta_l2 (rnn) is
 * dL/da_t, grad_cell_l2 (lstm) dL/dc_t, carry the mean of the gate that keeps the state (lstm f, gru
 * z), saturated the share of f' (rnn) or of sigmoid gates with a slope below a twentieth of the
 * largest. What a cell does not have is NaN. @p scale divides gradients. */
void vg_time_watch_stats(const vg_time_watch *watch, int64_t t, double scale, vg_block_stats *stats);

#endif
