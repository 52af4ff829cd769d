/* SPDX-License-Identifier: Apache-2.0 */
/* Which tensors each (op, direction) takes, as data. */
#include <stddef.h>

#include "vgbench/ops.h"

/* An extent as a product: times x the extents whose bits are set. E(0) is the op's first key. */
typedef struct extent {
    unsigned keys;
    int times;
} extent;

#define E(i) {1u << (i), 1}
#define ONE {0, 1}
#define SEQ {1u << 0 | 1u << 1, 1}
#define HIDDEN(times) {1u << 3, times}

typedef struct argument {
    vg_slot slot;
    vg_access access;
    extent rows, cols;
    vg_slot alias; /* an output that may be this input's memory; VG_SLOT_COUNT: none */
} argument;

#define IN(slot, rows, ...) {slot, VG_ACCESS_IN, rows, __VA_ARGS__, VG_SLOT_COUNT}
#define OUT(slot, rows, ...) {slot, VG_ACCESS_OUT, rows, __VA_ARGS__, VG_SLOT_COUNT}
#define INOUT(slot, rows, ...) {slot, VG_ACCESS_INOUT, rows, __VA_ARGS__, VG_SLOT_COUNT}
#define END {VG_SLOT_COUNT, VG_ACCESS_IN, ONE, ONE, VG_SLOT_COUNT}

typedef struct signature {
    unsigned ops_first, ops_last; /* inclusive range of vg_op */
    vg_dir dir;
    argument arguments[VG_MAX_TENSORS];
} signature;

