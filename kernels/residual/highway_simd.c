/* SPDX-License-Identifier: Apache-2.0 */
/* Highway gate (Srivastava et al. 2015): y = t h + (1 - t) x; backward dx = dy (1 - t), dh = dy t,
 * dt = dy (h - x), all in one pass.
 *
 * Not x + t (h - x): one operation less, but where t is near 1 and |x| >> |h| its error is that of x
 * and not of t h + (1 - t) x. The kernel is bound by its streams anyway, vec.h's 3:1 and 4:3:
 * 128 x 256 forward 3.63 to 3.73 us (AVX-512), the bare loop 3.55, oneDNN's three calls 5.3 to 5.4. */
#include "residual/axpy_vec.h"

VG_INLINE vf mix(vf x, vf h, vf t)
{
    return vf_fma(t, h, vf_mul(vf_sub(vf_set1(1), t), x));
}

static void forward_cached(const float *x, const float *h, const float *t, float *y, int64_t n)
{
    int64_t i = 0;
    for (; i + VG_GROUP * VG_LANES <= n; i += VG_GROUP * VG_LANES) {
        vf v[VG_GROUP];
        vg_ask_ahead(y + i);
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++) {
            int64_t at = i + k * VG_LANES;
            v[k] = mix(vf_load(x + at), vf_load(h + at), vf_load(t + at));
        }
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++)
            vf_store(y + i + k * VG_LANES, v[k]);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_store(y + i, mix(vf_load(x + i), vf_load(h + i), vf_load(t + i)));
    int tail = (int)(n - i);
    if (tail)
        vf_store_n(y + i, tail,
                   mix(vf_load_n(x + i, tail), vf_load_n(h + i, tail), vf_load_n(t + i, tail)));
}

static void forward_streamed(const float *x, const float *h, const float *t, float *y, int64_t n)
{
    int64_t i = vg_stream_head(y, n);
    forward_cached(x, h, t, y, i);
    for (; i + VG_LANES <= n; i += VG_LANES)
        vf_stream(y + i, mix(vf_load(x + i), vf_load(h + i), vf_load(t + i)));
    forward_cached(x + i, h + i, t + i, y + i, n - i);
}

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_X, VG_H, VG_T, VG_Y};
    vg_spans s = vg_unit_spans(task, unit, slots, 4);
    bool stream = task->t[VG_X].p != task->t[VG_Y].p &&
                  vg_stream_outputs(task, 4);
    for (int64_t r = s.row; r < s.last; r += s.step)
        (stream ? forward_streamed : forward_cached)(vg_row(task, VG_X, r), vg_row(task, VG_H, r),
                                                     vg_row(task, VG_T, r), vg_row(task, VG_Y, r),
                                                     s.length);
}

typedef struct gradients {
    vf dx, dh, dt;
} gradients;

VG_INLINE gradients differentiate(vf x, vf h, vf t, vf dy)
{
    return (gradients){vf_mul(dy, vf_sub(vf_set1(1), t)), vf_mul(dy, t),
                       vf_mul(dy, vf_sub(h, x))};
}

typedef struct backward_rows {
    const float *x, *h, *t, *dy;
    float *dx, *dh, *dt;
} backward_rows;

VG_INLINE gradients gradients_at(const backward_rows *a, int64_t i)
{
    return differentiate(vf_load(a->x + i), vf_load(a->h + i), vf_load(a->t + i),
                         vf_load(a->dy + i));
}

static void backward_tail(const backward_rows *a, int64_t i, int n)
{
    gradients g = differentiate(vf_load_n(a->x + i, n), vf_load_n(a->h + i, n),
                                vf_load_n(a->t + i, n), vf_load_n(a->dy + i, n));
    vf_store_n(a->dx + i, n, g.dx);
    vf_store_n(a->dh + i, n, g.dh);
    vf_store_n(a->dt + i, n, g.dt);
}

VG_INLINE void backward_store(const backward_rows *a, int64_t i)
{
    gradients g = gradients_at(a, i);
    vf_store(a->dx + i, g.dx);
    vf_store(a->dh + i, g.dh);
    vf_store(a->dt + i, g.dt);
}

static void backward_cached(const backward_rows *a, int64_t n)
{
    int64_t i = 0;
    for (; i + VG_GROUP * VG_LANES <= n; i += VG_GROUP * VG_LANES) {
        vg_ask_ahead(a->dx + i);
        vg_ask_ahead(a->dh + i);
        vg_ask_ahead(a->dt + i);
        VG_UNROLL(4)
        for (int k = 0; k < VG_GROUP; k++)
            backward_store(a, i + k * VG_LANES);
    }
    for (; i + VG_LANES <= n; i += VG_LANES)
        backward_store(a, i);
    if (i < n)
        backward_tail(a, i, (int)(n - i));
}

/* All three outputs aligned for vf_stream. */
static void backward_streamed(const backward_rows *a, int64_t n)
{
    int64_t i = 0;
    for (; i + VG_LANES <= n; i += VG_LANES) {
        gradients g = gradients_at(a, i);
        vf_stream(a->dx + i, g.dx);
        vf_stream(a->dh + i, g.dh);
        vf_stream(a->dt + i, g.dt);
    }
    if (i < n)
        backward_tail(a, i, (int)(n - i));
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_slot slots[] = {VG_X, VG_H, VG_T, VG_DY, VG_DX, VG_DH, VG_DT};
    vg_spans s = vg_unit_spans(task, unit, slots, 7);
    bool large = task->t[VG_DY].p != task->t[VG_DX].p &&
                 vg_stream_outputs(task, 7);
    for (int64_t r = s.row; r < s.last; r += s.step) {
        backward_rows a = {vg_row(task, VG_X, r),  vg_row(task, VG_H, r),  vg_row(task, VG_T, r),
                           vg_row(task, VG_DY, r), vg_row(task, VG_DX, r), vg_row(task, VG_DH, r),
                           vg_row(task, VG_DT, r)};
        bool aligned = ((uintptr_t)a.dx | (uintptr_t)a.dh | (uintptr_t)a.dt) %
                           (VG_LANES * sizeof(float)) == 0;
        (large && aligned ? backward_streamed : backward_cached)(&a, s.length);
    }
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, forward, vg_pass_ns(3, 1), phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_residual_phases(shape, backward, vg_pass_ns(4, 3), phase);
}

const vg_kernel_impl VG_FN(vg_highway_fwd) = {
    .impl = "vec layer", .phases = forward_phases, .too_small = vg_residual_too_small};
const vg_kernel_impl VG_FN(vg_highway_bwd) = {
    .impl = "vec layer, one pass", .phases = backward_phases, .too_small = vg_residual_too_small};
