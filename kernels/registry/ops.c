/* SPDX-License-Identifier: Apache-2.0 */
/* The op table: names, keys, and the flop, byte and error models. Tensors: tensors.c. */
#include "registry/op_reads.h"
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
#define RECURRENT(word, more)                                                                      \
    {.name = word, .family = VG_FAMILY_RECURRENT, .dirs = FWD | BWD, .flags = more,                \
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
    [VG_OP_rnn] = RECURRENT("rnn", HAS_ACT),
    [VG_OP_lstm] = RECURRENT("lstm", 0),
    [VG_OP_gru] = RECURRENT("gru", 0),
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

int vg_op_gates(vg_op op)
{
    return op == VG_OP_rnn ? 1 : op == VG_OP_lstm ? 4 : op == VG_OP_gru ? 3 : 0;
}

bool vg_act_saves_output(vg_op op)
{
    return ops[op].flags & SAVES_OUTPUT;
}

/* --- work ---------------------------------------------------------------------------------- */

/* Per element, of the textbook form. fwd: mean 1, variance 3, normalise 2, affine 2. bwd: xhat 2,
 * dgamma 2, dbeta 1, gamma dy 1, its two means 3, dx 4. infer: one multiply-add. */
static double norm_flops(vg_op op, vg_dir dir, const vg_shape *shape)
{
    vg_op norm = vg_op_has_norm(op) ? (vg_op)shape->norm : op;
    double flops = dir == VG_DIR_infer ? 2 : dir == VG_DIR_bwd ? 13 : 8;
    if (norm == VG_OP_rms_norm) /* no mean, no beta */
        flops = dir == VG_DIR_bwd ? 9 : 4;
    return flops + (op == VG_OP_norm_act || op == VG_OP_add_norm);
}

static double residual_flops(vg_op op, vg_dir dir)
{
    switch (op) {
    case VG_OP_add:
        return 1;
    case VG_OP_scaled_add:
        return dir == VG_DIR_fwd ? 2 : 1;
    case VG_OP_rezero:
        return dir == VG_DIR_fwd ? 2 : 3;
    default: /* highway: x + t (h - x); dx, dh, dt */
        return dir == VG_DIR_fwd ? 3 : 5;
    }
}

/* Per element. softmax_xent: maximum 1, difference 1, exp 1, sum 1; gradient: two products. mse:
 * difference 1, square and sum 2; gradient: one product (both need the difference). */
static double loss_flops(vg_op op, vg_dir dir)
{
    if (op == VG_OP_softmax_xent)
        return dir == VG_DIR_fwd ? 4 : 6;
    return dir == VG_DIR_fwd ? 3 : dir == VG_DIR_bwd ? 2 : 4;
}

/* Per parameter. adam: m 3, v 4, root, scale and eps 3, quotient 1, update 2; adamw: decay 1. clip:
 * square and sum 2, product 1. stats: sum 1, squares 2, maximum 1. */
static double pass_flops(vg_op op)
{
    switch (op) {
    case VG_OP_sgd:
        return 2;
    case VG_OP_momentum:
        return 4;
    case VG_OP_adam:
        return 13;
    case VG_OP_adamw:
        return 14;
    case VG_OP_clip:
        return 3;
    default:
        return 4;
    }
}

/* Forward: the two products, for every step (h_0 = 0 is multiplied like the others). Backward: twice
 * that, for dx and dh and for the weights. Per unit and step besides, biases and functions included:
 *   rnn   fwd bias 2, f 1; bwd dh 1, f' 3, bias gradients 2
 *   lstm  fwd biases 8, functions 5, c 3, h 1; bwd dh 1, tanh c 1, do 4, dc 4, di, df, dg 11, carry 1,
 *         bias gradients 8
 *   gru   fwd biases 6, functions 3, r hn 2, h 3; bwd dh 1, dz 5, dn 4, dr 4, dhn and carry 3, bias
 *         gradients 6 */
static double recurrent_flops(vg_op op, vg_dir dir, const vg_shape *s)
{
    double steps = (double)s->n[0] * (double)s->n[1], in = (double)s->n[2], h = (double)s->n[3];
    double products = 2 * steps * vg_op_gates(op) * h * (in + h);
    double own = op == VG_OP_rnn    ? (dir == VG_DIR_fwd ? 3 : 6)
                 : op == VG_OP_lstm ? (dir == VG_DIR_fwd ? 17 : 30)
                                    : (dir == VG_DIR_fwd ? 14 : 23);
    return (dir == VG_DIR_fwd ? 1 : 2) * products + own * steps * h;
}

double vg_op_flops(vg_op op, vg_dir dir, const vg_shape *s)
{
    double n0 = (double)s->n[0], n1 = (double)s->n[1], n2 = (double)s->n[2];
    switch (ops[op].family) {
    case VG_FAMILY_DENSE: /* + bias or bias gradient: one addition per element of y */
        return 2 * n0 * n1 * n2 + (dir == VG_DIR_bwd_data ? 0 : n0 * n2);
    case VG_FAMILY_ACTIVATION:
        return n0 * n1;
    case VG_FAMILY_NORM:
        return n0 * n1 * norm_flops(op, dir, s);
    case VG_FAMILY_RESIDUAL:
        return n0 * n1 * residual_flops(op, dir);
    case VG_FAMILY_LOSS:
        return n0 * n1 * loss_flops(op, dir);
    case VG_FAMILY_OPTIMIZER:
        return n0 * pass_flops(op);
    default:
        return recurrent_flops(op, dir, s);
    }
}

double vg_op_bytes(vg_op op, vg_dir dir, const vg_shape *shape)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(op, dir, shape, list);
    double bytes = 0;
    for (int i = 0; i < count; i++) {
        double size = 4.0 * (double)list[i].rows * (double)list[i].cols;
        if (vg_op_reads(op, dir, list[i].slot))
            bytes += list[i].access == VG_ACCESS_INOUT ? 2 * size : size;
    }
    return bytes;
}

