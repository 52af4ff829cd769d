/* SPDX-License-Identifier: Apache-2.0 */
/* Batch, layer, group and rms norm, alone, with an activation behind or an addition before. Every
 * kind is the same formula over sets of numbers that are normalised together. */
#include <math.h>

#include "oracle/oracle.h"

/* Which numbers of [batch][width] belong to set k: start + i * step, i < n. */
typedef struct layout {
    vg_op kind;
    int64_t sets, n, step, batch, width, groups;
} layout;

static layout layout_of(vg_op op, const vg_shape *s)
{
    vg_op kind = vg_op_has_norm(op) ? (vg_op)s->norm : op;
    int64_t groups = kind == VG_OP_group_norm ? s->n[2] : 1;
    layout l = {.kind = kind, .batch = s->n[0], .width = s->n[1], .groups = groups};
    bool columns = kind == VG_OP_batch_norm;
    l.sets = columns ? l.width : l.batch * groups;
    l.n = columns ? l.batch : l.width / groups;
    l.step = columns ? l.width : 1;
    return l;
}

static int64_t at(const layout *l, int64_t set, int64_t i)
{
    return l->kind == VG_OP_batch_norm ? i * l->width + set : set * l->n + i;
}

static int64_t column(const layout *l, int64_t index)
{
    return index % l->width;
}

typedef struct statistics {
    double mean, mean_mag, var, sd_mag, rstd, rstd_mag;
} statistics;

/* @p extra_mag: magnitude per element of roundings that x itself has already seen. */
static statistics measure(const layout *l, const double *x, const double *extra_mag, int64_t set,
                          double eps)
{
    statistics m = {0};
    double extra = 0;
    for (int64_t i = 0; i < l->n; i++) {
        double value = x[at(l, set, i)];
        m.mean += value / (double)l->n;
        m.mean_mag += fabs(value) / (double)l->n;
        extra += extra_mag ? extra_mag[at(l, set, i)] / (double)l->n : 0;
    }
    if (l->kind == VG_OP_rms_norm)
        m.mean = 0;
    for (int64_t i = 0; i < l->n; i++) {
        double d = x[at(l, set, i)] - m.mean;
        m.var += d * d / (double)l->n;
    }
    m.rstd = 1 / sqrt(m.var + eps);
    m.sd_mag = extra;
    /* Row blocks are merged by their f32 means: their difference, about a deviation, is off by
     * 2 u mean, and with a bound of n/2 u per unit of S that is 4 mean / (n deviation). */
    if (l->kind == VG_OP_batch_norm)
        m.sd_mag += 4 * m.mean_mag / (double)l->n;
    m.rstd_mag = m.rstd * (1 + m.sd_mag * m.rstd);
    return m;
}

/* z = gamma (x - mean) rstd + beta */
static double affine(const layout *l, const vg_oracle *t, int64_t index, double x, double mean,
                     double mean_mag, double rstd, double *mag)
{
    double gamma = t->in[VG_GAMMA][column(l, index)];
    double beta = l->kind == VG_OP_rms_norm ? 0 : t->in[VG_BETA][column(l, index)];
    *mag = fabs(gamma) * rstd * (fabs(x) + mean_mag) + fabs(beta);
    return gamma * (x - mean) * rstd + beta;
}

static void put_y(vg_op op, const vg_shape *s, double slope, double z, double z_mag, int64_t index,
                  const vg_oracle *t)
{
    t->out[VG_Y][index] = z;
    t->mag[VG_Y][index] = z_mag;
    if (op == VG_OP_norm_act) {
        double y = vg_oracle_act((vg_op)s->act, z, slope, &t->mag[VG_Y][index]);
        t->out[VG_Y][index] = y;
        t->mag[VG_Y][index] += z_mag + fabs(y);
    }
}

