/* SPDX-License-Identifier: Apache-2.0 */
/* Generators of data for recurrent models; what they are stands in harness/data.h. */
#ifndef VG_HARNESS_DATA_SEQUENCES_H
#define VG_HARNESS_DATA_SEQUENCES_H

#include "harness/data.h"

/** Fills the arrays of @p data; VG_EINVAL where the shape does not fit the task. */
vg_status vg_data_adding(const vg_spec *spec, vg_data *data);
vg_status vg_data_recall(const vg_spec *spec, vg_data *data);

#endif
