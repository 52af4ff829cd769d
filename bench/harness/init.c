/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/init.h"

#include <math.h>
#include <string.h>

#include "vgbench/memory.h"

/* --- orthogonal ---------------------------------------------------------------------------- */

enum { LANES = 8 };

/* Eight partial sums in a fixed order: vectorisable without licence to reorder. */
static double dot(const double *x, const double *y, int64_t n)
{
    double part[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            part[k] += x[i + k] * y[i + k];
    for (int k = 0; i < n; i++, k++)
        part[k] += x[i] * y[i];
    return ((part[0] + part[4]) + (part[2] + part[6])) +
           ((part[1] + part[5]) + (part[3] + part[7]));
}

static void subtract_multiple(double *y, double factor, const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] -= factor * x[i];
}

/* y -= tau v (v . y): the reflection I - tau v v^T */
static void reflect(double *y, const double *v, double tau, int64_t n)
{
    subtract_multiple(y, tau * dot(v, y, n), v, n);
}

/* The factored form (Golub & Van Loan, 5.1 and 5.2): v_k in column k from row k on, tau[k], and the
 * sign of R_kk. v is scaled so that tau = 2 / |v|^2; a zero column gets tau = 0. */
static void factor(double *a, int64_t rows, int64_t cols, double *tau, double *sign)
{
    for (int64_t k = 0; k < cols; k++) {
        double *v = a + k * rows + k;
        int64_t n = rows - k;
        double norm = sqrt(dot(v, v, n)), first = v[0];
        sign[k] = first > 0 ? -1 : 1; /* R_kk = -sign(first) norm: no cancellation */
        v[0] = first > 0 ? first + norm : first - norm;
        double length = dot(v, v, n);
        tau[k] = length > 0 ? 2 / length : 0;
        for (int64_t j = k + 1; j < cols; j++)
            reflect(a + j * rows + k, v, tau[k], n);
    }
}

void vg_orthonormalise(double *a, int64_t rows, int64_t cols, double *work)
{
    double *tau = work, *sign = work + cols;
    factor(a, rows, cols, tau, sign);
    /* Column k of Q is H_0 .. H_k e_k. Backwards, so that column k holds v_k until it is done. */
    for (int64_t k = cols - 1; k >= 0; k--) {
        double *v = a + k * rows + k;
        int64_t n = rows - k;
        for (int64_t j = k + 1; j < cols; j++)
            reflect(a + j * rows + k, v, tau[k], n);
        double head = v[0];
        for (int64_t i = 0; i < n; i++)
            v[i] *= -tau[k] * head;
        v[0] += 1;
        memset(a + k * rows, 0, (size_t)k * sizeof *a);
    }
    for (int64_t k = 0; k < cols; k++)
        for (int64_t i = 0; i < rows; i++)
            a[k * rows + i] *= sign[k];
}

static vg_status orthogonal(int64_t out, int64_t in, double gain, const vg_random *random,
                            float *w)
{
    int64_t rows = out >= in ? out : in, cols = out >= in ? in : out;
    size_t count, bytes;
    void *memory;
    VG_TRY(vg_size_mul((size_t)rows + 2, (size_t)cols, &count));
    VG_TRY(vg_size_mul(count, sizeof(double), &bytes));
    VG_TRY(vg_alloc(bytes, 0, &memory));
    double *a = memory;
    for (int64_t i = 0; i < rows * cols; i++)
        a[i] = vg_random_normal(random, (uint64_t)i);
    vg_orthonormalise(a, rows, cols, a + rows * cols);
    for (int64_t j = 0; j < cols; j++)
        for (int64_t i = 0; i < rows; i++)
            w[out >= in ? i * in + j : j * in + i] = (float)(gain * a[j * rows + i]);
    vg_free(memory);
    return VG_OK;
}

/* --- rules --------------------------------------------------------------------------------- */

/* Variance of an entry before the gain; 0 for rules that are not random by entry. */
static double entry_variance(vg_init rule, double out, double in, double std)
{
    switch (rule) {
    case VG_INIT_he_normal:
    case VG_INIT_he_uniform:
        return 2 / in;
    case VG_INIT_xavier_normal:
    case VG_INIT_xavier_uniform:
        return 2 / (in + out);
    case VG_INIT_lecun_normal:
        return 1 / in;
    case VG_INIT_standard_uniform:
    case VG_INIT_torch_default:
        return 1 / (3 * in);
    case VG_INIT_normal:
        return std * std;
    default:
        return 0;
    }
}

static bool is_uniform(vg_init rule)
{
    return rule == VG_INIT_he_uniform || rule == VG_INIT_xavier_uniform ||
           rule == VG_INIT_standard_uniform || rule == VG_INIT_torch_default;
}

vg_status vg_init_matrix(vg_init rule, int64_t out, int64_t in, double gain, double std,
                         const vg_random *random, float *w)
{
    if (rule == VG_INIT_orthogonal)
        return orthogonal(out, in, gain, random, w);
    if (rule == VG_INIT_identity || rule == VG_INIT_zeros) {
        memset(w, 0, (size_t)(out * in) * sizeof *w);
        for (int64_t i = 0; rule == VG_INIT_identity && i < out && i < in; i++)
            w[i * in + i] = (float)gain;
        return VG_OK;
    }
    double variance = entry_variance(rule, (double)out, (double)in, std);
    if (is_uniform(rule))
        vg_random_fill_uniform(random, 0, out * in, gain * sqrt(3 * variance), w);
    else
        vg_random_fill_normal(random, 0, out * in, gain * sqrt(variance), w);
    return VG_OK;
}

double vg_init_variance(vg_init rule, int64_t out, int64_t in, double gain, double std)
{
    if (rule == VG_INIT_orthogonal || rule == VG_INIT_identity)
        return gain * gain;
    return gain * gain * (double)in * entry_variance(rule, (double)out, (double)in, std);
}
