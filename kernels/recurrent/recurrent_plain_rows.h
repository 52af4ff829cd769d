/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a cell in plain C: to be included after OP, cell() and cell_back(), and followed by
 * VG_RECURRENT_PLAIN_ROWS(op). */
#ifndef VG_RECURRENT_PLAIN_ROWS_H
#define VG_RECURRENT_PLAIN_ROWS_H

static void forward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_plain_forward(task, OP, cell, unit, scratch);
}

static void backward(const vg_task *task, int64_t unit, void *scratch)
{
    vg_plain_backward(task, OP, cell_back, unit, scratch);
}

static void weights(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    vg_plain_weights(task, OP, unit);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_plain_forward_phases(OP, shape, forward, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_plain_backward_phases(OP, shape, backward, weights, phase);
}

static size_t forward_scratch(const vg_shape *shape)
{
    return vg_plain_forward_scratch(OP, shape);
}

static size_t workspace(const vg_shape *shape)
{
    return vg_plain_workspace(OP, shape);
}

#define VG_RECURRENT_PLAIN_ROWS(op)                                                                \
    const vg_kernel_impl VG_FN(vg_##op##_fwd) = {.impl = "plain C, dot products",                  \
                                                 .phases = forward_phases,                         \
                                                 .scratch = forward_scratch};                      \
    const vg_kernel_impl VG_FN(vg_##op##_bwd) = {.impl = "plain C, sums of rows",                  \
                                                 .phases = backward_phases,                        \
                                                 .scratch = vg_plain_backward_scratch,             \
                                                 .workspace = workspace};

#endif
