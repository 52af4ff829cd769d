/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle/oracle.h"

static vg_oracle_fn *find(vg_op op)
{
    switch (vg_op_family(op)) {
    case VG_FAMILY_DENSE:
        return op == VG_OP_dense ? vg_oracle_dense : vg_oracle_dense_bias_act;
    case VG_FAMILY_ACTIVATION:
        return vg_oracle_activation;
    case VG_FAMILY_LOSS:
        return vg_oracle_loss;
    case VG_FAMILY_NORM:
        return vg_oracle_norm;
    case VG_FAMILY_OPTIMIZER:
        return vg_oracle_optimizer;
    case VG_FAMILY_RESIDUAL:
        return vg_oracle_residual;
    case VG_FAMILY_RECURRENT:
        return vg_oracle_recurrent;
    default:
        return NULL;
    }
}

bool vg_oracle_has(vg_op op, vg_dir dir)
{
    return vg_op_has_dir(op, dir) && find(op);
}

vg_status vg_oracle_run(vg_op op, vg_dir dir, const vg_shape *shape, const vg_params *params,
                        const vg_oracle *tensors)
{
    if (!vg_oracle_has(op, dir))
        return vg_fail(VG_EUNSUPPORTED, "%s/%s: the oracle does not know it", vg_op_name(op),
                       vg_dir_name(dir));
    find(op)(op, dir, shape, params, tensors);
    return VG_OK;
}
