/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure/filter.h"
#include "vgbench/kernel.h"

enum { KIB_FIRST = 1, KIB_LAST = 64 << 10, GEMM_MAX = 2048, WIDTH = 256, GROUPS = 8 };

/* A filter that names extents cannot choose ops: the part before the first key is what counts. */
static bool op_selected(vg_op op, const vg_filter *filter)
{
    for (int i = 0; i < vg_kernel_count(); i++) {
        const vg_kernel *kernel = vg_kernel_at(i);
        char name[96];
        if (kernel->op != op)
            continue;
        snprintf(name, sizeof name, "%s/%s/%s/", vg_op_name(op), vg_dir_name(kernel->dir),
                 vg_backend_name(kernel->backend));
        if (vg_filter_match(filter, name))
            return true;
    }
    return false;
}

/* The words of an op whose largest tensor has about @p floats; false where that is too large. */
static bool words_of(vg_op op, double floats, char *words, size_t size)
{
    long long side = llround(sqrt(floats)), rows = llround(floats / WIDTH);
    rows = rows < 1 ? 1 : rows;
    switch (vg_op_family(op)) {
    case VG_FAMILY_DENSE:
        snprintf(words, size, "%s %lld %lld %lld", vg_op_name(op), side, side, side);
        return side <= GEMM_MAX && !vg_op_has_act(op);
    case VG_FAMILY_OPTIMIZER:
        snprintf(words, size, "%s %lld", vg_op_name(op), llround(floats));
        return true;
    case VG_FAMILY_RECURRENT:
        return false;
    default:
        if (vg_op_has_act(op) || vg_op_has_norm(op))
            return false;
        if (op == VG_OP_prelu)
            snprintf(words, size, "prelu %lld %d %d", rows, WIDTH, WIDTH);
        else if (op == VG_OP_group_norm)
            snprintf(words, size, "group_norm %lld %d %d", rows, WIDTH, GROUPS);
        else
            snprintf(words, size, "%s %lld %d", vg_op_name(op), rows, WIDTH);
        return true;
    }
}

vg_status vg_sweep_sizes(const char *filter_text, vg_shape_list *list)
{
    vg_filter filter;
    *list = (vg_shape_list){0};
    VG_TRY(vg_filter_compile(&filter, filter_text));
    vg_status status = VG_OK;
    for (int op = 1; op < VG_OP_COUNT && !status; op++) {
        if (!op_selected((vg_op)op, &filter))
            continue;
        for (double kib = KIB_FIRST; kib <= KIB_LAST && !status; kib *= 4) {
            char words[160];
            if (words_of((vg_op)op, kib * 256, words, sizeof words))
                status = vg_shapes_add(words, list);
        }
    }
    vg_filter_release(&filter);
    if (!status && !list->count)
        status = vg_fail(VG_EINVAL, "--sweep=size: no op matches --filter=%s",
                         filter_text ? filter_text : "");
    if (status)
        vg_shapes_release(list);
    return status;
}
