/* SPDX-License-Identifier: Apache-2.0 */
/** @file verify_bench.h
 * The workbench on which a row is verified, case by case.
 */
#ifndef VG_MEASURE_VERIFY_BENCH_H
#define VG_MEASURE_VERIFY_BENCH_H

#include "measure/verify_memory.h"

/* What a row is run on, kept from case to case of one row. */
typedef struct vg_bench {
    const vg_kernel *kernel;
    vg_shape shape;
    vg_verify_options options;
    bool solved; /* the arrays below belong to shape, fill and seed */
    double *in[VG_SLOT_COUNT], *out[VG_SLOT_COUNT], *mag[VG_SLOT_COUNT];
    vg_fenced memory[VG_SLOT_COUNT], workspace;
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count;
} vg_bench;

/** Runs one case and adds to @p result; see vg_verify_case(). */
vg_status vg_bench_run(vg_bench *bench, const vg_shape *shape, const vg_verify_options *options,
                       vg_verify_result *result);

/** Counts a failure of the last case for a reason of the caller's. */
void vg_bench_fail(const vg_bench *bench, const char *what, vg_verify_result *result);

/** Floats of all outputs of the last case, and a copy of them. */
size_t vg_bench_output_floats(const vg_bench *bench);
void vg_bench_copy_outputs(vg_bench *bench, float *to);

void vg_bench_release(vg_bench *bench);

#endif
