/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions for networks with normalisation and with skips. */
#include <math.h>

#include "harness/batch_moments.h"
#include "harness/init.h"
#include "harness/theory.h"

static const double EPS = 1e-5; /* of every norm */

/* Values that one normalisation averages. */
static double averaged(const vg_spec *s)
{
    return s->norm == VG_OP_batch_norm   ? (double)s->batch
           : s->norm == VG_OP_group_norm ? (double)s->width / (double)s->groups
                                         : (double)s->width;
}

/* E 1/|z|^2 over m Gaussian values is larger than 1/m by (m-2)/(m-3) where the mean is taken out, by
 * (m-1)/(m-2) where it is not: what the norm's projections take from the gradient is in that. */
static double finite_factor(const vg_spec *s)
{
    double m = averaged(s);
    return s->norm == VG_OP_rms_norm ? (m - 1) / (m - 2) : (m - 2) / (m - 3);
}

/* The formulas are series in 1/m, and E 1/|z|^2 diverges at m = 3. */
static bool too_few(const vg_spec *s)
{
    enum { LEAST = 5, LEAST_BEHIND = 8 };
    bool behind = s->norm && s->norm_at != VG_NORM_AT_inner;
    return s->norm && averaged(s) < (behind ? LEAST_BEHIND : LEAST);
}

/* m ln of the factor for values phi(z), to the first order of 1/m: E 1/s^2 gains kurtosis - 1 (and 1
 * where the mean is taken out), the projections take 1 + gate (and 1), and the derivatives phi'^2 that
 * pass gate more, because large values make s large. For a Gaussian it is 1. */
static double finite_order(const vg_spec *s, const vg_moments *m)
{
    if (s->norm == VG_OP_rms_norm)
        return m->var_phi2 / (m->V * m->V) - 1 - 2 * m->cov / (m->D * m->V);
    return m->kurtosis - 2 - 2 * m->gate;
}

static double batch_slack(const vg_spec *s)
{
    return s->width >= 4 * s->batch ? 0.02 : 0.04;
}

/* Variance of ln of the gain of a layer, and twice what it takes from the mean (log-normal). Batch norm
 * turns a batch's gradients away from each other until their cosines are -1/(B - 1) (Yang 2019): a batch
 * then averages the fluctuations of B - 1 directions, and its mean is that of the formula. */
static double layer_fluctuation(const vg_spec *s, const vg_moments *m)
{
    double one = (3 * m->kappa + 1) / (double)s->width;
    return s->norm == VG_OP_batch_norm ? one / (double)(s->batch - 1) : one;
}

/* What a norm behind f divides by: the mean of f counts for rms alone. */
static double normed_power(const vg_spec *s, const vg_moments *m)
{
    return s->norm == VG_OP_rms_norm ? m->V : m->V - m->mean * m->mean;
}

/* f(N(W h + b)): N makes the pre-activation variance 1, whatever the weights are. */
static void norm_before(const vg_spec *s, vg_theory *t)
{
    double sw2 = vg_theory_weight_variance(s), sb2 = vg_theory_bias_variance(s);
    double power = vg_theory_input_variance(s);
    for (int64_t l = 1; l <= t->depth; l++) {
        double variance = sw2 * power + sb2;
        vg_moments m = vg_moments_at(s->act, s->slope, variance / (variance + EPS));
        t->q[l] = variance;
        t->step[l].ln_chi = log(sw2 * m.D / (variance + EPS) * finite_factor(s));
        t->step[l].var_eta = layer_fluctuation(s, &m);
        power = m.V;
    }
}

/* N(f(W h + b)), or the same seen from the other side, f(W N(h) + b) */
static void norm_behind(const vg_spec *s, vg_theory *t)
{
    double sw2 = vg_theory_weight_variance(s), sb2 = vg_theory_bias_variance(s);
    double power = s->norm_at == VG_NORM_AT_pre ? 1 : vg_theory_input_variance(s), rest = 0;
    for (int64_t l = 1; l <= t->depth; l++) {
        double q = sw2 * power + sb2;
        vg_moments m = vg_moments_at(s->act, s->slope, q);
        double divisor = normed_power(s, &m) + EPS, order = finite_order(s, &m) / averaged(s);
        t->q[l] = q;
        t->step[l].ln_chi = log(sw2 * m.D / divisor * finite_factor(s)) + order - 1 / averaged(s);
        rest = fmax(rest, order * order); /* the next term */
        t->step[l].var_eta = layer_fluctuation(s, &m);
        power = normed_power(s, &m) / divisor;
    }
    t->slack += rest;
}

/* Variance over the batch of h_0: its bias is the same in every sample. */
static double input_spread(const vg_spec *s)
{
    return s->in_dim == s->width
               ? 1
               : vg_init_variance((vg_init)s->init_io, s->width, s->in_dim, 1, s->init_std);
}

