/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions for networks with normalisation and with skips. */
#include <math.h>

#include "harness/init.h"
#include "harness/theory.h"

bool vg_theory_norm(const vg_spec *s, vg_theory *t)
{
    (void)s;
    t->reason = "no formula for this norm";
    return false;
}

bool vg_theory_skip(const vg_spec *s, vg_theory *t)
{
    (void)s;
    t->reason = "no formula for this skip";
    return false;
}
