/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a cell over the vector layer: to be included after OP, cell_rows() and
 * cell_back_rows(), and followed by VG_RECURRENT_ROWS(op). Phases and memory are asked for by shape
 * alone, so every cell needs functions of its own that know its op. */
#ifndef VG_RECURRENT_ROWS_H
#define VG_RECURRENT_ROWS_H

/* vg_rec_cell_fn of either direction: whole vectors get code of their own. */
static void cell(const vg_step *s, int64_t u, int n, const float *z)
{
    if (n < VG_LANES)
        cell_rows(s, u, n, z, false);
    else
        cell_rows(s, u, n, z, true);
}

static void cell_back(const vg_step *s, int64_t u, int n, const float *z)
{
    if (n < VG_LANES)
        cell_back_rows(s, u, n, z, false);
    else
        cell_back_rows(s, u, n, z, true);
}

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    VG_FN(vg_rec_forward)(task, cell, unit, scratch);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    VG_FN(vg_rec_backward)(task, cell_back, unit, scratch);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return VG_FN(vg_rec_forward_phases)(OP, shape, forward, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return VG_FN(vg_rec_backward_phases)(OP, shape, backward, phase);
}

static size_t forward_scratch(const vg_shape *shape)
{
    vg_rec rec = VG_FN(vg_rec_cut_forward)(OP, shape);
    return VG_FN(vg_rec_scratch)(&rec);
}

static size_t backward_scratch(const vg_shape *shape)
{
    vg_rec rec = VG_FN(vg_rec_cut_backward)(OP, shape);
    return VG_FN(vg_rec_scratch)(&rec);
}

static size_t forward_workspace(const vg_shape *shape)
{
    return sizeof(float) * (size_t)VG_FN(vg_rec_cut_forward)(OP, shape).floats;
}

static size_t backward_workspace(const vg_shape *shape)
{
    return sizeof(float) * (size_t)VG_FN(vg_rec_cut_backward)(OP, shape).floats;
}

#define VG_RECURRENT_ROWS(op)                                                                      \
    const vg_kernel_impl VG_FN(vg_##op##_fwd) = {.impl = "GEMM over time, cell on tiles",          \
                                                 .phases = forward_phases,                         \
                                                 .too_small = VG_FN(vg_rec_too_small),             \
                                                 .scratch = forward_scratch,                       \
                                                 .workspace = forward_workspace,                   \
                                                 .prepare = VG_FN(vg_rec_prepare),                 \
                                                 .release = VG_FN(vg_rec_release)};                \
    const vg_kernel_impl VG_FN(vg_##op##_bwd) = {.impl = "cell on tiles, GEMMs over time",         \
                                                 .phases = backward_phases,                        \
                                                 .too_small = VG_FN(vg_rec_too_small),             \
                                                 .scratch = backward_scratch,                      \
                                                 .workspace = backward_workspace,                  \
                                                 .prepare = VG_FN(vg_rec_prepare),                 \
                                                 .release = VG_FN(vg_rec_release)};

#endif
