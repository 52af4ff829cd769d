/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an op that is fused with norms, over the vector layer: to be included after
 * run(part, centred, task, unit, scratch), whose first two arguments are constants, and the costs
 * FORWARD_NS, BACKWARD_NS (nanoseconds per element); followed by VG_FUSED_ROWS(op). */
#ifndef VG_NORM_FUSED_ROWS_H
#define VG_NORM_FUSED_ROWS_H

static void forward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_ROWS_FORWARD, true, task, unit, scratch);
}

static void forward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_ROWS_FORWARD, false, task, unit, scratch);
}

static void backward_rows(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_ROWS_BACKWARD, true, task, unit, scratch);
}

static void backward_rms(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_ROWS_BACKWARD, false, task, unit, scratch);
}

static void forward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_STRIP_FORWARD, true, task, unit, scratch);
}

static void forward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_REDUCE_FORWARD, true, task, unit, scratch);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_APPLY_FORWARD, true, task, unit, scratch);
}

static void backward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_STRIP_BACKWARD, true, task, unit, scratch);
}

static void backward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_REDUCE_BACKWARD, true, task, unit, scratch);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    run(VG_APPLY_BACKWARD, true, task, unit, scratch);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    const vg_fused_units units = {
        .batch = {forward_strip, forward_reduce, vg_batch_forward_merge, forward_apply},
        .centred = forward_rows,
        .rms = forward_rms,
        .ns = FORWARD_NS};
    return vg_fused_phases(shape, &units, phase);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    const vg_fused_units units = {
        .batch = {backward_strip, backward_reduce, vg_batch_backward_merge, backward_apply},
        .centred = backward_rows,
        .rms = backward_rms,
        .sum = vg_row_norm_sum_blocks,
        .ns = BACKWARD_NS};
    return vg_fused_phases(shape, &units, phase);
}

static bool too_small(const vg_kernel *kernel, const vg_shape *shape)
{
    return shape->norm == VG_OP_batch_norm ? vg_batch_norm_too_small(kernel, shape)
                                           : vg_row_norm_too_small(kernel, shape);
}

#define VG_FUSED_IMPL(phases_)                                                                     \
    {                                                                                              \
        .impl = "one pass with the norm", .phases = (phases_), .scratch = vg_fused_scratch,        \
        .workspace = vg_fused_workspace, .supports = vg_fused_supports,                            \
        .too_small = too_small                                                                     \
    }
#define VG_FUSED_ROWS(op)                                                                          \
    const vg_kernel_impl VG_FN(vg_##op##_fwd) = VG_FUSED_IMPL(forward_phases);                     \
    const vg_kernel_impl VG_FN(vg_##op##_bwd) = VG_FUSED_IMPL(backward_phases);

#endif
