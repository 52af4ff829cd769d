/* SPDX-License-Identifier: Apache-2.0 */
/* Element-wise activations over the vector layer: one template per direction. PReLU: prelu_simd.c.
 *
 * What bounds them, on Golden Cove (3.5 GHz, 128 x 256 in L2, cycles per 64 bytes of output):
 *   relu, leaky_relu forward  4.6: one line read, one read for ownership and written back
 *   backward from y           5.3: three streams. Bare loops of both kinds take the same (vec.h),
 *                             and writing alone 3.8: sigmoid and tanh cannot gain on oneDNN's
 *                             5.25 us for 128 x 256 more than 1.7
 *   exp, tables               11 to 15: 21 to 26 instructions on the two 512-bit ports */
/* The four vectors of a group interleaved, not one behind the other: on Zen 5 the window of the scheduler
 * is too small to find the second while the first waits (tanh, gelu, gelu_tanh 4 to 5 %). With AVX2
 * gelu loses 8 % by it. */
#if defined(VG_ISA_IS_AVX512) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("schedule-insns")
#endif

#include "activation/act_vec.h"
#include "activation/activation.h"

/* Direction of a template instance: forward y = f(x), or backward dx = dy f'(saved). */
typedef struct kind {
    vg_op act;
    bool backward;
} kind;

VG_INLINE vf apply(kind k, vf a, vf dy, vf slope)
{
    return k.backward ? vg_act_backward(k.act, a, dy, slope) : vg_act_forward(k.act, a, slope);
}

/* The first n < VG_LANES elements. */
VG_INLINE void apply_n(kind k, int n, const float *a, const float *dy, float *out, vf slope)
{
    if (n)
        vf_store_n(out, n,
                   apply(k, vf_load_n(a, n), k.backward ? vf_load_n(dy, n) : vf_zero(), slope));
}

/* Whether a group of vectors and its results fit the registers with room to spare. */
VG_INLINE bool is_light(kind k)
{
    switch (k.act) {
    case VG_OP_relu:
    case VG_OP_linear:
    case VG_OP_leaky_relu:
        return true;
    case VG_OP_sigmoid:
    case VG_OP_tanh:
    case VG_OP_elu:
    case VG_OP_selu:
        return k.backward;
    default:
        return false;
    }
}

VG_INLINE void put(bool stream, float *p, vf v)
{
    if (stream)
        vf_stream(p, v);
    else
        vf_store(p, v);
}

/* Whole groups of a row from @p i on; returns where they end. */
VG_INLINE int64_t apply_groups(kind k, bool stream, int64_t i, int64_t n, const float *a,
                               const float *dy, float *out, vf slope)
{
    for (; i + VG_GROUP * VG_LANES <= n; i += VG_GROUP * VG_LANES) {
        vf v[VG_GROUP];
        if (!stream)
            vg_ask_ahead(out + i);
        if (stream)
            vg_fetch_far(a + i);
        if (stream && k.backward)
            vg_fetch_far(dy + i);
        VG_UNROLL(4)
        for (int j = 0; j < VG_GROUP; j++) {
            v[j] = apply(k, vf_load(a + i + j * VG_LANES),
                         k.backward ? vf_load(dy + i + j * VG_LANES) : vf_zero(), slope);
            if (!is_light(k))
                put(stream, out + i + j * VG_LANES, v[j]);
        }
        VG_UNROLL(4)
        for (int j = 0; j < VG_GROUP; j++)
            if (is_light(k))
                put(stream, out + i + j * VG_LANES, v[j]);
    }
    return i;
}

/* A row: a is x or what was saved, dy is read by backward only; out may be either. With @p stream,
 * out goes past the caches. */
VG_INLINE void apply_row(kind k, bool stream, int64_t n, const float *a, const float *dy,
                         float *out, vf slope)
{
    int64_t i = 0;
    if (stream) {
        i = vg_min64((int64_t)(-(uintptr_t)out / sizeof(float) % VG_LANES), n);
        apply_n(k, (int)i, a, dy, out, slope);
    }
    if (!stream || !is_light(k)) /* relu in groups to memory: 3 to 6 % slower */
        i = apply_groups(k, stream, i, n, a, dy, out, slope);
    VG_UNROLL(4)
    for (; i + VG_LANES <= n; i += VG_LANES)
        put(stream, out + i,
            apply(k, vf_load(a + i), k.backward ? vf_load(dy + i) : vf_zero(), slope));
    apply_n(k, (int)(n - i), a + i, dy + i, out + i, slope);
}