static void update_running(const layout *l, const statistics *m, int64_t set, double momentum,
                           const vg_oracle *t)
{
    double unbiased = m->var * (double)l->n / (double)(l->n - 1);
    double mean = t->in[VG_RUN_MEAN][set], var = t->in[VG_RUN_VAR][set];
    t->out[VG_RUN_MEAN][set] = (1 - momentum) * mean + momentum * m->mean;
    t->mag[VG_RUN_MEAN][set] = (1 - momentum) * fabs(mean) + momentum * m->mean_mag;
    t->out[VG_RUN_VAR][set] = (1 - momentum) * var + momentum * unbiased;
    t->mag[VG_RUN_VAR][set] = (1 - momentum) * fabs(var) +
                              momentum * (unbiased + 2 * sqrt(unbiased) * m->sd_mag);
}

static void add_inputs(const layout *l, const vg_oracle *t)
{
    for (int64_t i = 0; i < l->batch * l->width; i++) {
        t->out[VG_SUM][i] = t->in[VG_X][i] + t->in[VG_H][i];
        t->mag[VG_SUM][i] = fabs(t->in[VG_X][i]) + fabs(t->in[VG_H][i]);
    }
}

static void forward(vg_op op, const vg_shape *s, const vg_params *params, const vg_oracle *t)
{
    layout l = layout_of(op, s);
    bool add = op == VG_OP_add_norm;
    if (add)
        add_inputs(&l, t);
    const double *x = add ? t->out[VG_SUM] : t->in[VG_X];
    for (int64_t set = 0; set < l.sets; set++) {
        statistics m = measure(&l, x, add ? t->mag[VG_SUM] : NULL, set, (double)params->eps);
        for (int64_t i = 0; i < l.n; i++) {
            int64_t index = at(&l, set, i);
            double mag, z = affine(&l, t, index, x[index], m.mean, m.mean_mag, m.rstd, &mag);
            mag *= m.rstd_mag / m.rstd;
            put_y(op, s, (double)params->slope, z, mag, index, t);
        }
        if (l.kind != VG_OP_rms_norm) {
            t->out[VG_MEAN][set] = m.mean;
            t->mag[VG_MEAN][set] = m.mean_mag;
        }
        t->out[VG_RSTD][set] = m.rstd;
        t->mag[VG_RSTD][set] = m.rstd_mag;
        if (l.kind == VG_OP_batch_norm)
            update_running(&l, &m, set, (double)params->momentum, t);
    }
}

static void infer(vg_op op, const vg_shape *s, const vg_params *params, const vg_oracle *t)
{
    layout l = layout_of(op, s);
    for (int64_t index = 0; index < l.batch * l.width; index++) {
        int64_t c = column(&l, index);
        double mean = t->in[VG_RUN_MEAN][c];
        double rstd = 1 / sqrt(t->in[VG_RUN_VAR][c] + (double)params->eps);
        t->out[VG_Y][index] = affine(&l, t, index, t->in[VG_X][index], mean, fabs(mean), rstd,
                                     &t->mag[VG_Y][index]);
    }
}

typedef struct gradient {
    double xhat, dz, dz_mag;
} gradient;

/* A z so near the kink that its sign is a matter of rounding may take either branch. */
static double kink_slack(vg_op act, double z, double z_mag, double dy, double slope)
{
    bool kinked = act == VG_OP_relu || act == VG_OP_leaky_relu || act == VG_OP_prelu;
    double jump = act == VG_OP_relu ? 1 : fabs(1 - slope);
    return kinked && fabs(z) <= 16 * 0x1p-24 * z_mag ? 0x1p24 * fabs(dy) * jump : 0;
}

