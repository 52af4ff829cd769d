/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn_steps.h
 * Whole steps in one call, for the rows that are compositions of small primitives.
 */
#ifndef VG_ONEDNN_STEPS_H
#define VG_ONEDNN_STEPS_H

#include "onednn/onednn_way.h"

/** A memory and how it is laid out. */
typedef struct vgd_operand {
    int memory;
    vgd_cmd md;
} vgd_operand;

/** Something done to a result before it is stored: eltwise (memory -1) or binary. */
typedef struct vgd_post {
    dnnl_alg_kind_t alg;
    float alpha, beta;
    int memory;
    vgd_cmd md;
} vgd_post;

static inline vgd_post vgd_then(dnnl_alg_kind_t alg, vgd_operand with)
{
    return (vgd_post){.alg = alg, .memory = with.memory, .md = with.md};
}

static inline vgd_post vgd_then_linear(float alpha, float beta)
{
    return (vgd_post){.alg = dnnl_eltwise_linear, .alpha = alpha, .beta = beta, .memory = -1};
}

/** [batch][width] of the task, dense. */
vgd_md vgd_rows(vgd_way *way);
/** Input, output (end with vgd_finish()) and own buffer in that layout. */
vgd_operand vgd_input(vgd_way *way, vg_slot slot);
vgd_operand vgd_output(vgd_way *way, vg_slot slot);
void vgd_finish(vgd_way *way, vg_slot slot, vgd_operand output);
vgd_operand vgd_buffer(vgd_way *way);
/** One float [1][1]: the way's own, or a tensor of the task. */
vgd_operand vgd_scalar(vgd_way *way, float value);
vgd_operand vgd_scalar_slot(vgd_way *way, vg_slot slot);

/** Attributes with @p posts as post-ops. */
dnnl_primitive_attr_t vgd_attr_with(vgd_way *way, int count, const vgd_post *posts);

/** to = a alg b, then @p posts. @p to may be the memory of a. */
void vgd_add_binary(vgd_way *way, dnnl_alg_kind_t alg, vgd_operand a, vgd_operand b, vgd_operand to,
                    int count, const vgd_post *posts);
/** to = alg(from), then @p posts. */
void vgd_add_eltwise(vgd_way *way, dnnl_alg_kind_t alg, float alpha, float beta, vgd_operand from,
                     vgd_operand to, int count, const vgd_post *posts);
/** to = softmax over columns, then @p posts. */
void vgd_add_softmax(vgd_way *way, dnnl_alg_kind_t alg, vgd_operand from, vgd_operand to, int count,
                     const vgd_post *posts);
/** to = reduction of from over the dimensions that are 1 in to. */
void vgd_add_reduction(vgd_way *way, dnnl_alg_kind_t alg, float p, vgd_operand from,
                       vgd_operand to);
/** to [1][1] = sum of products of two dense matrices of the task's rows and columns. */
void vgd_add_dot(vgd_way *way, vgd_operand a, vgd_operand b, vgd_operand to);

#endif