static const signature signatures[] = {
    {VG_OP_dense,
     VG_OP_dense,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_W, E(2), E(1)), IN(VG_B, ONE, E(2)), OUT(VG_Y, E(0), E(2)), END}},
    {VG_OP_dense,
     VG_OP_dense,
     VG_DIR_bwd_data,
     {IN(VG_DY, E(0), E(2)), IN(VG_W, E(2), E(1)), OUT(VG_DX, E(0), E(1)), END}},
    {VG_OP_dense,
     VG_OP_dense,
     VG_DIR_bwd_weights,
     {IN(VG_DY, E(0), E(2)), IN(VG_X, E(0), E(1)), OUT(VG_DW, E(2), E(1)),
      OUT(VG_DB, ONE, E(2)), END}},
    /* fused: z is kept where the activation saves its input; backward reads z or y */
    {VG_OP_dense_bias_act,
     VG_OP_dense_bias_act,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_W, E(2), E(1)), IN(VG_B, ONE, E(2)), OUT(VG_Y, E(0), E(2)),
      OUT(VG_PRE, E(0), E(2)), END}},
    {VG_OP_dense_bias_act,
     VG_OP_dense_bias_act,
     VG_DIR_bwd_data,
     {IN(VG_DY, E(0), E(2)), IN(VG_Y, E(0), E(2)), IN(VG_PRE, E(0), E(2)), IN(VG_W, E(2), E(1)),
      OUT(VG_DX, E(0), E(1)), END}},
    {VG_OP_dense_bias_act,
     VG_OP_dense_bias_act,
     VG_DIR_bwd_weights,
     {IN(VG_DY, E(0), E(2)), IN(VG_Y, E(0), E(2)), IN(VG_PRE, E(0), E(2)), IN(VG_X, E(0), E(1)),
      OUT(VG_DW, E(2), E(1)), OUT(VG_DB, ONE, E(2)), END}},
    {VG_OP_prelu,
     VG_OP_prelu,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_SLOPE, ONE, E(2)),
      {VG_Y, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_prelu,
     VG_OP_prelu,
     VG_DIR_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_SLOPE, ONE, E(2)), IN(VG_DY, E(0), E(1)),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_DY}, OUT(VG_DSLOPE, ONE, E(2)), END}},
    /* every activation: backward lists x and y both; the one its op does not save is dropped */
    {VG_OP_relu,
     VG_OP_silu,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), {VG_Y, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_relu,
     VG_OP_silu,
     VG_DIR_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_Y, E(0), E(1)), IN(VG_DY, E(0), E(1)),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_DY}, END}},
    /* every norm, alone or as a part: fit_norm() drops what its kind does not have and sets the
     * extents of the saved statistics */
    {VG_OP_batch_norm,
     VG_OP_rms_norm,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_GAMMA, ONE, E(1)), IN(VG_BETA, ONE, E(1)),
      OUT(VG_Y, E(0), E(1)), OUT(VG_MEAN, ONE, E(0)), OUT(VG_RSTD, ONE, E(0)),
      INOUT(VG_RUN_MEAN, ONE, E(1)), INOUT(VG_RUN_VAR, ONE, E(1)), END}},
    {VG_OP_batch_norm,
     VG_OP_batch_norm,
     VG_DIR_infer,
     {IN(VG_X, E(0), E(1)), IN(VG_RUN_MEAN, ONE, E(1)), IN(VG_RUN_VAR, ONE, E(1)),
      IN(VG_GAMMA, ONE, E(1)), IN(VG_BETA, ONE, E(1)),
      {VG_Y, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_batch_norm,
     VG_OP_rms_norm,
     VG_DIR_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_DY, E(0), E(1)), IN(VG_GAMMA, ONE, E(1)),
      IN(VG_MEAN, ONE, E(0)), IN(VG_RSTD, ONE, E(0)),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_DY}, OUT(VG_DGAMMA, ONE, E(1)),
      OUT(VG_DBETA, ONE, E(1)), END}},
    /* f' comes from y where f is dear, and from z = N(x) made again where it is cheap */
    {VG_OP_norm_act,
     VG_OP_norm_act,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_GAMMA, ONE, E(1)), IN(VG_BETA, ONE, E(1)),
      OUT(VG_Y, E(0), E(1)), OUT(VG_MEAN, ONE, E(0)), OUT(VG_RSTD, ONE, E(0)),
      INOUT(VG_RUN_MEAN, ONE, E(1)), INOUT(VG_RUN_VAR, ONE, E(1)), END}},
    {VG_OP_norm_act,
     VG_OP_norm_act,
     VG_DIR_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_Y, E(0), E(1)), IN(VG_DY, E(0), E(1)),
      IN(VG_GAMMA, ONE, E(1)), IN(VG_BETA, ONE, E(1)), IN(VG_MEAN, ONE, E(0)),
      IN(VG_RSTD, ONE, E(0)), {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_DY},
      OUT(VG_DGAMMA, ONE, E(1)), OUT(VG_DBETA, ONE, E(1)), END}},
    /* s = x + h, y = N(s). Backward: dx arrives as the gradient of the trunk at s and leaves as the
     * whole gradient of s, which is that of x and of h. Without a trunk beside the norm (post) it
     * is the backward pass of the norm alone, with s for x. */
    {VG_OP_add_norm,
     VG_OP_add_norm,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_H, E(0), E(1)), IN(VG_GAMMA, ONE, E(1)),
      IN(VG_BETA, ONE, E(1)), {VG_SUM, VG_ACCESS_OUT, E(0), E(1), VG_X}, OUT(VG_Y, E(0), E(1)),
      OUT(VG_MEAN, ONE, E(0)), OUT(VG_RSTD, ONE, E(0)), INOUT(VG_RUN_MEAN, ONE, E(1)),
      INOUT(VG_RUN_VAR, ONE, E(1)), END}},
    {VG_OP_add_norm,
     VG_OP_add_norm,
     VG_DIR_bwd,
     {IN(VG_SUM, E(0), E(1)), IN(VG_DY, E(0), E(1)), IN(VG_GAMMA, ONE, E(1)),
      IN(VG_MEAN, ONE, E(0)), IN(VG_RSTD, ONE, E(0)), INOUT(VG_DX, E(0), E(1)),
      OUT(VG_DGAMMA, ONE, E(1)), OUT(VG_DBETA, ONE, E(1)), END}},
    /* residual forms; where dx = dy nothing is written: the caller passes dy on */
    {VG_OP_add,
     VG_OP_scaled_add,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_H, E(0), E(1)), {VG_Y, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_add, /* dx += dy: a second gradient arrives at the trunk */
     VG_OP_add,
     VG_DIR_bwd,
     {IN(VG_DY, E(0), E(1)), INOUT(VG_DX, E(0), E(1)), END}},
    {VG_OP_scaled_add,
     VG_OP_scaled_add,
     VG_DIR_bwd,
     {IN(VG_DY, E(0), E(1)), {VG_DH, VG_ACCESS_OUT, E(0), E(1), VG_DY}, END}},
    {VG_OP_rezero,
     VG_OP_rezero,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_H, E(0), E(1)), IN(VG_ALPHA, ONE, ONE),
      {VG_Y, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_rezero,
     VG_OP_rezero,
     VG_DIR_bwd,
     {IN(VG_DY, E(0), E(1)), IN(VG_H, E(0), E(1)), IN(VG_ALPHA, ONE, ONE),
      {VG_DH, VG_ACCESS_OUT, E(0), E(1), VG_DY}, OUT(VG_DALPHA, ONE, ONE), END}},
    {VG_OP_highway,
     VG_OP_highway,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_H, E(0), E(1)), IN(VG_T, E(0), E(1)),
      {VG_Y, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_highway,
     VG_OP_highway,
     VG_DIR_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_H, E(0), E(1)), IN(VG_T, E(0), E(1)), IN(VG_DY, E(0), E(1)),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_DY}, OUT(VG_DH, E(0), E(1)),
      OUT(VG_DT, E(0), E(1)), END}},
    {VG_OP_softmax_xent,
     VG_OP_softmax_xent,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_LABELS, ONE, E(0)), OUT(VG_LOSS, ONE, ONE), END}},
    {VG_OP_softmax_xent,
     VG_OP_softmax_xent,
     VG_DIR_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_LABELS, ONE, E(0)),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_softmax_xent,
     VG_OP_softmax_xent,
     VG_DIR_fwd_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_LABELS, ONE, E(0)), OUT(VG_LOSS, ONE, ONE),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_mse,
     VG_OP_mse,
     VG_DIR_fwd,
     {IN(VG_X, E(0), E(1)), IN(VG_TARGET, E(0), E(1)), OUT(VG_LOSS, ONE, ONE), END}},
    {VG_OP_mse,
     VG_OP_mse,
     VG_DIR_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_TARGET, E(0), E(1)),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_mse,
     VG_OP_mse,
     VG_DIR_fwd_bwd,
     {IN(VG_X, E(0), E(1)), IN(VG_TARGET, E(0), E(1)), OUT(VG_LOSS, ONE, ONE),
      {VG_DX, VG_ACCESS_OUT, E(0), E(1), VG_X}, END}},
    {VG_OP_sgd,
     VG_OP_sgd,
     VG_DIR_step,
     {INOUT(VG_PARAM, ONE, E(0)), IN(VG_GRAD, ONE, E(0)), END}},
    {VG_OP_momentum,
     VG_OP_momentum,
     VG_DIR_step,
     {INOUT(VG_PARAM, ONE, E(0)), IN(VG_GRAD, ONE, E(0)), INOUT(VG_M1, ONE, E(0)), END}},
    {VG_OP_adam,
     VG_OP_adamw,
     VG_DIR_step,
     {INOUT(VG_PARAM, ONE, E(0)), IN(VG_GRAD, ONE, E(0)), INOUT(VG_M1, ONE, E(0)),
      INOUT(VG_M2, ONE, E(0)), END}},
    /* recurrent; SEQ is seq x batch rows */
    {VG_OP_rnn,
     VG_OP_rnn,
     VG_DIR_fwd,
     {IN(VG_X, SEQ, E(2)), IN(VG_W_IH, E(3), E(2)), IN(VG_W_HH, E(3), E(3)),
      IN(VG_B_IH, ONE, E(3)), IN(VG_B_HH, ONE, E(3)), OUT(VG_HS, SEQ, E(3)), END}},
    {VG_OP_rnn,
     VG_OP_rnn,
     VG_DIR_bwd,
     {IN(VG_X, SEQ, E(2)), IN(VG_W_IH, E(3), E(2)), IN(VG_W_HH, E(3), E(3)),
      IN(VG_B_IH, ONE, E(3)), IN(VG_B_HH, ONE, E(3)), IN(VG_HS, SEQ, E(3)),
      IN(VG_DHS, SEQ, E(3)), OUT(VG_DX, SEQ, E(2)), OUT(VG_DW_IH, E(3), E(2)),
      OUT(VG_DW_HH, E(3), E(3)), OUT(VG_DB_IH, ONE, E(3)), OUT(VG_DB_HH, ONE, E(3)),
      OUT(VG_DHT, SEQ, E(3)), END}},
    {VG_OP_lstm,
     VG_OP_lstm,
     VG_DIR_fwd,
     {IN(VG_X, SEQ, E(2)), IN(VG_W_IH, HIDDEN(4), E(2)), IN(VG_W_HH, HIDDEN(4), E(3)),
      IN(VG_B_IH, ONE, HIDDEN(4)), IN(VG_B_HH, ONE, HIDDEN(4)), OUT(VG_HS, SEQ, E(3)),
      OUT(VG_CS, SEQ, E(3)), OUT(VG_GATES, SEQ, HIDDEN(4)), END}},
    {VG_OP_lstm,
     VG_OP_lstm,
     VG_DIR_bwd,
     {IN(VG_X, SEQ, E(2)), IN(VG_W_IH, HIDDEN(4), E(2)), IN(VG_W_HH, HIDDEN(4), E(3)),
      IN(VG_B_IH, ONE, HIDDEN(4)), IN(VG_B_HH, ONE, HIDDEN(4)), IN(VG_HS, SEQ, E(3)),
      IN(VG_CS, SEQ, E(3)), IN(VG_GATES, SEQ, HIDDEN(4)), IN(VG_DHS, SEQ, E(3)),
      OUT(VG_DX, SEQ, E(2)), OUT(VG_DW_IH, HIDDEN(4), E(2)), OUT(VG_DW_HH, HIDDEN(4), E(3)),
      OUT(VG_DB_IH, ONE, HIDDEN(4)), OUT(VG_DB_HH, ONE, HIDDEN(4)), OUT(VG_DHT, SEQ, E(3)),
      END}},
    {VG_OP_gru,
     VG_OP_gru,
     VG_DIR_fwd,
     {IN(VG_X, SEQ, E(2)), IN(VG_W_IH, HIDDEN(3), E(2)), IN(VG_W_HH, HIDDEN(3), E(3)),
      IN(VG_B_IH, ONE, HIDDEN(3)), IN(VG_B_HH, ONE, HIDDEN(3)), OUT(VG_HS, SEQ, E(3)),
      OUT(VG_GATES, SEQ, HIDDEN(4)), END}},
    {VG_OP_gru,
     VG_OP_gru,
     VG_DIR_bwd,
     {IN(VG_X, SEQ, E(2)), IN(VG_W_IH, HIDDEN(3), E(2)), IN(VG_W_HH, HIDDEN(3), E(3)),
      IN(VG_B_IH, ONE, HIDDEN(3)), IN(VG_B_HH, ONE, HIDDEN(3)), IN(VG_HS, SEQ, E(3)),
      IN(VG_GATES, SEQ, HIDDEN(4)), IN(VG_DHS, SEQ, E(3)), OUT(VG_DX, SEQ, E(2)),
      OUT(VG_DW_IH, HIDDEN(3), E(2)), OUT(VG_DW_HH, HIDDEN(3), E(3)),
      OUT(VG_DB_IH, ONE, HIDDEN(3)), OUT(VG_DB_HH, ONE, HIDDEN(3)), OUT(VG_DHT, SEQ, E(3)),
      END}},
    {VG_OP_clip, /* stats: norm before, factor */
     VG_OP_clip,
     VG_DIR_step,
     {INOUT(VG_GRAD, ONE, E(0)), OUT(VG_STATS, ONE, {0, 2}), END}},
    {VG_OP_stats, /* stats: norm, mean, deviation, largest magnitude, share of 0, of subnormals */
     VG_OP_stats,
     VG_DIR_step,
     {IN(VG_X, ONE, E(0)), OUT(VG_STATS, ONE, {0, 6}), END}},
};

