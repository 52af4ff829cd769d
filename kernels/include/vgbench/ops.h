/* SPDX-License-Identifier: Apache-2.0 */
/** @file ops.h
 * The operations of the suite: names, directions, tensors, and the models of their work.
 *
 * An op is a problem, not an implementation: all backends of an op take the same tensors and are
 * charged the same flops and bytes. The table is in registry/ops.c, and nowhere else.
 */
#ifndef VGBENCH_OPS_H
#define VGBENCH_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "vgbench/shape.h"
#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Operations. Lower-case tails, because registry/kernels.inc pastes them into symbol names. */
typedef enum vg_op {
    VG_OP_none = 0,
    VG_OP_dense, /**< y = x W^T + b; keys batch, in, out */
    /* activations, element-wise; keys batch, width (prelu also slopes: 1 = shared, or width) */
    VG_OP_relu,
    VG_OP_linear,
    VG_OP_sigmoid,
    VG_OP_tanh,
    VG_OP_leaky_relu,
    VG_OP_prelu,
    VG_OP_gelu,      /**< x Phi(x), by erf */
    VG_OP_gelu_tanh, /**< the tanh approximation with 0.044715 */
    VG_OP_elu,
    VG_OP_selu,
    VG_OP_silu,
    /* normalisation over rows or columns of [batch][width]; group_norm has a third key, groups */
    VG_OP_batch_norm,
    VG_OP_layer_norm,
    VG_OP_group_norm,
    VG_OP_rms_norm,
    /* residual forms; keys batch, width */
    VG_OP_add,        /**< y = x + h */
    VG_OP_scaled_add, /**< y = x + alpha h, alpha a constant */
    VG_OP_rezero,     /**< y = x + alpha h, alpha learnt */
    VG_OP_highway,    /**< y = t h + (1 - t) x, t the gate after its sigmoid */
    /* fused forms */
    VG_OP_dense_bias_act, /**< y = f(x W^T + b); backward folds f' into the GEMM */
    VG_OP_norm_act,       /**< y = f(N(x)) */
    VG_OP_add_norm,       /**< s = x + h, y = N(s) */
    /* losses; keys batch, classes. fwd = loss, bwd = gradient, fwd_bwd = both */
    VG_OP_softmax_xent,
    VG_OP_mse,
    /* passes over parameters; key n */
    VG_OP_sgd,
    VG_OP_momentum,
    VG_OP_adam,
    VG_OP_adamw,
    VG_OP_clip,
    VG_OP_stats,
    /* one recurrent layer over a whole sequence; keys batch, seq, in, hidden. See "Recurrent layers" */
    VG_OP_rnn,  /**< h = f(a), f tanh or relu (act) */
    VG_OP_lstm, /**< gates i, f, g, o */
    VG_OP_gru,  /**< gates r, z, n; the reset gate acts after the multiplication */
    VG_OP_COUNT
} vg_op;

typedef enum vg_family {
    VG_FAMILY_DENSE,
    VG_FAMILY_ACTIVATION,
    VG_FAMILY_NORM,
    VG_FAMILY_RESIDUAL,
    VG_FAMILY_LOSS,
    VG_FAMILY_OPTIMIZER,
    VG_FAMILY_RECURRENT
} vg_family;

/** Directions. */
typedef enum vg_dir {
    VG_DIR_fwd = 0,     /**< training forward */
    VG_DIR_bwd,         /**< all gradients of the op */
    VG_DIR_bwd_data,    /**< gradient of the input */
    VG_DIR_bwd_weights, /**< gradient of weights and bias */
    VG_DIR_infer,       /**< forward with running statistics */
    VG_DIR_fwd_bwd,     /**< forward and gradient fused */
    VG_DIR_step,        /**< optimizer step, clip, statistics */
    VG_DIR_COUNT
} vg_dir;

/** Roles of the tensors of an op. All are f32 and row-major but VG_LABELS. A d before a name means
 * the gradient of the loss with respect to it. Gradients overwrite (beta 0), but the trunk's dx of
 * add and add_norm, to which they add. */
typedef enum vg_slot {
    VG_X,  /**< input */
    VG_Y,  /**< output */
    VG_DY, /**< gradient of the output (in) */
    VG_DX, /**< gradient of the input (out) */
    VG_W,  /**< weights [out][in] */
    VG_B,  /**< bias [out] */
    VG_DW,
    VG_DB,
    VG_PRE,   /**< fused dense: z = x W^T + b, kept for the backward pass */
    VG_SLOPE, /**< prelu: [slopes] */
    VG_DSLOPE,
    VG_GAMMA, /**< norms: scale [width] */
    VG_BETA,  /**< norms: shift [width] */
    VG_DGAMMA,
    VG_DBETA,
    VG_MEAN,     /**< saved statistics: [width] batch norm, [batch] layer norm, [batch][groups] */
    VG_RSTD,     /**< 1/sqrt(var + eps), same shape as VG_MEAN */
    VG_RUN_MEAN, /**< batch norm: running statistics [width] */
    VG_RUN_VAR,
    VG_H, /**< second operand of a residual form: the branch */
    VG_T, /**< highway: gate after its sigmoid */
    VG_DH,
    VG_DT,
    VG_ALPHA, /**< rezero: one float */
    VG_DALPHA,
    VG_SUM,    /**< add_norm: s = x + h, kept */
    VG_LABELS, /**< int32_t [batch] */
    VG_TARGET, /**< mse: [batch][classes] */
    VG_LOSS,   /**< one float: mean over the batch */
    VG_PARAM,  /**< optimizer: parameters [n], in place */
    VG_GRAD,   /**< optimizer, clip: gradients [n] */
    VG_M1,     /**< first moment or momentum buffer [n] */
    VG_M2,     /**< second moment [n] */
    VG_STATS,  /**< stats: reductions, see ops.c */
    VG_W_IH,   /**< recurrent: [gates*hidden][in], the gates one below the other */
    VG_W_HH,   /**< [gates*hidden][hidden] */
    VG_B_IH,   /**< [gates*hidden] */
    VG_B_HH,
    VG_DW_IH,
    VG_DW_HH,
    VG_DB_IH,
    VG_DB_HH,
    VG_HS,    /**< recurrent: hidden states [seq][batch][hidden] (its y) */
    VG_DHS,   /**< gradient arriving at every hidden state from outside (in) */
    VG_DHT,   /**< dL/dh_t, total, at every step (out): the signal of depth in time */
    VG_CS,    /**< lstm: cell states [seq][batch][hidden] */
    VG_GATES, /**< kept for the backward pass, [seq][batch][4*hidden]: lstm i, f, g, o after their
                   functions; gru r, z, n after theirs and W_hn h + b_hn */
    VG_SLOT_COUNT
} vg_slot;

