/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/verify_compare.h"

#include <float.h>
#include <math.h>

#include "measure/verify_memory.h"

static const double eps = 0x1p-24;
/* What a rounding in the subnormal range may add to the model of relative errors. */
static const double half_tiny = 0x1p-150;
/* From here on a double rounds to infinity as a float. */
static const double float_overflow = 0x1.ffffffp127;

double vg_ulp(double x)
{
    double magnitude = fabs(x);
    if (magnitude < (double)FLT_MIN)
        return 0x1p-149;
    if (magnitude > (double)FLT_MAX)
        return 0x1p104;
    return ldexp(1.0, ilogb(magnitude) - 23);
}

static vg_verdict special(bool ok)
{
    return (vg_verdict){.ok = ok, .error = ok ? 0 : INFINITY, .limit = 0, .ulp = ok ? 0 : INFINITY};
}

vg_verdict vg_verify_value(float got, double reference, double mag, const vg_tolerance *tolerance,
                           vg_demand demand)
{
    if (vg_fenced_is_poison(got))
        return special(false);
    if (demand == VG_DEMAND_NOT_FINITE && !isfinite(reference))
        return special(!isfinite(got));
    if (mag >= float_overflow && !isinf(mag) && !isfinite(got))
        return special(true);
    if (isnan(reference) || (isinf(mag) && isnan(got)))
        return special(isnan(got));
    if (isinf(reference) || isnan(got))
        return special((double)got == reference);
    if (isinf(mag) || isnan(mag))
        mag = fabs(reference);
    double limit = fmax(tolerance->ulp * vg_ulp(reference),
                        tolerance->mag_eps * (eps * mag + half_tiny) + tolerance->abs);
    if (demand == VG_DEMAND_EXACT && mag < 0x1p24)
        limit = fabs(reference - (double)(float)reference);
    if (isinf(got))
        return special((got > 0) == (reference > 0) && fabs(reference) + limit >= float_overflow);
    double error = fabs((double)got - reference);
    double scale = fabs(reference);
    if (tolerance->mag_eps > 0 && mag > scale)
        scale = mag;
    return (vg_verdict){error <= limit, error, limit, error / vg_ulp(scale)};
}
