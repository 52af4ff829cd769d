/* SPDX-License-Identifier: Apache-2.0 */
/* Norms on oneDNN, alone, before an activation and behind an addition. Fused ops are the library's
 * own fusions where it has them in training (a relu behind batch norm, post-ops of layer norm) and
 * sequences otherwise. */
#include "norm/norm_onednn.h"
#include "activation/eltwise_onednn.h"
#include "norm/norm.h"

enum { FUSED = 16 /* added to a variant: the activation inside the norm's primitive */ };

static bool is_norm_act(const vg_task *task)
{
    return task->kernel->op == VG_OP_norm_act;
}

static void add_norm_forward(vg_dnn_way *way, const vg_task *task, const vg_dnn_norm_io *io,
                             bool fused)
{
    vg_op norm = vg_norm_kind(task), act = (vg_op)task->shape.act;
    if (norm == VG_OP_batch_norm) {
        if (fused && act != VG_OP_relu)
            vg_dnn_skip(way, "batch norm fuses no other activation than relu");
        vg_dnn_batch_norm_forward(way, io, fused);
        return;
    }
    vg_dnn_eltwise e = vg_dnn_eltwise_of(task, act);
    vg_dnn_post then = {.alg = e.alg, .alpha = e.alpha, .beta = e.beta, .memory = -1};
    if (fused && (act == VG_OP_selu || act == VG_OP_linear))
        vg_dnn_skip(way, "no such post-op");
    vg_dnn_row_norm_forward(way, norm, io, fused, &then);
}

static void forward(vg_dnn_way *way, const vg_task *task)
{
    bool fused = way->variant & FUSED, adds = task->kernel->op == VG_OP_add_norm;
    way->variant &= ~FUSED;
    vg_dnn_norm_io io = {.x = vg_dnn_input(way, VG_X)};
    if (adds) { /* s = x + h, in the place of x from here on */
        vg_dnn_operand s = vg_dnn_output(way, VG_SUM);
        vg_dnn_add_binary(way, dnnl_binary_add, io.x, vg_dnn_input(way, VG_H), s, 0, NULL);
        vg_dnn_finish(way, VG_SUM, s);
        io.x = s;
    }
    io.y = vg_dnn_output(way, VG_Y);
    add_norm_forward(way, task, &io, fused);
    if (is_norm_act(task) && !fused)
        vg_dnn_add_activation(way, (vg_op)task->shape.act, io.y, io.y);
    vg_dnn_finish(way, VG_Y, io.y);
}

/* Whether the backward pass of norm_act has y; else z = N(x) is computed again. */
static bool has_output(const vg_task *task)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(task->kernel->op, task->kernel->dir, &task->shape, list);
    for (int i = 0; i < count; i++)
        if (list[i].slot == VG_Y)
            return true;
    return false;
}

/* dy f' into a buffer: the gradient that arrives at the norm. */
static vg_dnn_operand through_activation(vg_dnn_way *way, const vg_task *task, vg_dnn_operand x,
                                         vg_dnn_operand dy)
{
    vg_op norm = vg_norm_kind(task), act = (vg_op)task->shape.act;
    vg_dnn_operand dz = vg_dnn_buffer(way), saved;
    if (act == VG_OP_linear)
        return dy;
    bool from_dst = has_output(task);
    if (from_dst) {
        saved = vg_dnn_input(way, VG_Y);
    } else {
        saved = vg_dnn_buffer(way);
        vg_dnn_norm_io again = {.x = x, .y = saved};
        if (norm == VG_OP_batch_norm)
            vg_dnn_batch_norm_again(way, &again);
        else
            vg_dnn_row_norm_again(way, norm, &again);
    }
    vg_dnn_add_activation_backward(way, act, from_dst, saved, dy, dz);
    return dz;
}

static void backward(vg_dnn_way *way, const vg_task *task)
{
    vg_op norm = vg_norm_kind(task);
    bool adds = task->kernel->op == VG_OP_add_norm;
    vg_dnn_norm_io io = {.x = vg_dnn_input(way, adds ? VG_SUM : VG_X),
                         .dy = vg_dnn_input(way, VG_DY)};
    /* dx of add_norm arrives as the gradient of the trunk */
    vg_dnn_operand trunk = adds ? vg_dnn_input(way, VG_DX) : (vg_dnn_operand){-1, NULL};
    io.dx = adds ? vg_dnn_buffer(way) : vg_dnn_output(way, VG_DX);
    if (is_norm_act(task))
        io.dy = through_activation(way, task, io.x, io.dy);
    if (norm == VG_OP_batch_norm)
        vg_dnn_batch_norm_backward(way, &io);
    else
        vg_dnn_row_norm_backward(way, norm, &io);
    if (adds)
        vg_dnn_add_binary(way, dnnl_binary_add, trunk, io.dx, trunk, 0, NULL);
    vg_dnn_finish(way, VG_DX, adds ? trunk : io.dx);
}

/* --- choices ---------------------------------------------------------------------------------- */