/* Recurrent layers. As torch.nn.RNN, LSTM and GRU, one layer, one direction, h_0 = c_0 = 0:
 *   a_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh, a block of `hidden` rows for each gate
 *   rnn   h = f(a)
 *   lstm  i, f, o = sigmoid(a), g = tanh(a_g); c_t = f c_{t-1} + i g; h = o tanh(c_t)
 *   gru   r, z = sigmoid(a); n = tanh(W_in x + b_in + r (W_hn h + b_hn)); h_t = (1 - z) n + z h_{t-1}
 * Sequences are [seq][batch][features], row-major: step t of sequence b is row t * batch + b of a
 * tensor of seq * batch rows, and x, hs, dx and so on each have their row stride.
 * bwd is back-propagation through time over the whole sequence. It reads what fwd wrote (hs, cs,
 * gates); dhs is what arrives at each h_t from outside (zero but for the last step where only h_T is
 * used), and dht what it and all later steps add up to, before it goes through the cell. The biases
 * are inputs of bwd for libraries that need them to make their saved state again.
 * Source: https://pytorch.org/docs/stable/generated/torch.nn.GRU.html and its neighbours. */

typedef enum vg_access { VG_ACCESS_IN, VG_ACCESS_OUT, VG_ACCESS_INOUT } vg_access;

/** One tensor argument of (op, dir, shape). */
typedef struct vg_tensor_spec {
    vg_slot slot;
    vg_access access;
    int64_t rows, cols;
    vg_slot may_alias; /**< this output may be the same memory as that input; own slot: none */
} vg_tensor_spec;

enum { VG_MAX_TENSORS = 20 };

/** Error bound of output @p slot: |got - ref| <= max(ulp * ulp(ref), mag_eps * (eps * S + 2^-150) +
 * abs), S the same sum over the magnitudes of its terms, eps = 2^-24; 2^-150 is what a rounding may
 * cost in the subnormal range. Derivation beside the table. */
typedef struct vg_tolerance {
    double ulp, mag_eps, abs;
} vg_tolerance;

const char *vg_op_name(vg_op op);
const char *vg_dir_name(vg_dir dir);
const char *vg_slot_name(vg_slot slot);
/** VG_OP_none for an unknown name. */
vg_op vg_op_by_name(const char *name);
/** VG_DIR_COUNT for an unknown name. */
vg_dir vg_dir_by_name(const char *name);
vg_family vg_op_family(vg_op op);
bool vg_op_is_activation(vg_op op);
bool vg_op_is_norm(vg_op op);
/** Whether op has direction @p dir. */
bool vg_op_has_dir(vg_op op, vg_dir dir);
/** Number of extents, and the key of each: "batch", "in", ... */
int vg_op_extents(vg_op op);
const char *vg_op_key(vg_op op, int index);
/** Whether names of this op carry weights:, act:, norm:. */
bool vg_op_has_weights(vg_op op);
bool vg_op_has_act(vg_op op);
bool vg_op_has_norm(vg_op op);

/** Blocks of `hidden` rows in the weights of a recurrent op: rnn 1, lstm 4, gru 3; 0 for others. */
int vg_op_gates(vg_op op);

/** For an activation: whether backward reads x or y (the other pointer may be NULL). */
bool vg_act_saves_output(vg_op op);

/** The tensors of (op, dir, shape) into @p list; returns how many. */
int vg_op_tensors(vg_op op, vg_dir dir, const vg_shape *shape,
                  vg_tensor_spec list[VG_MAX_TENSORS]);

/** Floating-point operations: multiplications, additions, comparisons each 1, an FMA 2; a
 * transcendental 1 by convention (only GEMM-like ops are judged by flops). */
double vg_op_flops(vg_op op, vg_dir dir, const vg_shape *shape);

/** Compulsory traffic: every input read once and every output written once, in bytes; write-allocate
 * reads are not counted. */
double vg_op_bytes(vg_op op, vg_dir dir, const vg_shape *shape);

vg_tolerance vg_op_tolerance(vg_op op, vg_dir dir, const vg_shape *shape, vg_slot slot);

#ifdef __cplusplus
}
#endif
#endif
