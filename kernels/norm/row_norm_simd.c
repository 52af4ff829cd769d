/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm over the vector layer. */
#include "norm/row_norm_vec.h"

VG_INLINE void forward_unit(const vg_task *task, int64_t unit, bool centred, void *scratch)
{
    (void)scratch;
    vg_row_norm_forward(task, unit, (vg_norm_form){.centred = centred, .act = VG_OP_linear});
}

VG_INLINE void backward_unit(const vg_task *task, int64_t unit, bool centred, void *scratch)
{
    vg_row_norm_backward(task, unit, (vg_norm_form){.centred = centred, .act = VG_OP_linear},
                         scratch);
}

#define FORWARD_IMPL "one pass, shifted"
#define BACKWARD_IMPL "4 rows at a time"
#define TOO_SMALL vg_row_norm_too_small
static const double FORWARD_NS = 0.1, BACKWARD_NS = 0.15;
#include "norm/row_norm_rows.h"
