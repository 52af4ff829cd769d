/* SPDX-License-Identifier: Apache-2.0 */
/* Batch norm: training forward, backward, and inference with running statistics. */
#include "norm/batch_norm_rows.h"
#include "norm/batch_norm_vec.h"

/* --- forward ------------------------------------------------------------------------------- */

static void forward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns strip = vg_strip_of(task, unit);
    int64_t n = strip.last - strip.first;
    float mean[VG_STRIP], sum2[VG_STRIP], more_mean[VG_STRIP], more_sum2[VG_STRIP];
    for (int64_t b = 0; b < vg_norm_blocks(&task->shape); b++) {
        vg_columns at = vg_block_of(task, b, strip.first, strip.last);
        vg_rectangle_moments(task, at, b ? more_mean : mean, b ? more_sum2 : sum2);
        if (b)
            vg_merge_moments(mean, sum2, at.row, more_mean, more_sum2, at.rows, n);
    }
    vg_finish_moments(task, strip.first, strip.last, mean, sum2);
    vg_normalise_rectangle(task, strip);
}

static void forward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns at = vg_tile_of(task, unit);
    int64_t block = at.row / VG_ROW_BLOCK;
    vg_tile_moments(task, at, scratch, vg_norm_partial(task, block, 0) + at.first,
                    vg_norm_partial(task, block, 1) + at.first);
}

static void forward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns strip = vg_strip_of(task, unit);
    float *mean = vg_norm_partial(task, 0, 0) + strip.first;
    float *sum2 = vg_norm_partial(task, 0, 1) + strip.first;
    for (int64_t b = 1; b < vg_norm_blocks(&task->shape); b++) {
        vg_columns at = vg_block_of(task, b, strip.first, strip.last);
        vg_merge_moments(mean, sum2, at.row, vg_norm_partial(task, b, 0) + strip.first,
                         vg_norm_partial(task, b, 1) + strip.first, at.rows,
                         strip.last - strip.first);
    }
    vg_finish_moments(task, strip.first, strip.last, mean, sum2);
}

static void forward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_tile_normalise(task, vg_apply_of(task, unit), scratch);
}

static int forward_phases(const vg_shape *shape, vg_phase *phase)
{
    static const vg_batch_norm_units units = {forward_strip, forward_reduce, forward_merge,
                                              forward_apply};
    return vg_batch_norm_phases(shape, &units, 0.1, phase);
}

/* --- backward ------------------------------------------------------------------------------ */

static void backward_strip(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns strip = vg_strip_of(task, unit);
    int64_t n = strip.last - strip.first;
    float sum[VG_STRIP], product[VG_STRIP], more_sum[VG_STRIP], more_product[VG_STRIP];
    for (int64_t b = 0; b < vg_norm_blocks(&task->shape); b++) {
        vg_columns at = vg_block_of(task, b, strip.first, strip.last);
        vg_rectangle_sums(task, at, b ? more_sum : sum, b ? more_product : product);
        if (b) {
            vg_add_to(sum, more_sum, n);
            vg_add_to(product, more_product, n);
        }
    }
    vg_finish_sums(task, strip.first, strip.last, sum, product);
    vg_differentiate_rectangle(task, strip);
}

static void backward_reduce(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns at = vg_tile_of(task, unit);
    int64_t block = at.row / VG_ROW_BLOCK;
    vg_tile_sums(task, at, vg_norm_partial(task, block, 0) + at.first,
                 vg_norm_partial(task, block, 1) + at.first);
}

static void backward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns strip = vg_strip_of(task, unit);
    int64_t n = strip.last - strip.first;
    float *sum = vg_norm_partial(task, 0, 0) + strip.first;
    float *product = vg_norm_partial(task, 0, 1) + strip.first;
    for (int64_t b = 1; b < vg_norm_blocks(&task->shape); b++) {
        vg_add_to(sum, vg_norm_partial(task, b, 0) + strip.first, n);
        vg_add_to(product, vg_norm_partial(task, b, 1) + strip.first, n);
    }
    vg_finish_sums(task, strip.first, strip.last, sum, product);
}

static void backward_apply(const vg_task *task, int64_t unit, void *scratch)
{
    vg_tile_differentiate(task, vg_apply_of(task, unit), scratch);
}

static int backward_phases(const vg_shape *shape, vg_phase *phase)
{
    static const vg_batch_norm_units units = {backward_strip, backward_reduce, backward_merge,
                                              backward_apply};
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
                                             .phases = forward_phases,
                                             .scratch = vg_batch_norm_scratch,
                                             .workspace = vg_batch_norm_workspace,
                                             .supports = vg_batch_norm_supports};
const vg_kernel_impl VG_FN(vg_batch_norm_bwd) = {.impl = "blocks of 64 rows",
                                             .phases = backward_phases,
                                             .scratch = vg_batch_norm_scratch,
                                             .workspace = vg_batch_norm_workspace,
                                             .supports = vg_batch_norm_supports};
const vg_kernel_impl VG_FN(vg_batch_norm_infer) = {.impl = "vec layer", .phases = infer_phases};
