/* SPDX-License-Identifier: Apache-2.0 */
/* Which tensors of a task may share memory: inputs with each other, and an output with the input
 * that its op names (vg_tensor_spec), then as the same matrix. */
#include <stdbool.h>
#include <stdint.h>

#include "vgbench/kernel.h"

/* Floats from the first to one past the last. */
static int64_t extent(const vg_tensor_spec *spec, const vg_tensor *t)
{
    return (spec->rows - 1) * (spec->rows > 1 ? t->ld : 0) + spec->cols;
}

/* Columns of one matrix: rows interleave without meeting. */
static bool columns_apart(const vg_tensor_spec *a, const vg_tensor *ta, const vg_tensor_spec *b,
                          const vg_tensor *tb)
{
    intptr_t bytes = (intptr_t)((uintptr_t)tb->p - (uintptr_t)ta->p);
    if (a->rows == 1 || b->rows == 1 || ta->ld != tb->ld || bytes % (intptr_t)sizeof(float))
        return false;
    int64_t offset = bytes / (intptr_t)sizeof(float) % ta->ld;
    offset = offset < 0 ? offset + ta->ld : offset;
    return offset >= a->cols && offset + b->cols <= ta->ld;
}

static bool meet(const vg_tensor_spec *a, const vg_tensor *ta, const vg_tensor_spec *b,
                 const vg_tensor *tb)
{
    uintptr_t pa = (uintptr_t)ta->p, pb = (uintptr_t)tb->p;
    if (pa + (uintptr_t)extent(a, ta) * sizeof(float) <= pb ||
        pb + (uintptr_t)extent(b, tb) * sizeof(float) <= pa)
        return false;
    return !columns_apart(a, ta, b, tb);
}

/* @p out is written, by a pass that also uses @p other. */
static vg_status check_pair(const vg_task *task, const vg_tensor_spec *out,
                            const vg_tensor_spec *other)
{
    const vg_tensor *to = &task->t[out->slot], *tb = &task->t[other->slot];
    if (!to->p || !tb->p || !meet(out, to, other, tb))
        return VG_OK;
    bool same = to->p == tb->p && (out->rows == 1 || to->ld == tb->ld);
    if (out->may_alias == other->slot && out->slot != other->slot && same)
        return VG_OK;
    const char *op = vg_op_name(task->kernel->op), *dir = vg_dir_name(task->kernel->dir);
    const char *written = vg_slot_name(out->slot), *used = vg_slot_name(other->slot);
    if (out->may_alias == out->slot)
        return vg_fail(VG_EINVAL, "%s/%s: %s shares memory with %s; it needs memory of its own", op,
                       dir, written, used);
    return vg_fail(VG_EINVAL, "%s/%s: %s shares memory with %s; only %s may be the same matrix", op,
                   dir, written, used, vg_slot_name(out->may_alias));
}

vg_status vg_task_check_tensors(const vg_task *task)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(task->kernel->op, task->kernel->dir, &task->shape, list);
    for (int i = 0; i < count; i++)
        for (int k = 0; list[i].access != VG_ACCESS_IN && k < count; k++)
            if (k != i)
                VG_TRY(check_pair(task, &list[i], &list[k]));
    return VG_OK;
}
