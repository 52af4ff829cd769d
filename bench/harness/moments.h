/* SPDX-License-Identifier: Apache-2.0 */
/** @file moments.h
 * Gaussian moments of an activation: expectations over z ~ N(0,1) of functions of phi(sqrt(q) z)
 * and phi'(sqrt(q) z).
 *
 * Composite Gauss-Legendre on [-12, 0] and [0, 12]: the kink of the ReLU family, ELU and SELU lies
 * on the split, where plain Gauss-Hermite would be wrong by up to a per cent (64 nodes, SELU); and
 * the panels are narrow enough for tanh at large q.
 */
#ifndef VG_HARNESS_MOMENTS_H
#define VG_HARNESS_MOMENTS_H

/** phi = phi(sqrt(q) z), phi' its derivative there. */
typedef struct vg_moments {
    double mean;      /**< E phi */
    double V, D;      /**< E phi^2, E phi'^2 */
    double kappa;     /**< E phi'^4 / D^2 */
    double dV, dD;    /**< d/dq of V and D, by E f (z^2 - 1) / 2q */
    double flow, flow2; /**< E phi' x and E (phi' x)^2, x = sqrt(q) z: the Jacobian acting on x */
    double var_phi2;  /**< Var phi^2 */
    double cov;       /**< Cov(phi^2, phi'^2) */
    double kurtosis;  /**< E (phi - mean)^4 / (Var phi)^2: 3 for a Gaussian */
    double gate;      /**< E phi'^2 (phi - mean)^2 / (D Var phi) - 1: 0 where phi' is constant */
    double z2_phi2;   /**< Cov(phi^2, z^2) */
    double z2_slope2; /**< Cov(phi'^2, z^2) */
} vg_moments;

/** phi and phi' of activation @p act (vg_op) at @p x in double; @p slope for leaky_relu, prelu. */
double vg_phi(int act, double slope, double x);
double vg_phi_slope(int act, double slope, double x);

/** Moments at pre-activation variance @p q > 0. */
vg_moments vg_moments_at(int act, double slope, double q);

enum { VG_GAUSS_NODES = 24 };

/** Nodes and weights of the Gauss-Legendre rule on [-1, 1]. */
void vg_gauss_legendre(double node[VG_GAUSS_NODES], double weight[VG_GAUSS_NODES]);

#endif
