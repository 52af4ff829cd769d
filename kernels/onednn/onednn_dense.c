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

bool vgd_is_strided(const vg_task *task, vg_slot slot)
{
    vg_tensor_spec spec = spec_of(task, slot);
    return spec.rows > 1 && task->t[slot].ld != spec.cols;
}

bool vgd_is_column(const vg_task *task, vg_slot slot)
{
    vg_tensor_spec spec = spec_of(task, slot);
    return spec.rows > 1 && spec.cols == 1;
}

/* memory[0]: dense buffer, memory[1]: slot */
static void gather(const vg_task *task, vgd_way *way, const int memory[4])
{
    vg_tensor_spec spec = spec_of(task, (vg_slot)memory[1]);
    const vg_tensor *t = &task->t[memory[1]];
    float *dense = vgd_data(way, memory[0]);
    for (int64_t r = 0; r < spec.rows; r++)
        memcpy(dense + r * spec.cols, (const float *)t->p + r * t->ld,
               (size_t)spec.cols * sizeof(float));
}

static void scatter(const vg_task *task, vgd_way *way, const int memory[4])
{
    vg_tensor_spec spec = spec_of(task, (vg_slot)memory[1]);
    const vg_tensor *t = &task->t[memory[1]];
    const float *dense = vgd_data(way, memory[0]);
    for (int64_t r = 0; r < spec.rows; r++)
        memcpy((float *)t->p + r * t->ld, dense + r * spec.cols,
               (size_t)spec.cols * sizeof(float));
}

int vgd_dense_in(vgd_way *way, vg_slot slot, vgd_cmd dense)
{
    if (!vgd_is_strided(way->task, slot))
        return vgd_slot(way, slot, dense);
    int memory = vgd_own(way, dense);
    vgd_add_glue(way, gather, (int[4]){memory, (int)slot}, VGD_RUN);
    return memory;
}

int vgd_dense_out(vgd_way *way, vg_slot slot, vgd_cmd dense)
{
    return vgd_is_strided(way->task, slot) ? vgd_own(way, dense) : vgd_slot(way, slot, dense);
}

void vgd_dense_done(vgd_way *way, vg_slot slot, int memory)
{
    if (vgd_is_strided(way->task, slot))
        vgd_add_glue(way, scatter, (int[4]){memory, (int)slot}, VGD_RUN);
}
