/* SPDX-License-Identifier: Apache-2.0 */
/* Activations as oneDNN steps, for the rows of the activations and for fused ops. */
#ifndef VG_ELTWISE_ONEDNN_H
#define VG_ELTWISE_ONEDNN_H

#include "onednn/onednn_steps.h"

/* Klambauer et al. 2017 */
#define VG_DNN_SELU_ALPHA 1.6732632423543772848170429916717f
#define VG_DNN_SELU_SCALE 1.0507009873554804934193349852946f

typedef struct vg_dnn_eltwise {
    dnnl_alg_kind_t alg, alg_dst; /* alg_dst: backward from the destination, or undefined */
    float alpha, beta;
} vg_dnn_eltwise;

/** How the library names activation @p act; selu is elu with its alpha, without its scale. */
vg_dnn_eltwise vg_dnn_eltwise_of(const vg_task *task, vg_op act);

/** to = factor from */
void vg_dnn_add_scale(vg_dnn_way *way, float factor, vg_dnn_operand from, vg_dnn_operand to);

/** to = f(from); may be in place. */
void vg_dnn_add_activation(vg_dnn_way *way, vg_op act, vg_dnn_operand from, vg_dnn_operand to);

/** dx = dy f', from the destination (@p saved is y) or the source (@p saved is x). dx may be dy. */
void vg_dnn_add_activation_backward(vg_dnn_way *way, vg_op act, bool from_dst, vg_dnn_operand saved,
                                    vg_dnn_operand dy, vg_dnn_operand dx);

#endif
