/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VG_HARNESS_DATA_STANDARDISE_H
#define VG_HARNESS_DATA_STANDARDISE_H

#include "harness/data/dataset.h"

/** Fits mean and scale to the training part of @p dataset and applies them to all of it. */
vg_status vg_standardise_fit(vg_dataset *dataset, int how);

#endif
