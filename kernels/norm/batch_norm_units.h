/* SPDX-License-Identifier: Apache-2.0 */
/* The units of batch norm's phases (batch_norm.h), for batch norm alone and for its fused forms. */
#ifndef VG_NORM_BATCH_NORM_UNITS_H
#define VG_NORM_BATCH_NORM_UNITS_H

#include "norm/batch_norm_rows.h"
#include "norm/batch_norm_vec.h"

/* --- forward ------------------------------------------------------------------------------- */

VG_INLINE void vg_batch_forward_strip(const vg_task *task, int64_t unit, vg_norm_form form)
{
    vg_columns strip = vg_strip_of(task, unit);
    float all[VG_BATCH_PARTIALS][VG_STRIP], block[VG_BATCH_PARTIALS][VG_STRIP];
    vg_moments m = {all[VG_SHIFT], all[VG_OFFSET], all[VG_SUM2]};
    vg_moments more = {block[VG_SHIFT], block[VG_OFFSET], block[VG_SUM2]};
    for (int64_t b = 0; b < vg_norm_blocks(&task->shape); b++) {
        vg_columns at = vg_block_of(task, b, strip.first, strip.last);
        vg_rectangle_moments(task, form, at, b ? more : m);
        if (b)
            vg_merge_moments(m, at.row, more, at.rows, strip.last - strip.first);
    }
    vg_finish_moments(task, strip.first, strip.last, m);
    for (int64_t b = 0; b < vg_norm_blocks(&task->shape); b++) {
        vg_columns at = vg_block_of(task, b, strip.first, strip.last);
        vg_normalise_rectangle(task, form, at);
        if (form.act_rows)
            vg_act_rows(task, at.row, at.rows, at.first, at.last);
    }
}

VG_INLINE vg_moments vg_block_moments(const vg_task *task, int64_t block, int64_t column)
{
    vg_moments m = {vg_batch_partial(task, block, VG_SHIFT),
                    vg_batch_partial(task, block, VG_OFFSET),
                    vg_batch_partial(task, block, VG_SUM2)};
    return vg_moments_at(m, column);
}

VG_INLINE void vg_batch_forward_reduce(const vg_task *task, int64_t unit, vg_norm_form form)
{
    vg_columns at = vg_tile_of(task, unit);
    if (form.add)
        vg_norm_add(task, at.row, at.rows, at.first, at.last);
    vg_tile_moments(task, vg_norm_input(form), at,
                    vg_block_moments(task, at.row / VG_ROW_BLOCK, at.first));
}

static inline void vg_batch_forward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns strip = vg_strip_of(task, unit);
    vg_moments m = vg_block_moments(task, 0, strip.first);
    for (int64_t b = 1; b < vg_norm_blocks(&task->shape); b++) {
        vg_columns at = vg_block_of(task, b, strip.first, strip.last);
        vg_merge_moments(m, at.row, vg_block_moments(task, b, strip.first), at.rows,
                         strip.last - strip.first);
    }
    vg_finish_moments(task, strip.first, strip.last, m);
}

/* --- backward ------------------------------------------------------------------------------ */

VG_INLINE void vg_batch_backward_strip(const vg_task *task, int64_t unit, vg_norm_form form)
{
    vg_columns strip = vg_strip_of(task, unit);
    int64_t n = strip.last - strip.first;
    float sum[VG_STRIP], product[VG_STRIP], more_sum[VG_STRIP], more_product[VG_STRIP];
    for (int64_t b = 0; b < vg_norm_blocks(&task->shape); b++) {
        vg_columns at = vg_block_of(task, b, strip.first, strip.last);
        if (form.act_rows)
            vg_gradient_columns(task, at.row, at.rows, at.first, at.last);
        vg_rectangle_sums(task, form, at, b ? more_sum : sum, b ? more_product : product);
        if (b) {
            vg_add_to(sum, more_sum, n);
            vg_add_to(product, more_product, n);
        }
    }
    vg_finish_sums(task, strip.first, strip.last, sum, product);
    vg_differentiate_rectangle(task, form, strip);
}

VG_INLINE void vg_batch_backward_reduce(const vg_task *task, int64_t unit, vg_norm_form form)
{
    vg_columns at = vg_tile_of(task, unit);
    int64_t block = at.row / VG_ROW_BLOCK;
    if (form.act_rows)
        vg_gradient_columns(task, at.row, at.rows, at.first, at.last);
    vg_tile_sums(task, form, at, vg_batch_partial(task, block, 0) + at.first,
                 vg_batch_partial(task, block, 1) + at.first);
}

static inline void vg_batch_backward_merge(const vg_task *task, int64_t unit, void *scratch)
{
    vg_columns strip = vg_strip_of(task, unit);
    int64_t n = strip.last - strip.first;
    float *sum = vg_batch_partial(task, 0, 0) + strip.first;
    float *product = vg_batch_partial(task, 0, 1) + strip.first;
    for (int64_t b = 1; b < vg_norm_blocks(&task->shape); b++) {
        vg_add_to(sum, vg_batch_partial(task, b, 0) + strip.first, n);
        vg_add_to(product, vg_batch_partial(task, b, 1) + strip.first, n);
    }
    vg_finish_sums(task, strip.first, strip.last, sum, product);
}

#endif
