/* SPDX-License-Identifier: Apache-2.0 */
/* What the monitor knows of the activations' slopes. */
#include "harness/net_internal.h"

/* Largest |f'| anywhere: where saturation is measured from. */
float vg_largest_slope(const vg_spec *s)
{
    switch (s->act) {
    case VG_OP_sigmoid:
        return 0.25f;
    case VG_OP_gelu:
    case VG_OP_gelu_tanh:
        return 1.128904f; /* at sqrt(2) */
    case VG_OP_silu:
        return 1.099839f; /* at 2.3994 */
    case VG_OP_selu:
        return 1.758099f; /* lambda alpha, at 0- */
    default:
        return 1;
    }
}

/* f' that the monitor reads off what the op saves, without computing f again. */
bool vg_slope_is_cheap(vg_op act)
{
    return act == VG_OP_relu || act == VG_OP_linear || act == VG_OP_leaky_relu ||
           act == VG_OP_prelu || act == VG_OP_sigmoid || act == VG_OP_tanh;
}
