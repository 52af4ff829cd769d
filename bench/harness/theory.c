/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/theory.h"

#include <math.h>
#include <stdlib.h>

#include "harness/init.h"

/* --- fits ---------------------------------------------------------------------------------- */

double vg_fit_rate(const double *y, int64_t from, int64_t to, double *weight)
{
    double n = (double)(to - from + 1), middle = 0.5 * (double)(from + to);
    double spread = n * (n * n - 1) / 12, rate = 0; /* sum of (x - middle)^2 */
    for (int64_t l = from; l <= to; l++) {
        double w = -((double)l - middle) / spread;
        rate += w * y[l];
        if (weight)
            weight[l - from] = w;
    }
    return rate;
}

/* Variance of sum_l T_l (s_l u_l + eta_l), T the weight with which step l enters; u follows its own
 * walk. Forward recursion over Var(sum), Cov(sum, u), Var(u). */
typedef struct walk {
    double sum, cross, u;
} walk;

static void advance(walk *w, const vg_theory_step *p, double T)
{
    double cross = p->a * w->cross + T * p->s * p->a * w->u + T * p->cov;
    w->sum += 2 * T * p->s * w->cross + T * T * (p->s * p->s * w->u + p->var_eta);
    w->u = p->a * p->a * w->u + p->var_nu;
    w->cross = cross;
}

static double walk_variance(const vg_theory *t, const double *weight)
{
    walk w = {0};
    for (int64_t l = 1; l < t->depth; l++)
        advance(&w, &t->step[l], weight[l]);
    return w.sum;
}

/* ln_sq from chi, less half of what each step adds to the variance: the mean of a log-normal whose
 * expectation is the product of chi. */
static void accumulate(vg_theory *t)
{
    walk w = {0};
    for (int64_t l = 1; l < t->depth; l++) { /* ln_sq[l] holds the gain of step l for now */
        double before = w.sum;
        advance(&w, &t->step[l], 1);
        t->ln_sq[l] = t->step[l].ln_chi - (w.sum - before) / 2;
    }
    t->ln_sq[t->depth] = 0;
    for (int64_t l = t->depth - 1; l >= 1; l--)
        t->ln_sq[l] += t->ln_sq[l + 1];
}

void vg_theory_rate(const vg_theory *t, int64_t from, int64_t to, double *rate, double *sd)
{
    double *weight = calloc((size_t)t->depth + 1, sizeof *weight);
    double *tail = calloc((size_t)t->depth + 1, sizeof *tail);
    *rate = NAN;
    *sd = NAN;
    if (weight && tail) {
        *rate = vg_fit_rate(t->ln_sq, from, to, weight + from);
        if (t->walks)
            *sd = vg_theory_walk_sd(t, weight, from, to);
        /* step l is part of ln_sq of every block 1..l */
        for (int64_t l = 1; l < t->depth; l++)
            tail[l] = tail[l - 1] + weight[l];
        if (!t->walks)
            *sd = sqrt(walk_variance(t, tail));
    }
    free(weight);
    free(tail);
}

double vg_theory_spread(const vg_theory *t)
{
    double *ones = calloc((size_t)t->depth + 1, sizeof *ones);
    if (!ones)
        return NAN;
    for (int64_t l = 1; l < t->depth; l++)
        ones[l] = 1;
    double sd = t->walks ? vg_theory_walk_sd(t, ones, 1, 1) : sqrt(walk_variance(t, ones));
    free(ones);
    return sd;
}

/* --- variances ----------------------------------------------------------------------------- */

double vg_theory_weight_variance(const vg_spec *s)
{
    return vg_init_variance((vg_init)s->init, s->width, s->width, s->gain, s->init_std);
}

double vg_theory_bias_variance(const vg_spec *s)
{
    if (s->bias_std > 0)
        return s->bias_std * s->bias_std;
    return s->init == VG_INIT_torch_default ? 1 / (3 * (double)s->width) : 0;
}

double vg_theory_input_variance(const vg_spec *s)
{
    if (s->in_dim == s->width)
        return 1;
    double bias = s->bias_std > 0                        ? s->bias_std * s->bias_std
                  : s->init_io == VG_INIT_torch_default ? 1 / (3 * (double)s->in_dim)
                                                         : 0;
    return vg_init_variance((vg_init)s->init_io, s->width, s->in_dim, 1, s->init_std) + bias;
}

/* --- plain layers -------------------------------------------------------------------------- */

/* Fluctuations of one layer of width n. Gaussian (and any spread-out iid) weights: Var eta =
 * (3 kappa - 1)/n. Orthogonal weights keep the length of what they multiply, so the part along
 * sum z^2 falls out: linear layers have no spread at all. */
