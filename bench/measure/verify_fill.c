/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/verify_fill.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* splitmix64 (Steele et al. 2014): a bijection, so index -> value needs no state. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static double uniform(uint64_t random)
{
    return (double)(random >> 11) * 0x1p-53;
}

/* Sum of 4 uniforms, variance 1: normal enough, and the same bits with every libm. */
static double deviate(uint64_t random)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (double)(random >> (16 * i) & 0xffff) * 0x1p-16 - 0.5;
    return sum * 1.7320508075688772;
}

static double from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* What breaks kernels: signed zeros, the ends of the subnormals, saturation thresholds of exp and
 * tanh, the largest numbers, infinities, NaN. */
static const float specials[] = {
    0.0f,     -0.0f,    0x1p-149f, -0x1p-149f, 0x1.fffffcp-127f, -0x1p-127f, FLT_MIN, -FLT_MIN,
    1.0f,     -1.0f,    0x1p-24f,  -0x1p-25f,  9.0109f,          -9.0109f,   17.329f, -17.329f,
    88.3763f, -87.3366f, 88.7229f, -88.7229f,  -103.9721f,       -104.5f,    -5.6f,   5.6f,
    -13.2f,   -1000.0f, 1e10f,     -1e10f,     3e18f,            -3e18f,     FLT_MAX, -FLT_MAX,
    INFINITY, -INFINITY, NAN,
};
enum { SPECIALS = sizeof specials / sizeof *specials };

/* For ops that add: huge values stay below the square root of the largest, so that a product and a
 * thousand of them are finite. */
static const float summable[] = {0.0f,  -0.0f, 0x1p-149f, -0x1p-140f, FLT_MIN,  -FLT_MIN,
                                 1e17f, -1e17f, 1e-30f,   INFINITY,   -INFINITY, NAN};
enum { SUMMABLE = sizeof summable / sizeof *summable };

static bool is_elementwise(vg_op op)
{
    return vg_op_is_activation(op) || op == VG_OP_add;
}

static double hard(vg_op op, uint64_t random, int64_t index)
{
    if (!is_elementwise(op))
        return random % 61 ? deviate(mix(random)) : (double)summable[random / 61 % SUMMABLE];
    if (index < SPECIALS)
        return (double)specials[index];
    switch (random % 3) {
    case 0:
        return (double)specials[random / 3 % SPECIALS];
    case 1:
        return from_bits((uint32_t)(random >> 32));
    default:
        return deviate(mix(random)) * 8;
    }
}

/* Half of the values step through all bit patterns, half lie evenly where functions bend. */
static double sweep(uint64_t random, int64_t index, int64_t count)
{
    double part = ((double)index + uniform(random)) / (double)count;
    if (index % 2 == 0)
        return (double)(float)(120 * part - 60) * (random % 4 ? 0.25 : 1);
    double value = from_bits((uint32_t)(part * 4294967296.0));
    return isfinite(value) ? value : 1;
}

static double integer(uint64_t random, int range)
{
    return (double)((int64_t)(random % (uint64_t)(2 * range + 1)) - range);
}

static double value_of(vg_op op, vg_slot slot, vg_verify_fill fill, uint64_t random, int64_t index,
                       int64_t count)
{
    bool gradient = slot == VG_DY;
    switch (fill) {
    case VG_FILL_INTEGER:
        return integer(random, slot == VG_W ? 4 : 8);
    case VG_FILL_HARD:
        return hard(op, random, gradient ? (index * 7 + 3) % (count + 1) : index);
    case VG_FILL_SHIFTED:
        return slot == VG_X || slot == VG_H ? 1000 + deviate(random) : deviate(random);
    case VG_FILL_SWEEP:
        if (is_elementwise(op) && !gradient)
            return sweep(random, index, count);
        return deviate(random);
    default:
        return deviate(random);
    }
}

/* Weights of recurrent layers keep the scale of a state over time. Whole numbers: few of them, so that
 * products of several steps stay below 2^24. */
static double recurrent_value(const vg_shape *shape, vg_slot slot, vg_verify_fill fill,
                              uint64_t random, double value)
{
    bool weight = slot == VG_W_IH || slot == VG_W_HH;
    if (fill == VG_FILL_INTEGER) {
        double keep = weight ? 2.0 / (double)shape->n[3] : 1;
        return uniform(mix(random)) < keep ? integer(random, weight ? 1 : 2) : 0;
    }
    return weight && fabs(value) < 100 ? value / sqrt((double)shape->n[3]) : value;
}

void vg_verify_fill_slot(vg_op op, const vg_shape *shape, vg_slot slot, vg_verify_fill fill,
                         uint64_t seed, int64_t count, double *values)
{
    uint64_t key = mix(seed * VG_SLOT_COUNT + (uint64_t)slot);
    for (int64_t i = 0; i < count; i++) {
        uint64_t random = mix(key + (uint64_t)i);
        double value = value_of(op, slot, fill, random, i, count);
        if (slot == VG_SLOPE && fill != VG_FILL_INTEGER)
            value = 0.25 + 0.125 * deviate(random);
        if (slot == VG_LABELS)
            value = (double)(random % (uint64_t)shape->n[1]);
        if (slot == VG_RUN_VAR || slot == VG_M2)
            value = 0.25 + uniform(random);
        if (vg_op_family(op) == VG_FAMILY_RECURRENT)
            value = recurrent_value(shape, slot, fill, random, value);
        if (slot == VG_T) /* a gate, with both its ends */
            value = fill == VG_FILL_INTEGER ? (double)(random % 5) / 4 : uniform(random);
        values[i] = (double)(float)value;
    }
}

static bool is_exact(vg_op op, vg_dir dir, const vg_shape *shape)
{
    switch (op) {
    case VG_OP_dense:
    case VG_OP_relu:
    case VG_OP_linear:
    case VG_OP_leaky_relu:
    case VG_OP_prelu:
    case VG_OP_add:
    case VG_OP_rezero:
    case VG_OP_highway:
        return true;
    case VG_OP_rnn:
        return shape->act == VG_OP_relu;
    case VG_OP_scaled_add:
        return dir == VG_DIR_bwd; /* one product; forward rounds once or twice */
    default:
        return false;
    }
}

vg_demand vg_verify_demand(vg_op op, vg_dir dir, const vg_shape *shape, vg_slot slot,
                           vg_verify_fill fill)
{
    (void)slot;
    if (fill == VG_FILL_INTEGER && is_exact(op, dir, shape))
        return VG_DEMAND_EXACT;
    switch (vg_op_family(op)) {
    case VG_FAMILY_DENSE:
    case VG_FAMILY_ACTIVATION:
    case VG_FAMILY_RESIDUAL:
        return VG_DEMAND_BOUND;
    default:
        return VG_DEMAND_NOT_FINITE;
    }
}
