/* SPDX-License-Identifier: Apache-2.0 */
/** @file jacobian.h
 * Singular values of the Jacobian of a layer, as Glorot & Bengio 2010 report them.
 */
#ifndef VG_HARNESS_JACOBIAN_H
#define VG_HARNESS_JACOBIAN_H

#include "harness/net.h"

/** Mean singular value of dz_{l+1}/dz_l = W_{l+1} diag f'(z_l) at the first sample, averaged over l = 1 ..
 * depth-1, after a run. Plain blocks only (no norm, no skip): VG_EUNSUPPORTED otherwise. */
vg_status vg_net_jacobian(const vg_net *net, double *mean_singular_value);

/** Eigenvalues of the symmetric @p a [n][n] (destroyed) into @p value, in no order: Householder
 * reduction to tridiagonal form and implicit QL (Golub & Van Loan, 8.3). @p work has n doubles. False if
 * QL does not converge. */
bool vg_symmetric_eigenvalues(double *a, int64_t n, double *value, double *work);

#endif