static int64_t product(extent e, const vg_shape *shape)
{
    int64_t value = e.times;
    for (int i = 0; i < VG_MAX_EXTENTS; i++)
        if (e.keys >> i & 1)
            value *= shape->n[i];
    return value;
}

static const signature *find(vg_op op, vg_dir dir)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (signatures[i].dir == dir && (unsigned)op >= signatures[i].ops_first &&
            (unsigned)op <= signatures[i].ops_last)
            return &signatures[i];
    return NULL;
}

/* Backward of a plain activation reads x or y, never both. */
static bool unused_by_backward(vg_op op, vg_dir dir, vg_slot slot)
{
    if (dir != VG_DIR_bwd || !vg_op_is_activation(op) || op == VG_OP_prelu)
        return false;
    return slot == (vg_act_saves_output(op) ? VG_X : VG_Y);
}

/* Backward of norm + activation reads y only where f' from z would mean computing f again. */
static bool makes_activation_again(vg_op act)
{
    return !vg_act_saves_output(act) || act == VG_OP_relu || act == VG_OP_linear;
}

/* Whether the norm of a signature takes @p slot. */
static bool norm_has(vg_op norm, vg_slot slot)
{
    switch (slot) {
    case VG_BETA:
    case VG_DBETA:
    case VG_MEAN:
        return norm != VG_OP_rms_norm;
    case VG_RUN_MEAN:
    case VG_RUN_VAR:
        return norm == VG_OP_batch_norm;
    default:
        return true;
    }
}