/* dL/dz of one element; without an activation it is dy. */
static gradient gradient_at(vg_op op, const layout *l, const vg_shape *s, double slope,
                            int64_t set, int64_t index, const vg_oracle *t)
{
    double x = t->in[op == VG_OP_add_norm ? VG_SUM : VG_X][index];
    double mean = l->kind == VG_OP_rms_norm ? 0 : t->in[VG_MEAN][set];
    double rstd = t->in[VG_RSTD][set], dy = t->in[VG_DY][index];
    gradient g = {(x - mean) * rstd, dy, fabs(dy)};
    if (op != VG_OP_norm_act)
        return g;
    vg_op act = (vg_op)s->act;
    double z_mag, z = affine(l, t, index, x, mean, fabs(mean), rstd, &z_mag);
    double saved = !vg_act_saves_output(act) ? z : t->in[VG_Y] ? t->in[VG_Y][index] : z;
    g.dz = vg_oracle_act_gradient(act, saved, dy, slope, &g.dz_mag);
    g.dz_mag += fabs(g.dz) + fabs(dy) * z_mag + kink_slack(act, z, z_mag, dy, slope);
    /* z not finite: f' has its limit there, to within its rounding; dy not finite: so is dz, or f'
     * masks it */
    if (!isfinite(g.dz_mag))
        g.dz_mag = isfinite(dy) ? fabs(dy) : fabs(g.dz);
    return g;
}

static void backward_set(vg_op op, const layout *l, const vg_shape *s, double slope, int64_t set,
                         const vg_oracle *t)
{
    double c1 = 0, c2 = 0, c1_mag = 0, c2_mag = 0, rstd = t->in[VG_RSTD][set];
    double lost1 = 0, lost2 = 0;
    bool centred = l->kind != VG_OP_rms_norm;
    for (int64_t i = 0; i < l->n; i++) {
        int64_t index = at(l, set, i), c = column(l, index);
        gradient g = gradient_at(op, l, s, slope, set, index, t);
        double gamma = t->in[VG_GAMMA][c];
        c1 += gamma * g.dz / (double)l->n;
        c1_mag += fabs(gamma) * g.dz_mag / (double)l->n;
        c2 += gamma * g.dz * g.xhat / (double)l->n;
        c2_mag += fabs(gamma * g.xhat) * g.dz_mag / (double)l->n;
        lost1 += g.dz_mag / (double)l->n;
        lost2 += fabs(g.xhat) * g.dz_mag / (double)l->n;
        t->out[VG_DGAMMA][c] += g.dz * g.xhat;
        t->mag[VG_DGAMMA][c] += g.dz_mag * (fabs(g.xhat) + 0x1p-126);
        if (centred) {
            t->out[VG_DBETA][c] += g.dz;
            t->mag[VG_DBETA][c] += g.dz_mag;
        }
    }
    if (!centred)
        c1 = c1_mag = 0;
    for (int64_t i = 0; i < l->n; i++) {
        int64_t index = at(l, set, i);
        gradient g = gradient_at(op, l, s, slope, set, index, t);
        double gamma = t->in[VG_GAMMA][column(l, index)];
        double trunk = op == VG_OP_add_norm ? t->in[VG_DX][index] : 0;
        t->out[VG_DX][index] = trunk + rstd * (gamma * g.dz - c1 - g.xhat * c2);
        t->mag[VG_DX][index] = fabs(trunk) + rstd * (fabs(gamma) * g.dz_mag + c1_mag +
                                                     fabs(g.xhat) * c2_mag);
        /* gamma rstd may be subnormal before it meets dz: 2^-150 = 2^-24 2^-126 */
        t->mag[VG_DX][index] += 0x1p-126 * (g.dz_mag + lost1 + fabs(g.xhat) * lost2);
    }
}

static void backward(vg_op op, const vg_shape *s, double slope, const vg_oracle *t)
{
    layout l = layout_of(op, s);
    for (int64_t c = 0; c < l.width; c++) {
        t->out[VG_DGAMMA][c] = t->mag[VG_DGAMMA][c] = 0;
        if (l.kind != VG_OP_rms_norm)
            t->out[VG_DBETA][c] = t->mag[VG_DBETA][c] = 0;
    }
    for (int64_t set = 0; set < l.sets; set++)
        backward_set(op, &l, s, slope, set, t);
}

void vg_oracle_norm(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                    const vg_oracle *tensors)
{
    if (dir == VG_DIR_fwd)
        forward(op, shape, params, tensors);
    else if (dir == VG_DIR_infer)
        infer(op, shape, params, tensors);
    else
        backward(op, shape, (double)params->slope, tensors);
}