bool vg_theory_norm(const vg_spec *s, vg_theory *t)
{
    t->slack = 2 / (double)s->width;
    if (s->norm == VG_OP_batch_norm)
        t->slack = batch_slack(s);
    else if (s->norm == VG_OP_group_norm)
        t->slack = 2 * (double)s->groups / (double)s->width;
    if (too_few(s)) {
        t->reason = "the norm averages too few values";
        return false;
    }
    if (s->norm_at != VG_NORM_AT_inner) {
        norm_behind(s, t);
        t->formula = s->norm == VG_OP_rms_norm
                         ? "chi = sigma_w^2 E phi'^2 / E phi^2 at q = sigma_w^2"
                         : "chi = sigma_w^2 E phi'^2 / Var phi at q = sigma_w^2";
        return true;
    }
    norm_before(s, t);
    t->formula = "chi = E phi'^2 / E phi^2 at q = 1";
    if (s->norm == VG_OP_batch_norm) {
        double variance, chi = vg_batch_norm_chi(s->act, s->slope, s->batch, &variance);
        for (int64_t l = 1; l < t->depth; l++)
            t->step[l].ln_chi = log(chi);
        t->step[1].ln_chi += log(variance / input_spread(s)); /* block 1 normalises the inputs' z */
        t->formula = "chi = B / ((k2 - k11) (B - 3)) E tr(P D G D) / (B - 1)";
    }
    return true;
}

/* --- skips --------------------------------------------------------------------------------- */

/* State of the trunk: mean square of h, its mean, and its variance over the batch. Where f has a
 * mean, the units of h share it, and what the Jacobian does to h itself grows faster than what it
 * does to any other direction; mean_mode is that direction's share of the gradient, 1/width at the
 * start. It rules beyond ln n / ln(forward / backward) blocks. */
typedef struct trunk {
    double power, mean, batch_variance, mean_mode;
} trunk;

/* Above this share the mean mode is felt, and the formulas below, which leave it out, fail. */
static const double MEAN_MODE_LIMIT = 0.05;

/* What a norm on the trunk divides by (squared). */
static double trunk_scale(const vg_spec *s, const trunk *h)
{
    if (s->norm == VG_OP_batch_norm)
        return h->batch_variance + EPS;
    if (s->norm == VG_OP_rms_norm)
        return h->power + EPS;
    return h->power - h->mean * h->mean + EPS;
}

/* Fluctuations of 1 + v: the cross term of trunk and branch, and the branch's own. */
static double residual_variance(const vg_spec *s, double v, double kappa)
{
    return (4 * v + (3 * kappa + 1) * v * v) / ((1 + v) * (1 + v) * (double)s->width);
}

/* The branch's input variance q, its gradient power v relative to the trunk's. */
static void branch(const vg_spec *s, const trunk *h, double *q, double *s1_backward)
{
    double s1 = vg_theory_weight_variance(s), sb2 = vg_theory_bias_variance(s);
    if (s->norm && s->norm_at == VG_NORM_AT_inner) { /* N after W: s1 cancels */
        double scale = s->norm == VG_OP_batch_norm ? s1 * h->batch_variance : s1 * h->power + sb2;
        *q = scale / (scale + EPS);
        *s1_backward = s1 / (scale + EPS) * finite_factor(s);
    } else if (s->norm && s->norm_at == VG_NORM_AT_pre) {
        *q = s1 + sb2;
        *s1_backward = s1 / trunk_scale(s, h) * finite_factor(s);
    } else {
        *q = s1 * h->power + sb2;
        *s1_backward = s1;
    }
}

/* What a norm over m values adds to ln chi of a trunk that the block before normalised, with a branch of
 * @p forward times its power and @p backward times its gradient. Only the branch varies 1/s^2, by
 * (4 v + 2 v^2) / (1 + v)^2 m (and its mean, v / (1 + v) m); the trunk's gradient has lost the directions
 * that the norm takes but for what the branch turned, the branch's has not. */
static double post_norm_order(const vg_spec *s, double forward, double backward)
{
    double sum = 1 + forward, centred = s->norm != VG_OP_rms_norm;
    double gain = (4 + 2 * forward) * forward / (sum * sum) + centred * forward / sum;
    double loss = forward / (sum * (1 + backward)) + (1 + centred) * backward / (1 + backward);
    return (gain - loss) * log(finite_factor(s));
}