void vg_theory_fluctuations(const vg_spec *s, bool orthogonal, const vg_moments *m, double sw2,
                            double q, double next_q, vg_theory_step *p)
{
    double n = (double)s->width, gain = sw2 / next_q;
    p->var_eta = (3 * m->kappa - 1) / n;
    p->var_nu = gain * gain * m->var_phi2 / n;
    p->cov = gain * m->cov / (n * m->D);
    if (orthogonal) {
        double slope_z2 = m->z2_slope2 / m->D;
        p->var_eta = (3 * (m->kappa - 1) - slope_z2 * slope_z2 / 2) / n;
        if (p->var_eta < 0)
            p->var_eta = 0;
        p->var_nu -= gain * gain * m->z2_phi2 * m->z2_phi2 / 2 / n;
        if (p->var_nu < 0)
            p->var_nu = 0;
        p->cov -= gain * m->z2_phi2 * slope_z2 / 2 / n;
    }
    p->s = q * m->dD / m->D;
    p->a = sw2 * m->dV * q / next_q;
}

bool vg_theory_plain(const vg_spec *s, vg_theory *t)
{
    double sw2 = vg_theory_weight_variance(s), sb2 = vg_theory_bias_variance(s);
    double q = sw2 * vg_theory_input_variance(s) + sb2;
    t->formula = "chi_l = sigma_w^2 E phi'(sqrt(q_l) z)^2, q_(l+1) = sigma_w^2 E phi^2 + sigma_b^2";
    for (int64_t l = 1; l <= t->depth; l++) {
        t->q[l] = q;
        if (!(q > 1e-290)) {
            t->reason = "the forward signal underflows";
            return false;
        }
        if (!(q < 1e290)) {
            t->reason = "the forward signal overflows";
            return false;
        }
        vg_moments m = vg_moments_at(s->act, s->slope, q);
        double next_q = sw2 * m.V + sb2;
        if (l < t->depth) {
            t->step[l].ln_chi = log(sw2 * m.D);
            vg_theory_fluctuations(s, s->init == VG_INIT_orthogonal, &m, sw2, q, next_q,
                                   &t->step[l]);
        }
        q = next_q;
    }
    return true;
}

/* --- entry --------------------------------------------------------------------------------- */

static bool predict(const vg_spec *s, const vg_theory_measured *measured, vg_theory *t)
{
    if (s->model != VG_MODEL_mlp)
        return vg_theory_recurrent(s, measured, t);
    if (s->init == VG_INIT_identity || s->init == VG_INIT_zeros) {
        t->reason = "the weights are not random";
        return false;
    }
    if (s->skip != VG_SKIP_none)
        return vg_theory_skip(s, t);
    if (s->norm != VG_OP_none)
        return vg_theory_norm(s, t);
    return vg_theory_plain(s, t);
}

vg_status vg_theory_predict(const vg_spec *s, vg_theory *t)
{
    return vg_theory_predict_with(s, NULL, t);
}

vg_status vg_theory_predict_with(const vg_spec *s, const vg_theory_measured *measured, vg_theory *t)
{
    bool recurrent = s->model != VG_MODEL_mlp;
    *t = (vg_theory){.depth = recurrent ? s->seq_len : s->depth};
    size_t entries = (size_t)t->depth + 1;
    t->step = calloc(entries, sizeof *t->step);
    t->ln_sq = calloc(entries, sizeof *t->ln_sq);
    t->q = calloc(entries, sizeof *t->q);
    if (!t->step || !t->ln_sq || !t->q) {
        vg_theory_release(t);
        return vg_fail(VG_ENOMEM, "out of memory for the prediction");
    }
    t->valid = predict(s, measured, t);
    if (t->valid)
        accumulate(t);
    bool plain = !recurrent && s->skip == VG_SKIP_none && !s->norm;
    bool walked = t->valid && plain && vg_theory_walk(s, t);
    /* The shift of the mean is that of one sample; a batch of samples whose gates differ averages
     * some of it away. */
    if (t->valid && !walked && s->batch > 1 && t->depth > 1)
        t->slack += pow(vg_theory_spread(t), 2) / (2 * (double)(t->depth - 1));
    if (t->valid && !isfinite(t->ln_sq[1])) {
        t->valid = false;
        t->reason = t->ln_sq[1] < 0 ? "no gradient is predicted to pass"
                                    : "the predicted signal overflows";
    }
    return VG_OK;
}

void vg_theory_release(vg_theory *t)
{
    free(t->walkers);
    free(t->step);
    free(t->ln_sq);
    free(t->q);
    *t = (vg_theory){0};
}
