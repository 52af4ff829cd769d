/* SPDX-License-Identifier: Apache-2.0 */
/* What the oneDNN rows of the norms share. The library saves variances, the op's tensors hold
 * 1 / sqrt(var + eps): converted in C, one number per statistic. */
#ifndef VG_NORM_ONEDNN_H
#define VG_NORM_ONEDNN_H

#include "onednn/onednn_steps.h"

static inline const vg_params *vgd_params(const vg_task *task)
{
    return task->params ? task->params : &vg_params_default;
}

/** Numbers in a saved statistic of the task. */
int64_t vgd_statistics(const vg_task *task);

/** The mean as tensor of @p md (dense, vgd_statistics() numbers): the slot or a copy of it. */
vgd_operand vgd_mean_out(vgd_way *way, vgd_cmd md);
vgd_operand vgd_mean_in(vgd_way *way, vgd_cmd md);

/** After a forward pass: VG_RSTD from the variances in @p variance. */
void vgd_save_rstd(vgd_way *way, vgd_operand variance);
/** Before a backward pass: variances from VG_RSTD. */
vgd_operand vgd_load_variance(vgd_way *way, vgd_cmd md);

/** [1][width] of the task: gamma, beta and their gradients as matrices. */
vgd_operand vgd_channel_slot(vgd_way *way, vg_slot slot);

/** to [1][width] = sum over the rows of @p from, by a product with a row of ones or a reduction. */
void vgd_add_column_sum(vgd_way *way, vgd_operand from, vgd_operand to, bool by_ones);

#endif