VG_INLINE void apply_unit(kind k, const vg_task *task, int64_t unit)
{
    vg_slot in = k.backward && vg_act_saves_output(k.act) ? VG_Y : VG_X;
    vg_slot dy = k.backward ? VG_DY : in, out = k.backward ? VG_DX : VG_Y;
    int64_t width = task->shape.n[1];
    bool flat = vg_is_contiguous(task, in) && vg_is_contiguous(task, dy) &&
                vg_is_contiguous(task, out);
    bool stream = flat && vg_activation_streams(task) &&
                  task->t[out].p != task->t[in].p && task->t[out].p != task->t[dy].p;
    const vf slope = vf_set1(task->params->slope);
    vg_block b = vg_activation_block(task, unit, vg_elementwise_rows(width), flat);
    for (int64_t r = b.first; r < b.first + b.rows; r++) {
        const float *a = vg_row(task, in, r), *d = vg_row(task, dy, r);
        if (stream)
            apply_row(k, true, b.cols, a, d, vg_row(task, out, r), slope);
        else
            apply_row(k, false, b.cols, a, d, vg_row(task, out, r), slope);
    }
}

/* One function per op and direction: from a common one with a switch the compiler hoists the
 * constants of all ten, to be set up before every unit. */
static void relu_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_relu, false}, task, unit);
}

static void relu_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_relu, true}, task, unit);
}

static void linear_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_linear, false}, task, unit);
}

static void linear_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_linear, true}, task, unit);
}

static void leaky_relu_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_leaky_relu, false}, task, unit);
}

static void leaky_relu_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_leaky_relu, true}, task, unit);
}

static void sigmoid_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_sigmoid, false}, task, unit);
}

static void sigmoid_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_sigmoid, true}, task, unit);
}

static void tanh_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_tanh, false}, task, unit);
}

static void tanh_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_tanh, true}, task, unit);
}

static void gelu_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_gelu, false}, task, unit);
}

static void gelu_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_gelu, true}, task, unit);
}

static void gelu_tanh_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_gelu_tanh, false}, task, unit);
}

static void gelu_tanh_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_gelu_tanh, true}, task, unit);
}

static void elu_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_elu, false}, task, unit);
}

static void elu_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_elu, true}, task, unit);
}

static void selu_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_selu, false}, task, unit);
}

static void selu_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_selu, true}, task, unit);
}

static void silu_forward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_silu, false}, task, unit);
}

static void silu_backward(const vg_task *task, int64_t unit)
{
    apply_unit((kind){VG_OP_silu, true}, task, unit);
}

typedef void instance(const vg_task *task, int64_t unit);

#define FORWARD(op, cost) [VG_OP_##op] = op##_forward,
#define BACKWARD(op, cost) [VG_OP_##op] = op##_backward,
static instance *const forwards[VG_OP_COUNT] = {VG_ACTIVATIONS(FORWARD)};
static instance *const backwards[VG_OP_COUNT] = {VG_ACTIVATIONS(BACKWARD)};

static void forward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    forwards[task->kernel->op](task, unit);
}

static void backward_unit(const vg_task *task, int64_t unit, void *scratch)
{
    backwards[task->kernel->op](task, unit);
}

static int forward_phases_select(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, vg_pass_ns(1, 1), phase);
}

static int forward_phases_exp(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, forward_unit, 0.25, phase);
}

static int backward_phases_select(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, backward_unit, vg_pass_ns(2, 1), phase);
}

static int backward_phases_exp(const vg_shape *shape, vg_phase *phase)
{
    return vg_activation_phase(shape, backward_unit, 0.25, phase);
}

/* A masked load and store take 2 ns more than a scalar one, a function of libm 4 to 20 ns. */
static bool too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    enum { LIGHT = 8, HEAVY = 2 };
    kind k = {kernel->op, kernel->dir == VG_DIR_bwd};
    return shape->n[0] * shape->n[1] <= (is_light(k) ? LIGHT : HEAVY);
}

#define ROWS(op, cost)                                                                             \
    const vg_kernel_impl VG_FN(vg_##op##_fwd) = {.impl = "vec layer",                              \
                                                 .phases = forward_phases_##cost,                  \
                                                 .too_small = too_small};                          \
    const vg_kernel_impl VG_FN(vg_##op##_bwd) = {.impl = "vec layer",                              \
                                                 .phases = backward_phases_##cost,                 \
                                                 .too_small = too_small};
VG_ACTIVATIONS(ROWS)
