/* SPDX-License-Identifier: Apache-2.0 */
/** @file decay.h
 * The gradient-decay record of one spec: every seed is run forward and backward, the statistics of
 * every block are averaged over the seeds, the rate is fitted and judged.
 */
#ifndef VG_HARNESS_DECAY_H
#define VG_HARNESS_DECAY_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/monitor.h"
#include "harness/spec.h"
#include "vgbench/status.h"

typedef struct vg_decay_options {
    bool cost;        /**< also time a step */
    struct vg_cost_base *base; /**< with cost: what is timed beside it (cost.h), or NULL */
    bool precision;   /**< also measure what FTZ and narrow formats do (precision.h) */
    bool jacobian;    /**< also the mean singular value of a layer's Jacobian (jacobian.h) */
    bool overhead;    /**< with cost: also time the statistics (cost.monitor) */
    const char *dump; /**< folder for the first seed's tensors, or NULL */
    /** Called before every seed; true ends the measurement with VG_EINVAL "interrupted". */
    bool (*interrupted)(void);
} vg_decay_options;

/** Measures a resolved spec and returns its record (results.json, `decay[]`) in @p record. */
vg_status vg_decay_measure(const vg_spec *spec, const vg_decay_options *options, json_t **record);

/** Statistics of a whole run over seeds, and what follows from them. */
typedef struct vg_decay {
    int64_t depth, seeds;  /**< entries: blocks, or steps in time */
    vg_block_stats *stats; /**< [seeds][depth] */
    double *loss;          /**< [seeds] */
    double *jacobian;      /**< [seeds]: mean singular value of a layer's Jacobian; or 0 */
    double correlation;    /**< mean over seeds: of two samples at the last block */
    bool trunk;            /**< the signal is dL/dh_l, not delta_l */
    bool recurrent;
    double spectral_radius; /**< recurrent: mean over seeds */
    double input_power, input_mean_power; /**< E |x|^2, |E x|^2 */
    int64_t params, matrices;
    /* of vg_decay_fit() */
    int64_t from, to;   /**< blocks of the fit */
    const char *reason; /**< why there is no rate, or NULL */
    double *mean_ln;    /**< [depth + 1]: seed average of ln ||s_l||^2 */
    double *seed_rate;  /**< [seeds] */
    double rate, ci95[2], survival;
} vg_decay;

/** The signal of block @p l (from 1) of seed @p s (from 0). */
double vg_decay_signal(const vg_decay *d, int64_t s, int64_t l);

/** Fits the rate over the window of the design: without the first 3 and the last block, below 8
 * blocks all but the last; fewer than 3 points give a reason and no rate. */
vg_status vg_decay_fit(vg_decay *d);
void vg_decay_release(vg_decay *d);

/** Half of the 95 % interval of the mean of @p n values by Student's t; NAN for fewer than two. */
double vg_seed_interval(const double *values, int64_t n);

/** Decades of the norm over the depth that are no finding: one, and beside it 4 @p spread, which is
 * the standard deviation of the seed average of ln ||s_1||^2 / ||s_depth||^2 that theory predicts; where
 * it predicts none (NAN), half of the interval over the seeds. */
double vg_decay_limit(const vg_decay *d, double spread);

/** Decades of the norm from the last block to the first, by the fitted rate, or by survival where there is none. */
double vg_decay_decades(const vg_decay *d);

/** "vanishing", "healthy", "growing" or "exploding" by rate x depth beyond vg_decay_limit(). An
 * unnormalised skip that grows is "growing". */
const char *vg_decay_verdict(const vg_decay *d, const vg_spec *spec, double spread);

#endif
