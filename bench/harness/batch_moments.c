/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/batch_moments.h"

#include <math.h>

#include "harness/moments.h"

/* Moments of one and of two values of the column. */
typedef struct column {
    double mass, d2, h2d2, phi2;       /* of one */
    double mass2, dd, hdhd, phiphi; /* of two */
} column;

typedef struct setting {
    int act;
    double slope;
    double batch, rho, edge; /* edge: where the density has died away, at most 1 */
    double node[VG_GAUSS_NODES], weight[VG_GAUSS_NODES];
    /* of the first value, while the second is integrated */
    double s, h, phi, d;
} setting;

enum { PANELS = 4 };

typedef void integrand(setting *t, column *c, double x, double w);

/* Gauss-Legendre over [low, high], in PANELS panels. */
static void integrate(setting *t, column *c, double low, double high, integrand *f)
{
    double half = (high - low) / (2 * PANELS);
    if (!(half > 0))
        return;
    for (int p = 0; p < PANELS; p++)
        for (int i = 0; i < VG_GAUSS_NODES; i++)
            f(t, c, low + half * (2 * p + 1 + t->node[i]), half * t->weight[i]);
}

/* Second value: h_2 = sqrt(B-1) (rho s + sqrt(1-rho^2) sqrt(1-s^2) x), x with density
 * (1-x^2)^((B-5)/2). */
static void second(setting *t, column *c, double x, double w)
{
    double along = sqrt((1 - t->rho * t->rho) * (1 - t->s * t->s));
    double h = sqrt(t->batch - 1) * (t->rho * t->s + along * x);
    double phi = vg_phi(t->act, t->slope, h), d = vg_phi_slope(t->act, t->slope, h);
    w *= pow(1 - x * x, (t->batch - 5) / 2);
    c->mass2 += w;
    c->dd += w * t->d * d;
    c->hdhd += w * t->h * t->d * h * d;
    c->phiphi += w * t->phi * phi;
}

/* First value: h_1 = sqrt(B-1) s, s with density (1-s^2)^((B-4)/2). */
static void first(setting *t, column *c, double s, double w)
{
    w *= pow(1 - s * s, (t->batch - 4) / 2);
    t->s = s;
    t->h = sqrt(t->batch - 1) * s;
    t->phi = vg_phi(t->act, t->slope, t->h);
    t->d = vg_phi_slope(t->act, t->slope, t->h);
    c->mass += w;
    c->d2 += w * t->d * t->d;
    c->h2d2 += w * t->h * t->h * t->d * t->d;
    c->phi2 += w * t->phi * t->phi;
    /* the kink h_2 = 0 lies on a panel's edge */
    double kink = -t->rho * s / sqrt((1 - t->rho * t->rho) * (1 - s * s));
    kink = kink < -t->edge ? -t->edge : kink > t->edge ? t->edge : kink;
    column pair = {0};
    integrate(t, &pair, -t->edge, kink, second);
    integrate(t, &pair, kink, t->edge, second);
    c->mass2 += w * pair.mass2;
    c->dd += w * pair.dd;
    c->hdhd += w * pair.hdhd;
    c->phiphi += w * pair.phiphi;
}

double vg_batch_norm_chi(int act, double slope, int64_t batch, double *variance)
{
    if (variance)
        *variance = NAN;
    if (batch < 5)
        return NAN;
    double B = (double)batch;
    setting t = {.act = act, .slope = slope, .batch = B, .rho = -1 / (B - 1)};
    t.edge = 12 / sqrt(B - 4) < 1 ? 12 / sqrt(B - 4) : 1;
    vg_gauss_legendre(t.node, t.weight);
    column c = {0};
    integrate(&t, &c, -t.edge, 0, first);
    integrate(&t, &c, 0, t.edge, first);
    double d2 = c.d2 / c.mass, h2d2 = c.h2d2 / c.mass, k2 = c.phi2 / c.mass;
    double dd = c.dd / c.mass2, hdhd = c.hdhd / c.mass2, k11 = c.phiphi / c.mass2;
    double trace = (B - 1) * d2 - h2d2 -
                   (B * d2 - (d2 + (B - 1) * dd) - (h2d2 + (B - 1) * hdhd)) / B;
    if (variance)
        *variance = k2 - k11;
    return B / ((k2 - k11) * (B - 3)) * trace / (B - 1);
}
