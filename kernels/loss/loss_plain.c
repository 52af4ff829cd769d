/* SPDX-License-Identifier: Apache-2.0 */
/* Losses in plain C. */
#include <math.h>

#include "loss/loss.h"
#include "simd/vec.h"

/* Loss of one row, log sum e^x - x[label], stable by subtracting the maximum; dx = softmax(x) -
 * onehot(label), times gradient. dx may be x. */
VG_INLINE double softmax_row(vg_dir dir, int64_t n, const float *x, int32_t label, float gradient,
                             float *dx)
{
    float most = x[0], at_label = x[label];
    for (int64_t i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most; /* a NaN comes back from expf */
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        float e = expf(x[i] - most);
        sum += e;
        if (dir != VG_DIR_fwd)
            dx[i] = e;
    }
    if (dir != VG_DIR_fwd) {
        float share = (float)(1 / sum), e = dx[label];
        for (int64_t i = 0; i < n; i++)
            dx[i] = dx[i] * share * gradient;
        dx[label] = (e * share - 1) * gradient;
    }
    return log(sum) - ((double)at_label - most);
}

/* Sum of squared differences of one row; dx = (x - target), times gradient. dx may be x. */
VG_INLINE double mse_row(vg_dir dir, int64_t n, const float *x, const float *target, float gradient,
                         float *dx)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) {
        float d = x[i] - target[i];
        sum += (double)d * d;
        if (dir != VG_DIR_fwd)
            dx[i] = d * gradient;
    }
    return sum;
}

#define IMPL "plain C, libm"
enum { SOFTMAX_NS = 5, MSE_NS = 1 };
#define SOFTMAX_TOO_SMALL NULL
#define MSE_TOO_SMALL NULL
#include "loss/loss_rows.h"
