/* SPDX-License-Identifier: Apache-2.0 */
/* Strided tensors for primitives that want dense memory. */
#include <string.h>

#include "onednn/onednn_way.h"

static vg_tensor_spec spec_of(const vg_task *task, vg_slot slot)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(task->kernel->op, task->kernel->dir, &task->shape, list);
    for (int i = 0; i < count; i++)
        if (list[i].slot == slot)
            return list[i];
    return (vg_tensor_spec){.slot = slot};
}

bool vg_dnn_is_strided(const vg_task *task, vg_slot slot)
{
    vg_tensor_spec spec = spec_of(task, slot);
    return spec.rows > 1 && task->t[slot].ld != spec.cols;
}

bool vg_dnn_is_column(const vg_task *task, vg_slot slot)
{
    vg_tensor_spec spec = spec_of(task, slot);
    return spec.rows > 1 && spec.cols == 1;
}

/* memory[0]: dense buffer, memory[1]: slot */
static void gather(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    vg_tensor_spec spec = spec_of(task, (vg_slot)memory[1]);
    const vg_tensor *t = &task->t[memory[1]];
    float *dense = vg_dnn_data(way, memory[0]);
    for (int64_t r = 0; r < spec.rows; r++)
        memcpy(dense + r * spec.cols, (const float *)t->p + r * t->ld,
               (size_t)spec.cols * sizeof(float));
}

static void scatter(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    vg_tensor_spec spec = spec_of(task, (vg_slot)memory[1]);
    const vg_tensor *t = &task->t[memory[1]];
    const float *dense = vg_dnn_data(way, memory[0]);
    for (int64_t r = 0; r < spec.rows; r++)
        memcpy((float *)t->p + r * t->ld, dense + r * spec.cols, (size_t)spec.cols * sizeof(float));
}

int vg_dnn_dense_in_when(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd dense, vg_dnn_when when)
{
    if (!vg_dnn_is_strided(way->task, slot))
        return vg_dnn_slot(way, slot, dense);
    int memory = vg_dnn_own(way, dense);
    vg_dnn_add_glue(way, gather, (int[4]){memory, (int)slot}, when);
    return memory;
}

int vg_dnn_dense_in(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd dense)
{
    return vg_dnn_dense_in_when(way, slot, dense, VG_DNN_RUN);
}

int vg_dnn_dense_out(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd dense)
{
    return vg_dnn_is_strided(way->task, slot) ? vg_dnn_own(way, dense)
                                              : vg_dnn_slot(way, slot, dense);
}

void vg_dnn_dense_done(vg_dnn_way *way, vg_slot slot, int memory)
{
    if (vg_dnn_is_strided(way->task, slot))
        vg_dnn_add_glue(way, scatter, (int[4]){memory, (int)slot}, VG_DNN_RUN);
}
