/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/verify_slope.h"

#include <math.h>

static double bound_of(vg_op op)
{
    return op == VG_OP_sigmoid ? 0.25 : op == VG_OP_tanh || op == VG_OP_relu ? 1 : (double)NAN;
}

double vg_slope_bound(const vg_kernel *kernel)
{
    return kernel->dir == VG_DIR_bwd ? bound_of(kernel->op) : (double)NAN;
}

bool vg_slope_holds(vg_op op, double dy, float got, double *max)
{
    const double rounding = 1e-6, least = 1e-30;
    double slope = fabs((double)got / (double)(float)dy);
    if (!isfinite(slope) || !isfinite(dy) || fabs(dy) < least)
        return true;
    *max = fmax(*max, slope);
    if (op == VG_OP_relu)
        return slope == 0 || slope == 1;
    return slope <= bound_of(op) * (1 + rounding);
}
