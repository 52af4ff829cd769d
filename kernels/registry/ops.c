/* SPDX-License-Identifier: Apache-2.0 */
/* The op table: names, keys, and the flop, byte and error models. Tensors: tensors.c. */
#include "vgbench/ops.h"

#include <string.h>

enum { HAS_WEIGHTS = 1, HAS_ACT = 2, HAS_NORM = 4, SAVES_OUTPUT = 8 };

#define FWD (1u << VG_DIR_fwd)
#define BWD (1u << VG_DIR_bwd)
#define SPLIT_BWD (1u << VG_DIR_bwd_data | 1u << VG_DIR_bwd_weights)
#define INFER (1u << VG_DIR_infer)
#define FWD_BWD (1u << VG_DIR_fwd_bwd)
#define STEP (1u << VG_DIR_step)

typedef struct op_info {
    const char *name;
    vg_family family;
    unsigned dirs;
    unsigned flags;
    const char *keys[VG_MAX_EXTENTS];
} op_info;

#define ACTIVATION(word, more)                                                                     \
    {.name = word, .family = VG_FAMILY_ACTIVATION, .dirs = FWD | BWD, .flags = more,               \
     .keys = {"batch", "width"}}
#define NORM(word, more, ...)                                                                      \
    {.name = word, .family = VG_FAMILY_NORM, .dirs = FWD | BWD | (more),                           \
     .keys = {"batch", "width", __VA_ARGS__}}
#define RESIDUAL(word)                                                                             \
    {.name = word, .family = VG_FAMILY_RESIDUAL, .dirs = FWD | BWD, .keys = {"batch", "width"}}
#define LOSS(word)                                                                                 \
    {.name = word, .family = VG_FAMILY_LOSS, .dirs = FWD | BWD | FWD_BWD,                          \
     .keys = {"batch", "classes"}}
#define PASS(word) {.name = word, .family = VG_FAMILY_OPTIMIZER, .dirs = STEP, .keys = {"n"}}
#define RECURRENT(word)                                                                            \
    {.name = word, .family = VG_FAMILY_RECURRENT, .dirs = FWD | BWD,                               \
     .keys = {"batch", "seq", "in", "hidden"}}

static const op_info ops[VG_OP_COUNT] = {
    [VG_OP_none] = {.name = "none"},
    [VG_OP_dense] = {.name = "dense",
                     .family = VG_FAMILY_DENSE,
                     .dirs = FWD | SPLIT_BWD,
                     .flags = HAS_WEIGHTS,
                     .keys = {"batch", "in", "out"}},
    [VG_OP_relu] = ACTIVATION("relu", SAVES_OUTPUT),
    [VG_OP_linear] = ACTIVATION("linear", SAVES_OUTPUT),
    [VG_OP_sigmoid] = ACTIVATION("sigmoid", SAVES_OUTPUT),
    [VG_OP_tanh] = ACTIVATION("tanh", SAVES_OUTPUT),
    [VG_OP_leaky_relu] = ACTIVATION("leaky_relu", 0),
    [VG_OP_prelu] = {.name = "prelu",
                     .family = VG_FAMILY_ACTIVATION,
                     .dirs = FWD | BWD,
                     .keys = {"batch", "width", "slopes"}},
    [VG_OP_gelu] = ACTIVATION("gelu", 0),
    [VG_OP_gelu_tanh] = ACTIVATION("gelu_tanh", 0),
    [VG_OP_elu] = ACTIVATION("elu", SAVES_OUTPUT),
    [VG_OP_selu] = ACTIVATION("selu", SAVES_OUTPUT),
    [VG_OP_silu] = ACTIVATION("silu", 0),
    [VG_OP_batch_norm] = NORM("batch_norm", INFER, NULL),
    [VG_OP_layer_norm] = NORM("layer_norm", 0, NULL),
    [VG_OP_group_norm] = NORM("group_norm", 0, "groups"),
    [VG_OP_rms_norm] = NORM("rms_norm", 0, NULL),
    [VG_OP_add] = RESIDUAL("add"),
    [VG_OP_scaled_add] = RESIDUAL("scaled_add"),
    [VG_OP_rezero] = RESIDUAL("rezero"),
    [VG_OP_highway] = RESIDUAL("highway"),
    [VG_OP_dense_bias_act] = {.name = "dense_bias_act",
                              .family = VG_FAMILY_DENSE,
                              .dirs = FWD | SPLIT_BWD,
                              .flags = HAS_WEIGHTS | HAS_ACT,
                              .keys = {"batch", "in", "out"}},
    [VG_OP_norm_act] = {.name = "norm_act",
                        .family = VG_FAMILY_NORM,
                        .dirs = FWD | BWD,
                        .flags = HAS_ACT | HAS_NORM,
                        .keys = {"batch", "width", "groups"}},
    [VG_OP_add_norm] = {.name = "add_norm",
                        .family = VG_FAMILY_NORM,
                        .dirs = FWD | BWD,
                        .flags = HAS_NORM,
                        .keys = {"batch", "width", "groups"}},
    [VG_OP_softmax_xent] = LOSS("softmax_xent"),
    [VG_OP_mse] = LOSS("mse"),
    [VG_OP_sgd] = PASS("sgd"),
    [VG_OP_momentum] = PASS("momentum"),
    [VG_OP_adam] = PASS("adam"),
    [VG_OP_adamw] = PASS("adamw"),
    [VG_OP_clip] = PASS("clip"),
    [VG_OP_stats] = PASS("stats"),
    [VG_OP_rnn] = RECURRENT("rnn"),
    [VG_OP_lstm] = RECURRENT("lstm"),
    [VG_OP_gru] = RECURRENT("gru"),
};