/* --- error bounds -------------------------------------------------------------------------- */

/* u = 2^-24 is the unit roundoff, the eps of vg_tolerance. */

/* A dot product of length k in f32, any order, with or without FMA: |err| <= k u S to first order
 * (Higham 2002, eq. 3.5); +2 for bias and final rounding. */
static vg_tolerance dense_tolerance(vg_op op, vg_dir dir, const vg_shape *s)
{
    double k = dir == VG_DIR_fwd        ? (double)s->n[1]
               : dir == VG_DIR_bwd_data ? (double)s->n[2]
                                        : (double)s->n[0];
    /* fused: S holds the terms of the activation, whose own bound is at most 8 eps S, too */
    return (vg_tolerance){.mag_eps = k + (op == VG_OP_dense_bias_act ? 10 : 2)};
}

/* Forward: ulps, over all finite inputs. gelu and gelu_tanh cancel for x < -1, where 1.2e-7 =
 * 2.0133 u is allowed instead (the oracle sets S = 1 there and S = 0 elsewhere).
 * Backward, from roundings of at most u each, S as in oracle/activation.c:
 *   sigmoid  dy (y (1 - y)): 3 u |dx|;   tanh  dy ((1 - y)(1 + y)) or dy - dy y^2: 3 u |dy| (1 + y^2)
 *   elu, selu  dy (y + c): 2 u |dy| (|y| + c), c itself rounded: 3 u
 *   gelu, gelu_tanh, silu  dy (Phi + x phi): Phi good to 2 u absolute, x phi to 4 u of itself, sum
 *     and product 1 u each: 8 u |dy| (1 + |x phi|)
 *   relu, linear exact, leaky_relu, prelu one product: half an ulp; the slope gradient is a sum of
 *     as many products as share the slope. */
