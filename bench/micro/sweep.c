/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure/filter.h"
#include "vgbench/kernel.h"

enum { GEMM_MAX = 2048, WIDTH = 256, GROUPS = 8 };
static const double FIRST_BYTES = 0x1p10, LAST_BYTES = 0x1p26, LARGE_BYTES = 0x1p23;

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

/* Every selected op with a largest tensor of @p first bytes, and of so many times as many, up to
 * @p last; beyond LARGE_BYTES, where filling the tensors takes longer than timing, in steps of 2 at
 * least. */
static vg_status sweep(const char *option, const char *filter_text, double first, double last,
                       double factor, vg_shape_list *list)
{
    vg_filter filter;
    *list = (vg_shape_list){0};
    VG_TRY(vg_filter_compile(&filter, filter_text));
    vg_status status = VG_OK;
    for (int op = 1; op < VG_OP_COUNT && !status; op++) {
        if (!op_selected((vg_op)op, &filter))
            continue;
        char before[160] = "", words[160];
        for (double bytes = first; bytes <= last * (1 + 1e-9) && !status;
             bytes *= bytes < LARGE_BYTES ? factor : fmax(factor, 2)) {
            if (!words_of((vg_op)op, bytes / 4, words, sizeof words) || !strcmp(words, before))
                continue;
            status = vg_shapes_add(words, list);
            strcpy(before, words);
        }
    }
    vg_filter_release(&filter);
    if (!status && !list->count)
        status = vg_fail(VG_EINVAL, "--%s: no op matches --filter=%s", option,
                         filter_text ? filter_text : "");
    if (status)
        vg_shapes_release(list);
    return status;
}

vg_status vg_sweep_sizes(const char *filter, vg_shape_list *list)
{
    return sweep("sweep=size", filter, FIRST_BYTES, LAST_BYTES, 4, list);
}

vg_status vg_sweep_working_sets(const char *filter, double largest, vg_shape_list *list)
{
    return sweep("working-set", filter, 2 * FIRST_BYTES, largest, sqrt(2), list);
}
