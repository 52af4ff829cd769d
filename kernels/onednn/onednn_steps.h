/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn_steps.h
 * Whole steps in one call, for the rows that are compositions of small primitives.
 */
#ifndef VG_ONEDNN_STEPS_H
#define VG_ONEDNN_STEPS_H

#include "onednn/onednn_way.h"

/** A memory and how it is laid out. */
typedef struct vg_dnn_operand {
    int memory;
    vg_dnn_cmd md;
} vg_dnn_operand;

/** Something done to a result before it is stored: eltwise (memory -1) or binary. */
typedef struct vg_dnn_post {
    dnnl_alg_kind_t alg;
    float alpha, beta;
    int memory;
    vg_dnn_cmd md;
} vg_dnn_post;

static inline vg_dnn_post vg_dnn_then(dnnl_alg_kind_t alg, vg_dnn_operand with)
{
    return (vg_dnn_post){.alg = alg, .memory = with.memory, .md = with.md};
}

static inline vg_dnn_post vg_dnn_then_linear(float alpha, float beta)
{
    return (vg_dnn_post){.alg = dnnl_eltwise_linear, .alpha = alpha, .beta = beta, .memory = -1};
}

/** [batch][width] of the task, dense. */
vg_dnn_md vg_dnn_rows(vg_dnn_way *way);
/** Input, output (end with vg_dnn_finish()) and own buffer in that layout. */
vg_dnn_operand vg_dnn_input(vg_dnn_way *way, vg_slot slot);
vg_dnn_operand vg_dnn_output(vg_dnn_way *way, vg_slot slot);
void vg_dnn_finish(vg_dnn_way *way, vg_slot slot, vg_dnn_operand output);
vg_dnn_operand vg_dnn_buffer(vg_dnn_way *way);
/** One float [1][1]: the way's own, or a tensor of the task. */
vg_dnn_operand vg_dnn_scalar(vg_dnn_way *way, float value);
vg_dnn_operand vg_dnn_scalar_slot(vg_dnn_way *way, vg_slot slot);

/** Attributes with @p posts as post-ops. */
dnnl_primitive_attr_t vg_dnn_attr_with(vg_dnn_way *way, int count, const vg_dnn_post *posts);

/** to = a alg b, then @p posts. @p to may be the memory of a. */
void vg_dnn_add_binary(vg_dnn_way *way, dnnl_alg_kind_t alg, vg_dnn_operand a, vg_dnn_operand b,
                       vg_dnn_operand to, int count, const vg_dnn_post *posts);
/** to = alg(from), then @p posts. */
void vg_dnn_add_eltwise(vg_dnn_way *way, dnnl_alg_kind_t alg, float alpha, float beta,
                        vg_dnn_operand from, vg_dnn_operand to, int count,
                        const vg_dnn_post *posts);
/** to = softmax over columns, then @p posts. */
void vg_dnn_add_softmax(vg_dnn_way *way, dnnl_alg_kind_t alg, vg_dnn_operand from,
                        vg_dnn_operand to, int count, const vg_dnn_post *posts);
/** to = reduction of from over the dimensions that are 1 in to. */
void vg_dnn_add_reduction(vg_dnn_way *way, dnnl_alg_kind_t alg, float p, vg_dnn_operand from,
                          vg_dnn_operand to);
/** to [1][1] = sum of products of two dense matrices of the task's rows and columns. */
void vg_dnn_add_dot(vg_dnn_way *way, vg_dnn_operand a, vg_dnn_operand b, vg_dnn_operand to);

#endif
