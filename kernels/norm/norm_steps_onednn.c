/* SPDX-License-Identifier: Apache-2.0 */
#include "norm/norm_onednn.h"

#include <math.h>

static vg_tensor_spec rstd_spec(const vg_task *task)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(task->kernel->op, task->kernel->dir, &task->shape, list);
    for (int i = 0; i < count; i++)
        if (list[i].slot == VG_RSTD)
            return list[i];
    return (vg_tensor_spec){.rows = 0};
}

int64_t vgd_statistics(const vg_task *task)
{
    vg_tensor_spec spec = rstd_spec(task);
    return spec.rows * spec.cols;
}

vgd_operand vgd_mean_out(vgd_way *way, vgd_cmd md)
{
    return (vgd_operand){vgd_dense_out(way, VG_MEAN, md), md};
}

vgd_operand vgd_mean_in(vgd_way *way, vgd_cmd md)
{
    return (vgd_operand){vgd_dense_in(way, VG_MEAN, md), md};
}

/* memory[0]: variances */
static void to_rstd(const vg_task *task, vgd_way *way, const int memory[4])
{
    vg_tensor_spec spec = rstd_spec(task);
    const float *variance = vgd_data(way, memory[0]);
    float eps = vgd_params(task)->eps;
    for (int64_t r = 0; r < spec.rows; r++) {
        float *rstd = (float *)task->t[VG_RSTD].p + r * task->t[VG_RSTD].ld;
        for (int64_t c = 0; c < spec.cols; c++)
            rstd[c] = 1 / sqrtf(variance[r * spec.cols + c] + eps);
    }
}

void vgd_save_rstd(vgd_way *way, vgd_operand variance)
{
    vgd_add_glue(way, to_rstd, (int[4]){variance.memory}, VGD_RUN);
}

/* In double: where var is far below eps, 1 / rstd^2 - eps cancels. */
static void to_variance(const vg_task *task, vgd_way *way, const int memory[4])
{
    vg_tensor_spec spec = rstd_spec(task);
    float *variance = vgd_data(way, memory[0]);
    double eps = (double)vgd_params(task)->eps;
    for (int64_t r = 0; r < spec.rows; r++) {
        const float *rstd = (const float *)task->t[VG_RSTD].p + r * task->t[VG_RSTD].ld;
        for (int64_t c = 0; c < spec.cols; c++)
            variance[r * spec.cols + c] = (float)(1 / ((double)rstd[c] * (double)rstd[c]) - eps);
    }
}

vgd_operand vgd_load_variance(vgd_way *way, vgd_cmd md)
{
    int memory = vgd_own(way, md);
    vgd_add_glue(way, to_variance, (int[4]){memory}, VGD_RUN);
    return (vgd_operand){memory, md};
}

vgd_operand vgd_channel_slot(vgd_way *way, vg_slot slot)
{
    int64_t width = way->task->shape.n[1];
    vgd_md md = vgd_matrix(way, 1, width, width);
    return (vgd_operand){vgd_slot(way, slot, md), md};
}

void vgd_add_column_sum(vgd_way *way, vgd_operand from, vgd_operand to, bool by_ones)
{
    if (!by_ones) {
        vgd_add_reduction(way, dnnl_reduction_sum, 0, from, to);
        return;
    }
    int64_t batch = way->task->shape.n[0];
    vgd_md md = vgd_matrix(way, 1, batch, batch);
    int ones = vgd_own(way, md);
    for (int64_t i = 0; ones >= 0 && i < batch; i++)
        vgd_data(way, ones)[i] = 1;
    dnnl_primitive_attr_t attr = vgd_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vgd_ok(way, vgd_matmul(&pd, md, from.md, NULL, to.md, attr), "matmul"))
        vgd_add(way, pd, 3,
                (vgd_arg[]){{DNNL_ARG_SRC, ones},
                            {DNNL_ARG_WEIGHTS, from.memory},
                            {DNNL_ARG_DST, to.memory}});
}