/* Returns what is known of the next order of 1/m. */
static double residual_step(const vg_spec *s, trunk *h, vg_theory_step *p)
{
    double second = s->block_layers == 2
                        ? vg_init_variance((vg_init)s->init2, s->width, s->width, 1, s->init_std)
                        : 1;
    double q, s1, a2 = s->alpha * s->alpha;
    branch(s, h, &q, &s1);
    vg_moments m = vg_moments_at(s->act, s->slope, q);
    double v = a2 * second * s1 * m.D, mean = s->block_layers == 2 ? 0 : m.mean, order = 0;
    p->ln_chi = log1p(v);
    p->var_eta = residual_variance(s, v, m.kappa);
    if (!s->norm && s->block_layers == 1) {
        double mode = 1 + (a2 * m.flow2 + 2 * s->alpha * h->mean * m.flow) / h->power;
        h->mean_mode *= mode / (1 + v);
    }
    h->power += a2 * second * m.V + 2 * s->alpha * h->mean * mean;
    h->mean += s->alpha * mean;
    h->batch_variance += a2 * second * (m.V - m.mean * m.mean);
    if (s->norm && s->norm_at == VG_NORM_AT_post) {
        double scale = trunk_scale(s, h);
        order = post_norm_order(s, a2 * second * m.V, v);
        p->ln_chi += order - log(scale);
        h->power /= scale;
        h->mean /= sqrt(scale);
        h->batch_variance /= scale;
        if (s->norm != VG_OP_rms_norm) {
            h->power = 1;
            h->mean = 0;
        }
    }
    return order * order;
}

/* E T, E T^2, E (1-T)^2, E T'^2 of the gate T = sigmoid(b + sqrt(variance) z). */
typedef struct gate {
    double mean, square, rest_square, slope_square;
} gate;

static gate gate_moments(double bias, double variance)
{
    enum { PANELS = 24 };
    double node[VG_GAUSS_NODES], weight[VG_GAUSS_NODES], half = 12.0 / PANELS;
    gate g = {0};
    vg_gauss_legendre(node, weight);
    for (int panel = 0; panel < PANELS; panel++)
        for (int i = 0; i < VG_GAUSS_NODES; i++) {
            double z = -12 + half * (2 * panel + 1 + node[i]);
            double w = half * weight[i] * exp(-0.5 * z * z) * 0.39894228040143267794;
            double t = 1 / (1 + exp(-bias - sqrt(variance) * z));
            g.mean += w * t;
            g.square += w * t * t;
            g.rest_square += w * (1 - t) * (1 - t);
            g.slope_square += w * t * t * (1 - t) * (1 - t);
        }
    return g;
}

static void highway_step(const vg_spec *s, trunk *h, vg_theory_step *p)
{
    double st = vg_init_variance((vg_init)s->init_gate, s->width, s->width, 1, s->init_std), q, sh;
    branch(s, h, &q, &sh);
    vg_moments m = vg_moments_at(s->act, s->slope, q);
    gate g = gate_moments(s->gate_bias, st * h->power);
    double apart = m.V + h->power - 2 * m.mean * h->mean; /* E (H - x)^2 */
    double v = g.square * sh * m.D, chi = g.rest_square + v + st * apart * g.slope_square;
    p->ln_chi = log(chi);
    p->var_eta =
        (4 * v * g.rest_square + (3 * m.kappa + 1) * v * v) / (chi * chi * (double)s->width);
    double mode = g.rest_square +
                  (g.square * m.flow2 + 2 * (g.mean - g.square) * h->mean * m.flow) / h->power;
    if (!s->norm)
        h->mean_mode *= mode / chi;
    h->power =
        g.square * m.V + g.rest_square * h->power + 2 * (g.mean - g.square) * m.mean * h->mean;
    h->mean = g.mean * m.mean + (1 - g.mean) * h->mean;
    h->batch_variance = h->power - h->mean * h->mean;
}

bool vg_theory_skip(const vg_spec *s, vg_theory *t)
{
    trunk h = {.power = vg_theory_input_variance(s)};
    h.batch_variance = h.power;
    h.mean_mode = 1 / (double)s->width;
    bool highway = s->skip == VG_SKIP_highway;
    double rest = 0;
    if (too_few(s)) {
        t->reason = "the norm averages too few values";
        return false;
    }
    t->formula = highway ? "chi = E (1-T)^2 + s_H E T^2 E phi'^2 + s_T E (H-x)^2 E T'^2"
                 : s->norm && s->norm_at == VG_NORM_AT_post
                     ? "chi = (1 + alpha^2 s_1 s_2 E phi'^2) / (power of the sum)"
                     : "chi = 1 + alpha^2 s_1 s_2 E phi'^2 / (power of the trunk where normalised)";
    /* 0.15 decades of the squared norm over the depth (highway 0.2): higher orders in 1/width */
    if (s->depth > 1 && !(s->skip == VG_SKIP_rezero && s->alpha == 0))
        t->slack = (highway ? 0.2 : 0.15) * 2.302585092994046 / (double)(s->depth - 1);
    if (s->norm == VG_OP_batch_norm && s->depth > 1)
        t->slack += batch_slack(s);
    for (int64_t l = 0; l < t->depth; l++) { /* block l + 1 */
        vg_theory_step *p = &t->step[l];
        *p = (vg_theory_step){0};
        if (highway)
            highway_step(s, &h, p);
        else
            rest = fmax(rest, residual_step(s, &h, p));
        t->q[l + 1] = h.power;
    }
    t->slack += rest;
    if (h.mean_mode > MEAN_MODE_LIMIT) {
        t->reason = "the mean of the activations carries the gradient, which mean field leaves out";
        return false;
    }
    return true;
}
