/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/fill.h"

#include <Random123/philox.h>
#include <math.h>

/* Sum of four 16-bit uniforms, variance 1: normal enough for timing, and cheap. */
static float deviate(uint32_t a, uint32_t b)
{
    uint32_t sum = (a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16);
    return ((float)sum - 131070.0f) * (1.7320508f / 65536.0f);
}

static float uniform(uint32_t a)
{
    return (float)(a >> 8) * 0x1p-24f;
}

/* Weights keep the scale of their input, so that fused forward passes see ordinary values. */
static float weight_scale(vg_op op, const vg_shape *shape)
{
    bool recurrent = vg_op_family(op) == VG_FAMILY_RECURRENT;
    return 1 / sqrtf((float)(recurrent ? shape->n[3] : shape->n[1]));
}

static float value_of(vg_slot slot, float scale, uint32_t a, uint32_t b)
{
    switch (slot) {
    case VG_W:
    case VG_W_IH:
    case VG_W_HH:
        return scale * deviate(a, b);
    case VG_GAMMA:
        return 1 + 0.1f * deviate(a, b);
    case VG_SLOPE:
        return 0.25f;
    case VG_ALPHA:
        return 0.5f;
    case VG_T:  /* a gate */
    case VG_M2: /* second moments and variances */
    case VG_RUN_VAR:
    case VG_RSTD:
        return 0.05f + 0.9f * uniform(a);
    case VG_GRAD:
    case VG_M1:
        return 0.01f * deviate(a, b);
    default:
        return deviate(a, b);
    }
}

void vg_fill(vg_op op, const vg_shape *shape, vg_slot slot, uint64_t seed, int64_t begin,
             int64_t end, void *data)
{
    float scale = weight_scale(op, shape), *values = data;
    int32_t *labels = data;
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    for (int64_t i = begin; i < end; i++) {
        philox4x32_ctr_t counter = {{(uint32_t)i, (uint32_t)(i >> 32), (uint32_t)slot, 0}};
        philox4x32_ctr_t r = philox4x32_R(7, counter, key);
        if (slot == VG_LABELS)
            labels[i] = (int32_t)(((uint64_t)r.v[0] * (uint64_t)shape->n[1]) >> 32);
        else
            values[i] = value_of(slot, scale, r.v[0], r.v[1]);
    }
}
