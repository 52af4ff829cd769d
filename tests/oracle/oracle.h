/* SPDX-License-Identifier: Apache-2.0 */
/** @file oracle.h
 * Double-precision reference of every op, in plain loops that follow the definition.
 *
 * It shares no code with the kernels but the public headers. All tensors are arrays of doubles,
 * row-major and contiguous (ld = cols, extents as vg_op_tensors() lists them); labels are whole
 * numbers in doubles. Beside each result stands its magnitude S: the same sum over the magnitudes
 * of its terms, which is what rounding errors scale with (see vg_tolerance).
 *
 * Two values of S say something else:
 *   0        the result is judged by ulps of itself alone
 *   infinity the formula is 0 * infinity or has no branch there (a NaN in a saved tensor): both the
 *            limit, which is the result, and NaN are right
 */
#ifndef VG_ORACLE_H
#define VG_ORACLE_H

#include "vgbench/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vg_oracle {
    const double *in[VG_SLOT_COUNT]; /**< inputs, in/out tensors before the call */
    double *out[VG_SLOT_COUNT];      /**< results; must not be the memory of an input */
    double *mag[VG_SLOT_COUNT];      /**< magnitudes, one for each result */
} vg_oracle;

/** Whether the oracle knows (op, dir). */
bool vg_oracle_has(vg_op op, vg_dir dir);

/** Computes all outputs of (op, dir). Every tensor of vg_op_tensors() must be bound.
 * VG_EUNSUPPORTED where vg_oracle_has() says no. */
vg_status vg_oracle_run(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                        const vg_oracle *tensors);

/** f(x) of an activation, and f'(x) dy from what vg_act_saves_output() says is saved. @p mag gets S.
 * @p slope: of leaky_relu and prelu. */
double vg_oracle_act(vg_op act, double x, double slope, double *mag);
double vg_oracle_act_gradient(vg_op act, double saved, double dy, double slope, double *mag);

/* One per family; for oracle.c. */
typedef void vg_oracle_fn(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                          const vg_oracle *tensors);
vg_oracle_fn vg_oracle_dense, vg_oracle_dense_bias_act, vg_oracle_activation, vg_oracle_residual,
    vg_oracle_norm, vg_oracle_loss, vg_oracle_optimizer, vg_oracle_recurrent;

#ifdef __cplusplus
}
#endif
#endif