static vg_tolerance activation_tolerance(vg_op op, vg_dir dir, const vg_shape *s, vg_slot slot)
{
    if (slot == VG_DSLOPE)
        return (vg_tolerance){
            .mag_eps = (double)s->n[0] * (s->n[2] == 1 ? (double)s->n[1] : 1.0) + 1};
    switch (op) {
    case VG_OP_relu:
    case VG_OP_linear:
        return (vg_tolerance){0};
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return (vg_tolerance){.ulp = 0.5};
    case VG_OP_sigmoid:
    case VG_OP_tanh:
    case VG_OP_elu:
    case VG_OP_selu:
        return dir == VG_DIR_fwd ? (vg_tolerance){.ulp = 2.0}
                                 : (vg_tolerance){.ulp = 1.5, .mag_eps = 3};
    case VG_OP_gelu:
    case VG_OP_gelu_tanh:
        return dir == VG_DIR_fwd ? (vg_tolerance){.ulp = 2.0, .mag_eps = 1.2e-7 * 0x1p24}
                                 : (vg_tolerance){.ulp = 1.5, .mag_eps = 8};
    default: /* silu */
        return dir == VG_DIR_fwd ? (vg_tolerance){.ulp = 2.0}
                                 : (vg_tolerance){.ulp = 1.5, .mag_eps = 8};
    }
}

/* Norms, statistics over n numbers by the corrected two-pass method, sums of n terms in any order
 * within n u S. The S of each output, which the oracle forms:
 *   mean          mean |x|                                  n + 2
 *   rstd          rstd; half the relative error of a sum of n squares: n/2 + 4
 *   y             |gamma| rstd (|x| + mean |x|) + |beta|    mean n, rstd n/2, the rest 8
 *   running_*     (1-m) |running| + m S of the statistic    n + 8
 *   infer y       |gamma| rstd (|x| + |mean|) + |beta|      8
 *   dgamma,dbeta  the sums of |dy xhat| and |dy|; x - mean is rounded once and rstd is given, so a
 *                 term has error 4 u: number of rows + 6; |xhat| counts 2^-126 more, where it may be
 *                 rounded as a subnormal
 *   dx            rstd (|g| + mean |g| + |xhat| mean |g xhat|), g = gamma dy, means over the n
 *                 numbers that were normalised together: n + 12
 * An activation on top multiplies the error of z by |f'| <= 1.13 and adds its own few ulp; an
 * addition before it adds a rounding of s. */
static vg_tolerance norm_tolerance(vg_op op, vg_dir dir, const vg_shape *s, vg_slot slot)
{
    vg_op norm = vg_op_has_norm(op) ? (vg_op)s->norm : op;
    double n = norm == VG_OP_batch_norm   ? (double)s->n[0]
               : norm == VG_OP_group_norm ? (double)(s->n[1] / (s->n[2] ? s->n[2] : 1))
                                          : (double)s->n[1];
    if (dir == VG_DIR_infer)
        return (vg_tolerance){.mag_eps = 8};
    switch (slot) {
    case VG_MEAN:
        return (vg_tolerance){.mag_eps = n + 2};
    case VG_RSTD:
        return (vg_tolerance){.mag_eps = n / 2 + 4};
    case VG_RUN_MEAN:
    case VG_RUN_VAR:
        return (vg_tolerance){.mag_eps = n + 8};
    case VG_DGAMMA:
    case VG_DBETA:
        return (vg_tolerance){.mag_eps = (double)s->n[0] + (op == VG_OP_norm_act ? 16 : 6)};
    case VG_DX: /* abs: dy and g may be rounded as subnormals before they meet gamma and rstd */
        return (vg_tolerance){.mag_eps = n + (op == VG_OP_norm_act ? 32 : 12), .abs = 0x1p-140};
    case VG_SUM:
        return (vg_tolerance){.ulp = 0.5};
    default:
        return (vg_tolerance){.mag_eps = (op == VG_OP_norm_act ? 1.13 : 1) * (1.5 * n + 8) +
                                         (op == VG_OP_norm_act ? 8 : 0)};
    }
}

/* Losses over n classes, sums in any order, m = max x.
 *   softmax_xent loss  log sum e^(x-m) + m - x[label]: the sum is good to (n + 4) u relative, so
 *                      absolute in its log; each x - m to u |x - m|. S = 1 + |loss| + max |x|
 *   softmax_xent dx    (p - onehot) g: p good to n + 8 u and the error of x - m; S = g (p + onehot)
 *                      (1 + max |x|)
 *   mse loss           sum in double of squares of a rounded difference: 3 u, S = loss
 *   mse dx             3 roundings */
