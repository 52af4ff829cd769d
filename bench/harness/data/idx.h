/* SPDX-License-Identifier: Apache-2.0 */
/** @file idx.h
 * The IDX format of MNIST: two zero bytes, type, number of dimensions, big-endian extents and
 * numbers; plain, or compressed by gzip (told by the content, not by the name).
 */
#ifndef VG_HARNESS_DATA_IDX_H
#define VG_HARNESS_DATA_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

enum { VG_IDX_DIMS = 8 };

typedef struct vg_idx {
    int type; /**< 0x08 u8, 0x09 i8, 0x0b i16, 0x0c i32, 0x0d f32, 0x0e f64 */
    int dims;
    int64_t shape[VG_IDX_DIMS];
    int64_t count; /**< product of the shape */
    const uint8_t *data; /**< big-endian */
    uint8_t *memory;
} vg_idx;

/** Opens @p bytes (vg_alloc()ed, owned by the array from then on, even on failure). */
vg_status vg_idx_parse(const char *name, uint8_t *bytes, size_t size, vg_idx *array);

vg_status vg_idx_read(const char *path, vg_idx *array);

/** Numbers first .. first+count-1 as floats; bytes are divided by 255 where @p pixels. VG_EFORMAT
 * for a number that is not finite. */
vg_status vg_idx_floats(const vg_idx *array, const char *name, int64_t first, int64_t count,
                        int pixels, float *out);

/** Number @p index, exactly. */
double vg_idx_value(const vg_idx *array, int64_t index);

void vg_idx_release(vg_idx *array);

#endif
