/* SPDX-License-Identifier: Apache-2.0 */
/** @file theory.h
 * What mean-field theory predicts for a network at initialisation, layer by layer at the actual
 * pre-activation variance q_l (not only at its fixed point), with the finite-width mean shift and
 * spread that are the tolerance of a measurement.
 *
 * The signal is that of the record: ||delta_l||^2 without skips, the trunk's ||dL/dh_l||^2 with
 * them. Per step towards the input it is multiplied by chi_l; ln of the product does a random walk
 * whose variance per step is c_l / n, and whose mean is lower by half of that (log-normal).
 *
 * Sources: Poole 2016 (arXiv:1606.05340), Schoenholz 2017 (1611.01232): q and chi; Hanin 2018
 * (1801.03744), Hanin & Nica 2018 (1812.05994): log-normal fluctuations; Yang 2019 (1902.08129):
 * batch norm; Yang & Schoenholz 2017 (1712.08969): residual; De & Smith 2020 (2002.10444);
 * Xiong 2020 (2002.04745); Srivastava 2015 (1507.06228): highway.
 */
#ifndef VG_HARNESS_THEORY_H
#define VG_HARNESS_THEORY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/moments.h"
#include "harness/spec.h"
#include "vgbench/status.h"

/** From block l+1 to block l. The random walk: ln of the signal gains ln_chi - var_eta/2 + s u +
 * eta, where u = d ln q_l is the deviation of the forward variance, u' = a u + nu. */
typedef struct vg_theory_step {
    double ln_chi;
    double var_eta, var_nu, cov; /**< of eta and nu */
    double s, a;
} vg_theory_step;

typedef struct vg_theory {
    bool valid;
    const char *formula; /**< of chi */
    const char *reason;  /**< why it is not valid */
    double slack;        /**< of the rate, beside the spread: what the formula leaves out */
    int64_t depth;
    vg_theory_step *step; /**< [depth]: entry l, 1 <= l < depth, from block l+1 to l;
                             entry 0, with skips: through block 1 to the input */
    double *ln_sq;        /**< [depth + 1]: ln ||s_l||^2 - ln ||s_depth||^2, mean over seeds */
    float *walkers;       /**< [walks][depth + 1], where the walk is not linear (theory_walk.c) */
    int walks;
    double *q;            /**< [depth + 1]: variance of z_l, or of the trunk */
} vg_theory;

/** What a prediction for a recurrent model takes from the network. */
typedef struct vg_theory_measured {
    double input_power, input_mean_power; /**< E |x_t|^2, |E x_t|^2 */
    double spectral_radius; /**< of the recurrent matrix; NaN: that of its rule */
} vg_theory_measured;

/** Predicts for a resolved spec with inputs of mean square 1 (recurrent: E |x_t|^2 = in_dim). A network that no formula covers gives
 * valid = false with a reason, and no failure. */
vg_status vg_theory_predict(const vg_spec *spec, vg_theory *theory);

/** Likewise with what was measured; NULL is vg_theory_predict(). */
vg_status vg_theory_predict_with(const vg_spec *spec, const vg_theory_measured *measured,
                                 vg_theory *theory);

void vg_theory_release(vg_theory *theory);

/** Slope of ln ||s_l||^2 per block towards the input, fitted by least squares over blocks from..to,
 * and the standard deviation of that slope of one seed. */
void vg_theory_rate(const vg_theory *theory, int64_t from, int64_t to, double *rate, double *sd);

/** Standard deviation over one seed of ln ||s_1||^2 - ln ||s_depth||^2. */
double vg_theory_spread(const vg_theory *theory);

/** Least squares: slope of y over x = from..to, negated (towards the input). weight, if not NULL,
 * gets the factors with which y[from..to] enter. */
double vg_fit_rate(const double *y, int64_t from, int64_t to, double *weight);

/* For theory_nets.c: fills step[], q[] and formula; false with `reason` where nothing is known. */
bool vg_theory_plain(const vg_spec *spec, vg_theory *theory);
bool vg_theory_norm(const vg_spec *spec, vg_theory *theory);
bool vg_theory_skip(const vg_spec *spec, vg_theory *theory);
/* theory_walk.c: replaces ln_sq and the spread where the linear walk fails; false where it does */
bool vg_theory_walk(const vg_spec *spec, vg_theory *theory);
double vg_theory_walk_sd(const vg_theory *theory, const double *weight, int64_t from, int64_t to);
/* theory_recurrent.c */
bool vg_theory_recurrent(const vg_spec *spec, const vg_theory_measured *measured,
                         vg_theory *theory);

/* Fluctuations of one layer of Gaussian or orthogonal weights (theory.c): sets var_eta, var_nu, cov,
 * s and a of @p step. */
void vg_theory_fluctuations(const vg_spec *spec, bool orthogonal, const vg_moments *m, double sw2,
                            double q, double next_q, vg_theory_step *step);

/** sigma_w^2 of the blocks' first matrix (for block 1 fan-in is width as well), sigma_b^2, q_0. */
double vg_theory_weight_variance(const vg_spec *spec);
double vg_theory_bias_variance(const vg_spec *spec);
double vg_theory_input_variance(const vg_spec *spec);

#endif
