/* SPDX-License-Identifier: Apache-2.0 */
/** @file init.h
 * Initial weights: every rule of the vocabulary, as a function of (rule, shape, random family).
 */
#ifndef VG_HARNESS_INIT_H
#define VG_HARNESS_INIT_H

#include <stdint.h>

#include "harness/random.h"
#include "harness/spec.h"
#include "vgbench/status.h"

/** Fills W [out][in] (row-major, rows of @p in floats). @p gain multiplies the standard deviation;
 * @p std is that of `normal`. fan_in = in, fan_out = out. Orthogonal: the Q of a Householder QR of
 * a Gaussian matrix, with the signs of R's diagonal, which is Haar distributed (Mezzadri 2007);
 * orthonormal columns where out >= in, rows otherwise. */
vg_status vg_init_matrix(vg_init rule, int64_t out, int64_t in, double gain, double std,
                         const vg_random *random, float *w);

/** n Var(w) of the rule times gain^2 (fan-in scaling): sigma_w^2 of the theory. Orthogonal and
 * identity count as gain^2. */
double vg_init_variance(vg_init rule, int64_t out, int64_t in, double gain, double std);

/** Householder QR in place: @p a holds @p cols columns of @p rows doubles each (rows >= cols), one
 * after the other. On return they are the orthonormal Q with the signs of diag(R). @p work has
 * 2 * cols doubles. Plain double arithmetic in a fixed order: the same bits everywhere. */
void vg_orthonormalise(double *a, int64_t rows, int64_t cols, double *work);

#endif
