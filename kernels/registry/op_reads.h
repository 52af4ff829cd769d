/* SPDX-License-Identifier: Apache-2.0 */
/* Which inputs an op needs the values of. */
#ifndef VG_REGISTRY_OP_READS_H
#define VG_REGISTRY_OP_READS_H

#include "vgbench/ops.h"

/* All but one: the backward pass of linear has its x for the sake of one signature of all
 * activations, and does not look at it. */
static inline bool vg_op_reads(vg_op op, vg_dir dir, vg_slot slot)
{
    return !(op == VG_OP_linear && dir == VG_DIR_bwd && (slot == VG_X || slot == VG_Y));
}

#endif
