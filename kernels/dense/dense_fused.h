/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_fused.h
 * dense_bias_act: what is hung into the GEMM. context is the task.
 */
#ifndef VG_DENSE_FUSED_H
#define VG_DENSE_FUSED_H

#include "dense/gemm.h"

/** y = f(z) in place; z goes to VG_PRE first where the activation saves its input. */
void VG_FN(vg_dense_finish)(const vg_gemm *g, int64_t row, int64_t col, int64_t rows, int64_t cols,
                            float *z, int64_t ldz);

/** dz = dy f'(saved). */
void VG_FN(vg_dense_map)(const vg_gemm *g, const float *dy, const float *saved, int64_t n,
                         float *dz);

#endif
