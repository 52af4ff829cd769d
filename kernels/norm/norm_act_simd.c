/* SPDX-License-Identifier: Apache-2.0 */
/* y = f(N(x)). relu and leaky_relu, and f' from y where that is a few operations (sigmoid, tanh, elu,
 * selu), are applied in the registers of the norm; the others by a loop over rows that are still in
 * the first cache. Where backward needs z it makes z again from x, two operations, instead of a
 * further stream. */
#include "norm/fused_vec.h"

VG_INLINE void run_by_rows(vg_norm_part part, bool centred, const vg_task *task, int64_t unit,
                           void *scratch)
{
    vg_run_part(part, (vg_norm_form){centred, VG_OP_linear, false, true}, task, unit, scratch);
}

/* relu, leaky_relu and linear in the loops of the norm. */
VG_INLINE void run_select(vg_norm_part part, bool centred, const vg_task *task, int64_t unit,
                          void *scratch)
{
    if (task->shape.act == VG_OP_relu)
        vg_run_part(part, (vg_norm_form){centred, VG_OP_relu, false, false}, task, unit, scratch);
    else if (task->shape.act == VG_OP_leaky_relu)
        vg_run_part(part, (vg_norm_form){centred, VG_OP_leaky_relu, false, false}, task, unit,
                    scratch);
    else if (task->shape.act == VG_OP_linear)
        vg_run_part(part, (vg_norm_form){centred, VG_OP_linear, false, false}, task, unit,
                    scratch);
    else
        run_by_rows(part, centred, task, unit, scratch);
}

/* Batch norm backward: those whose f' is made of y, too. */
VG_INLINE void run_batch_backward(vg_norm_part part, const vg_task *task, int64_t unit,
                                  void *scratch)
{
    switch (task->shape.act) {
    case VG_OP_sigmoid:
        vg_run_part(part, (vg_norm_form){true, VG_OP_sigmoid, false, false}, task, unit, scratch);
        return;
    case VG_OP_tanh:
        vg_run_part(part, (vg_norm_form){true, VG_OP_tanh, false, false}, task, unit, scratch);
        return;
    case VG_OP_elu:
        vg_run_part(part, (vg_norm_form){true, VG_OP_elu, false, false}, task, unit, scratch);
        return;
    case VG_OP_selu:
        vg_run_part(part, (vg_norm_form){true, VG_OP_selu, false, false}, task, unit, scratch);
        return;
    default:
        run_select(part, true, task, unit, scratch);
    }
}

VG_INLINE void run(vg_norm_part part, bool centred, const vg_task *task, int64_t unit,
                   void *scratch)
{
    switch (part) {
    case VG_STRIP_BACKWARD:
    case VG_REDUCE_BACKWARD:
    case VG_APPLY_BACKWARD:
        run_batch_backward(part, task, unit, scratch);
        return;
    case VG_ROWS_BACKWARD:
    case VG_REDUCE_FORWARD: /* statistics alone: no activation */
        run_by_rows(part, centred, task, unit, scratch);
        return;
    default:
        run_select(part, centred, task, unit, scratch);
    }
}

static const double FORWARD_NS = 0.3, BACKWARD_NS = 0.4;
#include "norm/fused_rows.h"
VG_FUSED_ROWS(norm_act)
