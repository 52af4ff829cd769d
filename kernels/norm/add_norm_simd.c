/* SPDX-License-Identifier: Apache-2.0 */
/* s = x + h, y = N(s), s kept; backward: dx, the trunk's gradient at s, += dN/ds dy. Rows are added
 * just before their statistics are taken, so the norm finds s in the first cache. */
#include "norm/fused_vec.h"

VG_INLINE void run(vg_norm_part part, bool centred, const vg_task *task, int64_t unit,
                   void *scratch)
{
    vg_run_part(part, (vg_norm_form){.centred = centred, .act = VG_OP_linear, .add = true}, task,
                unit, scratch);
}

static const double FORWARD_NS = 0.15, BACKWARD_NS = 0.2;
#include "norm/fused_rows.h"
VG_FUSED_ROWS(add_norm)
