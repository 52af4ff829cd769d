/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions for recurrent layers: the same matrix at every step.
 *
 * Vanilla (Pascanu 2013, arXiv:1211.5063; mean field as for untied layers): the pre-activation
 * has variance q_1 = s_u, q_{t+1} = g^2 E f(sqrt(q_t) z)^2 + s_u with s_u = Var(W_ih) E |x|^2,
 * and a step back multiplies the squared gradient by rho^2 E f'(sqrt(q) z)^2. With f' = 1 all
 * powers of one matrix are taken and its spectral radius rho is what counts; where f' changes
 * from step to step the products decorrelate and the variance g^2 does. The truth lies between:
 * rho predicts, and 2 |ln(rho/g)| is slack. The part of the input that is the same at every step
 * meets the powers of one matrix: q_t = int |sum_k e^(ik theta)|^2 dmu with n random atoms of mu,
 * so Var(ln q_t) = (2/n) int D^4 / (int D^2)^2 = 4 t / 3n for a share of 1: 4/3n a step, times
 * the square of the share.
 *
 * Of stacked layers the signal is the top one's, whose gradient passes through no other; what drives
 * it is the state of the layer below, whose power is measured.
 *
 * Gated cells whose gates stay near their biases (weak input) are linear: a step back is lambda I
 * + a W^T with lambda the gate that carries the state and a what comes back through W:
 *   gru   lambda = z,  a = (1 - z) r        z = sigmoid(update_bias), r = 1/2
 *   lstm  lambda = f,  a = i o              f = sigmoid(forget_bias), i = o = 1/2, for dL/dc_t
 * Powers of one large random matrix (Gaussian or Haar) are orthogonal to each other, |W^j v| =
 * g^j |v|, so after k steps E |.|^2 = sum_j (C(k, j) lambda^(k-j) (a g)^j)^2, not (lambda^2 + a^2
 * g^2)^k as for untied layers: it grows like (lambda + a g)^(2k) / sqrt(k). With zero weights it
 * is lambda^(2k) exactly. */
#include <math.h>
#include <stdlib.h>

#include "harness/init.h"
#include "harness/theory.h"

/* Above this variance of the gates' pre-activations they are not near their biases. */
static const double WEAK = 0.1;

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static bool is_random(int rule)
{
    return rule != VG_INIT_identity && rule != VG_INIT_zeros;
}

static double recurrent_variance(const vg_spec *s)
{
    return s->init_rec == VG_INIT_zeros
               ? 0
               : vg_init_variance((vg_init)s->init_rec, s->width, s->width, s->gain, s->init_std);
}

/* Variance that the input adds to a pre-activation. */
static double drive(const vg_spec *s, const vg_theory_measured *measured)
{
    int64_t in = s->depth > 1 ? s->width : s->in_dim;
    double power = measured && isfinite(measured->input_power) ? measured->input_power
                                                                : (double)in;
    double per_entry = s->init == VG_INIT_zeros ? 0
                       : s->init == VG_INIT_torch_default
                           ? 1 / (3 * (double)s->width)
                           : vg_init_variance((vg_init)s->init, s->width, in, 1,
                                              s->init_std) / (double)in;
    double bias = s->bias_std > 0                     ? s->bias_std * s->bias_std
                  : s->init == VG_INIT_torch_default ? 1 / (3 * (double)s->width)
                                                      : 0;
    return per_entry * power + bias;
}

static bool vanilla(const vg_spec *s, const vg_theory_measured *measured, vg_theory *t)
{
    double g2 = recurrent_variance(s), su = drive(s, measured), q = su, g = sqrt(g2);
    double constant = measured && measured->input_power > 0
                          ? measured->input_mean_power / measured->input_power
                          : 0;
    double rho = measured && measured->spectral_radius > 0 ? measured->spectral_radius : g;
    t->formula = "chi_t = rho^2 E f'(sqrt(q_t) z)^2, q_(t+1) = g^2 E f^2 + s_u";
    if (!(su > 0)) {
        t->reason = "without input the state stays 0";
        return false;
    }
    for (int64_t l = 1; l <= t->depth; l++) {
        vg_moments m = vg_moments_at(s->act, s->slope, q);
        double next_q = g2 * m.V + su;
        t->q[l] = q;
        if (l > 1) { /* from step l to l - 1 the gradient passes f' of step l */
            t->step[l - 1].ln_chi = log(rho * rho * m.D);
            vg_theory_fluctuations(s, s->init_rec == VG_INIT_orthogonal, &m, g2, q, next_q,
                                   &t->step[l - 1]);
            t->step[l - 1].var_nu += 4 * constant * constant / (3 * (double)s->width);
        }
        q = next_q;
    }
    t->slack = 2 * fabs(log(rho / g)) + 2 / (double)s->width;
    return true;
}

