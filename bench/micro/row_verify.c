/* SPDX-License-Identifier: Apache-2.0 */
#include "micro/row_verify.h"

#include <stdio.h>

/* The reference works in double, one element after the other: keep it under some tens of ms. */
static double reference_work(vg_op op, vg_dir dir, const vg_shape *shape)
{
    bool gemm = vg_op_family(op) == VG_FAMILY_DENSE || vg_op_family(op) == VG_FAMILY_RECURRENT;
    return vg_op_flops(op, dir, shape) + (gemm ? 1 : 10) * vg_op_bytes(op, dir, shape);
}

/* Halves extents until the reference is affordable, leaving odd ones odd; those that must divide
 * each other (groups, slopes) keep the relation because only the batch goes below 64. */
static bool shrink(vg_op op, vg_dir dir, vg_shape *shape)
{
    const double affordable = 2e7;
    bool smaller = false;
    while (reference_work(op, dir, shape) > affordable) {
        int largest = 0;
        for (int i = 1; i < vg_op_extents(op); i++)
            if (shape->n[i] > shape->n[largest] && shape->n[i] > 64)
                largest = i;
        if (shape->n[largest] <= 8)
            break;
        bool tied = op == VG_OP_prelu && largest > 0 && shape->n[2] == shape->n[1];
        shape->n[largest] = shape->n[largest] / 2 + shape->n[largest] % 2;
        if (tied)
            shape->n[1] = shape->n[2] = shape->n[largest];
        smaller = true;
    }
    return smaller;
}

typedef struct known {
    const vg_kernel *kernel;
    vg_shape shape;
    vg_status status;
    vg_verify_result result;
} known;

/* Thread counts do not change a bit of the result, so a row is checked once per shape. */
static const known *look_up(const vg_kernel *kernel, const vg_shape *shape, int threads)
{
    enum { KNOWN = 16 };
    static known cache[KNOWN];
    static int next;
    for (int i = 0; i < KNOWN; i++) {
        bool same = cache[i].kernel == kernel && cache[i].shape.weights == shape->weights &&
                    cache[i].shape.act == shape->act && cache[i].shape.norm == shape->norm;
        for (int k = 0; same && k < VG_MAX_EXTENTS; k++)
            same = cache[i].shape.n[k] == shape->n[k];
        if (same && kernel->backend != VG_BACKEND_onednn)
            return &cache[i];
    }
    known *k = &cache[next++ % KNOWN];
    *k = (known){.kernel = kernel, .shape = *shape};
    vg_verify_options options = {.fill = VG_FILL_REAL, .threads = threads, .seed = 1};
    k->status = vg_verify_case(kernel, shape, &options, &k->result);
    return k;
}

void vg_row_verify(const vg_case *c, vg_row_result *row)
{
    vg_shape shape = c->shape;
    char keys[200];
    if (shrink(c->op, c->dir, &shape)) {
        vg_shape_format(c->op, &shape, keys, sizeof keys);
        snprintf(row->verify_reason, sizeof row->verify_reason, "on %.110s", keys);
    }
    const known *k = look_up(row->kernel, &shape, c->threads);
    row->ulp_max = k->result.ulp_max;
    row->tolerance_used = k->result.ratio_max;
    if (k->status || !k->result.cases) {
        row->verified = -1;
        snprintf(row->verify_reason, sizeof row->verify_reason, "%.119s", vg_status_message());
    } else if (k->result.failures) {
        row->verified = 0;
        snprintf(row->error, sizeof row->error, "verification failed: %.210s", k->result.text);
    } else {
        row->verified = 1;
    }
}