static const char *const dir_names[VG_DIR_COUNT] = {
    "fwd", "bwd", "bwd_data", "bwd_weights", "infer", "fwd_bwd", "step",
};

const char *vg_op_name(vg_op op)
{
    return (unsigned)op < VG_OP_COUNT ? ops[op].name : "?";
}

const char *vg_dir_name(vg_dir dir)
{
    return (unsigned)dir < VG_DIR_COUNT ? dir_names[dir] : "?";
}

vg_op vg_op_by_name(const char *name)
{
    for (int op = 1; op < VG_OP_COUNT; op++)
        if (!strcmp(name, ops[op].name))
            return (vg_op)op;
    return VG_OP_none;
}

vg_dir vg_dir_by_name(const char *name)
{
    int dir = 0;
    while (dir < VG_DIR_COUNT && strcmp(name, dir_names[dir]))
        dir++;
    return (vg_dir)dir;
}

vg_family vg_op_family(vg_op op)
{
    return ops[op].family;
}

bool vg_op_is_activation(vg_op op)
{
    return op != VG_OP_none && ops[op].family == VG_FAMILY_ACTIVATION;
}

bool vg_op_is_norm(vg_op op)
{
    return op >= VG_OP_batch_norm && op <= VG_OP_rms_norm;
}

bool vg_op_has_dir(vg_op op, vg_dir dir)
{
    return ops[op].dirs >> dir & 1;
}

int vg_op_extents(vg_op op)
{
    int n = 0;
    while (n < VG_MAX_EXTENTS && ops[op].keys[n])
        n++;
    return n;
}

const char *vg_op_key(vg_op op, int index)
{
    return ops[op].keys[index];
}

bool vg_op_has_weights(vg_op op)
{
    return ops[op].flags & HAS_WEIGHTS;
}

bool vg_op_has_act(vg_op op)
{
    return ops[op].flags & HAS_ACT;
}

bool vg_op_has_norm(vg_op op)
{
    return ops[op].flags & HAS_NORM;
}

bool vg_act_saves_output(vg_op op)
{
    return ops[op].flags & SAVES_OUTPUT;
}

/* --- work ---------------------------------------------------------------------------------- */

double vg_op_flops(vg_op op, vg_dir dir, const vg_shape *s)
{
    double n0 = (double)s->n[0], n1 = (double)s->n[1], n2 = (double)s->n[2];
    switch (ops[op].family) {
    case VG_FAMILY_DENSE: /* + bias or bias gradient: one addition per element of y */
        return 2 * n0 * n1 * n2 + (dir == VG_DIR_bwd_data ? 0 : n0 * n2);
    case VG_FAMILY_ACTIVATION:
        return n0 * n1;
    default:
        return n0 * (n1 > 0 ? n1 : 1);
    }
}

double vg_op_bytes(vg_op op, vg_dir dir, const vg_shape *shape)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(op, dir, shape, list);
    double bytes = 0;
    for (int i = 0; i < count; i++) {
        double size = 4.0 * (double)list[i].rows * (double)list[i].cols;
        bytes += list[i].access == VG_ACCESS_INOUT ? 2 * size : size;
    }
    return bytes;
}

/* --- error bounds -------------------------------------------------------------------------- */

vg_tolerance vg_op_tolerance(vg_op op, vg_dir dir, const vg_shape *s, vg_slot slot)
{
    (void)slot;
    switch (ops[op].family) {
    case VG_FAMILY_DENSE: {
        /* A dot product of length k in f32, any order, with or without FMA: |err| <= k u S to first
         * order (Higham 2002, eq. 3.5), u = 2^-24 = eps here; +2 for bias and final rounding. */
        double k = dir == VG_DIR_fwd        ? (double)s->n[1]
                   : dir == VG_DIR_bwd_data ? (double)s->n[2]
                                            : (double)s->n[0];
        return (vg_tolerance){.mag_eps = k + 2};
    }
    default:
        return (vg_tolerance){.ulp = 4, .mag_eps = 8, .abs = 0};
    }
}
