/* SPDX-License-Identifier: Apache-2.0 */
/* Layer, group and rms norm in plain C. */
#include "norm/row_norm_plain.h"

VG_INLINE void forward_unit(const vg_task *task, int64_t unit, bool centred, void *scratch)
{
    (void)scratch;
    vg_row_norm_forward(task, unit, centred);
}

VG_INLINE void backward_unit(const vg_task *task, int64_t unit, bool centred, void *scratch)
{
    (void)scratch;
    vg_row_norm_backward(task, unit, centred, false);
}

#define FORWARD_IMPL "plain C"
#define BACKWARD_IMPL "plain C"
static const double FORWARD_NS = 1.5, BACKWARD_NS = 2;
#define TOO_SMALL NULL
#include "norm/row_norm_rows.h"
