/* SPDX-License-Identifier: Apache-2.0 */
/* Activations as oneDNN steps, for the rows of the activations and for fused ops. */
#ifndef VG_ELTWISE_ONEDNN_H
#define VG_ELTWISE_ONEDNN_H

#include "onednn/onednn_steps.h"

/* Klambauer et al. 2017 */
#define VGD_SELU_ALPHA 1.6732632423543772848170429916717f
#define VGD_SELU_SCALE 1.0507009873554804934193349852946f

typedef struct vgd_eltwise {
    dnnl_alg_kind_t alg, alg_dst; /* alg_dst: backward from the destination, or undefined */
    float alpha, beta;
} vgd_eltwise;

/** How the library names activation @p act; selu is elu with its alpha, without its scale. */
vgd_eltwise vgd_eltwise_of(const vg_task *task, vg_op act);

/** to = factor from */
void vgd_add_scale(vgd_way *way, float factor, vgd_operand from, vgd_operand to);

/** to = f(from); may be in place. */
void vgd_add_activation(vgd_way *way, vg_op act, vgd_operand from, vgd_operand to);

/** dx = dy f', from the destination (@p saved is y) or the source (@p saved is x). dx may be dy. */
void vgd_add_activation_backward(vgd_way *way, vg_op act, bool from_dst, vgd_operand saved,
                                 vgd_operand dy, vgd_operand dx);

#endif