/* ln of sum_j (C(k, j) lambda^(k-j) b^j)^2 */
static double ln_power(int64_t k, double lambda, double b)
{
    double most = -INFINITY, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t j = 0; j <= k; j++) {
            double choose = lgamma((double)k + 1) - lgamma((double)j + 1) -
                            lgamma((double)(k - j) + 1);
            double term = choose + (double)(k - j) * log(lambda) + (j ? (double)j * log(b) : 0);
            if (j && b == 0)
                continue;
            if (pass == 0)
                most = fmax(most, term);
            else
                sum += exp(2 * (term - most));
        }
    return 2 * most + log(sum);
}

/* A longer sum is replaced by its growth, which no longer changes. */
enum { EXACT = 512 };

static double ln_power_far(int64_t k, double lambda, double b)
{
    if (k <= EXACT)
        return ln_power(k, lambda, b);
    return ln_power(EXACT, lambda, b) + 2 * (double)(k - EXACT) * log(lambda + b) -
           (b > 0 ? 0.5 * log((double)k / EXACT) : 0);
}

static bool gated(const vg_spec *s, const vg_theory_measured *measured, vg_theory *t)
{
    bool lstm = s->model == VG_MODEL_lstm;
    double g = sqrt(recurrent_variance(s)), su = drive(s, measured);
    double lambda = sigmoid(lstm ? s->forget_bias : s->update_bias);
    double back = lstm ? 0.25 * g : 0.5 * (1 - lambda) * g;
    t->formula = lstm ? "(f I + i o W)^k: sum_j (C(k,j) f^(k-j) (i o g)^j)^2, f = sigmoid(forget_bias)"
                      : "(z I + (1-z) r W)^k: sum_j (C(k,j) z^(k-j) ((1-z) r g)^j)^2";
    if (s->init_rec == VG_INIT_identity) {
        t->reason = "the recurrent matrix is not random";
        return false;
    }
    if (lstm && g == 0) {
        t->reason = "with zero weights h_t reaches no later step; the cell path is sigmoid(forget_bias)";
        return false;
    }
    /* Of the gates: the input's, and that of the state it drives: at most |(1 - M)^-1 u|^2, what an
     * input that stays the same adds up to. */
    double reach = lstm ? pow(1 - lambda, 2) - back * back : 1 - 0.25 * g * g;
    double h2 = reach > 0 ? (lstm ? su / 16 : su) / reach : (double)INFINITY;
    double variance = su + g * g * h2;
    if (s->bias_std > 0 || s->init == VG_INIT_torch_default || !(variance <= WEAK)) {
        t->reason = "the gates move away from their biases";
        return false;
    }
    for (int64_t l = 1; l < t->depth; l++) {
        int64_t k = t->depth - l; /* steps back from T */
        vg_theory_step *p = &t->step[l];
        if (lstm)
            p->ln_chi = k == 1 ? log(0.25 * 0.25 * g * g)
                               : ln_power_far(k - 1, lambda, back) - ln_power_far(k - 2, lambda, back);
        else
            p->ln_chi = ln_power_far(k, lambda, back) - ln_power_far(k - 1, lambda, back);
        p->var_eta = g > 0 ? 2 * back * back / ((lambda + back) * (lambda + back)) / (double)s->width
                           : 0;
    }
    t->slack = g > 0 || su > 0 ? 2 * variance + 2 / (double)s->width : 0;
    return true;
}

bool vg_theory_recurrent(const vg_spec *s, const vg_theory_measured *measured, vg_theory *t)
{
    if (s->depth > 1 && !(measured && isfinite(measured->input_power))) {
        t->reason = measured ? "the states of the layer below are not finite"
                             : "stacked recurrent layers: the state of the layer below was not "
                               "measured";
        return false;
    }
    if (s->model != VG_MODEL_rnn)
        return gated(s, measured, t);
    if (!is_random(s->init_rec)) {
        t->reason = "the recurrent matrix is not random";
        return false;
    }
    return vanilla(s, measured, t);
}
