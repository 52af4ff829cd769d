/* SPDX-License-Identifier: Apache-2.0 */
/** @file recurrent.h
 * Extents of a recurrent layer, for all rows. See "Recurrent layers" in vgbench/ops.h.
 */
#ifndef VG_RECURRENT_RECURRENT_H
#define VG_RECURRENT_RECURRENT_H

#include <stdint.h>

#include "base/rows.h"
#include "vgbench/kernel.h"

typedef struct vg_layer {
    int64_t batch, seq, in, hidden;
    int64_t gates; /**< rows of the weights: gates * hidden */
    int64_t saved; /**< columns of the gradients of the sums, as bwd keeps them: those of gates, and for
                      gru those of W_hn h + b_hn behind them */
} vg_layer;

static inline vg_layer vg_layer_of(vg_op op, const vg_shape *s)
{
    int64_t gates = vg_op_gates(op) * s->n[3];
    return (vg_layer){.batch = s->n[0],
                      .seq = s->n[1],
                      .in = s->n[2],
                      .hidden = s->n[3],
                      .gates = gates,
                      .saved = gates + (op == VG_OP_gru ? s->n[3] : 0)};
}

/** Where the gradient of row @p r of W_hh h + b_hh stands among the saved. */
static inline int64_t vg_recurrent_column(const vg_layer *l, int64_t r)
{
    return l->saved > l->gates && r >= 2 * l->hidden ? r + l->hidden : r;
}

#endif