static vg_status prepare_batch(vg_task *task, int threads)
{
    static const vg_dnn_choice fwd[] = {{"nc", forward, VG_DNN_NC},
                                        {"nhwc", forward, VG_DNN_NHWC},
                                        {"nChw16c", forward, VG_DNN_BLOCKED16},
                                        {"nChw8c", forward, VG_DNN_BLOCKED8},
                                        {"nhwc, fused relu", forward, VG_DNN_NHWC | FUSED},
                                        {"nc, fused relu", forward, VG_DNN_NC | FUSED}};
    static const vg_dnn_choice bwd[] = {{"nc", backward, VG_DNN_NC},
                                        {"nhwc", backward, VG_DNN_NHWC},
                                        {"nChw16c", backward, VG_DNN_BLOCKED16},
                                        {"nChw8c", backward, VG_DNN_BLOCKED8}};
    if (task->kernel->dir == VG_DIR_bwd)
        return vg_dnn_prepare(task, threads, bwd, 4);
    return vg_dnn_prepare(task, threads, fwd, is_norm_act(task) ? 6 : 4);
}

static vg_status prepare_layer(vg_task *task, int threads)
{
    static const vg_dnn_choice fwd[] = {
        {"layer norm", forward, VG_DNN_NATIVE},
        {"layer norm with post-op", forward, VG_DNN_NATIVE | FUSED}};
    /* The shift is no input of the backward pass, but 2.6 and 3.7 ask for it; a release that does
     * not refuses to run with it, and the other choice is left. */
    static const vg_dnn_choice bwd[] = {{"layer norm", backward, VG_DNN_NATIVE},
                                        {"layer norm", backward, VG_DNN_NO_SHIFT}};
    if (task->kernel->dir == VG_DIR_bwd)
        return vg_dnn_prepare(task, threads, bwd, 2);
    return vg_dnn_prepare(task, threads, fwd, is_norm_act(task) ? 2 : 1);
}

static vg_status prepare_group(vg_task *task, int threads)
{
    static const vg_dnn_choice fwd[] = {
        {"group norm ncw", forward, VG_DNN_NATIVE},
        {"group norm nwc", forward, VG_DNN_NATIVE_NWC},
        {"layer norm over groups, binary", forward, VG_DNN_BY_LAYER},
    };
    static const vg_dnn_choice bwd[] = {
        {"group norm ncw", backward, VG_DNN_NATIVE},
        {"layer norm over groups, sums by matmul", backward, VG_DNN_BY_LAYER},
        {"layer norm over groups, sums by reduction", backward, VG_DNN_BY_LAYER_REDUCED},
    };
    return vg_dnn_prepare(task, threads, task->kernel->dir == VG_DIR_bwd ? bwd : fwd, 3);
}

static vg_status prepare_rms(vg_task *task, int threads)
{
    static const vg_dnn_choice fwd[] = {
        {"layer norm with rms flag", forward, VG_DNN_NATIVE},
        {"squares by matmul, layer norm with given statistics", forward, VG_DNN_BY_LAYER},
        {"squares by reduction, layer norm with given statistics", forward,
         VG_DNN_BY_LAYER_REDUCED},
    };
    static const vg_dnn_choice bwd[] = {
        {"layer norm of mean 0, matmul", backward, VG_DNN_BY_LAYER},
        {"layer norm of mean 0, binary", backward, VG_DNN_BY_LAYER_REDUCED},
    };
    if (task->kernel->dir == VG_DIR_bwd)
        return vg_dnn_prepare(task, threads, bwd, 2);
    return vg_dnn_prepare(task, threads, fwd, 3);
}

static vg_status prepare(vg_task *task, int threads)
{
    switch (vg_norm_kind(task)) {
    case VG_OP_batch_norm:
        return prepare_batch(task, threads);
    case VG_OP_layer_norm:
        return prepare_layer(task, threads);
    case VG_OP_group_norm:
        return prepare_group(task, threads);
    default:
        return prepare_rms(task, threads);
    }
}

static vg_status fused_supports(const vg_shape *shape)
{
    if (shape->act == VG_OP_prelu)
        return vg_fail(VG_EUNSUPPORTED, "act:prelu has a slope of its own and is not fused");
    return shape->norm == VG_OP_batch_norm ? vg_batch_norm_supports(shape) : VG_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

#define ROW(check)                                                                                 \
    {                                                                                              \
        .impl = "oneDNN norm, best way", .phases = vg_dnn_phases, .supports = check,               \
        .prepare = prepare, .release = vg_dnn_release, .describe = vg_dnn_describe                 \
    }

const vg_kernel_impl vg_batch_norm_fwd_onednn = ROW(vg_batch_norm_supports);
const vg_kernel_impl vg_batch_norm_bwd_onednn = ROW(vg_batch_norm_supports);
const vg_kernel_impl vg_batch_norm_infer_onednn = ROW(NULL);
const vg_kernel_impl vg_layer_norm_fwd_onednn = ROW(NULL), vg_layer_norm_bwd_onednn = ROW(NULL);
const vg_kernel_impl vg_group_norm_fwd_onednn = ROW(NULL), vg_group_norm_bwd_onednn = ROW(NULL);
const vg_kernel_impl vg_rms_norm_fwd_onednn = ROW(NULL), vg_rms_norm_bwd_onednn = ROW(NULL);
const vg_kernel_impl vg_norm_act_fwd_onednn = ROW(fused_supports);
const vg_kernel_impl vg_norm_act_bwd_onednn = ROW(fused_supports);
const vg_kernel_impl vg_add_norm_fwd_onednn = ROW(fused_supports);
const vg_kernel_impl vg_add_norm_bwd_onednn = ROW(fused_supports);
