/* SPDX-License-Identifier: Apache-2.0 */
#include "dense/dense_fused.h"

#include "activation/act_vec.h"
#include "vgbench/kernel.h"

VG_INLINE void finish_row(vg_op act, vf slope, int64_t n, float *z, float *pre)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES) {
        vf v = vf_load(z + i);
        if (pre)
            vf_store(pre + i, v);
        vf_store(z + i, vg_act_forward(act, v, slope));
    }
    if (i < n) {
        int lanes = (int)(n - i);
        vf v = vf_load_n(z + i, lanes);
        if (pre)
            vf_store_n(pre + i, lanes, v);
        vf_store_n(z + i, lanes, vg_act_forward(act, v, slope));
    }
}

VG_INLINE void finish_as(vg_op act, float slope, int64_t rows, int64_t cols, float *z, int64_t ldz,
                         float *pre, int64_t ld)
{
    const vf s = vf_set1(slope);
    for (int64_t r = 0; r < rows; r++)
        finish_row(act, s, cols, z + r * ldz, pre ? pre + r * ld : NULL);
}

VG_INLINE void map_as(vg_op act, float slope, const float *dy, const float *saved, int64_t n,
                      float *dz)
{
    const vf s = vf_set1(slope);
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(dz + i, vg_act_backward(act, vf_load(saved + i), vf_load(dy + i), s));
    if (i < n) {
        int lanes = (int)(n - i);
        vf_store_n(dz + i, lanes,
                   vg_act_backward(act, vf_load_n(saved + i, lanes), vf_load_n(dy + i, lanes), s));
    }
}

/* Every activation but prelu, whose slopes have gradients of their own. */
#define FUSED_ACTIVATIONS(APPLY)                                                                   \
    APPLY(relu) APPLY(linear) APPLY(sigmoid) APPLY(tanh) APPLY(leaky_relu)                         \
    APPLY(gelu) APPLY(gelu_tanh) APPLY(elu) APPLY(selu) APPLY(silu)

void VG_FN(vg_dense_finish)(const vg_gemm *g, int64_t row, int64_t col, int64_t rows, int64_t cols,
                            float *z, int64_t ldz)
{
    const vg_task *task = g->context;
    float slope = task->params->slope, *pre = task->t[VG_PRE].p;
    int64_t ld = task->t[VG_PRE].ld;
    pre = vg_act_saves_output((vg_op)task->shape.act) ? NULL : pre + row * ld + col;
    switch (task->shape.act) {
#define CASE(act)                                                                                  \
    case VG_OP_##act:                                                                              \
        finish_as(VG_OP_##act, slope, rows, cols, z, ldz, pre, ld);                                                  \
        break;
        FUSED_ACTIVATIONS(CASE)
#undef CASE
    default:
        break;
    }
}

void VG_FN(vg_dense_map)(const vg_gemm *g, const float *dy, const float *saved, int64_t n,
                         float *dz)
{
    const vg_task *task = g->context;
    float slope = task->params->slope;
    switch (task->shape.act) {
#define CASE(act)                                                                                  \
    case VG_OP_##act:                                                                              \
        map_as(VG_OP_##act, slope, dy, saved, n, dz);                                              \
        break;
        FUSED_ACTIVATIONS(CASE)
#undef CASE
    default:
        break;
    }
}