static vg_tolerance loss_tolerance(vg_op op, const vg_shape *s)
{
    if (op == VG_OP_mse)
        return (vg_tolerance){.ulp = 2, .mag_eps = 4};
    return (vg_tolerance){.mag_eps = (double)s->n[1] + 10};
}

/* Residual forms: one or two roundings per element, with or without FMA; sums of n terms n u S.
 * dalpha sums batch x width products. */
static vg_tolerance residual_tolerance(vg_op op, vg_dir dir, const vg_shape *s, vg_slot slot)
{
    if (op == VG_OP_add || (op == VG_OP_scaled_add && dir == VG_DIR_bwd))
        return (vg_tolerance){.ulp = 0.5};
    if (slot == VG_DALPHA)
        return (vg_tolerance){.mag_eps = (double)s->n[0] * (double)s->n[1] + 2};
    return (vg_tolerance){.mag_eps = op == VG_OP_highway ? 3 : 2};
}

/* Passes over parameters, S the sum of the magnitudes of the terms. sgd: two roundings. momentum: the
 * buffer two, the parameter two more. adam: moments three; the quotient has those of m (3), of the
 * root of v (3/2 + 1), of scale, eps, reciprocal and the constants (8), the parameter 3 more. clip and
 * stats sum in double: a rounding or two of the result, and the deviation loses what one pass over
 * squares loses, in double. */
static vg_tolerance pass_tolerance(vg_op op, vg_slot slot)
{
    switch (op) {
    case VG_OP_adam:
    case VG_OP_adamw:
        return (vg_tolerance){.mag_eps = slot == VG_PARAM ? 18 : 4};
    case VG_OP_momentum:
        return (vg_tolerance){.mag_eps = slot == VG_PARAM ? 5 : 2};
    default:
        return (vg_tolerance){.ulp = op == VG_OP_sgd ? 0 : 2, .mag_eps = 2};
    }
}

/* Recurrent layers: a running error analysis (Higham 2002, 3.3), which the oracle does beside the
 * computation. With K the coefficient below, S of a result is its error bound in units of K u:
 *   a sum of up to K - 10 products      sum |terms| + what the errors S of its factors contribute
 *   f(a), f monotone                    the larger of |f(a +- K u S) - f(a)| / (K u), + |f|: an own
 *                                       error of up to 2 ulp (4 u |f|) and a rounding
 *   gate products and sums              |a| S_b + |b| S_a + |a b|
 * each product with 2^-126 on top, where its rounding is that of a subnormal. So an error of an early
 * step is charged where it arrives, through the weights and slopes it goes through, and nowhere
 * else. Sums are over in and hidden units forward, over gates * hidden backward, and over batch * seq
 * for the weights. */
static vg_tolerance recurrent_tolerance(vg_op op, vg_dir dir, const vg_shape *s, vg_slot slot)
{
    double through = (double)vg_op_gates(op) * (double)s->n[3] + 10;
    double over = (double)s->n[0] * (double)s->n[1] + 10;
    if (dir == VG_DIR_fwd)
        return (vg_tolerance){.mag_eps = (double)s->n[2] + (double)s->n[3] + 10};
    bool weights = slot != VG_DX && slot != VG_DHT;
    return (vg_tolerance){.mag_eps = weights && over > through ? over : through};
}

vg_tolerance vg_op_tolerance(vg_op op, vg_dir dir, const vg_shape *s, vg_slot slot)
{
    switch (ops[op].family) {
    case VG_FAMILY_DENSE:
        return dense_tolerance(op, dir, s);
    case VG_FAMILY_ACTIVATION:
        return activation_tolerance(op, dir, s, slot);
    case VG_FAMILY_NORM:
        return norm_tolerance(op, dir, s, slot);
    case VG_FAMILY_RESIDUAL:
        return residual_tolerance(op, dir, s, slot);
    case VG_FAMILY_LOSS:
        return loss_tolerance(op, s);
    case VG_FAMILY_OPTIMIZER:
        return pass_tolerance(op, slot);
    default:
        return recurrent_tolerance(op, dir, s, slot);
    }
}
