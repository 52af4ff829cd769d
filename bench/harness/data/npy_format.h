/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VG_HARNESS_DATA_NPY_FORMAT_H
#define VG_HARNESS_DATA_NPY_FORMAT_H

#include <stddef.h>

#include "harness/data/npy.h"

/** vg_npy_read() of a file in memory; @p name is for messages. */
vg_status vg_npy_parse(const char *name, const uint8_t *bytes, size_t size, vg_npy *array);

#endif
