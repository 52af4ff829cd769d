/* SPDX-License-Identifier: Apache-2.0 */
/** @file batch_moments.h
 * The gradient factor of batch norm before the activation at a finite batch (Yang 2019,
 * arXiv:1902.08129, re-derived): the normalised column h of B values is uniform on the sphere
 * |h|^2 = B in the space orthogonal to (1, ..., 1), and
 *
 *   chi = B / ((k2 - k11) (B - 3)) * E tr(P D G D) / (B - 1)
 *
 * with G = I - 11^T/B, P = G - hh^T/B, D = diag phi'(h), k2 = E phi(h_1)^2, k11 = E phi(h_1)
 * phi(h_2). Identity gives (B - 2)/(B - 3) exactly; B -> infinity gives E phi'^2 / Var phi.
 */
#ifndef VG_HARNESS_BATCH_MOMENTS_H
#define VG_HARNESS_BATCH_MOMENTS_H

#include <stdint.h>

/** chi of activation @p act at batch @p batch >= 5, where what the layer below normalised is such a
 * column too; NaN below. @p variance, if not NULL, gets k2 - k11: chi of another column below it, of
 * variance v per unit of weight variance, is chi variance / v. */
double vg_batch_norm_chi(int act, double slope, int64_t batch, double *variance);

#endif
