/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/random.h"

#include <math.h>
#include <string.h>

#include <Random123/philox.h>

static philox4x32_ctr_t block(const vg_random *random, uint64_t index)
{
    philox4x32_ctr_t counter = {
        {(uint32_t)index, (uint32_t)(index >> 32), random->layer, random->what}};
    philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
    return philox4x32_R(10, counter, key);
}

/* 52 bits k of two words as (k + 1/2) 2^-52: exact, symmetric round 1/2, never 0 or 1. */
static double to_uniform(uint32_t high, uint32_t low)
{
    uint64_t k = ((uint64_t)high << 32 | low) >> 12;
    return ((double)k + 0.5) * 0x1p-52;
}

double vg_random_uniform(const vg_random *random, uint64_t index)
{
    philox4x32_ctr_t words = block(random, index / 2);
    return index % 2 ? to_uniform(words.v[2], words.v[3]) : to_uniform(words.v[0], words.v[1]);
}

double vg_random_normal(const vg_random *random, uint64_t index)
{
    return vg_normal_quantile(vg_random_uniform(random, index));
}

void vg_random_fill_normal(const vg_random *random, uint64_t first, int64_t count, double scale,
                           float *out)
{
    for (int64_t i = 0; i < count;) {
        uint64_t index = first + (uint64_t)i;
        philox4x32_ctr_t w = block(random, index / 2);
        for (uint64_t half = index % 2; half < 2 && i < count; half++, i++)
            out[i] = (float)(scale *
                             vg_normal_quantile(to_uniform(w.v[2 * half], w.v[2 * half + 1])));
    }
}

void vg_random_fill_uniform(const vg_random *random, uint64_t first, int64_t count, double scale,
                            float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(scale * (2 * vg_random_uniform(random, first + (uint64_t)i) - 1));
}

double vg_portable_log(double x)
{
    static const double LN2 = 0x1.62e42fefa39efp-1;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & 0x000fffffffffffffu) | 0x3ff0000000000000u;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp+0) { /* sqrt(2): keeps |s| below 0.172 */
        m *= 0.5;
        exponent++;
    }
    /* log m = 2 artanh s, s = (m - 1) / (m + 1); s^23 / 23 is below 1e-19 */
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
    for (int k = 21; k >= 3; k -= 2)
        sum = (sum + 1.0 / k) * s2;
    return exponent * LN2 + 2 * s * (1 + sum);
}

void vg_portable_sincos(double x, double *sine, double *cosine)
{
    static const double TWO_PI = 0x1.921fb54442d18p+2;
    x -= TWO_PI * floor(x / TWO_PI + 0.5);
    double x2 = x * x, s = 0, c = 0;
    for (int k = 29; k >= 1; k -= 2) { /* pi^31 / 31! is below 1e-18 */
        s = -x2 * (1 + s) / ((k + 1) * (k + 2));
        c = -x2 * (1 + c) / (k * (k + 1));
    }
    *sine = x * (1 + s);
    *cosine = 1 + c;
}

/* Wichura 1988, Applied Statistics 37, 477: PPND16. Ratio of two polynomials of degree 7. */
static double ratio(const double a[8], const double b[8], double r)
{
    double p = a[7], q = b[7];
    for (int i = 6; i >= 0; i--) {
        p = p * r + a[i];
        q = q * r + b[i];
    }
    return p / q;
}

double vg_normal_quantile(double p)
{
    static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                                1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e+1,
                                6.8718700749205790830e+2,
                                5.3941960214247511077e+3,
                                2.1213794301586595867e+4,
                                3.9307895800092710610e+4,
                                2.8729085735721942674e+4,
                                5.2264952788528545610e+3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * ratio(a, b, 0.180625 - q * q);
    double r = sqrt(-vg_portable_log(q < 0 ? p : 1 - p));
    double x = r <= 5 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5);
    return q < 0 ? -x : x;
}
