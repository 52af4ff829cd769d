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

/* Columns c .. c + lanes. */
VG_INLINE vf running_scale(const vg_task *task, int64_t c, int lanes)
{
    vf var = vg_part(vg_vector(task, VG_RUN_VAR) + c, lanes);
    return vf_div(vg_part(vg_vector(task, VG_GAMMA) + c, lanes),
                  vf_sqrt(vf_add(var, vf_set1(task->params->eps))));
}

/* Rows 4 KiB apart share a set of L1, and past L2 a column is a new line in every row: 512 x 1024 by
 * columns took 267 us, by rows 156. Narrow ones in L2 are faster by columns: 300 x 300 12.5 and 16.2. */
static bool goes_by_columns(const vg_shape *shape)
{
    enum { NARROW = 512 };
    return shape->n[1] < NARROW && shape->n[0] * shape->n[1] <= VG_STRIP_ELEMENTS / 2;
}

static size_t infer_scratch(const vg_shape *shape)
{
    return goes_by_columns(shape) ? 0 : (size_t)vg_norm_stride(shape) * sizeof(float);
}

/* Column by column: what is made of a column stays in registers. */
static void infer_columns(const vg_task *task, int64_t row, int64_t last)
{
    int64_t width = task->shape.n[1];
    for (int64_t c = 0; c < width; c += VG_LANES) {
        int lanes = vg_lanes_at(c, width);
        vf mean = vg_part(vg_vector(task, VG_RUN_MEAN) + c, lanes);
        vf scale = running_scale(task, c, lanes);
        vf beta = vg_part(vg_vector(task, VG_BETA) + c, lanes);
        for (int64_t r = row; r < last; r++) {
            vf d = vf_sub(vg_part(vg_row(task, VG_X, r) + c, lanes), mean);
            vg_put_part(vg_row(task, VG_Y, r) + c, lanes, vf_fma(d, scale, beta));
        }
    }
}

/* y = (x - running mean) scale + beta. The scale is made again for every unit: a square root and a
 * division per column against some tens of rows. */
static void infer(const vg_task *task, int64_t unit, void *scratch)
{
    int64_t width = task->shape.n[1], row = unit * VG_ROW_BLOCK;
    int64_t last = vg_min64(row + VG_ROW_BLOCK, task->shape.n[0]);
    float *scale = scratch;
    if (goes_by_columns(&task->shape)) {
        infer_columns(task, row, last);
        return;
    }
    for (int64_t c = 0; c < width; c += VG_LANES) {
        int lanes = vg_lanes_at(c, width);
        vg_put_part(scale + c, lanes, running_scale(task, c, lanes));
    }
    vg_write_rows(task, form, row, last, vg_vector(task, VG_RUN_MEAN), scale);
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
const vg_kernel_impl VG_FN(vg_batch_norm_infer) = {.impl = "vec layer",
                                               .phases = infer_phases,
                                               .scratch = infer_scratch,
                                               .too_small = vg_batch_norm_too_small};
