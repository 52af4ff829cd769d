/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/jacobian.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "harness/moments.h"
#include "harness/net_internal.h"

/* --- symmetric eigenvalues ----------------------------------------------------------------- */

/* Row @p i of the lower triangle becomes a multiple of e_(i-1); returns that multiple. */
static double reduce_row(double *a, int64_t n, int64_t i, double *work)
{
    double *v = a + i * n, square = 0;
    for (int64_t k = 0; k < i; k++)
        square += v[k] * v[k];
    double norm = sqrt(square), head = v[i - 1];
    double beta = head > 0 ? -norm : norm;
    if (square == head * head)
        return head;
    v[i - 1] = head - beta;
    double tau = 1 / (square - head * beta); /* 2 / |v|^2 */
    double vp = 0;
    for (int64_t r = 0; r < i; r++) { /* p = tau A v */
        double sum = 0;
        for (int64_t k = 0; k < i; k++)
            sum += (k <= r ? a[r * n + k] : a[k * n + r]) * v[k];
        work[r] = tau * sum;
        vp += v[r] * work[r];
    }
    for (int64_t r = 0; r < i; r++)
        work[r] -= 0.5 * tau * vp * v[r];
    for (int64_t r = 0; r < i; r++) /* A -= v w^T + w v^T */
        for (int64_t k = 0; k <= r; k++)
            a[r * n + k] -= v[r] * work[k] + work[r] * v[k];
    return beta;
}

/* Implicit QL with Wilkinson's shift on diagonal @p d and off-diagonal @p e. */
static bool ql(double *d, double *e, int64_t n)
{
    for (int64_t l = 0; l < n; l++)
        for (int round = 0;; round++) {
            int64_t m = l;
            while (m < n - 1 && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])))
                m++;
            if (m == l)
                break;
            if (round == 60)
                return false;
            double g = (d[l + 1] - d[l]) / (2 * e[l]), r = hypot(g, 1), s = 1, c = 1, p = 0;
            g = d[m] - d[l] + e[l] / (g + copysign(r, g));
            int64_t i = m - 1;
            for (; i >= l; i--) {
                double f = s * e[i], b = c * e[i];
                e[i + 1] = r = hypot(f, g);
                if (r == 0) {
                    d[i + 1] -= p;
                    e[m] = 0;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * s + 2 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
            }
            if (r == 0 && i >= l)
                continue;
            d[l] -= p;
            e[l] = g;
            e[m] = 0;
        }
    return true;
}

bool vg_symmetric_eigenvalues(double *a, int64_t n, double *value, double *work)
{
    double *off = calloc((size_t)n, sizeof *off);
    if (!off)
        return false;
    for (int64_t i = n - 1; i >= 1; i--) {
        off[i - 1] = reduce_row(a, n, i, work);
        value[i] = a[i * n + i];
    }
    value[0] = a[0];
    bool found = ql(value, off, n);
    free(off);
    return found;
}

/* --- layers -------------------------------------------------------------------------------- */

/* J J^T with J = W diag(s) */
static void gram(const float *w, const double *s, int64_t n, double *a)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += (double)w[i * n + k] * w[j * n + k] * s[k] * s[k];
            a[i * n + j] = sum;
        }
}

static bool mean_of_layer(const vg_net *net, int64_t l, double *memory, double *mean)
{
    const vg_spec *s = &net->spec;
    int64_t n = s->width;
    double *slope = memory, *value = slope + n, *work = value + n, *a = work + n;
    const float *z = net->value[net->block[l].pre].data;
    const float *w = net->data + net->arena.segments[net->block[l + 1].weight].offset;
    for (int64_t i = 0; i < n; i++)
        slope[i] = vg_phi_slope(s->act, s->slope, z[i]);
    gram(w, slope, n, a);
    if (!vg_symmetric_eigenvalues(a, n, value, work))
        return false;
    *mean = 0;
    for (int64_t i = 0; i < n; i++)
        *mean += value[i] > 0 ? sqrt(value[i]) / (double)n : 0;
    return true;
}

vg_status vg_net_jacobian(const vg_net *net, double *mean)
{
    const vg_spec *s = &net->spec;
    *mean = 0;
    if (s->model != VG_MODEL_mlp || s->norm || s->skip != VG_SKIP_none || s->depth < 2)
        return vg_fail(VG_EUNSUPPORTED, "singular values are those of plain blocks, two at least");
    double *memory = calloc((size_t)(s->width * (s->width + 3)), sizeof *memory);
    if (!memory)
        return vg_fail(VG_ENOMEM, "out of memory for a Jacobian of width %lld",
                       (long long)s->width);
    bool ok = true;
    for (int64_t l = 1; l < s->depth && ok; l++) {
        double one = 0;
        ok = mean_of_layer(net, l, memory, &one);
        *mean += one / (double)(s->depth - 1);
    }
    free(memory);
    return ok ? VG_OK : vg_fail(VG_EINVAL, "the singular values do not converge");
}
