/* SPDX-License-Identifier: Apache-2.0 */
/* Finite width where the linear random walk of theory.h does not do: GELU and SiLU with He
 * weights. There a deviation of ln q grows from layer to layer (d ln V / d ln q > 1 between their
 * two regimes, slope 1 and slope 1/2), so ln of the gradient is not normal, its mean is not lower
 * by half its variance, and a few seeds lie far out. The same walk is followed without
 * linearising it:
 *
 *   q_{l+1} = (sw2 V(q_l) + sb2) exp(nu)
 *   ln ||delta_l||^2 - ln ||delta_{l+1}||^2 = ln(sw2 D(q_l)) + eta
 *
 * with nu and eta normal of the variances and the covariance that hold at q_l, and means of minus
 * half their variance. Many walkers from fixed random numbers give mean and spread. Samples of a
 * batch share the weights: if their noise were the same, the batch would do what one of them
 * does; if it were independent, the norm would be the mean over them, which the largest rule. The
 * truth lies between: the middle is the prediction, half the distance is slack. */
#include <math.h>
#include <stdlib.h>

#include "harness/random.h"
#include "harness/theory.h"

enum { WALKERS = 1024, GRID = 192 };
static const double LOW = -16, HIGH = 10; /* of ln q */

/* What a step needs, on a grid of ln q. */
typedef struct table {
    double next[GRID], chi[GRID]; /* ln of the next q, ln chi */
    double nu[GRID], eta[GRID];   /* standard deviations */
    double share[GRID];           /* correlation of the two */
} table;

static double at(const double *values, double ln_q)
{
    double x = (ln_q - LOW) / (HIGH - LOW) * (GRID - 1);
    x = fmin(fmax(x, 0), GRID - 1.001);
    int i = (int)x;
    return values[i] + (x - i) * (values[i + 1] - values[i]);
}

static void fill(const vg_spec *s, double sw2, double sb2, table *t)
{
    for (int i = 0; i < GRID; i++) {
        double q = exp(LOW + (HIGH - LOW) * i / (GRID - 1));
        vg_moments m = vg_moments_at(s->act, s->slope, q);
        vg_theory_step step = {0};
        double next = sw2 * m.V + sb2;
        vg_theory_fluctuations(s, s->init == VG_INIT_orthogonal, &m, sw2, q, next, &step);
        t->next[i] = log(next);
        t->chi[i] = log(sw2 * m.D);
        t->nu[i] = sqrt(step.var_nu);
        t->eta[i] = sqrt(step.var_eta);
        double both = t->nu[i] * t->eta[i];
        t->share[i] = both > 0 ? fmax(-1, fmin(1, step.cov / both)) : 0;
    }
}

/* ln ||delta_l||^2 - ln ||delta_depth||^2 of one walker into curve[1 .. depth]. */
static void follow(const table *t, double ln_q, int64_t depth, uint64_t walker, float *curve)
{
    vg_random nu = {1, VG_STREAM_THEORY, (uint32_t)walker},
              eta = {2, VG_STREAM_THEORY, (uint32_t)walker};
    for (int64_t l = 1; l < depth; l++) {
        double x = vg_random_normal(&nu, (uint64_t)l), y = vg_random_normal(&eta, (uint64_t)l);
        double rho = at(t->share, ln_q), sd_nu = at(t->nu, ln_q), sd_eta = at(t->eta, ln_q);
        double gain = sd_eta * (rho * x + sqrt(1 - rho * rho) * y) - sd_eta * sd_eta / 2;
        curve[l] = (float)(at(t->chi, ln_q) + gain);
        ln_q = at(t->next, ln_q) + sd_nu * x - sd_nu * sd_nu / 2;
    }
    curve[depth] = 0;
    for (int64_t l = depth - 1; l >= 1; l--)
        curve[l] += curve[l + 1];
}

/* Mean over groups of @p group walkers of ln of the mean of exp. */
static double grouped(const float *curves, int64_t entries, int64_t l, int group)
{
    double sum = 0;
    int groups = WALKERS / group;
    for (int g = 0; g < groups; g++) {
        double most = -INFINITY, part = 0;
        for (int i = 0; i < group; i++)
            most = fmax(most, curves[(g * group + i) * entries + l]);
        for (int i = 0; i < group; i++)
            part += exp(curves[(g * group + i) * entries + l] - most);
        sum += most + log(part / group);
    }
    return sum / groups;
}

/* The deviation of ln q that the linear walk predicts, times how much chi feels it. */
static bool is_linear(const vg_theory *t)
{
    double u = 0, felt = 0;
    for (int64_t l = 1; l < t->depth; l++) {
        const vg_theory_step *p = &t->step[l];
        felt = fmax(felt, u * p->s * p->s);
        u = p->a * p->a * u + p->var_nu;
    }
    return felt < 0.01;
}

bool vg_theory_walk(const vg_spec *s, vg_theory *t)
{
    if (is_linear(t))
        return false;
    double sw2 = vg_theory_weight_variance(s), sb2 = vg_theory_bias_variance(s);
    int64_t entries = t->depth + 1;
    table *moments = malloc(sizeof *moments);
    t->walkers = calloc((size_t)WALKERS * (size_t)entries, sizeof *t->walkers);
    float *batch = calloc((size_t)WALKERS * (size_t)entries, sizeof *batch);
    bool fine = moments && t->walkers && batch;
    if (fine) {
        fill(s, sw2, sb2, moments);
        vg_random first = {3, VG_STREAM_THEORY, 0}; /* |x|^2 differs from sample to sample */
        double spread = sqrt(2 / (double)s->in_dim);
        int group = s->batch < WALKERS ? (int)s->batch : WALKERS;
        for (int w = 0; w < WALKERS; w++) {
            float *own = t->walkers + w * entries, *other = batch + w * entries;
            double ln_q = log(t->q[1]);
            follow(moments, ln_q, t->depth, (uint64_t)w, own);
            ln_q += s->batch > 1 ? spread * vg_random_normal(&first, (uint64_t)w) : 0;
            follow(moments, ln_q, t->depth, (uint64_t)w, other);
        }
        for (int64_t l = 1; l <= t->depth; l++) {
            double alone = grouped(t->walkers, entries, l, 1);
            double together = grouped(batch, entries, l, group);
            t->ln_sq[l] = (alone + together) / 2;
            if (l == 1)
                t->slack += fabs(together - alone) / 2 / (double)(t->depth - 1);
        }
        t->walks = WALKERS;
    }
    free(moments);
    free(batch);
    return fine;
}

/* Mean and standard deviation over walkers of sum_l weight[l] curve[l]. */
double vg_theory_walk_sd(const vg_theory *t, const double *weight, int64_t from, int64_t to)
{
    double sum = 0, square = 0;
    for (int w = 0; w < t->walks; w++) {
        const float *curve = t->walkers + w * (t->depth + 1);
        double value = 0;
        for (int64_t l = from; l <= to; l++)
            value += weight[l] * curve[l];
        sum += value;
        square += value * value;
    }
    double mean = sum / t->walks, variance = square / t->walks - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}
