/* SPDX-License-Identifier: Apache-2.0 */
/* What the oneDNN rows of the norms share. The library saves variances, the op's tensors hold
 * 1 / sqrt(var + eps): converted in C, one number per statistic. */
#ifndef VG_NORM_ONEDNN_H
#define VG_NORM_ONEDNN_H

#include "onednn/onednn_steps.h"

static inline const vg_params *vg_dnn_params(const vg_task *task)
{
    return task->params ? task->params : &vg_params_default;
}

/** Matrices [batch][width] of a pass, dense; those of the other direction are unused. dx may be dy:
 * it is written when dy has been read for the last time. */
typedef struct vg_dnn_norm_io {
    vg_dnn_operand x, y, dy, dx;
} vg_dnn_norm_io;

/** Steps of batch norm; way->variant is a layout. In training mean, rstd and running statistics are
 * those of the task. @p relu fuses one behind (forward only). */
void vg_dnn_batch_norm_forward(vg_dnn_way *way, const vg_dnn_norm_io *io, bool relu);
void vg_dnn_batch_norm_backward(vg_dnn_way *way, const vg_dnn_norm_io *io);
/** y = N(x) with the saved statistics of VG_MEAN, VG_RSTD. */
void vg_dnn_batch_norm_again(vg_dnn_way *way, const vg_dnn_norm_io *io);
enum { VG_DNN_NC, VG_DNN_NHWC, VG_DNN_BLOCKED16, VG_DNN_BLOCKED8 };

/** Steps of layer, group and rms norm; way->variant is one of the numbers below. @p then: eltwise
 * post-ops of layer norm, count of them. */
void vg_dnn_row_norm_forward(vg_dnn_way *way, vg_op norm, const vg_dnn_norm_io *io, int count,
                             const vg_dnn_post *then);
void vg_dnn_row_norm_backward(vg_dnn_way *way, vg_op norm, const vg_dnn_norm_io *io);
void vg_dnn_row_norm_again(vg_dnn_way *way, vg_op norm, const vg_dnn_norm_io *io);
enum {
    VG_DNN_NATIVE,
    VG_DNN_NATIVE_NWC,
    VG_DNN_BY_LAYER,
    VG_DNN_BY_LAYER_REDUCED,
    VG_DNN_NO_SHIFT
};

/** Numbers in a saved statistic of the task. */
int64_t vg_dnn_statistics(const vg_task *task);

/** The mean as tensor of @p md (dense, vg_dnn_statistics() numbers): the slot or a copy of it. */
vg_dnn_operand vg_dnn_mean_out(vg_dnn_way *way, vg_dnn_cmd md);
vg_dnn_operand vg_dnn_mean_in(vg_dnn_way *way, vg_dnn_cmd md);

/** After a forward pass: VG_RSTD from the variances in @p variance. */
void vg_dnn_save_rstd(vg_dnn_way *way, vg_dnn_operand variance);
/** Before a backward pass: variances from VG_RSTD. */
vg_dnn_operand vg_dnn_load_variance(vg_dnn_way *way, vg_dnn_cmd md);

/** [1][width] of the task: gamma, beta and their gradients as matrices. */
vg_dnn_operand vg_dnn_channel_slot(vg_dnn_way *way, vg_slot slot);

/** to [1][width] = sum over the rows of @p from, by a product with a row of ones or a reduction. */
void vg_dnn_add_column_sum(vg_dnn_way *way, vg_dnn_operand from, vg_dnn_operand to, bool by_ones);

#endif