/* Statistics are saved per column (batch), per row (layer, rms) or per row and group. */
static void fit_statistics(vg_op norm, const vg_shape *shape, vg_tensor_spec *spec)
{
    if (spec->slot != VG_MEAN && spec->slot != VG_RSTD)
        return;
    spec->rows = norm == VG_OP_group_norm ? shape->n[0] : 1;
    spec->cols = norm == VG_OP_group_norm   ? shape->n[2]
                 : norm == VG_OP_batch_norm ? shape->n[1]
                                            : shape->n[0];
}

/* Fused dense keeps and reads z or y, as its activation saves its input or its output. */
static bool unused_by_fused_dense(vg_op op, vg_dir dir, const vg_shape *shape, vg_slot slot)
{
    if (op != VG_OP_dense_bias_act)
        return false;
    bool saves_y = vg_act_saves_output((vg_op)shape->act);
    return slot == VG_PRE ? saves_y : slot == VG_Y && dir != VG_DIR_fwd && !saves_y;
}

int vg_op_tensors(vg_op op, vg_dir dir, const vg_shape *shape, vg_tensor_spec list[VG_MAX_TENSORS])
{
    const signature *s = find(op, dir);
    vg_op norm = vg_op_is_norm(op) ? op : vg_op_has_norm(op) ? (vg_op)shape->norm : VG_OP_none;
    int count = 0;
    for (const argument *a = s ? s->arguments : NULL; a && a->slot != VG_SLOT_COUNT; a++) {
        if (unused_by_backward(op, dir, a->slot) ||
            unused_by_fused_dense(op, dir, shape, a->slot))
            continue;
        if (norm && !norm_has(norm, a->slot))
            continue;
        if (op == VG_OP_norm_act && dir == VG_DIR_bwd && a->slot == VG_Y &&
            makes_activation_again((vg_op)shape->act))
            continue;
        vg_slot alias = a->alias == VG_SLOT_COUNT ? a->slot : a->alias;
        list[count] = (vg_tensor_spec){a->slot, a->access, product(a->rows, shape),
                                       product(a->cols, shape), alias};
        fit_statistics(norm, shape, &list[count++]);
    }
    return count;
}

