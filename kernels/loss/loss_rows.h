/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the losses, the same for plain C and vectors: to be included after softmax_row(),
 * mse_row(), IMPL and the costs SOFTMAX_NS, MSE_NS (nanoseconds per element). */
#ifndef VG_LOSS_ROWS_H
#define VG_LOSS_ROWS_H

/* softmax_xent of one unit's rows. */
VG_INLINE void softmax_block(vg_dir dir, const vg_task *task, int64_t unit)
{
    vg_loss_range rows = vg_loss_block(task, unit);
    const int32_t *labels = task->t[VG_LABELS].p;
    float gradient = (float)(task->params->loss_scale / vg_loss_count(task));
    double sum = 0;
    for (int64_t r = rows.first; r < rows.last; r++)
        sum += softmax_row(dir, task->shape.n[1], vg_loss_row(task, VG_X, r), labels[r], gradient,
                           dir == VG_DIR_fwd ? NULL : vg_loss_row(task, VG_DX, r));
    if (dir != VG_DIR_bwd)
        ((double *)task->workspace)[unit] = sum;
}

VG_INLINE bool is_flat(const vg_task *task, vg_slot slot)
{
    return task->t[slot].ld == task->shape.n[1];
}

/* mse of one unit's rows, which are one long row where they lie one behind the other. */
VG_INLINE void mse_block(vg_dir dir, const vg_task *task, int64_t unit)
{
    vg_loss_range rows = vg_loss_block(task, unit);
    float gradient = (float)(2 * (double)task->params->loss_scale / vg_loss_count(task));
    bool flat = is_flat(task, VG_X) && is_flat(task, VG_TARGET) &&
                (dir == VG_DIR_fwd || is_flat(task, VG_DX));
    int64_t step = flat ? rows.last - rows.first : 1;
    double sum = 0;
    for (int64_t r = rows.first; r < rows.last; r += step)
        sum += mse_row(dir, step * task->shape.n[1], vg_loss_row(task, VG_X, r),
                       vg_loss_row(task, VG_TARGET, r), gradient,
                       dir == VG_DIR_fwd ? NULL : vg_loss_row(task, VG_DX, r));
    if (dir != VG_DIR_bwd)
        ((double *)task->workspace)[unit] = sum;
}

static void softmax_unit(const vg_task *task, int64_t unit, void *scratch)
{
    switch (task->kernel->dir) {
    case VG_DIR_fwd:
        softmax_block(VG_DIR_fwd, task, unit);
        break;
    case VG_DIR_bwd:
        softmax_block(VG_DIR_bwd, task, unit);
        break;
    default:
        softmax_block(VG_DIR_fwd_bwd, task, unit);
    }
}

static void mse_unit(const vg_task *task, int64_t unit, void *scratch)
{
    switch (task->kernel->dir) {
    case VG_DIR_fwd:
        mse_block(VG_DIR_fwd, task, unit);
        break;
    case VG_DIR_bwd:
        mse_block(VG_DIR_bwd, task, unit);
        break;
    default:
        mse_block(VG_DIR_fwd_bwd, task, unit);
    }
}

static int softmax_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_loss_phases(shape, softmax_unit, SOFTMAX_NS, phase);
}

static int softmax_gradient_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_loss_gradient_phases(shape, softmax_unit, SOFTMAX_NS, phase);
}

static int mse_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_loss_phases(shape, mse_unit, MSE_NS, phase);
}

static int mse_gradient_phases(const vg_shape *shape, vg_phase *phase)
{
    return vg_loss_gradient_phases(shape, mse_unit, MSE_NS, phase);
}

const vg_kernel_impl VG_FN(vg_softmax_xent_fwd) = {.impl = IMPL,
                                                    .phases = softmax_phases,
                                                    .workspace = vg_loss_workspace,
                                                    .too_small = SOFTMAX_TOO_SMALL};
const vg_kernel_impl VG_FN(vg_softmax_xent_bwd) = {
    .impl = IMPL, .phases = softmax_gradient_phases, .too_small = SOFTMAX_TOO_SMALL};
const vg_kernel_impl VG_FN(vg_softmax_xent_fwd_bwd) = {.impl = IMPL,
                                                        .phases = softmax_phases,
                                                        .workspace = vg_loss_workspace,
                                                        .too_small = SOFTMAX_TOO_SMALL};
const vg_kernel_impl VG_FN(vg_mse_fwd) = {.impl = IMPL,
                                           .phases = mse_phases,
                                           .workspace = vg_loss_workspace,
                                           .too_small = MSE_TOO_SMALL};
const vg_kernel_impl VG_FN(vg_mse_bwd) = {
    .impl = IMPL, .phases = mse_gradient_phases, .too_small = MSE_TOO_SMALL};
const vg_kernel_impl VG_FN(vg_mse_fwd_bwd) = {.impl = IMPL,
                                               .phases = mse_phases,
                                               .workspace = vg_loss_workspace,
                                               .too_small = MSE_TOO_SMALL};

#endif
