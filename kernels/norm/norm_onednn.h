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

/** Matrices [batch][width] of a pass, dense; those of the other direction are unused. dx may be dy:
 * it is written when dy has been read for the last time. */
typedef struct vgd_norm_io {
    vgd_operand x, y, dy, dx;
} vgd_norm_io;

/** Steps of batch norm; way->variant is a layout. In training mean, rstd and running statistics are
 * those of the task. @p relu fuses one behind (forward only). */
void vgd_batch_norm_forward(vgd_way *way, const vgd_norm_io *io, bool relu);
void vgd_batch_norm_backward(vgd_way *way, const vgd_norm_io *io);
/** y = N(x) with the saved statistics of VG_MEAN, VG_RSTD. */
void vgd_batch_norm_again(vgd_way *way, const vgd_norm_io *io);
enum { VGD_NC, VGD_NHWC, VGD_BLOCKED16, VGD_BLOCKED8 };

/** Steps of layer, group and rms norm; way->variant is one of the numbers below. @p then: eltwise
 * post-ops of layer norm, count of them. */
void vgd_row_norm_forward(vgd_way *way, vg_op norm, const vgd_norm_io *io, int count,
                          const vgd_post *then);
void vgd_row_norm_backward(vgd_way *way, vg_op norm, const vgd_norm_io *io);
void vgd_row_norm_again(vgd_way *way, vg_op norm, const vgd_norm_io *io);
enum { VGD_NATIVE, VGD_NATIVE_NWC, VGD_BY_LAYER, VGD_BY_LAYER_REDUCED, VGD_NO_SHIFT };

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