static const char *const slot_names[VG_SLOT_COUNT] = {
    [VG_X] = "x",           [VG_Y] = "y",           [VG_DY] = "dy",
    [VG_DX] = "dx",         [VG_W] = "w",           [VG_B] = "b",
    [VG_DW] = "dw",         [VG_DB] = "db",         [VG_PRE] = "pre",
    [VG_SLOPE] = "slope",   [VG_DSLOPE] = "dslope", [VG_GAMMA] = "gamma",
    [VG_BETA] = "beta",     [VG_DGAMMA] = "dgamma", [VG_DBETA] = "dbeta",
    [VG_MEAN] = "mean",     [VG_RSTD] = "rstd",     [VG_RUN_MEAN] = "running_mean",
    [VG_RUN_VAR] = "running_var", [VG_H] = "h",     [VG_T] = "t",
    [VG_DH] = "dh",         [VG_DT] = "dt",         [VG_ALPHA] = "alpha",
    [VG_DALPHA] = "dalpha", [VG_SUM] = "sum",       [VG_LABELS] = "labels",
    [VG_TARGET] = "target", [VG_LOSS] = "loss",     [VG_PARAM] = "param",
    [VG_GRAD] = "grad",     [VG_M1] = "m1",         [VG_M2] = "m2",
    [VG_STATS] = "stats",   [VG_W_IH] = "weight_ih", [VG_W_HH] = "weight_hh",
    [VG_B_IH] = "bias_ih",  [VG_B_HH] = "bias_hh",  [VG_DW_IH] = "dweight_ih",
    [VG_DW_HH] = "dweight_hh", [VG_DB_IH] = "dbias_ih", [VG_DB_HH] = "dbias_hh",
    [VG_HS] = "hs",         [VG_DHS] = "dhs",       [VG_DHT] = "dht",
    [VG_CS] = "cs",         [VG_GATES] = "gates",
};

const char *vg_slot_name(vg_slot slot)
{
    return (unsigned)slot < VG_SLOT_COUNT ? slot_names[slot] : "?";
}
