/* SPDX-License-Identifier: Apache-2.0 */
/** @file random.h
 * Random numbers by position: Philox4x32-10 (Salmon et al. 2011, Random123) with the counter
 * (index, layer, what) and the seed as its key. A number depends on nothing but its position, so
 * any thread may make any part, and networks of different depth share their first layers.
 *
 * The same bits everywhere: uniforms are exact, Gaussians are the inverse normal distribution
 * function by Wichura's AS 241 (PPND16) in double with nothing but + - * / and sqrt, which IEEE 754
 * defines to the last bit; its logarithm is a series of our own. (Box-Muller would inherit the last
 * bits of the C library's log, sin and cos.) Contraction to FMA is off in the whole project.
 */
#ifndef VG_HARNESS_RANDOM_H
#define VG_HARNESS_RANDOM_H

#include <stdint.h>

/** What a number is for: the last word of the counter. */
typedef enum vg_stream {
    VG_STREAM_WEIGHT = 1,
    VG_STREAM_BIAS,
    VG_STREAM_WEIGHT2,
    VG_STREAM_BIAS2,
    VG_STREAM_GATE_WEIGHT,
    VG_STREAM_GATE_BIAS,
    VG_STREAM_INPUT_WEIGHT,
    VG_STREAM_HEAD_WEIGHT,
    VG_STREAM_RECURRENT_WEIGHT,
    VG_STREAM_INPUT_BIAS,
    VG_STREAM_HEAD_BIAS,
    VG_STREAM_DATA_INPUT = 64,
    VG_STREAM_DATA_TEACHER1,
    VG_STREAM_DATA_TEACHER2,
    VG_STREAM_DATA_CENTRE,
    VG_STREAM_SHUFFLE,
    VG_STREAM_DATA_MARK,
    VG_STREAM_SPLIT,
    VG_STREAM_THEORY = 96
} vg_stream;

/** A family of numbers: seed, what for, and layer (0 outside the layers). */
typedef struct vg_random {
    uint64_t seed;
    uint32_t what, layer;
} vg_random;

/** Number @p index of the family, uniform on the open interval (0, 1): odd multiples of 2^-53. */
double vg_random_uniform(const vg_random *random, uint64_t index);

/** Number @p index of the family, standard normal. */
double vg_random_normal(const vg_random *random, uint64_t index);

/** Numbers first .. first+count-1, scaled: out[i] = scale * normal, rounded once to float. */
void vg_random_fill_normal(const vg_random *random, uint64_t first, int64_t count, double scale,
                           float *out);
/** Likewise uniform on (-scale, scale). */
void vg_random_fill_uniform(const vg_random *random, uint64_t first, int64_t count, double scale,
                            float *out);

/** Inverse of the standard normal distribution function, 0 < p < 1 (AS 241, about 1e-16). */
double vg_normal_quantile(double p);

/** Natural logarithm of x > 0 by + - * / alone, relative error below 1e-15 away from x = 1. */
double vg_portable_log(double x);

/** sin and cos by a Taylor series on a reduced argument, |x| < 1e6, absolute error below 1e-12. */
void vg_portable_sincos(double x, double *sine, double *cosine);

#endif
