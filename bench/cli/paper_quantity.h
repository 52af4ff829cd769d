/* SPDX-License-Identifier: Apache-2.0 */
/** @file paper_quantity.h
 * The number of a decay record that a claim is about.
 */
#ifndef VG_CLI_PAPER_QUANTITY_H
#define VG_CLI_PAPER_QUANTITY_H

#include <jansson.h>
#include <stdbool.h>

#include "vgbench/status.h"

/** With its 95 % interval over the seeds, NANs where there is none; value NAN: nothing to measure. */
typedef struct vg_quantity {
    double value, low, high;
    bool one_seed; /**< why there is no interval */
} vg_quantity;

#define VG_QUANTITY_JACOBIAN "jacobian_singular_value"

/** The quantity @p name of @p record. VG_EINVAL with the list where there is none of that name. */
vg_status vg_quantity_read(const json_t *record, const char *name, vg_quantity *quantity);

#endif
