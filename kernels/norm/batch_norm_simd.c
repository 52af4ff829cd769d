/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm: training forward, backward, and inference with running statistics. */
#include "norm/batch_norm_units.h"

static const vg_norm_form form = {.centred = true, .act = VG_OP_linear};

static void forward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_strip(task, unit, form);
}

static void forward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_forward_reduce(task, unit, form);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_tile_normalise(task, form, vg_apply_of(task, unit), scratch);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    static const vg_batch_norm_units units = {forward_strip, forward_reduce,
                                              vg_batch_forward_merge, forward_apply};
    return vg_batch_norm_phases(shape, &units, 0.1, phase);
}

static void backward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_backward_strip(task, unit, form);
}

static void backward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    vg_batch_backward_reduce(task, unit, form);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_tile_differentiate(task, form, vg_apply_of(task, unit), scratch);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    static const vg_batch_norm_units units = {backward_strip, backward_reduce,
                                              vg_batch_backward_merge, backward_apply};
    return vg_batch_norm_phases(shape, &units, 0.15, phase);
}

/* --- inference ----------------------------------------------------------------------------- */

/* y = (x - running mean) scale + beta. The scale is made again for every unit: a square root and a
 * division per column against some tens of rows. */
static void infer(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t width = task->shape.n[1], row = unit * VG_ROW_BLOCK;
    int64_t last = vg_min64(row + VG_ROW_BLOCK, task->shape.n[0]);
    for (int64_t c = 0; c < width; c += VG_LANES) {
        int lanes = width - c < VG_LANES ? (int)(width - c) : VG_LANES;
        vf mean = vg_part(vg_vector(task, VG_RUN_MEAN) + c, lanes);
        vf var = vg_part(vg_vector(task, VG_RUN_VAR) + c, lanes);
        vf scale = vf_div(vg_part(vg_vector(task, VG_GAMMA) + c, lanes),
                          vf_sqrt(vf_add(var, vf_set1(task->params->eps))));
        vf beta = vg_part(vg_vector(task, VG_BETA) + c, lanes);
        for (int64_t r = row; r < last; r++) {
            vf d = vf_sub(vg_part(vg_row(task, VG_X, r) + c, lanes), mean);
            vg_put_part(vg_row(task, VG_Y, r) + c, lanes, vf_fma(d, scale, beta));
        }
    }
}

static int infer_phases(const vg_shape *shape, vg_phase *phase)
{
    phase[0] = (vg_phase){.run = infer,
                          .units = vg_norm_blocks(shape),
                          .row_block = VG_ROW_BLOCK,
                          .cost_ns = 0.08 * (double)shape->n[0] * (double)shape->n[1]};
    return 1;
}

const vg_kernel_impl VG_FN(vg_batch_norm_fwd) = {.impl = "one pass, shifted, merged by 64 rows",
                                             .too_small = vg_batch_norm_too_small,
                                             .phases = forward_phases,
                                             .scratch = vg_batch_norm_scratch,
                                             .workspace = vg_batch_norm_workspace,
                                             .supports = vg_batch_norm_supports};
const vg_kernel_impl VG_FN(vg_batch_norm_bwd) = {.impl = "blocks of 64 rows",
                                             .too_small = vg_batch_norm_too_small,
                                             .phases = backward_phases,
                                             .scratch = vg_batch_norm_scratch,
                                             .workspace = vg_batch_norm_workspace,
                                             .supports = vg_batch_norm_supports};
const vg_kernel_impl VG_FN(vg_batch_norm_infer) = {
    .impl = "vec layer", .phases = infer_phases, .too_small = vg_batch_norm_too_small};
