/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of fused norms over the vector layer. A row of a fused op is these, with its form. */
#ifndef VG_NORM_FUSED_VEC_H
#define VG_NORM_FUSED_VEC_H

#include "norm/batch_norm_units.h"
#include "norm/fused.h"
#include "norm/row_norm_vec.h"

typedef enum vg_norm_part {
    VG_ROWS_FORWARD,
    VG_ROWS_BACKWARD,
    VG_STRIP_FORWARD,
    VG_REDUCE_FORWARD,
    VG_APPLY_FORWARD,
    VG_STRIP_BACKWARD,
    VG_REDUCE_BACKWARD,
    VG_APPLY_BACKWARD
} vg_norm_part;

/* @p part and @p form are constants. */
VG_INLINE void vg_run_part(vg_norm_part part, vg_norm_form form, const vg_task *task, int64_t unit,
                           void *scratch)
{
    switch (part) {
    case VG_ROWS_FORWARD:
        vg_row_norm_forward(task, unit, form);
        return;
    case VG_ROWS_BACKWARD:
        vg_row_norm_backward(task, unit, form, scratch);
        return;
    case VG_STRIP_FORWARD:
        vg_batch_forward_strip(task, unit, form);
        return;
    case VG_REDUCE_FORWARD:
        vg_batch_forward_reduce(task, unit, form);
        return;
    case VG_APPLY_FORWARD:
        vg_tile_normalise(task, form, vg_apply_of(task, unit), scratch);
        return;
    case VG_STRIP_BACKWARD:
        vg_batch_backward_strip(task, unit, form);
        return;
    case VG_REDUCE_BACKWARD:
        vg_batch_backward_reduce(task, unit, form);
        return;
    case VG_APPLY_BACKWARD:
        vg_tile_differentiate(task, form, vg_apply_of(task, unit), scratch);
        return;
    }
}

#endif
