/* SPDX-License-Identifier: Apache-2.0 */
/** @file act_vec.h
 * The activations on vectors, for element-wise rows and for kernels that fuse them. Call with a
 * constant @p act: the switch then vanishes. */
#ifndef VG_ACT_VEC_H
#define VG_ACT_VEC_H

#include "activation/act_tables.h"
#include "simd/vec_math.h"
#include "vgbench/ops.h"

/* selu: lambda and lambda alpha (Klambauer et al. 2017) */
#define VG_SELU_LAMBDA 1.0507009873554805f
#define VG_SELU_LAMBDA_ALPHA 1.7580993408473766f

/* Phi or the slope of x Phi by its table, for x >= -VG_PIECE_BOUND: below it is 0. */
#define VG_PIECE_BOUND (16 * VG_PIECE_WIDTH)
VG_INLINE vf vg_act_bounded(const float table[VG_PIECE_TERMS][VG_TABLE], vf x)
{
    const vf width = vf_set1(VG_PIECE_WIDTH), magic = vf_set1(0x1.8p23f);
    const vf last = vf_set1((VG_TABLE == 32 ? 15 : 7) * VG_PIECE_WIDTH);
    vf a = vf_min(last, VG_TABLE == 32 ? x : vf_abs(x));
    /* Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. */
    vf rounded = vf_fma(a, vf_set1(1 / VG_PIECE_WIDTH), magic);
    vi k = vi_bits(rounded);
    vf t = vf_fnma(vf_sub(rounded, magic), width, a);
    vf p = vf_lookup(vf_table_load(table[VG_PIECE_TERMS - 1]), k);
    VG_UNROLL(8)
    for (int i = VG_PIECE_TERMS - 2; i >= 0; i--)
        p = vf_fma(p, t, vf_lookup(vf_table_load(table[i]), k));
    return VG_TABLE == 32 ? p : vf_select(vf_gt(x, vf_zero()), vf_sub(vf_set1(1), p), p);
}

/* The same for any x. */
VG_INLINE vf vg_act_piecewise(const float table[VG_PIECE_TERMS][VG_TABLE], vf x)
{
    return vg_act_bounded(table, VG_TABLE == 32 ? vf_max(vf_set1(-VG_PIECE_BOUND), x) : x);
}

/* x Phi(x): from the bound down the table says 0, and the product must be -0 at -inf too. */
VG_INLINE vf vg_act_gelu(const float table[VG_PIECE_TERMS][VG_TABLE], vf x)
{
    x = vf_max(vf_set1(-VG_PIECE_BOUND), x);
    return vf_mul(x, vg_act_bounded(table, x));
}

/* x / (1 + e^-x) with e^-x = 2^n (1 + q). From x = -87 down 2^n would overflow and the result is
 * about to underflow: 2^-126 is divided by, and the rest of the factor comes last. */
VG_INLINE vf vg_act_silu(vf x)
{
    x = vf_max(vf_set1(-120.0f), x);
    vf_reduced a = vf_reduce_ln2_negated(vf_min(vf_set1(87.0f), x));
    vf n = vf_min(vf_set1(126.0f), a.n), s = vf_exp2i(n, 0);
    vf d = vf_one_plus_exp(vf_set1(1), s, vf_expm1_reduced(a.r));
    return vf_scale(vf_div(x, d), vf_sub(n, a.n));
}

/* s + x s (1 - s) = s (1 + x e / (1 + e)) with s = 1 / (1 + e), e = e^-x, scaled by K = 2^-26 as in
 * vf_sigmoid. */
VG_INLINE vf vg_act_silu_slope(vf x)
{
    const vf k = vf_set1(0x1p-26f), one = vf_set1(1);
    x = vf_min(vf_set1(69.0f), vf_max(vf_set1(-104.0f), x));
    vf_reduced a = vf_reduce_ln2_negated(x);
    vf s = vf_exp2i(a.n, -26);
    vf e = vf_fma(s, vf_expm1_reduced(a.r), s);
    vf r = vf_div(one, vf_add(k, e));
    return vf_mul(vf_fma(x, vf_mul(e, r), one), vf_mul(k, r));
}

/** y = f(x). @p slope: leaky_relu, prelu. */
VG_INLINE vf vg_act_forward(vg_op act, vf x, vf slope)
{
    switch (act) {
    case VG_OP_relu: /* a NaN in the second operand stays */
        return vf_max(vf_zero(), x);
    case VG_OP_sigmoid:
        return vf_sigmoid(x);
    case VG_OP_tanh:
        return vf_tanh(x);
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return vf_select(vf_gt(x, vf_zero()), x, vf_mul(x, slope));
    case VG_OP_gelu:
        return vg_act_gelu(vg_gelu_fwd_table, x);
    case VG_OP_gelu_tanh:
        return vg_act_gelu(vg_gelu_tanh_fwd_table, x);
    case VG_OP_elu:
        return vf_select(vf_ge(x, vf_zero()), x, vf_expm1_negative(x));
    case VG_OP_selu:
        return vf_select(vf_ge(x, vf_zero()), vf_mul(x, vf_set1(VG_SELU_LAMBDA)),
                         vf_mul(vf_expm1_negative(x), vf_set1(VG_SELU_LAMBDA_ALPHA)));
    case VG_OP_silu:
        return vg_act_silu(x);
    default: /* linear */
        return x;
    }
}

/** dx = dy f'(x). @p saved is y where vg_act_saves_output(act), otherwise x. */
VG_INLINE vf vg_act_backward(vg_op act, vf saved, vf dy, vf slope)
{
    const vf zero = vf_zero(), one = vf_set1(1);
    switch (act) {
    case VG_OP_relu:
        return vf_select(vf_le(saved, zero), zero, dy);
    case VG_OP_sigmoid:
        return vf_mul(dy, vf_mul(saved, vf_sub(one, saved)));
    case VG_OP_tanh:
        return vf_mul(dy, vf_fnma(saved, saved, one));
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
        return vf_select(vf_gt(saved, zero), dy, vf_mul(dy, slope));
    case VG_OP_gelu:
        return vf_mul(dy, vg_act_piecewise(vg_gelu_bwd_table, saved));
    case VG_OP_gelu_tanh:
        return vf_mul(dy, vg_act_piecewise(vg_gelu_tanh_bwd_table, saved));
    case VG_OP_elu:
        return vf_select(vf_gt(saved, zero), dy, vf_mul(dy, vf_add(saved, one)));
    case VG_OP_selu:
        return vf_mul(dy, vf_select(vf_gt(saved, zero), vf_set1(VG_SELU_LAMBDA),
                                    vf_add(saved, vf_set1(VG_SELU_LAMBDA_ALPHA))));
    case VG_OP_silu:
        return vf_mul(dy, vg_act_silu_slope(saved));
    default: /* linear */
        return dy;
    }
}

#endif
