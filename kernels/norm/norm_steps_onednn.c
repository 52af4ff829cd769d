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

int64_t vg_dnn_statistics(const vg_task *task)
{
    vg_tensor_spec spec = rstd_spec(task);
    return spec.rows * spec.cols;
}

vg_dnn_operand vg_dnn_mean_out(vg_dnn_way *way, vg_dnn_cmd md)
{
    return (vg_dnn_operand){vg_dnn_dense_out(way, VG_MEAN, md), md};
}

vg_dnn_operand vg_dnn_mean_in(vg_dnn_way *way, vg_dnn_cmd md)
{
    return (vg_dnn_operand){vg_dnn_dense_in(way, VG_MEAN, md), md};
}

/* memory[0]: variances */
static void to_rstd(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    vg_tensor_spec spec = rstd_spec(task);
    const float *variance = vg_dnn_data(way, memory[0]);
    float eps = vg_dnn_params(task)->eps;
    for (int64_t r = 0; r < spec.rows; r++) {
        float *rstd = (float *)task->t[VG_RSTD].p + r * task->t[VG_RSTD].ld;
        for (int64_t c = 0; c < spec.cols; c++)
            rstd[c] = 1 / sqrtf(variance[r * spec.cols + c] + eps);
    }
}

void vg_dnn_save_rstd(vg_dnn_way *way, vg_dnn_operand variance)
{
    vg_dnn_add_glue(way, to_rstd, (int[4]){variance.memory}, VG_DNN_RUN);
}

/* In double: where var is far below eps, 1 / rstd^2 - eps cancels. */
static void to_variance(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    vg_tensor_spec spec = rstd_spec(task);
    float *variance = vg_dnn_data(way, memory[0]);
    double eps = (double)vg_dnn_params(task)->eps;
    for (int64_t r = 0; r < spec.rows; r++) {
        const float *rstd = (const float *)task->t[VG_RSTD].p + r * task->t[VG_RSTD].ld;
        for (int64_t c = 0; c < spec.cols; c++)
            variance[r * spec.cols + c] = (float)(1 / ((double)rstd[c] * (double)rstd[c]) - eps);
    }
}

vg_dnn_operand vg_dnn_load_variance(vg_dnn_way *way, vg_dnn_cmd md)
{
    int memory = vg_dnn_own(way, md);
    vg_dnn_add_glue(way, to_variance, (int[4]){memory}, VG_DNN_RUN);
    return (vg_dnn_operand){memory, md};
}

vg_dnn_operand vg_dnn_channel_slot(vg_dnn_way *way, vg_slot slot)
{
    int64_t width = way->task->shape.n[1];
    vg_dnn_md md = vg_dnn_matrix(way, 1, width, width);
    return (vg_dnn_operand){vg_dnn_slot(way, slot, md), md};
}

void vg_dnn_add_column_sum(vg_dnn_way *way, vg_dnn_operand from, vg_dnn_operand to, bool by_ones)
{
    if (!by_ones) {
        vg_dnn_add_reduction(way, dnnl_reduction_sum, 0, from, to);
        return;
    }
    int64_t batch = way->task->shape.n[0];
    vg_dnn_md md = vg_dnn_matrix(way, 1, batch, batch);
    int ones = vg_dnn_own(way, md);
    for (int64_t i = 0; ones >= 0 && i < batch; i++)
        vg_dnn_data(way, ones)[i] = 1;
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vg_dnn_ok(way, vg_dnn_matmul(&pd, md, from.md, NULL, to.md, attr), "matmul"))
        vg_dnn_add(way, pd, 3,
                   (vg_dnn_arg[]){{DNNL_ARG_SRC, ones},
                                  {DNNL_ARG_WEIGHTS, from.memory},
                                  {DNNL_ARG_DST, to.memory}});
}
